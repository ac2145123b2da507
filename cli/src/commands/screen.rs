//! `screen`: the account on the whole terminal: conversations, messages and an entry line, by keyboard.

use std::io::{self, IsTerminal};

use clap::{ArgMatches, Command};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, positional, text},
    exit::{CommandError, Exit},
    people,
    screen::{self, model::Look},
    terminal::Terminal,
    words::Words,
};

pub fn command(words: &Words) -> Command {
    dressed(Command::new("screen"), words, "screen-usage", "screen-about").arg(positional(
        words,
        "who",
        "value-who",
        "screen-help-who",
    ))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    if terminal.is_json() || !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(CommandError::new("needs_terminal", Exit::Usage));
    }
    let account = folder.open(terminal)?;
    let who = text(matches, "who").map(|who| people::find_conversation(&account, who)).transpose()?;
    let look = Look { colours: terminal.has_colours(), unicode: is_unicode(|name| std::env::var(name).ok()) };
    screen::run(&account, &terminal.words, look, who.map(|conversation| conversation.id))
}

/// Whether the locale's characters are UTF-8: the first variable that says anything decides.
fn is_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    set.is_some_and(|value| value.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_whether_more_than_ascii_can_be_shown() {
        let with = |set: &'static [(&str, &str)]| {
            is_unicode(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "POSIX"), ("LANG", "de_DE.UTF-8")]));
        assert!(!with(&[]));
    }
}
