//! How wide and how colourful the output may be, and texts measured, cut and wrapped in columns of a terminal.
//!
//! Nothing is told by colour alone. A character may take no column, one or two; none is ever cut in the middle, and
//! neither is what people see as one character.

use std::io::{self, IsTerminal};

use terminal_size::{Width, terminal_size};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Where the terminal does not say how wide it is, or there is none.
const COLUMNS: usize = 80;
/// Narrower ones are taken for this: words would fall apart.
const FEWEST_COLUMNS: usize = 24;
const MOST_COLUMNS: usize = 400;

/// What the output may look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub colours: bool,
    /// Columns of a line.
    pub width: usize,
    /// Whether a line on standard error may be written over, to show how far something is.
    pub progress: bool,
}

impl Style {
    /// As the environment and the terminal wish it; plain for programs (`json`).
    pub fn of_environment(json: bool) -> Self {
        let variable = |name: &str| std::env::var(name).ok();
        let width = terminal_size().map_or(COLUMNS, |(Width(columns), _)| usize::from(columns));
        Self {
            colours: !json && colours(variable, io::stdout().is_terminal()),
            width: width.clamp(FEWEST_COLUMNS, MOST_COLUMNS),
            progress: !json && io::stderr().is_terminal() && !is_dumb(&variable),
        }
    }
}

/// `NO_COLOR` beats all; `CLICOLOR_FORCE` wants colours in files and pipes too; `CLICOLOR=0` and `TERM=dumb` want none.
fn colours(variable: impl Fn(&str) -> Option<String>, is_terminal: bool) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return false;
    }
    if is_set("CLICOLOR_FORCE") && variable("CLICOLOR_FORCE").as_deref() != Some("0") {
        return true;
    }
    is_terminal && variable("CLICOLOR").as_deref() != Some("0") && !is_dumb(&variable)
}

fn is_dumb(variable: &impl Fn(&str) -> Option<String>) -> bool {
    variable("TERM").as_deref() == Some("dumb")
}

/// The columns that a text takes.
pub fn columns(text: &str) -> usize {
    text.width()
}

/// The text in at most so many columns; where something is left out, it ends in `…`.
pub fn fit(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut fitting = String::new();
    for character in text.graphemes(true) {
        if columns(&fitting) + columns(character) + 1 > width {
            break;
        }
        fitting.push_str(character);
    }
    fitting.push('…');
    fitting
}

/// The text, filled up with spaces to so many columns.
pub fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

/// The text in lines of at most so many columns, broken between words where that can be.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        if columns(&line) + gap + columns(word) <= width {
            line.push_str(if gap == 1 { " " } else { "" });
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for character in word.graphemes(true) {
            if columns(&line) + columns(character) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(character);
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let find =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        colours(find, is_terminal)
    }

    #[test]
    fn colours_are_for_terminals_and_whoever_wants_none_gets_none() {
        assert!(with(&[], true));
        assert!(with(&[("NO_COLOR", "")], true), "an empty variable says nothing");
        assert!(with(&[("CLICOLOR_FORCE", "1")], false));
        for (variables, is_terminal) in [
            (&[][..], false),
            (&[("NO_COLOR", "1")], true),
            (&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true),
            (&[("CLICOLOR", "0")], true),
            (&[("CLICOLOR_FORCE", "0")], false),
            (&[("TERM", "dumb")], true),
        ] {
            assert!(!with(variables, is_terminal), "{variables:?}");
        }
    }

    #[test]
    fn wide_characters_and_emoji_are_measured_as_terminals_show_them() {
        for (text, width) in [("abc", 3), ("山田", 4), ("e\u{301}", 1), ("👍", 2), ("👩‍👩‍👧", 2), ("", 0)]
        {
            assert_eq!(columns(text), width, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut_between_characters() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcde…");
        assert_eq!(fit("山田太郎", 6), "山田…");
        assert_eq!(fit("ab👩‍👩‍👧cd", 4), "ab…");
        for width in 1..12 {
            assert!(columns(&fit("a山e\u{301}👍👩‍👩‍👧zzz", width)) <= width, "{width}");
        }
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        assert_eq!(wrap("山田太郎さん", 5), ["山田", "太郎", "さん"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn cells_of_a_table_stand_below_each_other() {
        for text in ["abc", "山", "👍", "e\u{301}"] {
            assert_eq!(columns(&padded(text, 5)), 5, "{text}");
        }
    }
}
