//! The screen's own logic: an event changes the state and asks for effects. Pure: no account, no terminal, no clock.

mod entry;
mod keys;
mod news;
mod overlay;
mod scroll;
#[cfg(test)]
pub mod tests;

use ratatui::crossterm::event::KeyEvent;
use sealpost_client as client;

use super::model::{Effect, Focus, Model, News, Overlay};
use crate::{clean, exit::CommandError, session};

/// How long a remark stays in the status line.
const NOTICE_MS: u64 = 8_000;
/// How long *is typing* is shown after the last word of it.
const TYPING_SHOWN_MS: u64 = 6_000;
/// A draft is kept when nothing was typed for this long, and whenever the conversation is left.
const DRAFT_REST_MS: u64 = 1_500;

/// What happens to the screen.
#[derive(Debug)]
pub enum Event {
    Key(KeyEvent),
    /// Text that the terminal says was pasted: line breaks in it send nothing.
    Paste(String),
    Resize(u16, u16),
    /// Nothing but the time.
    Tick,
    Heard(client::Event),
    News(News),
}

/// Takes an event in; what it asks for is done in this order.
pub fn update(model: &mut Model<'_>, event: Event, now_ms: u64) -> Vec<Effect> {
    model.now_ms = now_ms;
    let mut effects = match event {
        Event::Key(key) => keys::pressed(model, key),
        Event::Paste(text) => overlay::pasted(model, &text),
        Event::Resize(columns, rows) => {
            (model.columns, model.rows) = (columns, rows);
            scroll::keep_chosen_visible(model);
            Vec::new()
        }
        Event::Tick => Vec::new(),
        Event::Heard(event) => heard(model, event),
        Event::News(news) => news::take(model, news),
    };
    expire(model);
    effects.extend(kept_draft(model, false));
    effects.extend(seen(model));
    effects
}

/// What the account tells: read what it names.
fn heard(model: &mut Model<'_>, event: client::Event) -> Vec<Effect> {
    let is_open = |model: &Model<'_>, id: &str| model.open.as_ref().is_some_and(|open| open.id == id);
    match event {
        client::Event::Connection { state } => {
            model.connection = state;
            if let Some(refusal) = session::refusal(state) {
                tell(model, &refusal.text(model.words));
            }
            vec![Effect::ReadOutbox]
        }
        client::Event::Profile => vec![Effect::ReadProfile],
        client::Event::Contact { .. } | client::Event::Overflow => {
            let mut effects = vec![Effect::ReadAll];
            if let Some(open) = &model.open {
                effects.push(Effect::ReadCast(open.id.clone()));
                let was_overflow = matches!(event, client::Event::Overflow);
                let again = Effect::Open { conversation: open.id.clone(), around: open.top.map(|(top, _)| top) };
                effects.extend(was_overflow.then_some(again));
            }
            effects
        }
        client::Event::Conversation { id } => {
            let cast = is_open(model, &id).then(|| Effect::ReadCast(id.clone()));
            [Some(Effect::ReadOne(id)), cast].into_iter().flatten().collect()
        }
        client::Event::Message { conversation, position } | client::Event::Arrived { conversation, position } => {
            let mut effects = vec![Effect::ReadOne(conversation.clone()), Effect::ReadOutbox];
            if is_open(model, &conversation) {
                effects.push(Effect::ReadMessage { conversation, position });
            }
            effects
        }
        client::Event::Typing { conversation, author } => {
            let until = model.now_ms + TYPING_SHOWN_MS;
            if let Some(open) = model.open.as_mut().filter(|open| open.id == conversation) {
                let name = crate::cast::Cast::name(&open.cast, &author);
                open.typing = Some((name, until));
            }
            Vec::new()
        }
    }
}

/// A remark in the status line.
fn tell(model: &mut Model<'_>, text: &str) {
    model.notice = Some((clean::line(text), model.now_ms + NOTICE_MS));
}

fn refuse(model: &mut Model<'_>, error: &CommandError) {
    let text = error.text(model.words);
    tell(model, &text);
}

fn expire(model: &mut Model<'_>) {
    let now_ms = model.now_ms;
    if model.notice.as_ref().is_some_and(|(_, until)| *until <= now_ms) {
        model.notice = None;
    }
    if let Some(open) = &mut model.open
        && open.typing.as_ref().is_some_and(|(_, until)| *until <= now_ms)
    {
        open.typing = None;
    }
}

/// Keeps the draft of the open conversation: at once where it is being left, else when the typing rests.
fn kept_draft(model: &mut Model<'_>, is_left: bool) -> Option<Effect> {
    let now_ms = model.now_ms;
    let open = model.open.as_mut()?;
    let draft = open.put_aside.as_deref().unwrap_or_else(|| open.editor.text());
    let is_due = is_left || now_ms >= open.changed_ms + DRAFT_REST_MS;
    if draft == open.kept_draft || !is_due {
        return None;
    }
    open.kept_draft = draft.to_owned();
    Some(Effect::KeepDraft { conversation: open.id.clone(), text: open.kept_draft.clone() })
}

/// What is on the screen has been seen: said where the newest message is visible and nothing lies over it.
fn seen(model: &mut Model<'_>) -> Option<Effect> {
    let areas = super::areas::Areas::of(model);
    let is_hidden = areas.messages.area() == 0 || model.overlay.is_some();
    let unread = model.opened().map_or(0, |listed| listed.conversation.unread);
    let open = model.open.as_mut()?;
    let newest = open.messages.iter().rev().find(|message| !message.mine)?.position;
    if is_hidden || unread == 0 || open.top.is_some() || !open.has_newest || newest <= open.read_up_to {
        return None;
    }
    open.read_up_to = newest;
    Some(Effect::MarkRead { conversation: open.id.clone(), position: newest })
}

/// Opens a conversation, once what was being written in the one before is safe.
fn open(model: &mut Model<'_>, conversation: String, around: Option<u64>) -> Vec<Effect> {
    let draft = kept_draft(model, true);
    model.cursor = Some(conversation.clone());
    model.overlay = None;
    draft.into_iter().chain([Effect::Open { conversation, around }]).collect()
}

/// Ends the program: the draft first.
pub fn quit(model: &mut Model<'_>) -> Vec<Effect> {
    kept_draft(model, true).into_iter().chain([Effect::Quit]).collect()
}

/// Asks before something that can't be taken back.
fn confirm(model: &mut Model<'_>, question: String, effect: Effect) -> Vec<Effect> {
    model.overlay = Some(Overlay::Confirm { question, effect });
    Vec::new()
}

fn focus(model: &mut Model<'_>, focus: Focus) {
    model.focus = if model.open.is_none() { Focus::List } else { focus };
    if model.focus != Focus::Messages
        && let Some(open) = &mut model.open
    {
        open.selected = None;
    }
}
