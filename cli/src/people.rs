//! Whom an argument means: an ID, or the name of exactly one contact.

use sealpost_client::{Account, Contact, Error};

use crate::exit::{CommandError, Exit};

/// Finds a contact by ID, else by name in any case. An ID always wins, so that nobody can pass for another by taking
/// that person's ID as a name.
///
/// # Errors
/// Nobody, or more than one, is meant.
pub fn find(account: &Account, who: &str) -> Result<Contact, CommandError> {
    match account.contact(who) {
        Err(Error::UnknownContact | Error::InvalidId) => {}
        found => return Ok(found?),
    }
    let wished = who.to_lowercase();
    let mut matching = account.contacts()?.into_iter().filter(|contact| contact.name.to_lowercase() == wished);
    match (matching.next(), matching.next()) {
        (Some(contact), None) => Ok(contact),
        (Some(_), Some(_)) => Err(CommandError::new("ambiguous_name", Exit::Failure).with("name", who)),
        (None, _) => Err(CommandError::new("unknown_person", Exit::Failure).with("name", who)),
    }
}
