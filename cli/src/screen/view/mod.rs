//! Draws the state: list and messages side by side where there is room, the entry, the status line, and what lies over
//! them.

mod list;
mod overlay;
#[cfg(test)]
mod tests;

pub use overlay::help_lines;

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};
use sealpost_client::{AccountState, Connection, GroupStanding, Trust};

use super::{
    areas::{Areas, PROMPT},
    ascii, layout,
    model::{Focus, Model, Open, Purpose},
};
use crate::{
    cast::Cast,
    clean,
    columns::{cut, width, wrap},
    show,
};

/// Smaller terminals show only that they are too small.
const FEWEST: (u16, u16) = (20, 5);

/// Draws everything, and says where the cursor stands.
pub fn draw(model: &Model<'_>, buffer: &mut Buffer) -> Option<Position> {
    if (buffer.area.width, buffer.area.height) != (model.columns, model.rows) {
        // The terminal has got another size in this moment: it is drawn with the next look at it.
        return None;
    }
    let cursor = if (model.columns, model.rows) < FEWEST || model.columns < FEWEST.0 || model.rows < FEWEST.1 {
        let text = cut(&model.words.say("screen-too-small"), usize::from(model.columns));
        put(buffer, Rect::new(0, 0, model.columns, model.rows.min(1)), &Line::raw(text));
        None
    } else {
        draw_all(model, buffer)
    };
    if !model.look.unicode {
        ascii::fold(buffer);
    }
    cursor
}

fn draw_all(model: &Model<'_>, buffer: &mut Buffer) -> Option<Position> {
    let areas = Areas::of(model);
    list::draw(model, areas.list, buffer);
    for row in areas.separator.top()..areas.separator.bottom() {
        buffer.set_string(areas.separator.x, row, "│", model.look.faint());
    }
    let mut cursor = None;
    match &model.open {
        Some(open) => {
            title(model, open, areas.title, buffer);
            messages(model, open, areas.messages, buffer);
            purpose(model, open, areas.purpose, buffer);
            cursor = entry(model, open, areas.entry, buffer);
        }
        None => hint(model, areas.messages, buffer),
    }
    status(model, areas.status, buffer);
    match &model.overlay {
        Some(overlay) => overlay::draw(model, overlay, buffer),
        None => cursor.filter(|_| model.focus == Focus::Entry),
    }
}

/// Writes a line into a row; what does not fit is cut off.
pub fn put(buffer: &mut Buffer, area: Rect, line: &Line<'_>) {
    if area.height > 0 && area.width > 0 {
        buffer.set_line(area.x, area.y, line, area.width);
    }
}

/// The row with this number in an area.
pub fn row(area: Rect, number: usize) -> Rect {
    match u16::try_from(number) {
        Ok(number) if number < area.height => Rect::new(area.x, area.y + number, area.width, 1),
        _ => Rect::default(),
    }
}

/// A bar across with a text at its left and one at its right, the right one only where it fits.
pub fn bar(buffer: &mut Buffer, area: Rect, style: Style, left: &str, right: &str) {
    let columns = usize::from(area.width);
    let is_both = width(left) + width(right) + 3 <= columns;
    let right = if is_both { right } else { "" };
    let left = cut(left, columns.saturating_sub(1));
    let gap = columns.saturating_sub(width(&left) + width(right) + 2);
    put(buffer, area, &Line::styled(format!(" {left}{}{right} ", " ".repeat(gap)), style));
}

fn title(model: &Model<'_>, open: &Open, area: Rect, buffer: &mut Buffer) {
    let Some(listed) = model.listed(&open.id) else {
        return;
    };
    let (conversation, words) = (&listed.conversation, model.words);
    let mut left = clean::line(&conversation.title);
    if let Some(group) = &conversation.group {
        let standing = match &group.standing {
            GroupStanding::Member => words.with("group-members", &[("count", group.members.into())]),
            standing => standing_text(standing, model),
        };
        left.push_str(&format!(" · {standing}"));
    }
    let right = match &open.typing {
        Some((name, _)) => words.with("chat-typing", &[("name", name.clone().into())]),
        None => show::trust(conversation.trust, words),
    };
    bar(buffer, area, model.look.bar(), &left, &right);
    if conversation.trust == Trust::Alarm {
        buffer.set_style(area, model.look.alarm());
    }
}

fn standing_text(standing: &GroupStanding, model: &Model<'_>) -> String {
    let key = match standing {
        GroupStanding::Invited { .. } => "screen-invited",
        GroupStanding::Member => "group-member",
        GroupStanding::Leaving => "group-leaving",
        GroupStanding::Left => "group-left-it",
        GroupStanding::Removed => "group-removed-from",
    };
    model.words.say(key)
}

fn messages(model: &Model<'_>, open: &Open, area: Rect, buffer: &mut Buffer) {
    let rows = usize::from(area.height);
    let laid = layout::lay(model, open, usize::from(area.width));
    if laid.is_empty() {
        let empty = Line::styled(format!("  {}", model.words.say("conversation-empty")), model.look.faint());
        return put(buffer, row(area, rows.saturating_sub(1)), &empty);
    }
    let top = layout::top(open, &laid, rows);
    // A short conversation stands at the bottom, where the next message will be.
    let blank = rows.saturating_sub(laid.len());
    for (number, line) in laid.iter().skip(top).take(rows).enumerate() {
        put(buffer, row(area, blank + number), &line.line);
    }
    let below = laid.len().saturating_sub(top + rows);
    if below > 0 || !open.has_newest {
        let told = format!(" {} ", model.words.say("screen-more-below"));
        let columns = u16::try_from(width(&told)).unwrap_or(u16::MAX).min(area.width);
        let place = Rect::new(area.right() - columns, area.bottom() - 1, columns, 1);
        put(buffer, place, &Line::styled(told, model.look.bar()));
    }
}

/// The line above the entry: what the text will be, or what is asked of the user first.
fn purpose(model: &Model<'_>, open: &Open, area: Rect, buffer: &mut Buffer) {
    let words = model.words;
    let conversation = model.listed(&open.id).map(|listed| &listed.conversation);
    let is_request = conversation.is_some_and(|conversation| conversation.request);
    let (text, style) = match open.purpose {
        _ if open.selected.is_some() => (words.say("screen-keys-message"), model.look.strong()),
        Purpose::Reply { position } => {
            let told = open.message(position).map(|message| {
                let text = show::body(message, &open.cast, words);
                format!("{} #{position}: {}", show::author(message, &open.cast, words), clean::line(&text))
            });
            let answered = told.unwrap_or_else(|| format!("#{position}"));
            (words.with("screen-replying", &[("message", answered.into())]), model.look.strong())
        }
        Purpose::Edit { position } => {
            (words.with("screen-editing", &[("number", position.into())]), model.look.strong())
        }
        Purpose::Write if is_request => {
            let peer = conversation.and_then(|conversation| conversation.peer.as_ref());
            let key = if peer.is_some() { "screen-request" } else { "screen-invitation" };
            let inviter = conversation.and_then(|conversation| conversation.group.as_ref()).and_then(|group| {
                match &group.standing {
                    GroupStanding::Invited { by } => Some(open.cast.name(by)),
                    _ => None,
                }
            });
            let title = conversation.map(|conversation| clean::line(&conversation.title)).unwrap_or_default();
            let name = inviter.unwrap_or(title);
            (words.with(key, &[("name", name.into())]), model.look.fresh())
        }
        Purpose::Write => (String::new(), model.look.faint()),
    };
    let columns = usize::from(area.width);
    let text = if text.is_empty() { text } else { format!(" {} ", cut(&text, columns.saturating_sub(4))) };
    let rest = columns.saturating_sub(width(&text) + 1);
    let line = [
        Span::styled("─", model.look.faint()),
        Span::styled(text, style),
        Span::styled("─".repeat(rest), model.look.faint()),
    ];
    put(buffer, area, &Line::from(line.to_vec()));
}

/// The text being written, and where its cursor stands.
fn entry(model: &Model<'_>, open: &Open, area: Rect, buffer: &mut Buffer) -> Option<Position> {
    if area.area() == 0 {
        return None;
    }
    let columns = usize::from(area.width.saturating_sub(PROMPT));
    let lines = open.editor.lines(columns);
    let (line, column) = open.editor.place(columns);
    let first = (line + 1).saturating_sub(usize::from(area.height));
    for (number, text) in lines.iter().enumerate().skip(first).take(usize::from(area.height)) {
        let prompt = if number == 0 { "> " } else { "  " };
        let spans = vec![Span::styled(prompt, model.look.strong()), Span::raw((*text).to_owned())];
        put(buffer, row(area, number - first), &Line::from(spans));
    }
    let place = row(area, line - first);
    let column = u16::try_from(column).ok()? + PROMPT;
    (place.height > 0 && column < area.width).then(|| Position::new(area.x + column, place.y))
}

/// What a newcomer sees in the place of messages.
fn hint(model: &Model<'_>, area: Rect, buffer: &mut Buffer) {
    let key = if model.list.is_empty() { "screen-hint-empty" } else { "screen-hint" };
    let lines = wrap(&model.words.say(key), usize::from(area.width.saturating_sub(4)));
    let first = usize::from(area.height).saturating_sub(lines.len()) / 2;
    for (number, line) in lines.into_iter().enumerate() {
        put(buffer, row(area, first + number), &Line::styled(format!("  {line}"), model.look.faint()));
    }
}

/// Connection, what waits, alarms, the account; a remark takes the place of the rest while it lasts.
fn status(model: &Model<'_>, area: Rect, buffer: &mut Buffer) {
    let words = model.words;
    let (symbol, key) = match model.connection {
        Connection::Online => ("●", "screen-online"),
        Connection::Connecting | Connection::CatchingUp => ("○", "screen-connecting"),
        Connection::Disconnected => ("○", "screen-offline"),
        Connection::Suspended => ("✗", "screen-suspended"),
        Connection::Displaced | Connection::TooOldVersion | Connection::Refused => ("✗", "screen-refused"),
    };
    let mut parts = vec![format!("{symbol} {}", words.say(key))];
    if model.waiting > 0 {
        parts.push(words.with("screen-waiting", &[("count", model.waiting.into())]));
    }
    let alarm = alarm(model);
    if let Some((text, _)) = &model.notice {
        bar(buffer, area, model.look.bar(), &format!("{} · {text}", parts.join(" · ")), "");
    } else {
        parts.extend(alarm.as_ref().map(|alarm| format!("⚠ {alarm}")));
        let name = clean::line(&model.profile.name);
        let account = format!("{name} {} · {}", model.profile.id, words.say("screen-help-key"));
        let (left, short) = (parts.join(" · "), words.say("screen-help-key"));
        let is_room = width(&left) + width(&account) + 3 <= usize::from(area.width);
        bar(buffer, area, model.look.bar(), &left, if is_room { &account } else { &short });
    }
    if alarm.is_some()
        || matches!(model.connection, Connection::Displaced | Connection::Suspended | Connection::Refused)
    {
        buffer.set_style(area, model.look.alarm());
    }
}

/// What the user has to know at once.
fn alarm(model: &Model<'_>) -> Option<String> {
    let words = model.words;
    if let Some(listed) = model.list.iter().find(|listed| listed.conversation.trust == Trust::Alarm) {
        let name = clean::line(&listed.conversation.title);
        return Some(words.with("screen-alarm-key", &[("name", name.into())]));
    }
    match model.profile.state {
        AccountState::Copied => Some(words.say("screen-alarm-copied")),
        AccountState::Retired => Some(words.say("screen-alarm-retired")),
        _ => model
            .profile
            .retires_at_ms
            .map(|until| words.with("screen-alarm-retires", &[("time", show::time(until).into())])),
    }
}
