//! The command line: built with the texts of the user's language, so that help and refusals are not English only.

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, ArgMatches, Command,
    error::{ContextKind, ContextValue, Error, ErrorKind},
};

use crate::{
    clean,
    exit::Exit,
    terminal::Terminal,
    words::{Language, Words},
};

/// The language that the arguments or the environment wish, found before anything is parsed: help needs it.
pub fn language(arguments: &[OsString]) -> Language {
    let mut wished = None;
    for (place, argument) in arguments.iter().enumerate() {
        match argument.to_str() {
            Some("--lang") => wished = arguments.get(place + 1).and_then(|next| next.to_str()),
            Some(argument) => wished = argument.strip_prefix("--lang=").or(wished),
            None => {}
        }
    }
    let variable = |name| std::env::var(name).ok();
    Language::choose([wished.map(str::to_owned), variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG")])
}

/// Parses the arguments of these commands. Help and the version are printed here; what can't be parsed is refused here.
///
/// # Errors
/// The exit code to end with: nothing is left to do.
pub fn parse(arguments: Vec<OsString>, commands: Vec<Command>, terminal: &Terminal) -> Result<ArgMatches, Exit> {
    root(&terminal.words, commands).try_get_matches_from(arguments).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A closed pipe (`--help | head`) is no error.
            let _ = error.print();
            Exit::Done
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            let _ = error.print();
            Exit::Usage
        }
        _ => {
            terminal.failure("usage", &refusal(&error, &terminal.words));
            Exit::Usage
        }
    })
}

/// The whole command with its subcommands.
pub fn root(words: &Words, commands: Vec<Command>) -> Command {
    let global = |argument: Arg| argument.global(true).help_heading(words.say("heading-global"));
    let root = dressed(Command::new("sealpost"), words, "usage", "about")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_version_flag(true)
        .arg_required_else_help(true)
        .subcommand_required(true)
        .after_help(words.say("after-help"))
        .arg(global(option(words, "account", "value-account", "help-account")))
        .arg(global(option(words, "passphrase-file", "value-file", "help-passphrase-file")))
        .arg(global(flag(words, "json", "help-json")))
        .arg(global(option(words, "lang", "value-language", "help-lang").value_parser(["en", "de", "fr"])))
        .arg(global(flag(words, "help", "help-help").short('h').action(ArgAction::Help)))
        .arg(flag(words, "version", "help-version").short('V').action(ArgAction::Version));
    root.subcommands(commands)
}

/// A command in the user's language: its line of usage, what it is for, and localized headings.
pub fn dressed(command: Command, words: &Words, usage: &str, about: &str) -> Command {
    let template = format!("{{about}}\n\n{}: {{usage}}\n\n{{all-args}}{{after-help}}", words.say("heading-usage"));
    command
        .about(words.say(about))
        .override_usage(words.say(usage))
        .help_template(template)
        .subcommand_help_heading(words.say("heading-commands"))
        .subcommand_value_name(words.say("value-command"))
        .disable_help_flag(true)
        .disable_help_subcommand(true)
}

/// `--name VALUE`.
pub fn option(words: &Words, name: &'static str, value: &str, help: &str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name(words.say(value))
        .help(words.say(help))
        .help_heading(words.say("heading-options"))
        .hide_possible_values(true)
        .hide_default_value(true)
}

/// `--name`.
pub fn flag(words: &Words, name: &'static str, help: &str) -> Arg {
    let heading = words.say("heading-options");
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(words.say(help)).help_heading(heading)
}

/// An argument by its place.
pub fn positional(words: &Words, name: &'static str, value: &str, help: &str) -> Arg {
    Arg::new(name).value_name(words.say(value)).help(words.say(help)).help_heading(words.say("heading-arguments"))
}

/// An argument's text, if it was given.
pub fn text<'a>(matches: &'a ArgMatches, name: &str) -> Option<&'a str> {
    matches.get_one::<String>(name).map(String::as_str)
}

/// The words of an argument that takes several, joined as they were typed.
pub fn joined(matches: &ArgMatches, name: &str) -> String {
    matches.get_many::<String>(name).unwrap_or_default().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// What is wrong with the arguments, in the user's language.
fn refusal(error: &Error, words: &Words) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => clean::line(text),
        Some(ContextValue::Strings(texts)) => clean::line(&texts.join(", ")),
        _ => String::new(),
    };
    let argument = context(ContextKind::InvalidArg);
    let told = match error.kind() {
        ErrorKind::UnknownArgument => words.with("refusal-unknown", &[("argument", argument.into())]),
        ErrorKind::InvalidSubcommand => {
            words.with("refusal-unknown", &[("argument", context(ContextKind::InvalidSubcommand).into())])
        }
        ErrorKind::MissingRequiredArgument => words.with("refusal-missing", &[("argument", argument.into())]),
        ErrorKind::MissingSubcommand => words.say("refusal-no-command"),
        ErrorKind::ArgumentConflict => words.with("refusal-conflict", &[("argument", argument.into())]),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = context(ContextKind::InvalidValue);
            words.with("refusal-value", &[("argument", argument.into()), ("value", value.into())])
        }
        _ => words.with("refusal-other", &[("argument", argument.into())]),
    };
    format!("{told}\n{}", words.say("refusal-help"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;

    fn whole(words: &Words) -> Command {
        root(words, commands::all(words))
    }

    #[test]
    fn the_command_line_is_consistent_in_every_language() {
        for language in [Language::English, Language::German, Language::French] {
            whole(&Words::new(language)).debug_assert();
        }
    }

    #[test]
    fn help_shows_no_english_heading_in_german() {
        let words = Words::new(Language::German);
        let mut root = whole(&words);
        root.build();
        for command in root.get_subcommands_mut() {
            let help = command.render_help().to_string();
            for english in ["Usage:", "Options:", "Arguments:", "Commands:", "[default", "Print help"] {
                assert!(!help.contains(english), "{} shows {english:?}:\n{help}", command.get_name());
            }
        }
    }

    #[test]
    fn the_argument_for_the_language_comes_before_the_environment() {
        let arguments = |list: &[&str]| list.iter().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(language(&arguments(&["sealpost", "--lang", "fr", "id"])), Language::French);
        assert_eq!(language(&arguments(&["sealpost", "id", "--lang=de"])), Language::German);
    }

    #[test]
    fn a_wrong_argument_is_refused_in_the_users_language() {
        let words = Words::new(Language::German);
        let error = whole(&words).try_get_matches_from(["sealpost", "sned"]).expect_err("no such command");
        let told = refusal(&error, &words);
        assert!(told.contains("sned"), "{told}");
        assert!(!told.contains("unrecognized"), "{told}");
    }
}
