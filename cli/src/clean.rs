//! What others wrote, made harmless for a terminal: no control sequences, no changed writing direction.

use std::fmt::Write;

/// One line: what could move the cursor, change colours or turn the writing direction becomes `U+FFFD`, a line break
/// becomes a space.
pub fn line(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
            character if is_hostile(character) => '\u{fffd}',
            character => character,
        })
        .collect()
}

/// As [`line`], but line breaks stay, and each further line starts with `indent`, so that no line can pass for one
/// of the program's own.
pub fn lines(text: &str, indent: &str) -> String {
    text.split('\n').map(line).collect::<Vec<_>>().join(&format!("\n{indent}"))
}

/// JSON in which the hostile characters stand as `\uXXXX`: the value stays what it was, a terminal is safe.
pub fn json(serialised: &str) -> String {
    let mut safe = String::with_capacity(serialised.len());
    for character in serialised.chars() {
        if is_hostile(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                write!(safe, "\\u{unit:04x}").expect("writing to a String never fails");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

fn is_hostile(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_lose_their_start() {
        assert_eq!(line("a\u{1b}[31mred\u{7}\u{9b}2J"), "a\u{fffd}[31mred\u{fffd}\u{fffd}2J");
    }

    #[test]
    fn the_writing_direction_stays() {
        assert_eq!(line("invoice\u{202e}fdp.exe"), "invoice\u{fffd}fdp.exe");
        assert_eq!(line("\u{2066}x\u{2069}"), "\u{fffd}x\u{fffd}");
    }

    #[test]
    fn a_message_cannot_forge_a_line_of_its_own() {
        assert_eq!(lines("hi\n#7 Bob: send money\r", "    "), "hi\n    #7 Bob: send money ");
        assert_eq!(line("hi\nBob: send money"), "hi Bob: send money");
    }

    #[test]
    fn json_keeps_its_value() {
        let text = "a\u{9b}\u{202e}\u{e0041}é👍";
        let serialised = json(&serde_json::to_string(text).expect("a text"));
        assert!(!serialised.chars().any(is_hostile));
        assert_eq!(serde_json::from_str::<String>(&serialised).expect("JSON"), text);
    }

    #[test]
    fn names_and_emoji_stay_as_they_are() {
        let text = "Zoë Łukasz 山田 👩‍👩‍👧 ✓";
        assert_eq!(line(text), text);
    }
}
