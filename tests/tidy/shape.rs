//! Sizes and headers: what one person can take in at a time.

use std::collections::BTreeSet;

use crate::tree::{File, Tree};

const FILE_LINES: usize = 600;
const FUNCTION_LINES: usize = 70;
const COLUMNS: usize = 120;

/// Files, functions and lines that are too long.
pub fn sizes(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let lines: Vec<&str> = file.text.lines().collect();
        if lines.len() > FILE_LINES {
            findings.push(file.at(1, format!("{} lines, at most {FILE_LINES}", lines.len())));
        }
        for (index, line) in lines.iter().enumerate() {
            let columns = line.chars().count();
            // A row of a table of texts stays on one line.
            if columns > COLUMNS && !line.trim_start().starts_with('"') {
                findings.push(file.at(index + 1, format!("{columns} columns, at most {COLUMNS}")));
            }
            let length = function_lines(&lines[index..]);
            if length > FUNCTION_LINES {
                findings.push(file.at(index + 1, format!("a function of {length} lines, at most {FUNCTION_LINES}")));
            }
        }
    }
    findings
}

/// Rust files that do not begin by saying what they are for.
pub fn headers(tree: &Tree) -> Vec<String> {
    let lacks = |file: &&File| !file.text.starts_with("//! ");
    tree.rust().filter(lacks).map(|file| file.at(1, "no //! header")).collect()
}

/// Rust files that no `mod` names: they are never compiled.
pub fn orphans(tree: &Tree) -> Vec<String> {
    let declared: BTreeSet<&str> = tree.rust().flat_map(|file| file.text.lines()).filter_map(declared_module).collect();
    let is_root = |file: &File| {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        ["main.rs", "lib.rs", "mod.rs", "build.rs"].contains(&file.name())
            || [
                folder.ends_with("/tests"),
                folder.ends_with("/benches"),
                folder.ends_with("/bin"),
                folder.ends_with("/examples"),
            ]
            .contains(&true)
    };
    let is_orphan = |file: &&File| !is_root(file) && !declared.contains(file.name().trim_end_matches(".rs"));
    tree.rust().filter(is_orphan).map(|file| file.at(1, "no mod names this file")).collect()
}

/// The name in `mod name;`, `pub mod name;` or `#[path = "…/name.rs"]`.
fn declared_module(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(path) = line.strip_prefix("#[path = \"") {
        return path.trim_end_matches("\"]").trim_end_matches(".rs").rsplit('/').next();
    }
    let declaration = line.strip_suffix(';')?;
    let words: Vec<&str> = declaration.split_whitespace().collect();
    let place = words.iter().position(|word| *word == "mod")?;
    words.get(place + 1).copied()
}

/// The length of the function that starts on the first of these lines; 0 where none does. The code is formatted, so
/// that a function ends with the first brace that stands as far in as it began.
fn function_lines(lines: &[&str]) -> usize {
    let Some(first) = lines.first() else {
        return 0;
    };
    let starts = [
        "fn ",
        "pub fn ",
        "pub(crate) fn ",
        "pub(super) fn ",
        "async fn ",
        "pub async fn ",
        "const fn ",
        "pub const fn ",
    ];
    let trimmed = first.trim_start();
    if !starts.iter().any(|start| trimmed.starts_with(start)) {
        return 0;
    }
    let indent = &first[..first.len() - trimmed.len()];
    let (end, declared) = (format!("{indent}}}"), format!("{indent})"));
    for (index, line) in lines.iter().enumerate() {
        let is_declared_only = line.ends_with(';') && (index == 0 || line.starts_with(&declared));
        let is_without_body = is_declared_only || (index == 0 && line.ends_with('}'));
        if is_without_body || *line == end {
            return index + 1;
        }
    }
    0
}

#[test]
fn a_function_ends_at_its_own_brace() {
    let text = ["    fn long() {", "        if x {", "        }", "    }", "}"];
    assert_eq!(function_lines(&text), 4);
    assert_eq!(function_lines(&["fn declared();"]), 1);
    assert_eq!(function_lines(&["fn declared(", "    x: u8,", ") -> u8;", "}"]), 3);
    assert_eq!(function_lines(&["let x = 1;"]), 0);
}
