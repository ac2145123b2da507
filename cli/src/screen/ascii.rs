//! The last step of drawing where the locale is not UTF-8: whatever is not ASCII gets a likeness as wide as itself, or
//! a question mark.

use ratatui::buffer::Buffer;
use unicode_segmentation::UnicodeSegmentation;

/// Letters of the three languages, the signs that the program draws, and the emoji that it offers, two columns each.
const LIKENESSES: [(&str, &str); 33] = [
    ("äàâ", "a"),
    ("éèêë", "e"),
    ("îï", "i"),
    ("öôœ", "o"),
    ("üùû", "u"),
    ("ç", "c"),
    ("ß", "s"),
    ("ÄÀÂ", "A"),
    ("ÉÈÊË", "E"),
    ("ÎÏ", "I"),
    ("ÖÔŒ", "O"),
    ("ÜÙÛ", "U"),
    ("Ç", "C"),
    ("─–—┄", "-"),
    ("│▌", "|"),
    ("┌┐└┘├┤┬┴", "+"),
    ("✓", "+"),
    ("✗", "x"),
    ("→▸", ">"),
    ("↳", "`"),
    ("●", "*"),
    ("⚠", "!"),
    ("○·…", "."),
    ("„“”«»", "\""),
    ("’‘", "'"),
    ("👍", "+1"),
    ("❤️", "<3"),
    ("😂", "xD"),
    ("😮", ":o"),
    ("😢", ":("),
    ("🙏", "ty"),
    ("🎉", "\\o"),
    ("👎", "-1"),
];

/// Leaves nothing in the buffer that is not ASCII.
pub fn fold(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if cell.symbol().is_ascii() {
            continue;
        }
        let likeness = LIKENESSES.iter().find(|(signs, _)| signs.graphemes(true).any(|sign| sign == cell.symbol()));
        let space = cell.symbol() == "\u{a0}" || cell.symbol() == "\u{202f}";
        let likeness = if space { " " } else { likeness.map_or("?", |(_, likeness)| likeness) };
        cell.set_symbol(likeness);
    }
}
