//! The keys of what lies over the screen: help, people, picker, search, reactions, questions.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{entry, focus, open};
use crate::screen::{
    areas::Areas,
    model::{EMOJI, Effect, Focus, Model, Overlay, Picked, Search},
    view,
};

/// A query is no novel.
const QUERY_BYTES: usize = 200;

pub fn pressed(model: &mut Model<'_>, key: KeyEvent) -> Vec<Effect> {
    let Some(overlay) = model.overlay.take() else {
        return Vec::new();
    };
    if key.code == KeyCode::Esc {
        return Vec::new();
    }
    match overlay {
        Overlay::Help { line } => {
            let most = view::help_lines(model).saturating_sub(Areas::overlay_rows(model));
            model.overlay = scrolled(model, key, line, most).map(|line| Overlay::Help { line });
            Vec::new()
        }
        Overlay::People { title, lines, line } => {
            let most = lines.len().saturating_sub(Areas::overlay_rows(model));
            model.overlay = scrolled(model, key, line, most).map(|line| Overlay::People { title, lines, line });
            Vec::new()
        }
        Overlay::Confirm { question, effect } => {
            if key.code == KeyCode::Enter {
                return vec![effect];
            }
            model.overlay = Some(Overlay::Confirm { question, effect });
            Vec::new()
        }
        Overlay::React { position } => react(model, key, position),
        Overlay::Pick { mut query, contacts, chosen } => {
            let found = model.picked(&query, &contacts);
            if key.code == KeyCode::Enter {
                return match found.get(chosen).copied() {
                    Some(Picked::Contact(contact)) => vec![Effect::OpenWith { contact: contact.id.clone() }],
                    Some(Picked::Group(listed)) => {
                        let id = listed.conversation.id.clone();
                        open(model, id, None)
                    }
                    None => Vec::new(),
                };
            }
            let chosen = chosen_after(key, chosen, found.len());
            let is_changed = type_into(&mut query, key);
            let chosen = if is_changed { 0 } else { chosen };
            model.overlay = Some(Overlay::Pick { query, contacts, chosen });
            Vec::new()
        }
        Overlay::Search(search) => search_pressed(model, key, search),
    }
}

/// Pasted text goes where typed text goes.
pub fn pasted(model: &mut Model<'_>, text: &str) -> Vec<Effect> {
    let line = text.lines().next().unwrap_or_default();
    match &mut model.overlay {
        Some(Overlay::Pick { query, .. } | Overlay::Search(Search { query, .. })) => {
            append(query, line);
            Vec::new()
        }
        Some(_) => Vec::new(),
        None if model.open.is_some() => {
            focus(model, Focus::Entry);
            entry::write(model, text)
        }
        None => Vec::new(),
    }
}

/// Enter searches; once something was found, it goes there.
fn search_pressed(model: &mut Model<'_>, key: KeyEvent, mut search: Search) -> Vec<Effect> {
    let is_searched = search.searched.as_deref() == Some(search.query.trim());
    let mut effects = Vec::new();
    match key.code {
        KeyCode::Enter if is_searched => {
            if let Some(found) = search.found.get(search.chosen) {
                let (conversation, position) = (found.conversation.clone(), found.position);
                return open(model, conversation, Some(position));
            }
        }
        KeyCode::Enter => effects.extend(looked_for(model, &search)),
        KeyCode::Tab if model.open.is_some() => {
            search = Search { is_everywhere: !search.is_everywhere, query: search.query, ..Search::default() };
            effects.extend(looked_for(model, &search));
        }
        _ => {
            search.chosen = chosen_after(key, search.chosen, search.found.len());
            type_into(&mut search.query, key);
        }
    }
    model.overlay = Some(Overlay::Search(search));
    effects
}

fn looked_for(model: &Model<'_>, search: &Search) -> Option<Effect> {
    let query = search.query.trim().to_owned();
    let here = model.open.as_ref().map(|open| open.id.clone());
    let conversation = here.filter(|_| !search.is_everywhere);
    (!query.is_empty()).then_some(Effect::Search { conversation, query })
}

/// A number sets a reaction, 0 takes it back.
fn react(model: &mut Model<'_>, key: KeyEvent, position: u64) -> Vec<Effect> {
    let emoji = match key.code {
        KeyCode::Char('0') => Some(""),
        KeyCode::Char(digit) => {
            digit.to_digit(10).and_then(|digit| EMOJI.get(usize::try_from(digit).ok()?.checked_sub(1)?)).copied()
        }
        _ => None,
    };
    let Some(emoji) = emoji else {
        model.overlay = Some(Overlay::React { position });
        return Vec::new();
    };
    let message = model.open.as_ref().and_then(|open| open.message(position));
    let effect = message.map(|message| Effect::React {
        conversation: message.conversation.clone(),
        message: message.id.clone(),
        author: message.author.clone(),
        emoji: emoji.to_owned(),
    });
    effect.into_iter().collect()
}

/// The first visible line after a key; `None` where the key closes what is shown.
fn scrolled(model: &Model<'_>, key: KeyEvent, line: usize, most: usize) -> Option<usize> {
    let rows = Areas::overlay_rows(model);
    Some(match key.code {
        KeyCode::Up => line.saturating_sub(1),
        KeyCode::Down => (line + 1).min(most),
        KeyCode::PageUp => line.saturating_sub(rows),
        KeyCode::PageDown | KeyCode::Char(' ') => (line + rows).min(most),
        KeyCode::Home => 0,
        KeyCode::End => most,
        _ => return None,
    })
}

fn chosen_after(key: KeyEvent, chosen: usize, count: usize) -> usize {
    match key.code {
        KeyCode::Up => chosen.saturating_sub(1),
        KeyCode::Down => (chosen + 1).min(count.saturating_sub(1)),
        _ => chosen.min(count.saturating_sub(1)),
    }
}

/// Whether the key changed the text.
fn type_into(text: &mut String, key: KeyEvent) -> bool {
    let is_plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    match key.code {
        KeyCode::Char(character) if is_plain => append(text, character.encode_utf8(&mut [0; 4])),
        KeyCode::Char('u') => text.clear(),
        KeyCode::Backspace => {
            text.pop();
        }
        _ => return false,
    }
    true
}

fn append(text: &mut String, more: &str) {
    let more: String = more.chars().filter(|character| !character.is_control()).collect();
    if text.len() + more.len() <= QUERY_BYTES {
        text.push_str(&more);
    }
}
