//! Whom an argument means: a contact or a member by ID or name, a group by name or the beginning of its ID.

use sealpost_client::{Account, Contact, Conversation, Error, GroupStanding};

use crate::exit::{CommandError, Exit};

/// The shortest beginning of a group's ID that counts as one: shorter ones are names.
const BEGINNING: usize = 4;

/// Finds a contact by ID, else by name in any case. An ID always wins, so that nobody can pass for another by taking
/// that person's ID as a name.
///
/// # Errors
/// Nobody, or more than one, is meant.
pub fn find(account: &Account, who: &str) -> Result<Contact, CommandError> {
    let mut matching = contacts(account, who)?;
    match (matching.pop(), matching.is_empty()) {
        (Some(contact), true) => Ok(contact),
        (Some(_), false) => Err(CommandError::new("ambiguous_name", Exit::Failure).with("name", who)),
        (None, _) => Err(CommandError::new("unknown_person", Exit::Failure).with("name", who)),
    }
}

/// The IDs of these contacts.
///
/// # Errors
/// As [`find`].
pub fn find_all<'a>(account: &Account, who: impl Iterator<Item = &'a str>) -> Result<Vec<String>, CommandError> {
    who.map(|who| Ok(find(account, who)?.id)).collect()
}

/// Finds a group by its whole ID, else by its name or the beginning of its ID.
///
/// # Errors
/// None, or more than one, is meant; or a conversation of two.
pub fn find_group(account: &Account, which: &str) -> Result<Conversation, CommandError> {
    let mut matching = groups(account, which)?;
    match (matching.pop(), matching.is_empty()) {
        (Some(group), true) => Ok(group),
        (Some(_), false) => Err(CommandError::new("ambiguous_group", Exit::Failure).with("name", which)),
        (None, _) => match contacts(account, which)?.is_empty() {
            true => Err(CommandError::new("unknown_group", Exit::Failure).with("name", which)),
            false => Err(Error::NotAGroup.into()),
        },
    }
}

/// The conversation with a contact, or of a group. A group into which somebody invites takes nobody's name: it is meant
/// only where nothing else is.
///
/// # Errors
/// None is meant, or more than one; a contact and a group of one name are both named.
pub fn find_conversation(account: &Account, which: &str) -> Result<Conversation, CommandError> {
    let groups = groups(account, which)?;
    let standing = |group: &Conversation| group.group.as_ref().is_some_and(|it| it.standing == GroupStanding::Member);
    let joined: Vec<_> = groups.iter().filter(|group| standing(group)).collect();
    match (contacts(account, which)?.as_slice(), joined.as_slice()) {
        ([contact], []) => Ok(account.conversation_with(&contact.id)?),
        ([], [group]) => Ok((*group).clone()),
        ([], []) if groups.is_empty() => {
            Err(CommandError::new("unknown_conversation_name", Exit::Failure).with("name", which))
        }
        ([], _) => find_group(account, which),
        ([contact], [group, ..]) => Err(CommandError::new("contact_or_group", Exit::Failure)
            .with("name", which)
            .with("contact", &contact.id)
            .with("group", &group.id)),
        ([..], _) => Err(CommandError::new("ambiguous_name", Exit::Failure).with("name", which)),
    }
}

/// The ID of a group's member, who need not be a contact.
///
/// # Errors
/// No member, or more than one, is meant.
pub fn find_member(account: &Account, group: &str, who: &str) -> Result<String, CommandError> {
    let members = account.members(group)?;
    let id = who.to_uppercase();
    if let Some(member) = members.iter().find(|member| member.id == id) {
        return Ok(member.id.clone());
    }
    let mut matching = members.iter().filter(|member| is_called(&member.name, who));
    match (matching.next(), matching.next()) {
        (Some(member), None) => Ok(member.id.clone()),
        (Some(_), Some(_)) => Err(CommandError::new("ambiguous_member", Exit::Failure).with("name", who)),
        (None, _) => Err(CommandError::new("unknown_member", Exit::Failure).with("name", who)),
    }
}

/// The IDs of these members.
///
/// # Errors
/// As [`find_member`].
pub fn find_members<'a>(
    account: &Account,
    group: &str,
    who: impl Iterator<Item = &'a str>,
) -> Result<Vec<String>, CommandError> {
    who.map(|who| find_member(account, group, who)).collect()
}

fn contacts(account: &Account, who: &str) -> Result<Vec<Contact>, CommandError> {
    match account.contact(who) {
        Err(Error::UnknownContact | Error::InvalidId) => {}
        found => return Ok(vec![found?]),
    }
    let mut contacts = account.contacts()?;
    contacts.retain(|contact| is_called(&contact.name, who));
    Ok(contacts)
}

fn groups(account: &Account, which: &str) -> Result<Vec<Conversation>, CommandError> {
    let mut groups = account.conversations()?;
    groups.retain(|conversation| conversation.group.is_some());
    if let Some(place) = groups.iter().position(|group| group.id == which) {
        return Ok(vec![groups.swap_remove(place)]);
    }
    let begins = |group: &Conversation| which.len() >= BEGINNING && group.id.starts_with(which);
    groups.retain(|group| is_called(&group.title, which) || begins(group));
    Ok(groups)
}

fn is_called(name: &str, wished: &str) -> bool {
    name.to_lowercase() == wished.to_lowercase()
}
