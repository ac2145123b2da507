//! From the engine's rows to what shells see.

use std::fmt::Write as _;

use data_encoding::{HEXLOWER_PERMISSIVE, HEXUPPER};
use sealpost_crypto::{hash::sha256, keys::IdentityKey};
use sealpost_engine::{
    contacts,
    conversations::{self, ConversationId, Standing},
    error::EngineError,
    event,
    fact::Happened,
    identity, messages,
    outbox::Blocked,
    storage::Read,
    trust,
};
use sealpost_wire::id::{MessageId, UserId};

use crate::{
    error::Error,
    types::{
        AccountState, Body, Contact, Conversation, Event, Failure, Group, GroupChange, GroupStanding, Member, Message,
        MessageState, Profile, Reaction, SystemRow, Trust,
    },
};

pub(crate) fn event(event: event::Event) -> Event {
    match event {
        event::Event::Account => Event::Profile,
        event::Event::Contact(id) => Event::Contact { id: id.to_string() },
        event::Event::Conversation(id) => Event::Conversation { id: conversation_text(id) },
        event::Event::Message(id, position) => Event::Message { conversation: conversation_text(id), position },
        event::Event::Arrived(id, position) => Event::Arrived { conversation: conversation_text(id), position },
        event::Event::Typing(id, author) => {
            Event::Typing { conversation: conversation_text(id), author: author.to_string() }
        }
    }
}

pub(crate) fn profile(account: &identity::Account) -> Profile {
    Profile {
        id: account.id.to_string(),
        name: account.name.clone(),
        registered: account.state != identity::AccountState::New,
        relay: account.relay.as_ref().map(|relay| relay.url().to_owned()).unwrap_or_default(),
        number_linked: !account.number_token.is_empty(),
        fingerprint: fingerprint(&IdentityKey::from_secret(account.identity_secret).public()),
        read_receipts: account.read_receipts,
        retires_at_ms: account.retires_at_seconds.map(|seconds| seconds.saturating_mul(1000)),
        state: match account.state {
            identity::AccountState::New => AccountState::New,
            identity::AccountState::Active => AccountState::Active,
            identity::AccountState::Copied => AccountState::Copied,
            identity::AccountState::Retired => AccountState::Retired,
        },
    }
}

pub(crate) fn contact(row: &contacts::Contact) -> Contact {
    Contact {
        id: row.id.to_string(),
        name: name(row),
        trust: trust(row),
        blocked: row.blocked,
        request: row.request,
        needs_new_card: row.token_stale,
        retired: row.retired,
        fingerprint: fingerprint(&row.identity_key),
    }
}

pub(crate) fn conversation(read: &dyn Read, row: &conversations::Conversation) -> Result<Conversation, EngineError> {
    let last = messages::messages(read, row.id, None, 1)?.pop();
    let (title, trust, request, group) = match (&row.peer, &row.many) {
        (Some(peer), _) => {
            let peer = contacts::known(read, *peer)?;
            (name(&peer), trust(&peer), peer.request, None)
        }
        (None, Some(many)) => {
            let members = members(read, row)?;
            let least = members.iter().filter(|member| !member.me).map(|member| member.trust);
            let trust = least.min_by_key(|trust| rank(*trust)).unwrap_or(Trust::Unverified);
            let group = Group {
                standing: standing(many.standing),
                admin: members.iter().any(|member| member.me && member.admin),
                members: members.len() as u32,
                members_add: many.policy.members_add,
                members_rename: many.policy.members_rename,
            };
            (line(&many.name), trust, row.is_invited(), Some(group))
        }
        (None, None) => return Err(EngineError::UnknownConversation),
    };
    Ok(Conversation {
        id: conversation_text(row.id),
        peer: row.peer.map(|peer| peer.to_string()),
        group,
        title,
        trust,
        unread: row.unread,
        draft: row.draft.clone(),
        muted_until_ms: row.muted_until_ms,
        request,
        last: last.map(message),
    })
}

/// Everybody in a group, in the order in which they joined.
pub(crate) fn members(read: &dyn Read, row: &conversations::Conversation) -> Result<Vec<Member>, EngineError> {
    let Some(many) = &row.many else { return Ok(Vec::new()) };
    let me = identity::account(read)?.map(|account| account.id);
    let rows = conversations::members(read, row.id)?;
    let acting = conversations::acting_admins(&many.admins, rows.iter().map(|member| member.id));
    let mut members = Vec::new();
    for member in rows {
        let contact = contacts::contact(read, member.id)?;
        members.push(Member {
            id: member.id.to_string(),
            name: author_name(read, row.id, member.id)?,
            trust: match &contact {
                _ if member.alarm => Trust::Alarm,
                Some(contact) => trust(contact),
                None => Trust::Unverified,
            },
            admin: acting.contains(&member.id),
            me: Some(member.id) == me,
            contact: contact.is_some_and(|contact| !contact.request),
            retired: member.retired,
        });
    }
    Ok(members)
}

/// The name under which somebody is shown in a conversation.
pub(crate) fn author_name(read: &dyn Read, id: ConversationId, author: UserId) -> Result<String, EngineError> {
    if let Some(account) = identity::account(read)?.filter(|account| account.id == author)
        && !account.name.is_empty()
    {
        return Ok(line(&account.name));
    }
    let contact = contacts::contact(read, author)?.map(|contact| name(&contact));
    if let Some(name) = contact.filter(|name| *name != author.to_string()) {
        return Ok(name);
    }
    let member = conversations::members::member(read, id, author)?.map(|member| line(&member.name));
    Ok(member.filter(|name| !name.is_empty()).unwrap_or_else(|| author.to_string()))
}

/// The lower, the less it is worth.
fn rank(trust: Trust) -> u8 {
    match trust {
        Trust::Alarm => 0,
        Trust::Unverified => 1,
        Trust::Known => 2,
        Trust::Scanned => 3,
    }
}

fn standing(standing: Standing) -> GroupStanding {
    match standing {
        Standing::Invited { by } => GroupStanding::Invited { by: by.to_string() },
        Standing::Member => GroupStanding::Member,
        Standing::Leaving => GroupStanding::Leaving,
        Standing::Left => GroupStanding::Left,
        Standing::Removed => GroupStanding::Removed,
    }
}

pub(crate) fn message(row: messages::Message) -> Message {
    let reaction = |(author, emoji): (UserId, String)| Reaction { author: author.to_string(), emoji: clean(&emoji) };
    Message {
        conversation: conversation_text(row.conversation),
        position: row.position,
        id: row.id.to_string(),
        author: row.author.to_string(),
        mine: row.mine,
        sent_at_ms: row.sent_at_ms,
        body: match row.body {
            messages::Body::Text(text) => Body::Text { text: clean(&text) },
            messages::Body::Deleted => Body::Deleted,
            messages::Body::Unsupported { kind, .. } => Body::Unsupported { kind },
            messages::Body::Unopened => Body::Unopened,
            messages::Body::System(what) => Body::System { what: system(what) },
        },
        reply_to: row.reply_to.map(|id| id.to_string()),
        edited: row.edited,
        reactions: row.reactions.into_iter().map(reaction).collect(),
        state: state(row.state),
        unreached: row.unreached.iter().map(UserId::to_string).collect(),
    }
}

pub(crate) fn conversation_id(text: &str) -> Result<ConversationId, Error> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
    let id = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes.as_slice()).ok());
    id.map(ConversationId).ok_or(Error::UnknownConversation)
}

pub(crate) fn message_id(text: &str) -> Result<MessageId, Error> {
    text.parse().map_err(|_| Error::UnknownMessage)
}

pub(crate) fn user_id(text: &str) -> Result<UserId, Error> {
    text.parse().map_err(|_| Error::InvalidId)
}

/// Hexadecimal: whatever begins with a hyphen would be an option to a shell's command.
fn conversation_text(id: ConversationId) -> String {
    HEXLOWER_PERMISSIVE.encode(&id.0)
}

fn name(row: &contacts::Contact) -> String {
    let given = [&row.name, &row.profile_name].into_iter().find(|name| !name.is_empty());
    given.map_or_else(|| row.id.to_string(), |name| line(name))
}

/// A text that others wrote, on one line.
pub(crate) fn line(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

fn trust(row: &contacts::Contact) -> Trust {
    match row.trust {
        _ if row.alarm => Trust::Alarm,
        trust::Trust::Unverified => Trust::Unverified,
        trust::Trust::Known => Trust::Known,
        trust::Trust::Scanned => Trust::Scanned,
    }
}

fn system(what: messages::System) -> SystemRow {
    match what {
        messages::System::SecuredAnew => SystemRow::SecuredAnew,
        messages::System::KeyAlarm => SystemRow::KeyAlarm,
        messages::System::PeerRetired => SystemRow::PeerRetired,
        messages::System::Happened(what) => SystemRow::Group { change: change(what) },
    }
}

fn change(what: Happened) -> GroupChange {
    let text = |id: UserId| id.to_string();
    match what {
        Happened::Created => GroupChange::Created,
        Happened::Joined => GroupChange::Joined,
        Happened::Added(id) => GroupChange::Added { member: text(id) },
        Happened::NotAdded(id) => GroupChange::NotAdded { member: text(id) },
        Happened::Removed(id) => GroupChange::Removed { member: text(id) },
        Happened::Left(id) => GroupChange::Left { member: text(id) },
        Happened::CameBack(id) => GroupChange::CameBack { member: text(id) },
        Happened::Renamed(name) => GroupChange::Renamed { name: line(&name) },
        Happened::BecameAdmin(id) => GroupChange::BecameAdmin { member: text(id) },
        Happened::StoppedBeingAdmin(id) => GroupChange::StoppedBeingAdmin { member: text(id) },
        Happened::PolicyChanged => GroupChange::PolicyChanged,
        Happened::CreatedAnew => GroupChange::CreatedAnew,
        Happened::Torn => GroupChange::Torn,
        Happened::GaveUp => GroupChange::GaveUp,
        Happened::CouldNotFollow(id) => GroupChange::CouldNotFollow { signer: text(id) },
        Happened::BackAgain => GroupChange::BackAgain,
        Happened::KeyAlarm(id) => GroupChange::KeyAlarm { member: text(id) },
        Happened::Retired(id) => GroupChange::Retired { member: text(id) },
    }
}

fn state(state: messages::MessageState) -> MessageState {
    match state {
        messages::MessageState::Received => MessageState::Received,
        messages::MessageState::Waiting => MessageState::Waiting,
        messages::MessageState::Sending => MessageState::Sending,
        messages::MessageState::Sent => MessageState::Sent,
        messages::MessageState::Delivered => MessageState::Delivered,
        messages::MessageState::Read => MessageState::Read,
        messages::MessageState::Failed(blocked) => MessageState::Failed { reason: failure(blocked) },
    }
}

fn failure(blocked: Blocked) -> Failure {
    match blocked {
        Blocked::NeedsNewCard => Failure::NeedsNewCard,
        Blocked::KeyAlarm => Failure::KeyAlarm,
        Blocked::TooOldVersion => Failure::TooOldVersion,
        Blocked::MailboxFull => Failure::MailboxFull,
        Blocked::Retired => Failure::Retired,
        Blocked::Blocked => Failure::Blocked,
        Blocked::NoDowngrade => Failure::NoDowngrade,
        Blocked::Refused => Failure::Refused,
        Blocked::NotAMember => Failure::NotAMember,
    }
}

/// Without what could move a terminal's cursor, turn a text's direction around or hide a part of it.
fn clean(text: &str) -> String {
    let harmful = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !harmful(*c)).collect()
}

/// The first 16 bytes of the key's SHA-256: 8 groups of 4 hexadecimal digits.
fn fingerprint(key: &[u8; 32]) -> String {
    let digits = HEXUPPER.encode(&sha256(key)[..16]);
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            let _ = write!(text, " ");
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lose_what_moves_cursors_and_turns_directions() {
        assert_eq!(clean("a\u{1b}[2Jb\r\u{202E}c\nd\te\u{7}"), "a[2Jbc\nd\te");
    }

    #[test]
    fn a_fingerprint_is_eight_groups() {
        let print = fingerprint(&[7; 32]);
        assert_eq!(print.split(' ').map(str::len).collect::<Vec<_>>(), [4; 8]);
    }
}
