//! The open conversation as lines of a width: dates, authors, texts, quotes, reactions, states. Each line knows its
//! message, so that scrolling can be said in messages and survives another width.

use chrono::{DateTime, Days, Local, NaiveDate, TimeZone, Utc};
use ratatui::{
    style::Style,
    text::{Line, Span},
};
use sealpost_client::{Body, Message, MessageState};

use super::model::{Model, Open};
use crate::{
    cast::Cast,
    clean,
    columns::{cut, width, wrap},
    show,
};

/// Messages stand this far in; the first column is the mark of the chosen one.
const INDENT: usize = 3;

/// A line, and which one of which message it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Laid {
    pub position: u64,
    pub index: usize,
    pub line: Line<'static>,
}

/// Lays all messages in memory out.
pub fn lay(model: &Model<'_>, open: &Open, columns: usize) -> Vec<Laid> {
    let mut laid = Vec::new();
    let mut day = None;
    for message in &open.messages {
        let sheet = Sheet { model, open, message, columns };
        let mut lines = Vec::new();
        let today = date(message.sent_at_ms);
        if today != day {
            lines.push(sheet.rule(&day_name(today, date(model.now_ms), model), model.look.faint()));
            day = today;
        }
        if open.unread_from == Some(message.position) {
            lines.push(sheet.rule(&model.words.say("screen-unread-below"), model.look.fresh()));
        }
        sheet.lines(&mut lines);
        let numbered = lines.into_iter().enumerate();
        laid.extend(numbered.map(|(index, line)| Laid { position: message.position, index, line }));
    }
    laid
}

/// The topmost visible line: of those laid out, `rows` are shown.
pub fn top(open: &Open, laid: &[Laid], rows: usize) -> usize {
    let last = laid.len().saturating_sub(rows);
    let Some(anchor) = open.top else {
        return last;
    };
    laid.iter().position(|line| (line.position, line.index) >= anchor).unwrap_or(last).min(last)
}

/// One message being laid out.
struct Sheet<'a> {
    model: &'a Model<'a>,
    open: &'a Open,
    message: &'a Message,
    columns: usize,
}

impl Sheet<'_> {
    fn lines(&self, lines: &mut Vec<Line<'static>>) {
        let look = self.model.look;
        let text = show::body(self.message, &self.open.cast, self.model.words);
        if matches!(self.message.body, Body::System { .. }) {
            let time = clock_time(self.message.sent_at_ms);
            for (index, line) in wrap(&clean::line(&text), self.inner()).into_iter().enumerate() {
                let time = if index == 0 { format!(" {time}") } else { String::new() };
                let mark = if index == 0 { "*" } else { " " };
                lines.push(self.marked(vec![
                    Span::styled(format!("{mark} {line}"), look.strong()),
                    Span::styled(time, look.faint()),
                ]));
            }
            return;
        }
        self.header(lines);
        self.quote(lines);
        let is_text = matches!(self.message.body, Body::Text { .. });
        let style = if is_text { look.plain() } else { look.faint() };
        for line in wrap(&clean::lines(&text, ""), self.inner()) {
            lines.push(self.marked(vec![Span::raw("  "), Span::styled(line, style)]));
        }
        self.reactions(lines);
    }

    /// Author, time, number, and at the right how far it has come.
    fn header(&self, lines: &mut Vec<Line<'static>>) {
        let (look, words, message) = (self.model.look, self.model.words, self.message);
        let author = show::author(message, &self.open.cast, words);
        let mut facts = format!(" {} #{}", clock_time(message.sent_at_ms), message.position);
        if message.edited {
            facts.push_str(&format!(" ({})", words.say("message-edited")));
        }
        let room = self.columns.saturating_sub(1 + width(&facts));
        let author = cut(&author, room.max(4));
        let style = if message.mine { look.own() } else { look.name() };
        let used = 1 + width(&author) + width(&facts);
        let mut spans = vec![Span::styled(author, style), Span::styled(facts, look.faint())];
        let Some((state, style)) = self.state() else {
            return lines.push(self.marked(spans));
        };
        let needed = width(&state) + 1;
        if used + needed < self.columns {
            spans.push(Span::raw(" ".repeat(self.columns - used - needed)));
            spans.push(Span::styled(state, style));
            return lines.push(self.marked(spans));
        }
        lines.push(self.marked(spans));
        for line in wrap(&state, self.inner()) {
            lines.push(self.marked(vec![Span::raw("  "), Span::styled(line, style)]));
        }
    }

    fn state(&self) -> Option<(String, Style)> {
        let message = self.message;
        if !message.mine || matches!(message.body, Body::Deleted) {
            return None;
        }
        let look = self.model.look;
        let style = match message.state {
            MessageState::Failed { .. } => look.alarm(),
            MessageState::Delivered | MessageState::Read => look.good(),
            _ => look.faint(),
        };
        Some((show::message_state(message, &self.open.cast, self.model.words), style))
    }

    /// What it answers, as far as that is in memory.
    fn quote(&self, lines: &mut Vec<Line<'static>>) {
        let Some(id) = &self.message.reply_to else {
            return;
        };
        let words = self.model.words;
        let quoted = match self.open.messages.iter().find(|other| other.id == *id) {
            Some(other) => {
                let text = clean::line(&show::body(other, &self.open.cast, words));
                format!("↳ {} #{}: {text}", show::author(other, &self.open.cast, words), other.position)
            }
            None => format!("↳ {}", words.say("screen-answers-earlier")),
        };
        let quoted = cut(&quoted, self.inner());
        lines.push(self.marked(vec![Span::raw("  "), Span::styled(quoted, self.model.look.faint())]));
    }

    fn reactions(&self, lines: &mut Vec<Line<'static>>) {
        let (cast, words) = (&self.open.cast, self.model.words);
        let who = |id: &str| if cast.is_me(id) { words.say("you") } else { cast.name(id) };
        let each = self.message.reactions.iter();
        let told: Vec<String> =
            each.map(|reaction| format!("{} {}", clean::line(&reaction.emoji), who(&reaction.author))).collect();
        if told.is_empty() {
            return;
        }
        for line in wrap(&told.join("  "), self.inner()) {
            lines.push(self.marked(vec![Span::raw("  "), Span::raw(line)]));
        }
    }

    /// The columns that a text has.
    fn inner(&self) -> usize {
        self.columns.saturating_sub(INDENT + 1).max(4)
    }

    /// With the mark of the chosen message before it.
    fn marked(&self, mut spans: Vec<Span<'static>>) -> Line<'static> {
        let is_chosen = self.open.selected == Some(self.message.position);
        let mark = if is_chosen { "▌" } else { " " };
        spans.insert(0, Span::styled(mark, self.model.look.fresh()));
        Line::from(spans)
    }

    /// A line across with a text in its middle.
    fn rule(&self, text: &str, style: Style) -> Line<'static> {
        let text = format!(" {} ", cut(text, self.columns.saturating_sub(6)));
        let left = self.columns.saturating_sub(width(&text)) / 2;
        let right = self.columns.saturating_sub(left + width(&text) + 1);
        Line::from(vec![
            Span::styled("─".repeat(left), style),
            Span::styled(text, style),
            Span::styled("─".repeat(right), style),
        ])
    }
}

fn day_name(day: Option<NaiveDate>, today: Option<NaiveDate>, model: &Model<'_>) -> String {
    let Some(day) = day else {
        return "????-??-??".to_owned();
    };
    match today {
        Some(today) if today == day => model.words.say("screen-today"),
        Some(today) if today.checked_sub_days(Days::new(1)) == Some(day) => model.words.say("screen-yesterday"),
        _ => day.format("%Y-%m-%d").to_string(),
    }
}

fn local(unix_ms: u64) -> Option<DateTime<Local>> {
    let time = i64::try_from(unix_ms).ok().and_then(DateTime::<Utc>::from_timestamp_millis)?;
    Some(Local.from_utc_datetime(&time.naive_utc()))
}

fn date(unix_ms: u64) -> Option<NaiveDate> {
    local(unix_ms).map(|time| time.date_naive())
}

fn clock_time(unix_ms: u64) -> String {
    local(unix_ms).map_or_else(|| "??:??".to_owned(), |time| time.format("%H:%M").to_string())
}

/// `14:03` today, else the date: for the list and for what was found.
pub fn short_time(unix_ms: u64, now_ms: u64) -> String {
    match local(unix_ms) {
        Some(time) if date(now_ms) == Some(time.date_naive()) => time.format("%H:%M").to_string(),
        Some(time) => time.format("%Y-%m-%d").to_string(),
        None => "????-??-??".to_owned(),
    }
}
