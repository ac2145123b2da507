//! For the tests of `update` and `view`: a screen with people and messages, and hands that type on it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sealpost_client::{
    AccountState, Body, Connection, Contact, Conversation, Group, GroupStanding, Message, MessageState, Profile, Trust,
};

use super::{
    model::{Effect, Listed, Look, Model, News, Stage},
    update::{Event, update},
};
use crate::words::Words;

/// 2026-11-22, noon (UTC).
pub const NOW_MS: u64 = 1_795_348_800_000;

/// A screen with two conversations, none open: Ada, two unread, and a choir.
pub fn begin(words: &Words, columns: u16, rows: u16) -> Model<'_> {
    let look = Look { colours: true, unicode: true };
    let mut model = Model::new(words, look, profile(), (columns, rows), NOW_MS);
    let list = vec![listed("ada", "Ada", 2), choir()];
    tell(&mut model, News::All(list));
    model.connection = Connection::Online;
    model
}

/// As [`begin`], with Ada's conversation open: these messages, the first from her, then in turn.
pub fn talking<'a>(words: &'a Words, columns: u16, rows: u16, texts: &[&str]) -> Model<'a> {
    let mut model = begin(words, columns, rows);
    open(&mut model, texts.iter().enumerate().map(|(at, text)| message(at as u64 + 1, text, at % 2 == 1)).collect());
    model
}

pub fn open(model: &mut Model<'_>, page: Vec<Message>) -> Vec<Effect> {
    let mut listed = listed("ada", "Ada", 2);
    listed.conversation.last = page.last().cloned();
    let names = [("ADA23456".to_owned(), "Ada".to_owned())].into_iter().collect();
    let cast = Stage { me: profile().id, names, others: vec!["ADA23456".to_owned()] };
    let news = News::Opened { listed: Box::new(listed), page, cast, around: None, has_oldest: true };
    tell(model, news)
}

pub fn tell(model: &mut Model<'_>, news: News) -> Vec<Effect> {
    update(model, Event::News(news), NOW_MS)
}

pub fn press(model: &mut Model<'_>, code: KeyCode) -> Vec<Effect> {
    press_with(model, KeyModifiers::NONE, code)
}

pub fn press_with(model: &mut Model<'_>, modifiers: KeyModifiers, code: KeyCode) -> Vec<Effect> {
    update(model, Event::Key(KeyEvent::new(code, modifiers)), NOW_MS)
}

/// Types a text, and answers what the last character asked for.
pub fn write(model: &mut Model<'_>, text: &str) -> Vec<Effect> {
    text.chars().map(|character| press(model, KeyCode::Char(character))).last().unwrap_or_default()
}

pub fn message(position: u64, text: &str, mine: bool) -> Message {
    Message {
        conversation: "ada".into(),
        position,
        id: format!("id{position}"),
        author: if mine { profile().id } else { "ADA23456".into() },
        mine,
        sent_at_ms: NOW_MS - 3_600_000 + position * 60_000,
        body: Body::Text { text: text.into() },
        reply_to: None,
        edited: false,
        reactions: Vec::new(),
        state: if mine { MessageState::Delivered } else { MessageState::Received },
        unreached: Vec::new(),
    }
}

pub fn listed(id: &str, title: &str, unread: u32) -> Listed {
    let conversation = Conversation {
        id: id.into(),
        peer: Some("ADA23456".into()),
        group: None,
        title: title.into(),
        trust: Trust::Known,
        unread,
        draft: String::new(),
        muted_until_ms: None,
        request: false,
        last: Some(Message { conversation: id.into(), ..message(2, "See you tomorrow", false) }),
    };
    Listed { conversation, preview: "See you tomorrow".into() }
}

/// A group into which somebody invites.
pub fn choir() -> Listed {
    let mut listed = listed("choir", "Choir by the canal", 0);
    listed.conversation.peer = None;
    listed.conversation.request = true;
    listed.conversation.group = Some(Group {
        standing: GroupStanding::Invited { by: "BEN23456".into() },
        admin: false,
        members: 3,
        members_add: true,
        members_rename: true,
    });
    listed
}

pub fn contact(id: &str, name: &str) -> Contact {
    Contact {
        id: id.into(),
        name: name.into(),
        trust: Trust::Unverified,
        blocked: false,
        request: false,
        needs_new_card: false,
        retired: false,
        fingerprint: "0000 1111 2222 3333 4444 5555 6666 7777".into(),
    }
}

fn profile() -> Profile {
    Profile {
        id: "ME234567".into(),
        name: "Zoë".into(),
        registered: true,
        relay: "https://relay.example".into(),
        number_linked: false,
        fingerprint: String::new(),
        read_receipts: true,
        retires_at_ms: None,
        state: AccountState::Active,
    }
}
