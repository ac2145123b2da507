//! `man`: the manual pages, made from the same texts as the help, one for each command.

use std::{fs, io, path::Path};

use clap::{ArgMatches, Command};
use clap_mangen::Man;
use serde_json::json;

use crate::{
    arguments::{self, dressed, option, positional, text},
    clean,
    exit::{CommandError, Exit},
    terminal::Terminal,
    words::Words,
};

/// Headings that are the generator's, and ours for them.
const HEADINGS: [(&str, &str); 5] = [
    ("NAME", "man-name"),
    ("SYNOPSIS", "man-synopsis"),
    ("DESCRIPTION", "man-description"),
    ("EXTRA", "man-extra"),
    ("VERSION", "man-version"),
];

pub fn command(words: &Words) -> Command {
    dressed(Command::new("man"), words, "man-usage", "man-about")
        .arg(positional(words, "command", "value-command", "man-help-command").num_args(0..))
        .arg(option(words, "to", "value-folder", "man-help-to").conflicts_with("command"))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal) -> Result<(), CommandError> {
    let pages = pages(&terminal.words).map_err(|error| unwritable("-", &error))?;
    if let Some(folder) = text(matches, "to") {
        let written = write(Path::new(folder), &pages);
        written.map_err(|error| unwritable(folder, &error))?;
        terminal.record(&json!({"type": "manual", "folder": folder, "pages": pages.len()}));
        let folder = clean::line(folder);
        terminal.tell("man-done", &[("count", pages.len().into()), ("folder", folder.into())]);
        return Ok(());
    }
    let mut wished = vec!["sealpost"];
    wished.extend(matches.get_many::<String>("command").unwrap_or_default().map(String::as_str));
    let wished = wished.join("-");
    match pages.iter().find(|page| page.name == wished) {
        Some(page) => terminal.raw(&page.text),
        None => return Err(CommandError::new("no_manual", Exit::Usage).with("command", &wished.replace('-', " "))),
    }
    Ok(())
}

struct Page {
    /// `sealpost`, `sealpost-groups-add`.
    name: String,
    text: String,
}

/// The page of the program and of each of its commands.
fn pages(words: &Words) -> io::Result<Vec<Page>> {
    let mut root = arguments::root(words, super::all(words));
    root.build();
    let mut pages = Vec::new();
    collect(&root, "sealpost", words, &mut pages)?;
    Ok(pages)
}

fn collect(command: &Command, name: &str, words: &Words, pages: &mut Vec<Page>) -> io::Result<()> {
    let mut text = Vec::new();
    let source = format!("Sealpost {}", env!("CARGO_PKG_VERSION"));
    Man::new(command.clone().display_name(name.to_owned()))
        .title(name.to_uppercase())
        .source(source)
        .manual("Sealpost")
        .render(&mut text)?;
    pages.push(Page { name: name.to_owned(), text: in_language(&String::from_utf8_lossy(&text), words) });
    for subcommand in command.get_subcommands() {
        collect(subcommand, &format!("{name}-{}", subcommand.get_name()), words, pages)?;
    }
    Ok(())
}

/// The generator's own headings in the user's language.
fn in_language(page: &str, words: &Words) -> String {
    let mut text = String::with_capacity(page.len());
    for line in page.lines() {
        let heading = HEADINGS.iter().find(|(heading, _)| line.strip_prefix(".SH ") == Some(heading));
        match heading {
            Some((_, key)) => text.push_str(&format!(".SH \"{}\"", words.say(key))),
            None => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

fn write(folder: &Path, pages: &[Page]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for page in pages {
        fs::write(folder.join(format!("{}.1", page.name)), &page.text)?;
    }
    Ok(())
}

fn unwritable(folder: &str, error: &io::Error) -> CommandError {
    CommandError::new("manual_unwritable", Exit::Failure).with("folder", folder).with("detail", &error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn every_command_has_a_page_with_its_options_in_every_language() {
        for language in [Language::English, Language::German, Language::French] {
            let words = Words::new(language);
            let pages = pages(&words).expect("pages");
            let mut root = arguments::root(&words, super::super::all(&words));
            root.build();
            let mut commands = vec![("sealpost".to_owned(), &root)];
            while let Some((name, command)) = commands.pop() {
                let page = pages.iter().find(|page| page.name == name).unwrap_or_else(|| panic!("{name}"));
                let shown = command.get_arguments().filter(|argument| !argument.is_hide_set());
                for option in shown.filter_map(|argument| argument.get_long()) {
                    let option = option.replace('-', "\\-");
                    assert!(page.text.contains(&format!("\\-\\-{option}")), "{language:?} {name} --{option}");
                }
                let subcommands = command.get_subcommands();
                commands.extend(subcommands.map(|command| (format!("{name}-{}", command.get_name()), command)));
            }
        }
    }

    #[test]
    fn no_heading_of_a_german_page_is_english() {
        let pages = pages(&Words::new(Language::German)).expect("pages");
        for page in pages {
            for english in [".SH NAME", ".SH SYNOPSIS", "DESCRIPTION", "OPTIONS", ".SH EXTRA", "SUBCOMMANDS"] {
                assert!(!page.text.contains(english), "{} has {english}", page.name);
            }
        }
    }
}
