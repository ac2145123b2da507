//! The three locale files against each other and against the code.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use fluent_syntax::{
    ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey},
    parser,
};
use sealpost_client::Error;

use super::*;

/// A text that is alike in two languages, since it holds commands only; so may the lines of usage.
const ALIKE: &str = "value-switch";

#[test]
fn every_language_has_the_same_keys_and_variables() {
    let english = messages(Language::English);
    for language in [Language::German, Language::French] {
        let other = messages(language);
        let names = |list: &BTreeMap<String, Message>| list.keys().cloned().collect::<BTreeSet<_>>();
        let difference: Vec<_> = names(&english).symmetric_difference(&names(&other)).cloned().collect();
        assert!(difference.is_empty(), "only in English or only in {language:?}: {difference:?}");
        for (key, message) in &english {
            assert_eq!(message.variables, other[key].variables, "the variables of {key} in {language:?}");
        }
    }
}

#[test]
fn nothing_is_left_untranslated() {
    let english = messages(Language::English);
    for language in [Language::German, Language::French] {
        for (key, message) in messages(language) {
            let has_words = english[&key].text.chars().filter(|character| character.is_alphabetic()).count() > 4;
            let is_alike = message.text == english[&key].text && has_words;
            assert!(!is_alike || key == ALIKE || key.ends_with("-usage"), "{key} is English in {language:?}");
        }
    }
}

#[test]
fn every_key_that_the_code_names_exists() {
    let known = messages(Language::English);
    let named = literals_after(&[".say(\"", ".tell(\"", ".with(\"", ".step(\"", ".fact(\"", ".write(\""]);
    let texts = named.iter().filter(|name| name.contains('-'));
    let missing: Vec<_> = texts.filter(|name| !known.contains_key(*name)).collect();
    assert!(missing.is_empty(), "named in the code, in no locale file: {missing:?}");
    for code in literals_after(&["CommandError::new(\"", "Self::new(\""]) {
        let key = format!("error-{}", code.replace('_', "-"));
        assert!(known.contains_key(&key), "{key} is in no locale file");
    }
}

#[test]
fn every_key_is_used() {
    let sources = sources();
    let codes: BTreeSet<_> = every_facade_error().iter().map(|error| error.code()).collect();
    for key in messages(Language::English).into_keys() {
        let code = key.strip_prefix("error-").map(|code| code.replace('-', "_"));
        let is_code =
            code.is_some_and(|code| codes.contains(code.as_str()) || sources.contains(&format!("\"{code}\"")));
        assert!(is_code || sources.contains(&format!("\"{key}\"")), "{key} is used nowhere");
    }
}

#[test]
fn the_locale_of_the_environment_decides() {
    let choose = |wished: &[Option<&str>]| Language::choose(wished.iter().map(|wish| wish.map(str::to_owned)));
    assert_eq!(choose(&[None, Some(""), Some("fr_CH.UTF-8")]), Language::French);
    assert_eq!(choose(&[Some("de-AT"), Some("fr")]), Language::German);
    assert_eq!(choose(&[Some("C.UTF-8")]), Language::English);
    assert_eq!(choose(&[]), Language::English);
}

#[test]
fn plurals_follow_the_language() {
    let say = |language, count: u32| Words::new(language).with("inbox-unread", &[("count", count.into())]);
    assert_eq!(say(Language::English, 1), "One unread message.");
    assert_eq!(say(Language::German, 2), "2 ungelesene Nachrichten.");
    assert_eq!(say(Language::French, 0), "0 message non lu.");
}

/// One of each, so that a new error without a text fails the tests.
pub fn every_facade_error() -> Vec<Error> {
    let detail = || "detail".to_owned();
    let errors = vec![
        Error::NoAccount,
        Error::AccountExists,
        Error::InUse,
        Error::WrongKey,
        Error::WrongPassphrase,
        Error::VaultUnavailable { detail: detail() },
        Error::Damaged { detail: detail() },
        Error::NewerVersion,
        Error::DiskFull,
        Error::ReadOnly { detail: detail() },
        Error::NotRegistered,
        Error::AlreadyRegistered,
        Error::CopiedDevice,
        Error::Retired,
        Error::PresenceDenied,
        Error::InvalidNumber,
        Error::InvalidId,
        Error::InvalidCard { reason: detail() },
        Error::InvalidInvitation { reason: detail() },
        Error::InvalidRelay { reason: detail() },
        Error::OtherRelay,
        Error::OwnCard,
        Error::KeyChanged,
        Error::Empty,
        Error::TooLong { limit_bytes: 3 },
        Error::UnknownContact,
        Error::UnknownConversation,
        Error::UnknownMessage,
        Error::NotYours,
        Error::Blocked,
        Error::NotAGroup,
        Error::NotAMember,
        Error::NotAdmin,
        Error::LastAdmin,
        Error::TooMany { limit: 200 },
        Error::Unreachable { detail: detail() },
        Error::CertificateRefused { detail: detail() },
        Error::Stopped,
        Error::CodeWrong { tries_left: 2 },
        Error::CodeExpired,
        Error::CountryNotAllowed,
        Error::SmsFailed,
        Error::InvitationRefused,
        Error::RegistrationClosed,
        Error::TooManyRequests { retry_after_seconds: 3 },
        Error::TooOldVersion,
        Error::AccountSuspended,
        Error::Refused { code: detail(), detail: detail() },
        Error::Internal { detail: detail() },
    ];
    let facade = fs::read_to_string(package().join("../core/client/src/error.rs")).expect("the façade's errors");
    let variants = facade.matches("#[error(").count();
    assert_eq!(errors.len(), variants, "the façade has an error that is not in this list");
    errors
}

/// A message, reduced to what can be compared.
struct Message {
    text: String,
    variables: BTreeSet<String>,
}

/// Parses a locale file and holds it to the subset.
fn messages(language: Language) -> BTreeMap<String, Message> {
    let resource = parser::parse(language.source()).expect("a locale file without errors");
    let mut messages = BTreeMap::new();
    for entry in resource.body {
        let message = match entry {
            Entry::Message(message) => message,
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => continue,
            Entry::Term(_) | Entry::Junk { .. } => panic!("{language:?} has something that is no message"),
        };
        let key = message.id.name.to_owned();
        assert!(message.attributes.is_empty(), "{key} has an attribute");
        let mut reduced = Message { text: String::new(), variables: BTreeSet::new() };
        reduce(&key, &message.value.expect("a message with a text"), &mut reduced, false);
        assert!(messages.insert(key.clone(), reduced).is_none(), "{key} stands twice in {language:?}");
    }
    messages
}

fn reduce(key: &str, pattern: &Pattern<&str>, message: &mut Message, is_nested: bool) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => message.text.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(expression) } => {
                message.variables.insert(variable(key, expression));
            }
            PatternElement::Placeable { expression: Expression::Select { selector, variants } } => {
                assert!(!is_nested && pattern.elements.len() == 1, "{key} selects inside of something");
                message.variables.insert(variable(key, selector));
                for variant in variants {
                    let VariantKey::Identifier { name } = variant.key else {
                        panic!("{key} selects by a number");
                    };
                    assert!(["one", "other"].contains(&name), "{key} selects by {name}");
                    reduce(key, &variant.value, message, true);
                }
            }
        }
    }
}

fn variable(key: &str, expression: &InlineExpression<&str>) -> String {
    match expression {
        InlineExpression::VariableReference { id } => id.name.to_owned(),
        _ => panic!("{key} holds something else than a variable"),
    }
}

/// The string literals that follow one of these texts anywhere in the code.
fn literals_after(starts: &[&str]) -> BTreeSet<String> {
    let sources = sources();
    let literals = starts.iter().flat_map(|start| sources.split(start).skip(1));
    literals.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// All of the package's code but its tests of the texts.
fn sources() -> String {
    fn read(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder of the package") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                read(&path, all);
            } else if !path.ends_with("words/tests.rs") {
                all.push_str(&fs::read_to_string(&path).expect("a source file"));
            }
        }
    }
    let mut all = String::new();
    read(&package().join("src"), &mut all);
    all
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
