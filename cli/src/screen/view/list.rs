//! The list of conversations: two lines each, with what is unread, what is asked, and the newest message.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use sealpost_client::{Body, MessageState};

use super::{bar, put, row};
use crate::{
    clean,
    columns::{cut, width},
    screen::{
        layout::short_time,
        model::{Focus, Listed, Model},
    },
    show,
};

/// What stands above the list, in every language.
const PRODUCT: &str = "Sealpost";
/// Lines of a conversation.
const LINES: usize = 2;

pub fn draw(model: &Model<'_>, area: Rect, buffer: &mut Buffer) {
    if area.width == 0 {
        return;
    }
    let unread = match model.unread() {
        0 => String::new(),
        count => model.words.with("conversation-unread", &[("count", count.into())]),
    };
    bar(buffer, row(area, 0), model.look.bar(), PRODUCT, &unread);
    let room = (usize::from(area.height).saturating_sub(1) / LINES).max(1);
    let cursor = model.list.iter().position(|listed| Some(&listed.conversation.id) == model.cursor.as_ref());
    let first = cursor.map_or(0, |cursor| (cursor + 1).saturating_sub(room));
    for (number, listed) in model.list.iter().skip(first).take(room).enumerate() {
        let is_chosen = cursor == Some(first + number);
        let top = 1 + number * LINES;
        let columns = usize::from(area.width);
        put(buffer, row(area, top), &heading(model, listed, is_chosen, columns));
        put(buffer, row(area, top + 1), &newest(model, listed, is_chosen, columns));
        if is_chosen && model.focus == Focus::List {
            buffer.set_style(row(area, top), model.look.bar());
        }
    }
}

/// Name, marks, and at the right how many are unread, or when it was.
fn heading(model: &Model<'_>, listed: &Listed, is_chosen: bool, columns: usize) -> Line<'static> {
    let (look, words, conversation) = (model.look, model.words, &listed.conversation);
    let mark = if is_chosen { "▸" } else { " " };
    let mut notes = Vec::new();
    if conversation.request {
        let key = if conversation.group.is_some() { "screen-mark-invited" } else { "screen-mark-request" };
        notes.push(words.say(key));
    }
    if listed.is_muted(model.now_ms) {
        notes.push(words.say("screen-mark-muted"));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" [{}]", notes.join(", ")) };
    let (right, right_style) = match (conversation.unread, &conversation.last) {
        (0, Some(last)) => (short_time(last.sent_at_ms, model.now_ms), look.faint()),
        (0, None) => (String::new(), look.faint()),
        (unread, _) => (words.with("conversation-unread", &[("count", unread.into())]), look.fresh()),
    };
    let is_urgent = conversation.unread > 0 || conversation.request;
    let room = columns.saturating_sub(3 + width(&right) + width(&notes));
    let name = cut(&clean::line(&conversation.title), room.max(4));
    let gap = columns.saturating_sub(2 + width(&name) + width(&notes) + width(&right));
    Line::from(vec![
        Span::styled(mark, look.fresh()),
        Span::styled(name, if is_urgent { look.strong() } else { look.plain() }),
        Span::styled(notes, look.fresh()),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, right_style),
    ])
}

/// The draft, or the newest message, with its state where it is one's own.
fn newest(model: &Model<'_>, listed: &Listed, is_chosen: bool, columns: usize) -> Line<'static> {
    let (look, words, conversation) = (model.look, model.words, &listed.conversation);
    let room = columns.saturating_sub(3);
    let is_open = model.open.as_ref().is_some_and(|open| open.id == conversation.id);
    let mut spans = vec![Span::raw("  ")];
    if !conversation.draft.is_empty() && !is_open && !is_chosen {
        let draft = format!("{}: {}", words.say("screen-draft"), clean::line(&conversation.draft));
        spans.push(Span::styled(cut(&draft, room), look.fresh()));
        return Line::from(spans);
    }
    let own = conversation.last.as_ref().filter(|last| last.mine && !matches!(last.body, Body::System { .. }));
    let Some(last) = own else {
        spans.push(Span::styled(cut(&listed.preview, room), look.faint()));
        return Line::from(spans);
    };
    let state = show::state(last.state, words);
    let style = match last.state {
        MessageState::Failed { .. } => look.alarm(),
        MessageState::Delivered | MessageState::Read => look.good(),
        _ => look.faint(),
    };
    let state = cut(&state, room);
    let left = room.saturating_sub(width(&state) + 1);
    spans.push(Span::styled(state, style));
    if left > 4 {
        spans.push(Span::styled(format!(": {}", cut(&listed.preview, left.saturating_sub(1))), look.faint()));
    }
    Line::from(spans)
}
