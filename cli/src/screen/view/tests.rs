//! What is drawn, in characters: in three languages, in small terminals, without colours and without Unicode.

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyModifiers},
    style::Color,
};
use sealpost_client::{Body, Message, MessageState, Reaction};

use super::*;
use crate::{
    screen::{
        model::{EMOJI, Look, News},
        rehearsal::{self, begin, message, press, press_with, talking, tell, write},
    },
    words::{Language, Words},
};

const LANGUAGES: [Language; 3] = [Language::English, Language::German, Language::French];

/// The screen as lines of text.
fn drawn(model: &Model<'_>) -> Vec<String> {
    let buffer = buffer(model);
    let mut lines = Vec::new();
    for y in 0..model.rows {
        let (mut line, mut skipped) = (String::new(), 0);
        for x in 0..model.columns {
            if skipped > 0 {
                skipped -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skipped = width(symbol).saturating_sub(1);
            line.push_str(symbol);
        }
        lines.push(line);
    }
    if std::env::var_os("SHOW_SCREENS").is_some() {
        eprintln!("{}\n", lines.iter().map(|line| format!("|{line}|")).collect::<Vec<_>>().join("\n"));
    }
    lines
}

fn buffer(model: &Model<'_>) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(model.columns, model.rows)).expect("a terminal in memory");
    terminal
        .draw(|frame| {
            draw(model, frame.buffer_mut());
        })
        .expect("it draws");
    terminal.backend().buffer().clone()
}

fn shows(lines: &[String], text: &str) -> bool {
    lines.iter().any(|line| line.contains(text))
}

#[test]
fn conversations_messages_entry_and_status_stand_in_their_places() {
    let words = Words::new(Language::English);
    let mut model = talking(&words, 90, 20, &["Shall we sing on Thursday?", "Thursday is fine with me."]);
    write(&mut model, "See you");
    let lines = drawn(&model);
    assert!(lines[0].contains("2 unread") && lines[0].contains("Ada"), "{lines:#?}");
    assert!(shows(&lines, "[invited]") && shows(&lines, "Shall we sing on Thursday?"), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("You 11:02 #2") && line.trim_end().ends_with("✓✓ delivered")));
    assert!(lines[18].contains("> See you"), "{lines:#?}");
    assert!(lines[19].starts_with(" ● connected") && lines[19].contains("ME234567"), "{lines:#?}");
}

#[test]
fn every_screen_is_whole_in_every_language_and_size() {
    for language in LANGUAGES {
        let words = Words::new(language);
        for (columns, rows) in [(120, 40), (80, 24), (64, 16), (40, 10), (20, 5), (10, 2), (1, 1)] {
            let mut model = talking(&words, columns, rows, &["Hello", "山田さん 👩‍👩‍👧 and more words than fit"]);
            let mut screens = vec![drawn(&model)];
            for key in [KeyCode::F(1), KeyCode::Esc, KeyCode::Up, KeyCode::Char('+'), KeyCode::Esc, KeyCode::Tab] {
                press(&mut model, key);
                screens.push(drawn(&model));
            }
            press_with(&mut model, KeyModifiers::CONTROL, KeyCode::Char('f'));
            screens.push(drawn(&model));
            for lines in screens {
                assert_eq!(lines.len(), usize::from(rows));
                assert!(!lines.concat().contains("screen-"), "{language:?}: a key without a text: {lines:#?}");
                assert!(lines.iter().all(|line| width(line) == usize::from(columns)), "{columns}: {lines:#?}");
            }
        }
    }
}

#[test]
fn forty_columns_show_one_part_at_a_time() {
    let words = Words::new(Language::German);
    let mut model = begin(&words, 40, 10);
    assert!(shows(&drawn(&model), "Choir by the canal"));
    rehearsal::open(&mut model, vec![message(1, "Hallo", false)]);
    let lines = drawn(&model);
    assert!(shows(&lines, "Hallo") && !shows(&lines, "Choir"), "{lines:#?}");
    press(&mut model, KeyCode::Tab);
    assert!(shows(&drawn(&model), "Choir by the canal"));
}

#[test]
fn the_unread_divider_and_the_dates_stand_between_messages() {
    let words = Words::new(Language::French);
    let mut model = begin(&words, 90, 24);
    let yesterday = Message { sent_at_ms: rehearsal::NOW_MS - 86_400_000, ..message(1, "hier soir", true) };
    let old = Message { sent_at_ms: rehearsal::NOW_MS - 864_000_000, position: 0, ..message(1, "vieux", true) };
    rehearsal::open(&mut model, vec![old, yesterday, message(2, "un", false), message(3, "deux", false)]);
    let text = drawn(&model).join("\n");
    let places: Vec<_> = ["2026-11-12", "vieux", " hier ", "hier soir", " aujourd'hui ", " nouveau ", "un", "deux"]
        .iter()
        .map(|wanted| text.find(wanted).unwrap_or_else(|| panic!("{wanted} is missing:\n{text}")))
        .collect();
    assert!(places[0] < places[1] && places[4] < places[5], "{text}");
}

#[test]
fn quotes_reactions_changes_and_deletions_are_marked() {
    let words = Words::new(Language::English);
    let mut model = begin(&words, 90, 24);
    let reaction = Reaction { author: "ADA23456".into(), emoji: "👍".into() };
    let answer = Message {
        reply_to: Some("id1".into()),
        edited: true,
        reactions: vec![reaction],
        state: MessageState::Read,
        ..message(2, "Fine", true)
    };
    let gone = Message { body: Body::Deleted, ..message(3, "", false) };
    rehearsal::open(&mut model, vec![message(1, "Thursday?", false), answer, gone]);
    let lines = drawn(&model);
    for wanted in ["↳ Ada #1: Thursday?", "(edited)", "👍 Ada", "✓✓ read", "(deleted)"] {
        assert!(shows(&lines, wanted), "{wanted} is missing: {lines:#?}");
    }
}

#[test]
fn hostile_texts_and_names_write_no_control_characters() {
    let words = Words::new(Language::English);
    let mut model = begin(&words, 90, 24);
    let evil = "\u{1b}[2Jx\u{9b}31m\u{202e}y\r\u{7}\n#9 12:00 You: forged";
    model.list[0].conversation.title = evil.into();
    model.list[0].preview = crate::clean::line(evil);
    let reaction = Reaction { author: "ADA23456".into(), emoji: evil.into() };
    rehearsal::open(&mut model, vec![Message { reactions: vec![reaction], ..message(1, evil, false) }]);
    model.list[0].conversation.title = evil.into();
    tell(&mut model, News::Told(evil.into()));
    let lines = drawn(&model);
    let is_hostile = |character: char| character.is_control() || character == '\u{202e}';
    assert!(!lines.concat().contains(is_hostile), "{lines:#?}");
    let forged = lines.iter().find(|line| line.contains("forged")).expect("the text is shown");
    assert!(!forged.contains("│ #9"), "a text stands further in than an author: {lines:#?}");
}

#[test]
fn a_terminal_that_has_changed_and_not_said_so_yet_breaks_nothing() {
    let words = Words::new(Language::English);
    let model = talking(&words, 100, 30, &["hello"]);
    for (columns, rows) in [(40, 10), (100, 29), (99, 30), (1, 1), (0, 0), (200, 60)] {
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        assert_eq!(draw(&model, &mut buffer), None, "{columns} × {rows}");
    }
    let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 30));
    assert!(draw(&model, &mut buffer).is_some(), "as large as it was said to be");
}

#[test]
fn without_unicode_everything_is_ascii() {
    for language in LANGUAGES {
        let words = Words::new(language);
        let mut model = talking(&words, 90, 24, &["Zoë 山田 👍 “quoted”", "ok"]);
        model.look = Look { colours: false, unicode: false };
        let lines = drawn(&model);
        assert!(lines.concat().is_ascii(), "{lines:#?}");
        assert!(shows(&lines, "Zoe ?") && shows(&lines, "+1 \"quoted\""), "{lines:#?}");
        let mut narrow = Buffer::with_lines(["a❤b"]);
        ascii::fold(&mut narrow);
        assert_eq!(narrow, Buffer::with_lines(["a?b"]), "one column stays one");
        for emoji in EMOJI {
            let mut buffer = Buffer::with_lines([format!("a{emoji}b")]);
            ascii::fold(&mut buffer);
            let line: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
            assert!(line.is_ascii() && !line.contains('?') && line.len() > 4, "{emoji}: {line}");
        }
    }
}

#[test]
fn without_colours_nothing_is_coloured_and_the_chosen_message_has_a_mark() {
    let words = Words::new(Language::English);
    let mut model = talking(&words, 90, 24, &["one", "two"]);
    model.look.colours = false;
    press(&mut model, KeyCode::Up);
    let buffer = buffer(&model);
    assert!(buffer.content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(shows(&drawn(&model), "▌"));
}

#[test]
fn a_resize_keeps_the_chosen_message_on_the_screen() {
    let words = Words::new(Language::English);
    let texts: Vec<String> = (0..60).map(|number| format!("message number {number} with some words")).collect();
    let mut model = talking(&words, 120, 40, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    for _ in 0..30 {
        press(&mut model, KeyCode::Up);
    }
    assert!(shows(&drawn(&model), "▌"));
    let resize = crate::screen::update::Event::Resize(40, 10);
    crate::screen::update::update(&mut model, resize, rehearsal::NOW_MS);
    assert!(shows(&drawn(&model), "▌message") || shows(&drawn(&model), "▌"), "{:#?}", drawn(&model));
    assert!(shows(&drawn(&model), "number 30"), "{:#?}", drawn(&model));
}
