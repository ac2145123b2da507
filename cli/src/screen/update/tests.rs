//! What the keys and the account's events make of the state.

use ratatui::crossterm::event::{KeyCode, KeyModifiers};
use sealpost_client as client;

use super::*;
use crate::{
    screen::{
        model::{PAGE, Purpose, WINDOW},
        rehearsal::{self, NOW_MS, begin, contact, message, press, press_with, talking, tell, write},
    },
    words::{Language, Words},
};

const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

fn english() -> Words {
    Words::new(Language::English)
}

#[test]
fn nothing_is_marked_read_before_it_is_on_the_screen() {
    let words = english();
    let mut model = begin(&words, 100, 30);
    assert_eq!(press(&mut model, KeyCode::Down), [], "a cursor on a conversation reads nothing");
    press(&mut model, KeyCode::Up);
    let opening = press(&mut model, KeyCode::Enter);
    assert_eq!(opening, [Effect::Open { conversation: "ada".into(), around: None }]);
    let seen = rehearsal::open(&mut model, vec![message(1, "one", false), message(2, "two", false)]);
    assert_eq!(seen, [Effect::MarkRead { conversation: "ada".into(), position: 2 }]);
    assert_eq!(model.open.as_ref().and_then(|open| open.unread_from), Some(1), "the divider stands before the first");
}

#[test]
fn a_message_that_comes_in_while_one_reads_further_up_stays_unread() {
    let words = english();
    let texts: Vec<String> = (0..40).map(|number| format!("message {number}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut model = talking(&words, 80, 12, &texts);
    press(&mut model, KeyCode::PageUp);
    let mut unread = rehearsal::listed("ada", "Ada", 1);
    unread.conversation.last = Some(message(41, "new", false));
    tell(&mut model, News::One(Box::new(unread)));
    let names = Default::default();
    let seen = tell(&mut model, News::Message { message: Box::new(message(41, "new", false)), names });
    assert_eq!(seen, []);
    let seen = press_with(&mut model, CONTROL, KeyCode::End);
    assert_eq!(seen, [Effect::MarkRead { conversation: "ada".into(), position: 41 }]);
}

#[test]
fn enter_sends_and_alt_enter_begins_a_line() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    write(&mut model, "one");
    press_with(&mut model, ALT, KeyCode::Enter);
    write(&mut model, "two");
    let sent = press(&mut model, KeyCode::Enter);
    let wanted = Effect::Send { conversation: "ada".into(), text: "one\ntwo".into(), reply_to: None };
    assert_eq!(sent, [wanted]);
    assert!(model.open.is_some_and(|open| open.editor.is_empty()));
}

#[test]
fn what_is_pasted_is_never_sent_by_its_line_breaks() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    let effects = update(&mut model, Event::Paste("one\ntwo\n".into()), NOW_MS);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send { .. })), "{effects:?}");
    assert_eq!(model.open.map(|open| open.editor.text().to_owned()).as_deref(), Some("one\ntwo\n"));
}

#[test]
fn a_chosen_message_is_answered_changed_and_deleted() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["theirs", "mine"]);
    write(&mut model, "a draft");
    press_with(&mut model, CONTROL, KeyCode::Up);
    press(&mut model, KeyCode::Char('e'));
    let open = model.open.as_ref().expect("it is open");
    assert_eq!((open.editor.text(), open.purpose), ("mine", Purpose::Edit { position: 2 }));
    write(&mut model, "!");
    let changed = press(&mut model, KeyCode::Enter);
    assert_eq!(changed, [Effect::Edit { conversation: "ada".into(), message: "id2".into(), text: "mine!".into() }]);
    assert_eq!(model.open.as_ref().map(|open| open.editor.text()), Some("a draft"), "the draft is back");

    press_with(&mut model, CONTROL, KeyCode::Up);
    press(&mut model, KeyCode::Up);
    press(&mut model, KeyCode::Char('r'));
    let sent = press(&mut model, KeyCode::Enter);
    let wanted = Effect::Send { conversation: "ada".into(), text: "a draft".into(), reply_to: Some("id1".into()) };
    assert!(sent.contains(&wanted), "{sent:?}");

    press_with(&mut model, CONTROL, KeyCode::Up);
    assert_eq!(press(&mut model, KeyCode::Char('d')), [], "it is asked first");
    let deleted = press(&mut model, KeyCode::Enter);
    assert_eq!(deleted, [Effect::Delete { conversation: "ada".into(), message: "id2".into() }]);
}

#[test]
fn what_others_wrote_is_neither_changed_nor_deleted() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["theirs"]);
    for key in ['e', 'd'] {
        press_with(&mut model, CONTROL, KeyCode::Up);
        assert_eq!(press(&mut model, KeyCode::Char(key)), []);
        assert!(model.overlay.is_none() && model.notice.is_some());
        press(&mut model, KeyCode::Esc);
    }
    assert!(model.open.is_some_and(|open| open.purpose == Purpose::Write));
}

#[test]
fn a_number_reacts_to_the_chosen_message() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["theirs"]);
    press_with(&mut model, CONTROL, KeyCode::Up);
    press(&mut model, KeyCode::Char('+'));
    let reacted = press(&mut model, KeyCode::Char('1'));
    let [Effect::React { message, author, emoji, .. }] = reacted.as_slice() else { panic!("{reacted:?}") };
    assert_eq!((message.as_str(), author.as_str(), emoji.as_str()), ("id1", "ADA23456", "👍"));
}

#[test]
fn a_draft_is_kept_when_the_typing_rests_and_when_the_conversation_is_left() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    write(&mut model, "half a th");
    let kept = update(&mut model, Event::Tick, NOW_MS + 2_000);
    assert_eq!(kept, [Effect::KeepDraft { conversation: "ada".into(), text: "half a th".into() }]);
    write(&mut model, "ought");
    let left = press_with(&mut model, ALT, KeyCode::Down);
    let wanted = [
        Effect::KeepDraft { conversation: "ada".into(), text: "half a thought".into() },
        Effect::Open { conversation: "choir".into(), around: None },
    ];
    assert_eq!(left, wanted);
    write(&mut model, "!");
    let ended = press_with(&mut model, CONTROL, KeyCode::Char('c'));
    assert_eq!(ended.last(), Some(&Effect::Quit));
    assert!(matches!(&ended[0], Effect::KeepDraft { text, .. } if text == "half a thought!"), "{ended:?}");
}

#[test]
fn a_text_that_could_not_be_sent_comes_back() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    write(&mut model, "for Ada");
    press(&mut model, KeyCode::Enter);
    let error = client::Error::Blocked.into();
    tell(&mut model, News::Failed { error, text: Some("for Ada".into()) });
    assert_eq!(model.open.map(|open| open.editor.text().to_owned()).as_deref(), Some("for Ada"));
    assert!(model.notice.is_some_and(|(text, _)| text.contains("blocked")));
}

#[test]
fn the_plain_chats_commands_work_here_too() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    write(&mut model, "/react 1 👍");
    let done = press(&mut model, KeyCode::Enter);
    assert_eq!(done, [Effect::Command { conversation: "ada".into(), line: "/react 1 👍".into() }]);
    write(&mut model, "/members");
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::People("ada".into())]);
    write(&mut model, "/quit");
    assert_eq!(press(&mut model, KeyCode::Enter).last(), Some(&Effect::Quit));
}

#[test]
fn others_learn_of_typing_now_and_then_and_never_of_commands() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    assert_eq!(press(&mut model, KeyCode::Char('a')), [Effect::Typing("ada".into())]);
    assert_eq!(press(&mut model, KeyCode::Char('b')), [], "not with every key");
    press_with(&mut model, CONTROL, KeyCode::Char('u'));
    model.open.as_mut().expect("it is open").told_typing_ms = 0;
    assert_eq!(write(&mut model, "/re"), []);
}

#[test]
fn who_types_is_shown_for_a_while() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    let typing = client::Event::Typing { conversation: "ada".into(), author: "ADA23456".into() };
    update(&mut model, Event::Heard(typing), NOW_MS);
    assert_eq!(model.open.as_ref().and_then(|open| open.typing.clone()).map(|(name, _)| name).as_deref(), Some("Ada"));
    update(&mut model, Event::Tick, NOW_MS + 10_000);
    assert!(model.open.is_some_and(|open| open.typing.is_none()));
}

#[test]
fn older_pages_are_read_at_the_edge_and_memory_stays_bounded() {
    let words = english();
    let mut model = begin(&words, 100, 30);
    let newest = 10_000;
    let page = |end: u64| (end - PAGE as u64..end).map(|at| message(at, "text", false)).collect::<Vec<_>>();
    rehearsal::open(&mut model, page(newest));
    model.open.as_mut().expect("it is open").has_oldest = false;
    let mut first = newest - PAGE as u64;
    for _ in 0..12 {
        let mut asked = Vec::new();
        for _ in 0..200 {
            asked = press(&mut model, KeyCode::PageUp);
            if !asked.is_empty() {
                break;
            }
        }
        assert_eq!(asked, [Effect::Page { conversation: "ada".into(), before: first, is_older: true }]);
        let news = News::Page {
            conversation: "ada".into(),
            page: page(first),
            names: Default::default(),
            is_older: true,
            is_last: false,
        };
        tell(&mut model, news);
        first -= PAGE as u64;
    }
    let open = model.open.as_ref().expect("it is open");
    assert_eq!(open.messages.len(), WINDOW);
    assert!(!open.has_newest, "the other end was let go of, and is read again on the way down");
    let back = press_with(&mut model, CONTROL, KeyCode::End);
    assert_eq!(back, [Effect::Open { conversation: "ada".into(), around: None }]);
}

#[test]
fn contacts_are_picked_by_a_part_of_their_name() {
    let words = english();
    let mut model = begin(&words, 100, 30);
    assert_eq!(press_with(&mut model, CONTROL, KeyCode::Char('n')), [Effect::Contacts]);
    tell(&mut model, News::Contacts(vec![contact("BEN23456", "Ben"), contact("ZOE23456", "Zoë of the choir")]));
    write(&mut model, "ZOË");
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::OpenWith { contact: "ZOE23456".into() }]);
}

#[test]
fn a_search_finds_and_goes_there() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["Hello"]);
    press_with(&mut model, CONTROL, KeyCode::Char('f'));
    write(&mut model, "hell");
    let looked = press(&mut model, KeyCode::Enter);
    assert_eq!(looked, [Effect::Search { conversation: Some("ada".into()), query: "hell".into() }]);
    let found = crate::screen::model::Found {
        conversation: "ada".into(),
        title: "Ada".into(),
        position: 1,
        sent_at_ms: NOW_MS,
        author: "Ada".into(),
        text: "Hello".into(),
        start: 0,
    };
    tell(&mut model, News::Found { query: "hell".into(), found: vec![found], is_cut: false });
    let gone = press(&mut model, KeyCode::Enter);
    assert_eq!(gone, [Effect::Open { conversation: "ada".into(), around: Some(1) }]);
}

#[test]
fn invitations_are_accepted_or_declined_after_a_question() {
    let words = english();
    let mut model = begin(&words, 100, 30);
    press(&mut model, KeyCode::End);
    assert_eq!(press(&mut model, KeyCode::Char('a')), [Effect::Accept("choir".into())]);
    assert_eq!(press(&mut model, KeyCode::Char('b')), [], "it is asked first");
    assert_eq!(press(&mut model, KeyCode::Enter), [Effect::Refuse("choir".into())]);
    assert_eq!(press(&mut model, KeyCode::Char('m')).len(), 1, "and muted without a question");
}

#[test]
fn the_conversation_with_the_newest_message_goes_to_the_top() {
    let words = english();
    let mut model = begin(&words, 100, 30);
    let mut changed = rehearsal::choir();
    changed.conversation.last = Some(message(9, "Thursday", false));
    tell(&mut model, News::One(Box::new(changed)));
    let ids: Vec<_> = model.list.iter().map(|listed| listed.conversation.id.as_str()).collect();
    assert_eq!(ids, ["choir", "ada"]);
    assert_eq!(model.cursor.as_deref(), Some("ada"), "the cursor stays with its conversation");
}

#[test]
fn a_row_that_is_told_twice_stands_once() {
    let words = english();
    let mut model = talking(&words, 100, 30, &["one", "two"]);
    for text in ["three", "three, changed"] {
        let message = Box::new(message(3, text, false));
        tell(&mut model, News::Message { message, names: Default::default() });
    }
    let open = model.open.expect("it is open");
    assert_eq!(open.messages.iter().map(|message| message.position).collect::<Vec<_>>(), [1, 2, 3]);
}
