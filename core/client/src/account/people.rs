//! Contacts: by card, under names, accepted, blocked.

use sealpost_engine::{command::Command, contacts};
use sealpost_wire::card::Card;

use super::Account;
use crate::{error::Error, failure, types::Contact, views};

impl Account {
    /// Takes somebody's card, pasted or typed: it proves nothing of who they are. `name` may be empty. The card of a
    /// known contact renews their token, and what waited for that goes on.
    ///
    /// # Errors
    /// `InvalidCard`, `OwnCard`, `OtherRelay`; `KeyChanged` if the ID is known with another key: nothing is changed.
    pub fn add_contact(&self, card: &str, name: &str) -> Result<Contact, Error> {
        let card = Card::from_link(card).map_err(failure::of_card)?;
        let id = card.id;
        self.done(Command::AddContact { card, name: name.trim().to_owned() })?;
        self.contact(id.as_str())
    }

    /// Everybody, by ID.
    pub fn contacts(&self) -> Result<Vec<Contact>, Error> {
        let rows = self.read(|read| Ok(contacts::contacts(read)?))?;
        Ok(rows.iter().map(views::contact).collect())
    }

    pub fn contact(&self, id: &str) -> Result<Contact, Error> {
        let id = views::user_id(id)?;
        let row = self.read(|read| contacts::known(read, id))?;
        Ok(views::contact(&row))
    }

    pub fn rename_contact(&self, id: &str, name: &str) -> Result<(), Error> {
        self.done(Command::RenameContact { id: views::user_id(id)?, name: name.trim().to_owned() })
    }

    /// Takes somebody who wrote first; they learn our name, and that their messages arrived.
    pub fn accept(&self, id: &str) -> Result<(), Error> {
        self.done(Command::AcceptContact(views::user_id(id)?))
    }

    /// Drops what they send from now on. They are not told.
    pub fn block(&self, id: &str) -> Result<(), Error> {
        self.done(Command::BlockContact(views::user_id(id)?))
    }

    pub fn unblock(&self, id: &str) -> Result<(), Error> {
        self.done(Command::UnblockContact(views::user_id(id)?))
    }
}
