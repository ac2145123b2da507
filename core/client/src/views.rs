//! From the engine's rows to what shells see.

use std::fmt::Write as _;

use data_encoding::{BASE64URL_NOPAD, HEXUPPER};
use sealpost_crypto::{hash::sha256, keys::IdentityKey};
use sealpost_engine::{
    contacts,
    conversations::{self, ConversationId},
    error::EngineError,
    event, identity, messages,
    outbox::Blocked,
    storage::Read,
    trust,
};
use sealpost_wire::id::{MessageId, UserId};

use crate::{
    error::Error,
    types::{
        AccountState, Body, Contact, Conversation, Event, Failure, Message, MessageState, Profile, Reaction, SystemRow,
        Trust,
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
    let peer = contacts::known(read, row.peer)?;
    let last = messages::messages(read, row.id, None, 1)?.pop();
    Ok(Conversation {
        id: conversation_text(row.id),
        peer: row.peer.to_string(),
        title: name(&peer),
        trust: trust(&peer),
        unread: row.unread,
        draft: row.draft.clone(),
        muted_until_ms: row.muted_until_ms,
        request: peer.request,
        last: last.map(message),
    })
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
    }
}

pub(crate) fn conversation_id(text: &str) -> Result<ConversationId, Error> {
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    let id = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes.as_slice()).ok());
    id.map(ConversationId).ok_or(Error::UnknownConversation)
}

pub(crate) fn message_id(text: &str) -> Result<MessageId, Error> {
    text.parse().map_err(|_| Error::UnknownMessage)
}

pub(crate) fn user_id(text: &str) -> Result<UserId, Error> {
    text.parse().map_err(|_| Error::InvalidId)
}

fn conversation_text(id: ConversationId) -> String {
    BASE64URL_NOPAD.encode(&id.0)
}

fn name(row: &contacts::Contact) -> String {
    let given = [&row.name, &row.profile_name].into_iter().find(|name| !name.is_empty());
    given.map_or_else(|| row.id.to_string(), |name| clean(name).replace(['\n', '\t'], " "))
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
