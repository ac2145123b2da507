//! Who is known, by which keys, under which name; blocking.

use sealpost_crypto::{directory_entry::VerifiedEntry, keys::is_sealing_key};
use sealpost_wire::{
    card::Card,
    id::{DeliveryToken, UserId},
    limits,
};
use serde::{Deserialize, Serialize};

use crate::{
    error::EngineError,
    event::Event,
    identity,
    step::Step,
    storage::{Read, Row, StorageError, Table, all, load, save},
    trust::Trust,
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub id: UserId,
    /// Ed25519; for life: the same ID with another key is an attack.
    pub identity_key: [u8; 32],
    /// X25519.
    pub sealing_key: [u8; 32],
    /// What their mailbox accepts from us.
    pub token: DeliveryToken,
    /// Their mailbox refused the token twice: a new card is needed.
    pub token_stale: bool,
    /// The name given here; may be empty.
    pub name: String,
    /// The name that they gave themselves; may be empty.
    pub profile_name: String,
    pub trust: Trust,
    pub alarm: bool,
    pub blocked: bool,
    /// They wrote first and were not accepted yet.
    pub request: bool,
    pub retired: bool,
    /// The counter of a Welcome of theirs that was dropped while they were blocked: they may seal in its group, which
    /// is not known here.
    #[serde(default)]
    pub missed_welcome: Option<u32>,
}

impl Row for Contact {
    const TABLE: Table = Table::Contact;

    fn key(&self) -> Vec<u8> {
        self.id.as_str().as_bytes().to_vec()
    }
}

impl Contact {
    fn new(card: &Card) -> Self {
        Self {
            id: card.id,
            identity_key: card.identity_key,
            sealing_key: card.sealing_key,
            token: card.token,
            token_stale: false,
            name: String::new(),
            profile_name: String::new(),
            trust: Trust::Unverified,
            alarm: false,
            blocked: false,
            request: false,
            retired: false,
            missed_welcome: None,
        }
    }

    /// Whether the device may answer of itself: not to somebody blocked, not accepted, or whose key is in doubt.
    pub fn is_answered(&self) -> bool {
        !self.blocked && !self.alarm && !self.request
    }

    fn renew(&mut self, card: &Card) {
        self.sealing_key = card.sealing_key;
        self.token = card.token;
        self.token_stale = false;
    }
}

pub fn contact(read: &(impl Read + ?Sized), id: UserId) -> Result<Option<Contact>, StorageError> {
    load(read, id.as_str().as_bytes())
}

pub fn known(read: &(impl Read + ?Sized), id: UserId) -> Result<Contact, EngineError> {
    contact(read, id)?.ok_or(EngineError::UnknownContact)
}

/// Everybody, by ID.
pub fn contacts(read: &(impl Read + ?Sized)) -> Result<Vec<Contact>, StorageError> {
    all(read, b"")
}

/// Takes a card that the user pasted or typed: level 1, whoever sent it. A card of a known contact brings its new
/// token; one with another identity key is refused.
pub fn add(step: &mut Step<'_>, card: &Card, name: &str) -> Result<(), EngineError> {
    identity::check_name(name)?;
    let relay = step.account.relay.as_ref().ok_or(EngineError::NotRegistered)?;
    if relay.url() != card.relay.url() {
        return Err(EngineError::OtherRelay);
    }
    if card.id == step.account.id {
        return Err(EngineError::OwnCard);
    }
    if !is_sealing_key(&card.sealing_key) {
        return Err(EngineError::UnusableCard);
    }
    let mut row = match contact(step.tx, card.id)? {
        Some(row) if row.identity_key != card.identity_key => return Err(EngineError::KeyChanged),
        Some(mut row) => {
            row.renew(card);
            row
        }
        None => Contact::new(card),
    };
    row.request = false;
    if !name.is_empty() {
        row.name = name.to_owned();
    }
    write(step, &row)
}

/// Somebody's first Welcome brings their card. True if they can be talked to. One that shows another key than the known
/// one changes nothing: anybody who may write here can make it, so that it proves nothing against the contact.
pub fn meet(step: &mut Step<'_>, card: &Card, profile_name: &str, counter: u32) -> Result<bool, EngineError> {
    if !is_sealing_key(&card.sealing_key) {
        return Ok(false);
    }
    let mut row = match contact(step.tx, card.id)? {
        Some(row) if row.identity_key != card.identity_key => return Ok(false),
        Some(mut row) => {
            row.renew(card);
            row
        }
        None => Contact { request: true, ..Contact::new(card) },
    };
    if profile_name.len() <= limits::NAME_BYTES {
        row.profile_name = profile_name.to_owned();
    }
    let welcome = !row.blocked && !row.alarm;
    if !welcome {
        row.missed_welcome = row.missed_welcome.max(Some(counter));
    }
    write(step, &row)?;
    Ok(welcome)
}

/// Their profile update: name and current token.
pub fn update_profile(
    step: &mut Step<'_>,
    id: UserId,
    name: &str,
    token: Option<DeliveryToken>,
) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    if name.len() <= limits::NAME_BYTES {
        row.profile_name = name.to_owned();
    }
    if let Some(token) = token {
        row.token = token;
        row.token_stale = false;
    }
    write(step, &row)
}

/// Holds the directory's signed entry against what is known. False, with the alarm raised, if the key differs.
pub fn check_entry(step: &mut Step<'_>, entry: &VerifiedEntry) -> Result<bool, EngineError> {
    let mut row = known(step.tx, entry.id)?;
    if row.identity_key != entry.identity_key {
        raise_alarm(step, entry.id)?;
        return Ok(false);
    }
    if row.sealing_key != entry.sealing_key {
        row.sealing_key = entry.sealing_key;
        write(step, &row)?;
    }
    Ok(true)
}

/// The same ID with another key: sending stops, for good.
pub fn raise_alarm(step: &mut Step<'_>, id: UserId) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    row.alarm = true;
    write(step, &row)
}

pub fn set_token_stale(step: &mut Step<'_>, id: UserId) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    row.token_stale = true;
    write(step, &row)
}

pub fn set_retired(step: &mut Step<'_>, id: UserId) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    row.retired = true;
    write(step, &row)
}

pub fn rename(step: &mut Step<'_>, id: UserId, name: &str) -> Result<(), EngineError> {
    identity::check_name(name)?;
    let mut row = known(step.tx, id)?;
    row.name = name.to_owned();
    write(step, &row)
}

/// The user takes a request. True if it was one.
pub fn accept(step: &mut Step<'_>, id: UserId) -> Result<bool, EngineError> {
    let mut row = known(step.tx, id)?;
    let was_request = std::mem::take(&mut row.request);
    write(step, &row)?;
    Ok(was_request)
}

/// Drops what they send from now on, and tells nobody. The contacts' token is rotated; whoever is not blocked learns
/// the new one (the caller tells them). False if they were blocked already.
pub fn block(step: &mut Step<'_>, id: UserId) -> Result<bool, EngineError> {
    let mut row = known(step.tx, id)?;
    if row.blocked {
        return Ok(false);
    }
    row.blocked = true;
    write(step, &row)?;
    identity::rotate_token(step)?;
    Ok(true)
}

/// Gives the counter of a Welcome that was dropped meanwhile: the conversation needs a group with a higher one.
pub fn unblock(step: &mut Step<'_>, id: UserId) -> Result<Option<u32>, EngineError> {
    let mut row = known(step.tx, id)?;
    row.blocked = false;
    let missed = std::mem::take(&mut row.missed_welcome);
    write(step, &row)?;
    Ok(missed)
}

fn write(step: &mut Step<'_>, row: &Contact) -> Result<(), EngineError> {
    save(step.tx, row)?;
    step.tell(Event::Contact(row.id));
    Ok(())
}
