//! Texts as a search compares them: without case, accents and the forms of one letter.

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::types::Span;

/// What is compared of a text.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    text.chars().for_each(|character| fold_character(character, &mut folded));
    folded
}

/// Where these words (folded already) stand in the text; `None` if one of them does not.
pub(crate) fn find(text: &str, words: &[String]) -> Option<Vec<Span>> {
    let folded = fold(text);
    if !words.iter().all(|word| folded.contains(word.as_str())) {
        return None;
    }
    let origins = origins(text);
    let mut spans: Vec<Span> = Vec::new();
    for word in words {
        for (start, found) in folded.match_indices(word.as_str()) {
            let (first, last) = (origins[start], origins[start + found.len() - 1]);
            spans.push(Span { start: first.start, end: last.end });
        }
    }
    spans.sort_by_key(|span| (span.start, span.end));
    Some(spans.into_iter().fold(Vec::new(), joined))
}

/// Of each byte of the folded text, the character that it comes from.
fn origins(text: &str) -> Vec<Span> {
    let (mut origins, mut folded) = (Vec::with_capacity(text.len()), String::new());
    for (start, character) in text.char_indices() {
        folded.clear();
        fold_character(character, &mut folded);
        let span = Span { start: start as u32, end: (start + character.len_utf8()) as u32 };
        origins.extend(folded.bytes().map(|_| span));
    }
    origins
}

fn joined(mut spans: Vec<Span>, next: Span) -> Vec<Span> {
    match spans.last_mut() {
        Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
        _ => spans.push(next),
    }
    spans
}

fn fold_character(character: char, folded: &mut String) {
    if character.is_ascii() {
        return folded.push(character.to_ascii_lowercase());
    }
    for lower in character.to_lowercase() {
        if let Some(letters) = as_letters(lower) {
            folded.push_str(letters);
            continue;
        }
        let parts = DecomposingNormalizerBorrowed::new_nfkd().normalize_iter(std::iter::once(lower));
        let letters = parts.filter(|part| !is_accent(*part));
        folded.extend(letters.flat_map(char::to_lowercase));
    }
}

/// Letters that no decomposition takes apart, as people type them without their key.
fn as_letters(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ı' => "i",
        '’' | '‘' => "'",
        _ => return None,
    })
}

/// Marks of the scripts in which they may be left out; in others they tell letters apart.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, words: &[&str]) -> Option<Vec<String>> {
        let words: Vec<_> = words.iter().map(|word| fold(word)).collect();
        let spans = find(text, &words)?;
        Some(spans.iter().map(|span| text[span.start as usize..span.end as usize].to_owned()).collect())
    }

    #[test]
    fn case_and_accents_make_no_difference() {
        for (text, word, hit) in [
            ("Das CAFÉ ist zu", "café", "CAFÉ"),
            ("cafe\u{301} noir", "Cafe", "cafe\u{301}"),
            ("Straße 9", "STRASSE", "Straße"),
            ("Zoë kommt", "zoe", "Zoë"),
            ("l’œuvre", "L'OEUVRE", "l’œuvre"),
            ("İstanbul", "istanbul", "İstanbul"),
            ("Łódź", "lodz", "Łódź"),
            ("ﬁnal", "fin", "ﬁn"),
            ("山田さん", "山田", "山田"),
        ] {
            let spans = found(text, &[word]).unwrap_or_else(|| panic!("{word} in {text}"));
            // A mark that stands behind its letter belongs to no hit of its own.
            assert_eq!(spans[0].trim_end_matches('\u{301}'), hit.trim_end_matches('\u{301}'), "{word} in {text}");
        }
    }

    #[test]
    fn every_word_has_to_be_there_and_hits_that_touch_are_one() {
        assert_eq!(found("see you at nine", &["nine", "see"]), Some(vec!["see".into(), "nine".into()]));
        assert_eq!(found("see you at nine", &["see", "ten"]), None);
        assert_eq!(found("banana", &["ban", "ana"]), Some(vec!["bana".into()]));
    }

    #[test]
    fn a_span_never_splits_a_character() {
        let text = "ß👩‍👩‍👧é½ﬃ";
        for word in ["s", "e", "1", "f", "👩"] {
            let spans = find(text, &[fold(word)]).unwrap_or_else(|| panic!("{word}"));
            assert!(spans.iter().all(|span| text.get(span.start as usize..span.end as usize).is_some()), "{word}");
        }
    }
}
