//! Texts measured, cut, filled up and wrapped in columns of a terminal: what is wide counts twice, and what people see
//! as one character (an emoji of several) stays together.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text, filled up with spaces to so many columns.
pub fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Breaks a text into lines of at most `columns`, between words where it can; its own line breaks stay.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(2);
    text.split('\n').flat_map(|line| wrap_line(line, columns)).collect()
}

fn wrap_line(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split_word_bounds() {
        let is_space = word.chars().all(char::is_whitespace);
        let wide = width(word);
        if used + wide > columns && used > 0 && wide <= columns {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
            if is_space {
                continue;
            }
        }
        for grapheme in word.graphemes(true) {
            let wide = UnicodeWidthStr::width(grapheme);
            if used + wide > columns && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(grapheme);
            used += wide;
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// The beginning of a text that fits, with an ellipsis where something is missing.
pub fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let (mut cut, mut used) = (String::new(), 1);
    for grapheme in text.graphemes(true) {
        used += UnicodeWidthStr::width(grapheme);
        if used > columns {
            break;
        }
        cut.push_str(grapheme);
    }
    if columns > 0 {
        cut.truncate(cut.trim_end().len());
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("a\n\nb", 8), ["a", "", "b"]);
    }

    #[test]
    fn a_word_without_an_end_is_broken_anywhere() {
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }

    #[test]
    fn wide_characters_and_joined_emoji_count_by_their_columns() {
        assert_eq!(wrap("山田太郎", 5), ["山田", "太郎"]);
        let family = "👩‍👩‍👧";
        let lines = wrap(&family.repeat(4), 6);
        assert!(lines.iter().all(|line| width(line) <= 6 && line.matches('👧').count() * family.len() == line.len()));
        assert_eq!(lines.concat(), family.repeat(4));
    }

    #[test]
    fn what_does_not_fit_ends_with_an_ellipsis() {
        assert_eq!(cut("Matthieu", 8), "Matthieu");
        assert_eq!(cut("Matthieu", 5), "Matt…");
        assert_eq!(cut("山田太郎", 6), "山田…");
        assert_eq!(cut("x", 0), "");
    }

    #[test]
    fn whatever_is_cut_is_no_wider_than_it_may_be() {
        for columns in 1..12 {
            assert!(width(&cut("a山e\u{301}👍👩‍👩‍👧zzz", columns)) <= columns, "{columns}");
        }
        assert_eq!(cut("ab👩‍👩‍👧cd", 4), "ab…");
    }

    #[test]
    fn cells_of_a_table_stand_below_each_other() {
        for (text, taken) in [("abc", 3), ("山", 2), ("👍", 2), ("e\u{301}", 1), ("👩‍👩‍👧", 2)] {
            assert_eq!((width(text), width(&padded(text, 5))), (taken, 5), "{text}");
        }
    }
}
