//! Texts that stand nowhere else, and the search for them in every form in which they might leak.

use std::{fs, path::Path};

use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};

/// 16 random bytes, as text.
pub fn canary() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("a random source");
    HEXLOWER.encode(&bytes)
}

/// How often any form of these bytes stands in a haystack.
pub fn hits(haystack: &[u8], needle: &[u8]) -> usize {
    let haystack = as_text(haystack);
    forms(needle).iter().map(|form| haystack.matches(&as_text(form)).count()).sum()
}

/// The same in all files of a folder.
pub fn hits_in_files(folder: &Path, needle: &[u8]) -> usize {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let count = |path: std::path::PathBuf| match path.is_dir() {
        true => hits_in_files(&path, needle),
        false => hits(&fs::read(&path).expect("a file"), needle),
    };
    entries.map(count).sum()
}

/// The same search for many at once, fast enough for a process' memory.
pub struct Search {
    automaton: AhoCorasick,
    longest: usize,
}

impl Search {
    pub fn of<T: AsRef<[u8]>>(needles: &[T]) -> Self {
        let forms: Vec<Vec<u8>> = needles.iter().flat_map(|needle| forms(needle.as_ref())).collect();
        let longest = forms.iter().map(Vec::len).max().unwrap_or(0);
        Self { automaton: AhoCorasick::new(forms).expect("a few hundred short patterns"), longest }
    }

    /// Where any form of any of them begins.
    pub fn hits(&self, haystack: &[u8]) -> Vec<usize> {
        self.automaton.find_overlapping_iter(haystack).map(|found| found.start()).collect()
    }

    pub fn longest(&self) -> usize {
        self.longest
    }

    /// In all files of a folder.
    pub fn hits_in_files(&self, folder: &Path) -> usize {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
        let count = |path: std::path::PathBuf| match path.is_dir() {
            true => self.hits_in_files(&path),
            false => self.hits(&fs::read(&path).expect("a file")).len(),
        };
        entries.map(count).sum()
    }
}

/// As it is, in other cases, in UTF-16, in hexadecimal digits, and in base 64 at each of the three alignments.
fn forms(needle: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![
        needle.to_vec(),
        needle.iter().flat_map(|byte| [*byte, 0]).collect(),
        HEXLOWER.encode(needle).into_bytes(),
        HEXUPPER.encode(needle).into_bytes(),
    ];
    forms.extend([needle.to_ascii_uppercase()].into_iter().filter(|form| form != needle));
    for shift in 0..3 {
        // The characters at both ends depend on the neighbours.
        let shifted = [vec![0; shift], needle.to_vec()].concat();
        let whole = shifted.len() / 3 * 4;
        for encoding in [&BASE64, &BASE64URL] {
            let text = encoding.encode(&shifted);
            forms.push(text.as_bytes()[if shift == 0 { 0 } else { 4 }..whole].to_vec());
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

/// One character for each byte, so that the standard library searches.
fn as_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn a_canary_is_found_in_every_form() {
    let needle = b"sixteen bytes!!!";
    for form in forms(needle) {
        let haystack = [b"before ".to_vec(), form, b" behind".to_vec()].concat();
        assert!(hits(&haystack, needle) > 0);
        assert!(!Search::of(&[needle]).hits(&haystack).is_empty());
    }
    for before in ["", "1", "12", "123"] {
        let text = BASE64.encode(format!("{before}sixteen bytes!!!12").as_bytes());
        assert_eq!(hits(text.as_bytes(), needle), 1, "{before}");
    }
    assert_eq!(hits(b"fifteen bytes!!!", needle), 0);
}
