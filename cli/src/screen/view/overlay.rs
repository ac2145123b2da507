//! What lies over the screen: a frame in the middle with help, people, a picker, a search, reactions or a question.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    style::Style,
    text::{Line, Span},
};
use sealpost_client::Contact;

use super::{put, row};
use crate::{
    clean,
    columns::{cut, width, wrap},
    screen::{
        areas::Areas,
        layout::short_time,
        model::{EMOJI, Model, Overlay, Search},
    },
    show,
};

/// The widest frame.
const COLUMNS: u16 = 76;
/// What is between the frame and its content on both sides.
const MARGIN: usize = 4;

/// Draws it; the cursor stands in the text that is entered, if there is one.
pub fn draw(model: &Model<'_>, overlay: &Overlay, buffer: &mut Buffer) -> Option<Position> {
    match overlay {
        Overlay::Help { line } => {
            scrolled(model, &model.words.say("screen-help-title"), &help(model), *line, buffer);
            None
        }
        Overlay::People { title, lines, line } => {
            scrolled(model, &clean::line(title), lines, *line, buffer);
            None
        }
        Overlay::Confirm { question, .. } => {
            let mut lines = wrap(question, inner_columns(model));
            lines.extend([String::new(), model.words.say("screen-confirm-keys")]);
            scrolled(model, &model.words.say("screen-confirm-title"), &lines, 0, buffer);
            None
        }
        Overlay::React { position } => {
            let keys: Vec<_> = EMOJI.iter().enumerate().map(|(at, emoji)| format!("{} {emoji}", at + 1)).collect();
            let mut lines = wrap(&keys.join("   "), inner_columns(model));
            lines.extend([String::new(), model.words.say("screen-react-keys")]);
            let title = model.words.with("screen-react-title", &[("number", (*position).into())]);
            scrolled(model, &title, &lines, 0, buffer);
            None
        }
        Overlay::Pick { query, contacts, chosen } => Some(pick(model, query, contacts, *chosen, buffer)),
        Overlay::Search(search) => Some(found(model, search, buffer)),
    }
}

/// How many lines the help has at this width.
pub fn help_lines(model: &Model<'_>) -> usize {
    help(model).len()
}

/// The keys, one a line; further lines of one stand further in.
fn help(model: &Model<'_>) -> Vec<String> {
    let columns = inner_columns(model);
    let mut lines = Vec::new();
    let sections = ["screen-help-everywhere", "screen-help-list", "screen-help-messages", "screen-help-entry"];
    for section in sections {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        for (number, part) in model.words.say(section).split(" | ").enumerate() {
            let indent = if number == 0 { "" } else { "  " };
            let wrapped = wrap(part, columns.saturating_sub(4));
            let further = wrapped.iter().enumerate().map(|(at, line)| {
                let more = if at == 0 { indent } else { "      " };
                format!("{more}{line}")
            });
            lines.extend(further);
        }
    }
    lines.push(String::new());
    lines.extend(wrap(&model.words.say("chat-help"), columns));
    lines.extend(wrap(&model.words.say("chat-help-group"), columns));
    lines
}

/// A frame with lines that can be scrolled.
fn scrolled(model: &Model<'_>, title: &str, lines: &[String], first: usize, buffer: &mut Buffer) {
    let widest = lines.iter().map(|line| width(line)).chain([width(title) + 2]).max().unwrap_or(0);
    let columns = u16::try_from(widest + MARGIN).unwrap_or(u16::MAX).min(COLUMNS);
    let rows = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
    let inside = frame(model, title, (columns, rows), buffer);
    for (number, line) in lines.iter().skip(first).take(usize::from(inside.height)).enumerate() {
        put(buffer, row(inside, number), &Line::raw(cut(line, usize::from(inside.width))));
    }
    if first + usize::from(inside.height) < lines.len() {
        let more = cut(&model.words.say("screen-more-lines"), usize::from(inside.width));
        let place = Rect::new(inside.x, inside.bottom(), inside.width, 1);
        put(buffer, place, &Line::styled(format!(" {more} "), model.look.strong()));
    }
}

/// Contacts and groups that fit what was typed.
fn pick(model: &Model<'_>, query: &str, contacts: &[Contact], chosen: usize, buffer: &mut Buffer) -> Position {
    let inside = frame(model, &model.words.say("screen-pick-title"), (COLUMNS, model.rows), buffer);
    let picked = model.picked(query, contacts);
    let lines: Vec<Line<'static>> = picked
        .iter()
        .map(|picked| match picked {
            crate::screen::model::Picked::Contact(contact) => Line::raw(show::contact_line(contact, model.words)),
            crate::screen::model::Picked::Group(listed) => {
                let trust = show::trust(listed.conversation.trust, model.words);
                Line::raw(format!("{trust}  {}", clean::line(&listed.conversation.title)))
            }
        })
        .collect();
    let nothing = if contacts.is_empty() { "screen-pick-none" } else { "screen-pick-nobody" };
    let nothing = lines.is_empty().then(|| model.words.say(nothing));
    choice(model, inside, query, &lines, chosen, nothing, buffer)
}

/// Messages that hold what was searched for.
fn found(model: &Model<'_>, search: &Search, buffer: &mut Buffer) -> Position {
    let words = model.words;
    let name = model.opened().map(|listed| clean::line(&listed.conversation.title)).filter(|_| !search.is_everywhere);
    let title = match name {
        Some(name) => words.with("screen-search-here", &[("name", name.into())]),
        None => words.say("screen-search-all"),
    };
    let inside = frame(model, &title, (model.columns, model.rows), buffer);
    let columns = usize::from(inside.width).saturating_sub(2);
    let lines: Vec<Line<'static>> = search
        .found
        .iter()
        .map(|found| {
            let time = short_time(found.sent_at_ms, model.now_ms);
            let place = if search.is_everywhere { format!(" {}", found.title) } else { String::new() };
            let before = format!("{time}{place} ");
            let author = format!("{}: ", found.author);
            let room = columns.saturating_sub(width(&before) + width(&author));
            Line::from(vec![
                Span::styled(before, model.look.faint()),
                Span::styled(author, model.look.name()),
                Span::raw(around(&found.text, found.start, room)),
            ])
        })
        .collect();
    let told = match &search.searched {
        None => Some(words.say("screen-search-keys")),
        Some(_) if lines.is_empty() => Some(words.say("screen-search-none")),
        Some(_) => None,
    };
    let cursor = choice(model, inside, &search.query, &lines, search.chosen, told, buffer);
    let count = words.with("screen-search-found", &[("count", search.found.len().into())]);
    let count = if search.is_cut { format!("{count} {}", words.say("screen-search-cut")) } else { count };
    if search.searched.is_some() {
        let place = Rect::new(inside.x, inside.bottom(), inside.width, 1);
        let told = cut(&count, usize::from(inside.width).saturating_sub(2));
        put(buffer, place, &Line::styled(format!(" {told} "), model.look.strong()));
    }
    cursor
}

/// The part of a text that shows the match.
fn around(text: &str, start: usize, columns: usize) -> String {
    let at = (0..=start.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    if width(&text[..at]) + columns / 2 < columns {
        return cut(text, columns);
    }
    let from = text[..at].char_indices().rev().nth(columns / 3).map_or(0, |(from, _)| from);
    cut(&format!("…{}", &text[from..]), columns)
}

/// An entered text above lines of which one is chosen.
fn choice(
    model: &Model<'_>,
    inside: Rect,
    query: &str,
    lines: &[Line<'static>],
    chosen: usize,
    nothing: Option<String>,
    buffer: &mut Buffer,
) -> Position {
    let room = usize::from(inside.width).saturating_sub(3);
    // The end of what is typed is what is looked at.
    let mut shown = query;
    while width(shown) > room {
        shown = shown.char_indices().nth(1).map_or("", |(at, _)| &shown[at..]);
    }
    let entered = vec![Span::styled("> ", model.look.strong()), Span::raw(shown.to_owned())];
    put(buffer, row(inside, 0), &Line::from(entered));
    let rows = usize::from(inside.height).saturating_sub(2).max(1);
    let first = (chosen + 1).saturating_sub(rows);
    for (number, line) in lines.iter().enumerate().skip(first).take(rows) {
        let place = row(inside, 2 + number - first);
        let mark = if number == chosen { "▸ " } else { "  " };
        let mut line = line.clone();
        line.spans.insert(0, Span::styled(mark, model.look.fresh()));
        put(buffer, place, &line);
        if number == chosen {
            buffer.set_style(place, model.look.bar());
        }
    }
    if let Some(nothing) = nothing {
        for (number, line) in wrap(&nothing, usize::from(inside.width)).into_iter().enumerate() {
            put(buffer, row(inside, 2 + number), &Line::styled(line, model.look.faint()));
        }
    }
    Position::new(inside.x + 2 + u16::try_from(width(shown)).unwrap_or(0), inside.y)
}

/// An empty frame with a title; answers what is inside.
fn frame(model: &Model<'_>, title: &str, size: (u16, u16), buffer: &mut Buffer) -> Rect {
    let area = Areas::overlay(model, size.0, size.1);
    let columns = usize::from(area.width.saturating_sub(2));
    let title = format!(" {} ", cut(title, columns.saturating_sub(3)));
    let rest = columns.saturating_sub(width(&title) + 1);
    let style = Style::new();
    for number in 0..usize::from(area.height) {
        let line = match number {
            0 => format!("┌─{title}{}┐", "─".repeat(rest)),
            _ if number + 1 == usize::from(area.height) => format!("└{}┘", "─".repeat(columns)),
            _ => format!("│{}│", " ".repeat(columns)),
        };
        let place = row(area, number);
        for column in place.left()..place.right() {
            buffer[(column, place.y)].reset();
        }
        // A wide character that the frame cuts in two is gone as a whole.
        if let Some(before) = place.left().checked_sub(1)
            && width(buffer[(before, place.y)].symbol()) > 1
        {
            buffer[(before, place.y)].reset();
        }
        put(buffer, place, &Line::styled(line, style));
    }
    let inside = Rect::new(area.x + 2, area.y + 1, area.width.saturating_sub(4), area.height.saturating_sub(2));
    if inside.height == 0 { Rect::new(area.x, area.y, 0, 0) } else { inside }
}

fn inner_columns(model: &Model<'_>) -> usize {
    usize::from(model.columns.min(COLUMNS)).saturating_sub(MARGIN)
}
