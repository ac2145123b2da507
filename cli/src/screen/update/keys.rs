//! What the keys mean: first those of every place, then those of the part of the screen that has them.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use sealpost_client::{Body, Message};

use super::{confirm, entry, focus, open, overlay, quit, refuse, scroll, tell};
use crate::{
    exit::{CommandError, Exit},
    screen::{
        editor::Editor,
        model::{Effect, Focus, Model, Overlay, Purpose, Search},
    },
};

pub fn pressed(model: &mut Model<'_>, key: KeyEvent) -> Vec<Effect> {
    if key.kind == KeyEventKind::Release {
        return Vec::new();
    }
    let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('z') if has_control => return vec![Effect::Suspend],
        KeyCode::Char('l') if has_control => return vec![Effect::Redraw],
        KeyCode::Char('c' | 'q') if has_control => return quit(model),
        _ => {}
    }
    if model.overlay.is_some() {
        return overlay::pressed(model, key);
    }
    if let Some(effects) = everywhere(model, key) {
        return effects;
    }
    match model.focus {
        Focus::List => in_list(model, key),
        Focus::Messages => in_messages(model, key),
        Focus::Entry => entry::pressed(model, key),
    }
}

/// Keys that mean the same in all three parts.
fn everywhere(model: &mut Model<'_>, key: KeyEvent) -> Option<Vec<Effect>> {
    let has = |modifier| key.modifiers.contains(modifier);
    let (control, alt) = (has(KeyModifiers::CONTROL), has(KeyModifiers::ALT));
    let is_writing = model.focus == Focus::Entry;
    let nothing = Some(Vec::new());
    match key.code {
        KeyCode::F(1) => model.overlay = Some(Overlay::Help { line: 0 }),
        KeyCode::Char('?') if !is_writing => model.overlay = Some(Overlay::Help { line: 0 }),
        KeyCode::Tab => turn(model, 1),
        KeyCode::BackTab => turn(model, 2),
        KeyCode::Up if alt => return Some(neighbour(model, false)),
        KeyCode::Down if alt => return Some(neighbour(model, true)),
        KeyCode::Up if control => return Some(scroll::choose(model, false)),
        KeyCode::PageUp => return Some(scroll::page(model, false)),
        KeyCode::PageDown => return Some(scroll::page(model, true)),
        KeyCode::End if control => return Some(scroll::to_newest(model)),
        KeyCode::Char('n') if control => return Some(vec![Effect::Contacts]),
        KeyCode::Char('f') if control => {
            let is_everywhere = model.open.is_none();
            model.overlay = Some(Overlay::Search(Search { is_everywhere, ..Search::default() }));
        }
        KeyCode::F(2) => return Some(people(model)),
        KeyCode::F(4) => return Some(mute(model)),
        KeyCode::F(5) => return Some(accept(model)),
        KeyCode::F(6) => return Some(block(model)),
        _ => return None,
    }
    nothing
}

fn in_list(model: &mut Model<'_>, key: KeyEvent) -> Vec<Effect> {
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => move_cursor(model, false),
        KeyCode::Down | KeyCode::Char('j') => move_cursor(model, true),
        KeyCode::Home => model.cursor = model.list.first().map(|listed| listed.conversation.id.clone()),
        KeyCode::End => model.cursor = model.list.last().map(|listed| listed.conversation.id.clone()),
        KeyCode::Enter | KeyCode::Right => {
            let is_open = model.open.as_ref().map(|open| &open.id) == model.cursor.as_ref();
            match model.cursor.clone() {
                Some(id) if !is_open => return open(model, id, None),
                _ => focus(model, Focus::Entry),
            }
        }
        KeyCode::Esc => focus(model, Focus::Entry),
        KeyCode::Char('n') => return vec![Effect::Contacts],
        KeyCode::Char('p') => return people(model),
        KeyCode::Char('m') => return mute(model),
        KeyCode::Char('a') => return accept(model),
        KeyCode::Char('b') => return block(model),
        KeyCode::Char('/') => {
            model.overlay = Some(Overlay::Search(Search { is_everywhere: true, ..Search::default() }));
        }
        KeyCode::Char('q') => return quit(model),
        _ => {}
    }
    Vec::new()
}

fn in_messages(model: &mut Model<'_>, key: KeyEvent) -> Vec<Effect> {
    let chosen = model.open.as_ref().and_then(|open| open.message(open.selected?)).cloned();
    match (key.code, chosen) {
        (KeyCode::Up | KeyCode::Char('k'), _) => scroll::choose(model, false),
        (KeyCode::Down | KeyCode::Char('j'), _) => scroll::choose(model, true),
        (KeyCode::End, _) => scroll::to_newest(model),
        (KeyCode::Esc | KeyCode::Left, _) => {
            focus(model, Focus::Entry);
            Vec::new()
        }
        (KeyCode::Enter | KeyCode::Char('r'), Some(message)) => reply(model, &message),
        (KeyCode::Char('e'), Some(message)) => edit(model, &message),
        (KeyCode::Char('d') | KeyCode::Delete, Some(message)) => delete(model, message),
        (KeyCode::Char('+'), Some(message)) if is_said(&message) => {
            model.overlay = Some(Overlay::React { position: message.position });
            Vec::new()
        }
        (KeyCode::Char('p'), _) => people(model),
        _ => Vec::new(),
    }
}

/// To the next part of the screen.
fn turn(model: &mut Model<'_>, steps: usize) {
    const ORDER: [Focus; 3] = [Focus::Entry, Focus::List, Focus::Messages];
    let place = ORDER.iter().position(|focus| *focus == model.focus).unwrap_or(0);
    focus(model, ORDER[(place + steps) % ORDER.len()]);
    if model.focus == Focus::Messages {
        scroll::choose_visible(model);
    }
}

/// To the conversation above or below in the list.
fn neighbour(model: &mut Model<'_>, is_down: bool) -> Vec<Effect> {
    move_cursor(model, is_down);
    match model.cursor.clone() {
        Some(id) if model.open.as_ref().is_none_or(|open| open.id != id) => open(model, id, None),
        _ => Vec::new(),
    }
}

fn move_cursor(model: &mut Model<'_>, is_down: bool) {
    let place = model.list.iter().position(|listed| Some(&listed.conversation.id) == model.cursor.as_ref());
    let target = match (place, is_down) {
        (None, _) => 0,
        (Some(place), true) => (place + 1).min(model.list.len().saturating_sub(1)),
        (Some(place), false) => place.saturating_sub(1),
    };
    model.cursor = model.list.get(target).map(|listed| listed.conversation.id.clone());
}

fn people(model: &Model<'_>) -> Vec<Effect> {
    model.meant().map(|listed| Effect::People(listed.conversation.id.clone())).into_iter().collect()
}

fn mute(model: &Model<'_>) -> Vec<Effect> {
    let now_ms = model.now_ms;
    let effect = model.meant().map(|listed| Effect::Mute {
        conversation: listed.conversation.id.clone(),
        until_ms: if listed.is_muted(now_ms) { None } else { Some(u64::MAX) },
    });
    effect.into_iter().collect()
}

fn accept(model: &mut Model<'_>) -> Vec<Effect> {
    match model.meant().map(|listed| &listed.conversation) {
        Some(conversation) if conversation.request => vec![Effect::Accept(conversation.id.clone())],
        Some(_) => {
            let text = model.words.say("screen-nothing-to-accept");
            tell(model, &text);
            Vec::new()
        }
        None => Vec::new(),
    }
}

/// Asks first: whoever is blocked is not told, and what they send is dropped.
fn block(model: &mut Model<'_>) -> Vec<Effect> {
    let Some(conversation) = model.meant().map(|listed| listed.conversation.clone()) else {
        return Vec::new();
    };
    let key = match (&conversation.peer, conversation.request) {
        (Some(_), _) => "screen-ask-block",
        (None, true) => "screen-ask-decline",
        (None, false) => {
            let text = model.words.say("screen-nothing-to-block");
            tell(model, &text);
            return Vec::new();
        }
    };
    let name = crate::clean::line(&conversation.title);
    let question = model.words.with(key, &[("name", name.into())]);
    confirm(model, question, Effect::Refuse(conversation.id))
}

fn reply(model: &mut Model<'_>, message: &Message) -> Vec<Effect> {
    if is_said(message) {
        model.leave_purpose();
        if let Some(open) = &mut model.open {
            open.purpose = Purpose::Reply { position: message.position };
        }
        focus(model, Focus::Entry);
    }
    Vec::new()
}

fn edit(model: &mut Model<'_>, message: &Message) -> Vec<Effect> {
    let Body::Text { text } = &message.body else {
        return Vec::new();
    };
    if !message.mine {
        refuse(model, &CommandError::new("not_yours", Exit::Failure));
        return Vec::new();
    }
    model.leave_purpose();
    if let Some(open) = &mut model.open {
        let draft = std::mem::replace(&mut open.editor, Editor::new(text));
        open.put_aside = Some(draft.text().to_owned());
        open.purpose = Purpose::Edit { position: message.position };
    }
    focus(model, Focus::Entry);
    Vec::new()
}

fn delete(model: &mut Model<'_>, message: Message) -> Vec<Effect> {
    if !message.mine {
        refuse(model, &CommandError::new("not_yours", Exit::Failure));
        return Vec::new();
    }
    if !is_said(&message) {
        return Vec::new();
    }
    let question = model.words.with("screen-ask-delete", &[("number", message.position.into())]);
    confirm(model, question, Effect::Delete { conversation: message.conversation, message: message.id })
}

/// Whether it is somebody's message that is still there.
fn is_said(message: &Message) -> bool {
    matches!(message.body, Body::Text { .. } | Body::Unsupported { .. })
}
