//! Writing: the keys of the entry line, and what becomes of the text when it is sent.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use sealpost_client::Connection;

use super::{focus, quit, scroll, tell};
use crate::{
    chat::entry::Entry,
    screen::{
        areas::Areas,
        editor::{Editor, Move},
        model::{Effect, Focus, Model, Overlay, Purpose},
    },
};

/// A signal that one is typing is not repeated sooner.
const TYPING_PAUSE_MS: u64 = 4_000;

pub fn pressed(model: &mut Model<'_>, key: KeyEvent) -> Vec<Effect> {
    let columns = Areas::entry_columns(model);
    let has = |modifier| key.modifiers.contains(modifier);
    let (control, alt) = (has(KeyModifiers::CONTROL), has(KeyModifiers::ALT));
    let Some(open) = &mut model.open else {
        focus(model, Focus::List);
        return Vec::new();
    };
    let editor = &mut open.editor;
    match key.code {
        KeyCode::Enter if alt || has(KeyModifiers::SHIFT) => return write(model, "\n"),
        KeyCode::Char('j') if control => return write(model, "\n"),
        KeyCode::Enter => return enter(model),
        KeyCode::Esc => model.leave_purpose(),
        KeyCode::Up if !editor.go_row(columns, false) => return scroll::choose(model, false),
        KeyCode::Down => {
            editor.go_row(columns, true);
        }
        KeyCode::Left if control || alt => editor.go(Move::WordLeft),
        KeyCode::Right if control || alt => editor.go(Move::WordRight),
        KeyCode::Left => editor.go(Move::Left),
        KeyCode::Right => editor.go(Move::Right),
        KeyCode::Home => editor.go(Move::LineStart),
        KeyCode::End => editor.go(Move::LineEnd),
        KeyCode::Char('a') if control => editor.go(Move::LineStart),
        KeyCode::Char('e') if control => editor.go(Move::LineEnd),
        KeyCode::Backspace if alt || control => return remove(model, Move::WordLeft),
        KeyCode::Backspace => return remove(model, Move::Left),
        KeyCode::Char('h') if control => return remove(model, Move::Left),
        KeyCode::Delete => return remove(model, Move::Right),
        KeyCode::Char('w') if control => return remove(model, Move::WordLeft),
        KeyCode::Char('u') if control => return remove(model, Move::LineStart),
        KeyCode::Char('k') if control => return remove(model, Move::LineEnd),
        KeyCode::Char(character) if !control && !alt => return write(model, character.encode_utf8(&mut [0; 4])),
        _ => {}
    }
    Vec::new()
}

/// Writes at the cursor, and lets the others know now and then.
pub fn write(model: &mut Model<'_>, text: &str) -> Vec<Effect> {
    let (now_ms, is_online) = (model.now_ms, model.connection == Connection::Online);
    let Some(open) = &mut model.open else {
        return Vec::new();
    };
    open.changed_ms = now_ms;
    let is_whole = open.editor.insert(text);
    let is_talk = !open.editor.text().starts_with('/') && !matches!(open.purpose, Purpose::Edit { .. });
    let is_due = open.told_typing_ms == 0 || now_ms >= open.told_typing_ms + TYPING_PAUSE_MS;
    let mut effects = Vec::new();
    if is_online && is_talk && is_due && !open.editor.is_empty() {
        open.told_typing_ms = now_ms;
        effects.push(Effect::Typing(open.id.clone()));
    }
    if !is_whole {
        let text = model.words.say("screen-entry-full");
        tell(model, &text);
    }
    effects
}

fn remove(model: &mut Model<'_>, to: Move) -> Vec<Effect> {
    let now_ms = model.now_ms;
    if let Some(open) = &mut model.open {
        open.changed_ms = now_ms;
        open.editor.remove(to);
    }
    Vec::new()
}

/// Sends the text, or does what it orders.
fn enter(model: &mut Model<'_>) -> Vec<Effect> {
    let Some(open) = &mut model.open else {
        return Vec::new();
    };
    let text = open.editor.text().to_owned();
    let conversation = open.id.clone();
    if let Purpose::Edit { position } = open.purpose {
        let message = open.message(position).map(|message| message.id.clone());
        let is_same = text.trim().is_empty();
        return match message.filter(|_| !is_same) {
            Some(message) => {
                model.leave_purpose();
                vec![Effect::Edit { conversation, message, text: text.trim().to_owned() }]
            }
            None => Vec::new(),
        };
    }
    match Entry::parse(&text) {
        Entry::Nothing => Vec::new(),
        Entry::Text(text) => {
            let reply_to = match open.purpose {
                Purpose::Reply { position } => open.message(position).map(|message| message.id.clone()),
                _ => None,
            };
            written(model);
            let mut effects = vec![Effect::Send { conversation, text, reply_to }];
            effects.extend(scroll::to_newest(model));
            effects
        }
        Entry::Quit => {
            written(model);
            quit(model)
        }
        Entry::Help => {
            written(model);
            model.overlay = Some(Overlay::Help { line: 0 });
            Vec::new()
        }
        Entry::Members => {
            written(model);
            vec![Effect::People(conversation)]
        }
        _ => {
            written(model);
            vec![Effect::Command { conversation, line: text }]
        }
    }
}

/// The text is on its way: the entry is empty, and so is the draft.
fn written(model: &mut Model<'_>) {
    if let Some(open) = &mut model.open {
        open.editor = Editor::default();
        open.purpose = Purpose::Write;
        open.unread_from = None;
        open.told_typing_ms = 0;
        open.changed_ms = 0;
    }
}
