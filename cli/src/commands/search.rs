//! `search`: words in all messages of this device, newest first. Nothing leaves the device for it.

use clap::{ArgMatches, Command, value_parser};
use sealpost_client::{Account, Body, Error, Hit, Message, Query, Span};
use serde_json::json;

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, option, positional, text},
    cast::{Cast, Members},
    clean, columns,
    exit::{CommandError, Exit},
    people, show,
    terminal::Terminal,
    words::Words,
};

/// Hits that are shown where nothing else is said.
const LIMIT: u32 = 20;
/// Columns before the first hit of a text, so that one sees what it is about.
const BEFORE: usize = 24;
/// A text is shown in at least so many columns, however narrow the terminal.
const FEWEST_COLUMNS: usize = 40;

pub fn command(words: &Words) -> Command {
    let limit = option(words, "limit", "value-count", "search-help-limit");
    dressed(Command::new("search"), words, "search-usage", "search-about")
        .arg(positional(words, "words", "value-words", "search-help-words").required(true).num_args(1..))
        .arg(option(words, "in", "value-who", "search-help-in"))
        .arg(option(words, "from", "value-who", "search-help-from"))
        .arg(limit.value_parser(value_parser!(u32).range(1..=1000)))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let conversation = text(matches, "in").map(|who| people::find_conversation(&account, who)).transpose()?;
    let conversation = conversation.map(|conversation| conversation.id);
    let author = match (text(matches, "from"), &conversation) {
        (Some(who), place) => Some(author(&account, who, place.as_deref())?),
        (None, _) => None,
    };
    let query = Query {
        words: matches.get_many::<String>("words").unwrap_or_default().cloned().collect(),
        conversation,
        author,
        limit: *matches.get_one::<u32>("limit").unwrap_or(&LIMIT),
    };
    let mut search = account.search(&query).map_err(|error| match error {
        Error::Empty => CommandError::new("no_words", Exit::Usage),
        error => error.into(),
    })?;
    let mut progress = terminal.progress();
    while search.advance()? {
        progress.show(&terminal.words.with("search-looking", &[("count", search.looked_at().into())]));
    }
    drop(progress);
    let (found, hits) = (search.found(), search.hits());
    for hit in &hits {
        let mut record = show::message_record(&hit.message);
        let spans: Vec<_> = hit.spans.iter().map(|span| json!([span.start, span.end])).collect();
        (record["type"], record["hits"]) = ("hit".into(), spans.into());
        terminal.record(&record);
        if !terminal.is_json() {
            show_hit(&account, terminal, hit)?;
        }
    }
    let shown = hits.len() as u64;
    match found - shown {
        0 => terminal.remark(&terminal.words.with("search-found", &[("count", found.into())])),
        more => {
            let variables = [("count", shown.into()), ("more", more.into())];
            terminal.remark(&terminal.words.with("search-found-more", &variables));
        }
    }
    Ok(())
}

/// The ID of whoever wrote: oneself, a contact, or a member of the group that is searched.
fn author(account: &Account, who: &str, conversation: Option<&str>) -> Result<String, CommandError> {
    let me = account.profile()?;
    if who.eq_ignore_ascii_case("me") || who.to_uppercase() == me.id {
        return Ok(me.id);
    }
    match (people::find(account, who), conversation) {
        (Ok(contact), _) => Ok(contact.id),
        (Err(_), Some(conversation)) if account.conversation(conversation)?.group.is_some() => {
            people::find_member(account, conversation, who)
        }
        (Err(error), _) => Err(error),
    }
}

/// Where, when and who on one line; below it the text around the first hit.
fn show_hit(account: &Account, terminal: &Terminal, hit: &Hit) -> Result<(), CommandError> {
    let Hit { message, spans } = hit;
    let Body::Text { text } = &message.body else { return Ok(()) };
    let title = clean::line(&account.conversation(&message.conversation)?.title);
    let place = format!("{}  {title}  #{}", show::time(message.sent_at_ms), message.position);
    terminal.line(&format!("{place}  {}", name(account, message, terminal)?));
    terminal.line(&format!("    {}", excerpt(text, spans, terminal)));
    Ok(())
}

fn name(account: &Account, message: &Message, terminal: &Terminal) -> Result<String, CommandError> {
    match message.mine {
        true => Ok(terminal.words.say("you")),
        false => Ok(Members::of(account, &message.conversation)?.name(&message.author)),
    }
}

/// One line of the text, from a little before the first hit, each hit between `»` and `«`.
fn excerpt(text: &str, spans: &[Span], terminal: &Terminal) -> String {
    let width = terminal.width().saturating_sub(4).max(FEWEST_COLUMNS);
    let first = spans.first().map_or(0, |span| span.start as usize);
    let start = beginning(&text[..first]);
    let mut shown = if start > 0 { "…".to_owned() } else { String::new() };
    let mut done = start;
    for span in spans {
        let (from, to) = (span.start as usize, span.end as usize);
        shown.push_str(&clean::line(&text[done..from]));
        shown.push_str(&format!("»{}«", clean::line(&text[from..to])));
        done = to;
    }
    shown.push_str(&clean::line(&text[done..]));
    let shown = columns::cut(&shown, width);
    if !terminal.has_colours() {
        return shown;
    }
    let mut bold = String::new();
    for (number, part) in shown.split('»').enumerate() {
        match part.split_once('«').filter(|_| number > 0) {
            Some((hit, rest)) => bold.push_str(&format!("{}{rest}", terminal.bold(&format!("»{hit}«")))),
            None if number > 0 => bold.push_str(&format!("»{part}")),
            None => bold.push_str(part),
        }
    }
    bold
}

/// Where to begin, so that a few words stand before the hit.
fn beginning(before: &str) -> usize {
    let mut start = before.len();
    for (place, _) in before.char_indices().rev() {
        if columns::width(&before[place..]) > BEFORE {
            break;
        }
        start = place;
    }
    match before[start..].find(' ').filter(|_| start > 0) {
        Some(space) => start + space + 1,
        None => start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn a_hit_is_marked_by_symbols_and_stands_on_one_line() {
        let terminal = Terminal::new(Words::new(Language::English), false);
        let text = "first line\nand a second one, which is long enough to be cut before the café\u{1b}[2J opens";
        let start = text.find("café").expect("it is there") as u32;
        let line = excerpt(text, &[Span { start, end: start + 5 }], &terminal);
        assert!(line.contains("»café«") && line.starts_with('…'), "{line}");
        assert!(!line.contains(['\n', '\u{1b}']), "{line}");
    }

    #[test]
    fn a_hit_near_the_beginning_shows_the_text_from_there() {
        let terminal = Terminal::new(Words::new(Language::English), false);
        let spans = [Span { start: 0, end: 3 }, Span { start: 8, end: 10 }];
        assert_eq!(excerpt("see you at nine", &spans, &terminal), "»see« you »at« nine");
    }
}
