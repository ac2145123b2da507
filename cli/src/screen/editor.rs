//! The entry line: a text of several lines with a cursor. It knows nothing of messages.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What a message may hold at most; the façade refuses longer ones, this keeps a pasted file out of memory.
const LIMIT_BYTES: usize = 64 * 1024;

/// A text being written. The cursor stands between two characters as people see them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Editor {
    text: String,
    cursor: usize,
}

/// Where the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
}

impl Editor {
    /// With the cursor behind the text.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Writes at the cursor; what is no text (control characters but the line break) is left out. Answers whether all
    /// of it had room.
    pub fn insert(&mut self, text: &str) -> bool {
        let plain = text.replace("\r\n", "\n").replace('\r', "\n").replace('\t', "    ");
        let plain: String = plain.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
        let room = LIMIT_BYTES.saturating_sub(self.text.len());
        let end = (0..=room.min(plain.len())).rev().find(|at| plain.is_char_boundary(*at)).unwrap_or(0);
        self.text.insert_str(self.cursor, &plain[..end]);
        self.cursor += end;
        end == plain.len()
    }

    pub fn go(&mut self, to: Move) {
        self.cursor = self.target(to);
    }

    /// Removes what lies between the cursor and where it would go.
    pub fn remove(&mut self, to: Move) {
        let target = self.target(to);
        let (from, until) = (target.min(self.cursor), target.max(self.cursor));
        self.text.replace_range(from..until, "");
        self.cursor = from;
    }

    /// One row up or down on the screen; `false` where there is none.
    pub fn go_row(&mut self, columns: usize, is_down: bool) -> bool {
        let rows = self.rows(columns);
        let (row, column) = self.place(columns);
        let target = if is_down { row + 1 } else { row.wrapping_sub(1) };
        let Some((start, end)) = rows.get(target).copied() else {
            return false;
        };
        let mut used = 0;
        let mut at = start;
        for grapheme in self.text[start..end].graphemes(true) {
            used += UnicodeWidthStr::width(grapheme);
            if used > column {
                break;
            }
            at += grapheme.len();
        }
        self.cursor = at;
        true
    }

    /// The rows on a screen of this width.
    pub fn lines(&self, columns: usize) -> Vec<&str> {
        self.rows(columns).into_iter().map(|(start, end)| &self.text[start..end]).collect()
    }

    /// Row and column of the cursor.
    pub fn place(&self, columns: usize) -> (usize, usize) {
        let rows = self.rows(columns);
        let row = rows.iter().rposition(|(start, _)| *start <= self.cursor).unwrap_or(0);
        let start = rows.get(row).map_or(0, |(start, _)| *start);
        (row, self.text[start..self.cursor].graphemes(true).map(UnicodeWidthStr::width).sum())
    }

    /// Start and end of each row. A row that is full gives way to an empty one, so that the cursor always has a place.
    fn rows(&self, columns: usize) -> Vec<(usize, usize)> {
        let columns = columns.max(2);
        let (mut rows, mut start, mut used) = (Vec::new(), 0, 0);
        for (at, grapheme) in self.text.grapheme_indices(true) {
            if grapheme == "\n" {
                rows.push((start, at));
                (start, used) = (at + 1, 0);
                continue;
            }
            let wide = UnicodeWidthStr::width(grapheme);
            if used + wide > columns {
                rows.push((start, at));
                (start, used) = (at, 0);
            }
            used += wide;
        }
        rows.push((start, self.text.len()));
        if used >= columns {
            rows.push((self.text.len(), self.text.len()));
        }
        rows
    }

    fn target(&self, to: Move) -> usize {
        let (before, after) = self.text.split_at(self.cursor);
        match to {
            Move::Left => before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at),
            Move::Right => self.cursor + after.graphemes(true).next().map_or(0, str::len),
            Move::WordLeft => {
                let word = before.trim_end();
                word.rfind(char::is_whitespace).map_or(0, |at| at + word[at..].chars().next().map_or(0, char::len_utf8))
            }
            Move::WordRight => {
                let skipped = after.len() - after.trim_start().len();
                let word = &after[skipped..];
                self.cursor + skipped + word.find(char::is_whitespace).unwrap_or(word.len())
            }
            Move::LineStart => before.rfind('\n').map_or(0, |at| at + 1),
            Move::LineEnd => self.cursor + after.find('\n').unwrap_or(after.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emoji_of_several_characters_is_removed_at_once() {
        let mut editor = Editor::new("a👩‍👩‍👧");
        editor.remove(Move::Left);
        assert_eq!(editor.text(), "a");
    }

    #[test]
    fn the_cursor_goes_by_words_and_lines() {
        let mut editor = Editor::new("one two\nthree four");
        editor.go(Move::WordLeft);
        editor.insert("and ");
        assert_eq!(editor.text(), "one two\nthree and four");
        editor.go(Move::LineStart);
        editor.remove(Move::WordRight);
        assert_eq!(editor.text(), "one two\n and four");
        editor.go_row(80, false);
        editor.go(Move::LineStart);
        editor.remove(Move::LineEnd);
        assert_eq!(editor.text(), "\n and four");
    }

    #[test]
    fn rows_are_as_wide_as_the_screen_and_the_cursor_has_a_place_on_one() {
        let mut editor = Editor::new("abcdef\n山田太");
        assert_eq!(editor.lines(4), ["abcd", "ef", "山田", "太"]);
        assert_eq!(editor.place(4), (3, 2));
        assert!(editor.go_row(4, false));
        assert_eq!(editor.place(4), (2, 2));
        assert_eq!(Editor::new("abcd").place(4), (1, 0), "behind a full row");
    }

    #[test]
    fn what_is_pasted_keeps_its_lines_and_loses_control_characters() {
        let mut editor = Editor::default();
        assert!(editor.insert("one\r\ntwo\u{1b}[2J"));
        assert_eq!(editor.text(), "one\ntwo[2J");
        assert!(!editor.insert(&"x".repeat(LIMIT_BYTES)), "too much is said to be too much");
        assert_eq!(editor.text().len(), LIMIT_BYTES);
    }
}
