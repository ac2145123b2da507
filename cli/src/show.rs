//! How the façade's records look: as a line for people, as a JSON object for programs. Field names are stable.

use chrono::{DateTime, Local, TimeZone, Utc};
use sealpost_client::{
    AccountState, Body, Connection, Contact, Conversation, Failure, GroupStanding, Message, MessageState, Profile,
    SystemRow, Trust,
};
use serde_json::{Value, json};

use crate::{cast::Cast, clean, columns, exit::CommandError, terminal::Terminal, words::Words};

pub mod group;

/// The indent of a message's further lines.
const INDENT: &str = "      ";
/// Of the newest message in a list of conversations, so much is shown.
const SHOWN_COLUMNS: usize = 60;

/// A profile for programs.
pub fn profile_record(profile: &Profile) -> Value {
    json!({
        "type": "profile", "id": profile.id, "name": profile.name, "registered": profile.registered,
        "relay": profile.relay, "number_linked": profile.number_linked, "fingerprint": profile.fingerprint,
        "read_receipts": profile.read_receipts, "retires_at_ms": profile.retires_at_ms,
        "state": account_state_code(profile.state),
    })
}

fn account_state_code(state: AccountState) -> &'static str {
    match state {
        AccountState::New => "new",
        AccountState::Active => "active",
        AccountState::Copied => "copied",
        AccountState::Retired => "retired",
    }
}

/// A contact for programs.
pub fn contact_record(contact: &Contact) -> Value {
    json!({
        "type": "contact", "id": contact.id, "name": contact.name, "trust": trust_code(contact.trust),
        "blocked": contact.blocked, "request": contact.request, "needs_new_card": contact.needs_new_card,
        "retired": contact.retired, "fingerprint": contact.fingerprint,
    })
}

/// A contact for people: trust, name, ID and what is to be known.
pub fn contact_line(contact: &Contact, words: &Words) -> String {
    let mut notes = Vec::new();
    let states = [
        (contact.request, "contact-request"),
        (contact.blocked, "contact-blocked"),
        (contact.needs_new_card, "contact-needs-new-card"),
        (contact.retired, "contact-retired"),
    ];
    notes.extend(states.iter().filter(|(holds, _)| *holds).map(|(_, key)| words.say(key)));
    let trust = trust(contact.trust, words);
    let notes = if notes.is_empty() { String::new() } else { format!("  ({})", notes.join(", ")) };
    format!("{trust}  {}  {}{notes}", contact.id, clean::line(&contact.name))
}

/// The trust level as symbol and word: neither colour nor shape alone carries it.
pub fn trust(trust: Trust, words: &Words) -> String {
    match trust {
        Trust::Unverified => format!("●○○ {}", words.say("trust-unverified")),
        Trust::Known => format!("●●○ {}", words.say("trust-known")),
        Trust::Scanned => format!("●●● {}", words.say("trust-scanned")),
        Trust::Alarm => format!("⚠⚠⚠ {}", words.say("trust-alarm")),
    }
}

fn trust_code(trust: Trust) -> &'static str {
    match trust {
        Trust::Unverified => "unverified",
        Trust::Known => "known",
        Trust::Scanned => "scanned",
        Trust::Alarm => "alarm",
    }
}

/// A conversation for programs.
pub fn conversation_record(conversation: &Conversation) -> Value {
    json!({
        "type": "conversation", "id": conversation.id, "peer": conversation.peer, "title": conversation.title,
        "trust": trust_code(conversation.trust), "unread": conversation.unread, "draft": conversation.draft,
        "muted_until_ms": conversation.muted_until_ms, "request": conversation.request,
        "group": conversation.group.as_ref().map(group::group_part),
        "last": conversation.last.as_ref().map(message_record),
    })
}

/// A conversation for people: who, how much is unread, and the newest message.
pub fn conversation_line(conversation: &Conversation, cast: &dyn Cast, terminal: &Terminal) -> String {
    let words = &terminal.words;
    let mut title = clean::line(&conversation.title);
    if let Some(group) = &conversation.group {
        let standing = match &group.standing {
            GroupStanding::Member => words.with("group-members", &[("count", group.members.into())]),
            standing => group::standing_text(standing, cast, words),
        };
        title.push_str(&format!(" [{standing}]"));
    }
    let last = match &conversation.last {
        Some(message) if conversation.group.is_some() && !matches!(message.body, Body::System { .. }) => {
            format!("{}: {}", author(message, cast, words), clean::line(&body(message, cast, words)))
        }
        Some(message) => clean::line(&body(message, cast, words)),
        None => words.say("conversation-empty"),
    };
    let last = columns::cut(&last, SHOWN_COLUMNS.min(terminal.width()));
    let name = if conversation.unread > 0 {
        let unread = words.with("conversation-unread", &[("count", conversation.unread.into())]);
        terminal.bold(&format!("{title} ({unread})"))
    } else {
        title
    };
    format!("{}  {name}: {last}", trust(conversation.trust, words))
}

/// A message for programs.
pub fn message_record(message: &Message) -> Value {
    let (mut member, mut name) = (None, None);
    let (kind, text) = match &message.body {
        Body::Text { text } => ("text", Some(text.as_str())),
        Body::Deleted => ("deleted", None),
        Body::Unsupported { .. } => ("unsupported", None),
        Body::Unopened => ("unopened", None),
        Body::System { what: SystemRow::SecuredAnew } => ("system", Some("secured_anew")),
        Body::System { what: SystemRow::KeyAlarm } => ("system", Some("key_alarm")),
        Body::System { what: SystemRow::PeerRetired } => ("system", Some("peer_retired")),
        Body::System { what: SystemRow::Group { change } } => {
            let code;
            (code, member, name) = group::change_code(change);
            ("system", Some(code))
        }
    };
    let reactions: Vec<Value> =
        message.reactions.iter().map(|reaction| json!({"author": reaction.author, "emoji": reaction.emoji})).collect();
    json!({
        "type": "message", "conversation": message.conversation, "position": message.position, "id": message.id,
        "author": message.author, "mine": message.mine, "sent_at_ms": message.sent_at_ms, "kind": kind, "text": text,
        "member": member, "name": name, "reply_to": message.reply_to, "edited": message.edited, "reactions": reactions,
        "state": state_code(message.state), "reason": reason(message.state).map(|reason| reason.code),
        "unreached": message.unreached,
    })
}

/// The position of the message that this one answers, if it is among these.
pub fn answered<'a>(message: &Message, mut known: impl Iterator<Item = &'a Message>) -> Option<u64> {
    let id = message.reply_to.as_ref()?;
    known.find(|other| other.id == *id).map(|other| other.position)
}

/// A message for people: `#number time author: text [state]`. The number is what chat's commands take.
pub fn message_line(message: &Message, answered: Option<u64>, cast: &dyn Cast, words: &Words) -> String {
    let place = message.position;
    let time = time(message.sent_at_ms);
    if let Body::System { .. } = message.body {
        return format!("#{place} {time} * {}", body(message, cast, words));
    }
    let author = author(message, cast, words);
    let text = clean::lines(&body(message, cast, words), INDENT);
    let answers = answered.map(|position| format!(" ({} #{position})", words.say("message-answers")));
    let mut line = format!("#{place} {time} {author}{}: {text}", answers.unwrap_or_default());
    if message.edited {
        line.push_str(&format!(" ({})", words.say("message-edited")));
    }
    for reaction in &message.reactions {
        line.push_str(&format!(" {}", clean::line(&reaction.emoji)));
    }
    if message.mine && !matches!(message.body, Body::Deleted) {
        line.push_str(&format!("  [{}]", message_state(message, cast, words)));
    }
    line
}

/// Whoever wrote a message; of one that did not open in a group, nobody knows.
pub fn author(message: &Message, cast: &dyn Cast, words: &Words) -> String {
    let name = cast.name(&message.author);
    match message.body {
        _ if message.mine => words.say("you"),
        Body::Unopened if name == message.author => "?".to_owned(),
        _ => clean::line(&name),
    }
}

/// What a message says, not cleaned yet.
pub fn body(message: &Message, cast: &dyn Cast, words: &Words) -> String {
    match &message.body {
        Body::Text { text } => text.clone(),
        Body::Deleted => words.say("message-deleted"),
        Body::Unsupported { .. } => words.say("message-unsupported"),
        Body::Unopened => words.say("message-unopened"),
        Body::System { what: SystemRow::SecuredAnew } => words.say("system-secured-anew"),
        Body::System { what: SystemRow::KeyAlarm } => words.say("system-key-alarm"),
        Body::System { what: SystemRow::PeerRetired } => words.say("system-peer-retired"),
        Body::System { what: SystemRow::Group { change } } => group::change_text(change, &message.author, cast, words),
    }
}

/// A connection's state for programs.
pub fn connection_code(state: Connection) -> &'static str {
    match state {
        Connection::Disconnected => "disconnected",
        Connection::Connecting => "connecting",
        Connection::CatchingUp => "catching_up",
        Connection::Online => "online",
        Connection::Suspended => "suspended",
        Connection::Displaced => "displaced",
        Connection::TooOldVersion => "too_old_version",
        Connection::Refused => "refused",
    }
}

/// How far an own message has come; in a group also whom it has not reached yet.
pub fn message_state(message: &Message, cast: &dyn Cast, words: &Words) -> String {
    match (message.state, cast.unreached(message)) {
        (MessageState::Sent, Some((behind, others))) => {
            format!("✓ {}", words.with("state-sent-but", &[("count", behind.into()), ("others", others.into())]))
        }
        (state, _) => self::state(state, words),
    }
}

/// A message's state as symbol and word.
pub fn state(state: MessageState, words: &Words) -> String {
    match state {
        MessageState::Received => words.say("state-received"),
        MessageState::Waiting => format!("… {}", words.say("state-waiting")),
        MessageState::Sending => format!("→ {}", words.say("state-sending")),
        MessageState::Sent => format!("✓ {}", words.say("state-sent")),
        MessageState::Delivered => format!("✓✓ {}", words.say("state-delivered")),
        MessageState::Read => format!("✓✓ {}", words.say("state-read")),
        MessageState::Failed { reason } => format!("✗ {}", words.say(failure_key(reason))),
    }
}

fn failure_key(reason: Failure) -> &'static str {
    match reason {
        Failure::NeedsNewCard => "failed-needs-new-card",
        Failure::KeyAlarm => "failed-key-alarm",
        Failure::TooOldVersion => "failed-too-old-version",
        Failure::MailboxFull => "failed-mailbox-full",
        Failure::Retired => "failed-retired",
        Failure::Blocked => "failed-blocked",
        Failure::NoDowngrade => "failed-no-downgrade",
        Failure::Refused => "failed-refused",
        Failure::NotAMember => "failed-not-a-member",
    }
}

fn state_code(state: MessageState) -> &'static str {
    match state {
        MessageState::Received => "received",
        MessageState::Waiting => "waiting",
        MessageState::Sending => "sending",
        MessageState::Sent => "sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
        MessageState::Failed { .. } => "failed",
    }
}

fn reason(state: MessageState) -> Option<CommandError> {
    match state {
        MessageState::Failed { reason } => Some(reason.into()),
        _ => None,
    }
}

/// Local time, `14:03` today and `2026-11-22 14:03` on other days.
pub fn time(unix_ms: u64) -> String {
    let Some(time) = i64::try_from(unix_ms).ok().and_then(DateTime::<Utc>::from_timestamp_millis) else {
        return "????-??-?? ??:??".to_owned();
    };
    let local = Local.from_utc_datetime(&time.naive_utc());
    let format = if local.date_naive() == Local::now().date_naive() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    local.format(format).to_string()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::words::Language;

    /// Everybody is called by their ID in brackets.
    pub struct Stage<'a> {
        pub me: &'a str,
    }

    impl Cast for Stage<'_> {
        fn name(&self, id: &str) -> String {
            format!("<{id}>")
        }

        fn is_me(&self, id: &str) -> bool {
            self.me == id
        }

        fn unreached(&self, message: &Message) -> Option<(usize, usize)> {
            Some((message.unreached.len(), 5)).filter(|(behind, _)| *behind > 0)
        }
    }

    #[test]
    fn a_message_that_some_have_not_got_says_how_many() {
        let words = Words::new(Language::English);
        let unreached = vec!["ABCD2345".to_owned(), "ABCD2346".to_owned()];
        let sent = Message { mine: true, state: MessageState::Sent, unreached, ..message("hello") };
        let line = message_line(&sent, None, &Stage { me: "ME234567" }, &words);
        assert!(line.ends_with("[✓ sent, not yet to 2 of 5]"), "{line}");
    }

    #[test]
    fn a_hostile_message_stays_on_its_own_lines() {
        let words = Words::new(Language::English);
        let line = message_line(&message("\u{1b}[1Ahi\n#9 12:00 Bob: forged"), None, &Stage { me: "ME234567" }, &words);
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line}");
        assert!(line.lines().skip(1).all(|further| further.starts_with(INDENT)), "{line}");
    }

    #[test]
    fn every_state_has_a_word_beside_its_symbol() {
        let words = Words::new(Language::English);
        for shown in [MessageState::Waiting, MessageState::Sent, MessageState::Delivered, MessageState::Read] {
            assert!(state(shown, &words).chars().any(char::is_alphabetic));
        }
    }

    #[test]
    fn an_impossible_time_does_not_stop_the_display() {
        assert_eq!(time(u64::MAX), "????-??-?? ??:??");
    }

    fn message(text: &str) -> Message {
        Message {
            conversation: "c".into(),
            position: 3,
            id: "m".into(),
            author: "ABCD2345\u{202e}".into(),
            mine: false,
            sent_at_ms: 0,
            body: Body::Text { text: text.into() },
            reply_to: None,
            edited: false,
            reactions: Vec::new(),
            state: MessageState::Received,
            unreached: Vec::new(),
        }
    }
}
