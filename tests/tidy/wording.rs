//! Words that have no place in the code, in names or in any text.

use crate::tree::{Tree, code, has_word};

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["common", "util", "utils", "helpers", "misc", "manager"];

/// Where C calls us: the disk that fails in tests.
const UNSAFE_ROOM: &str = "tests/disk/src/vfs.rs";

/// Modules with a name that fits anything.
pub fn module_names(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        let stems = file.path.trim_end_matches(".rs").split('/');
        for stem in stems.filter(|stem| EMPTY_NAMES.contains(stem)) {
            findings.push(file.at(1, format!("{stem} is no name: say what is inside")));
        }
    }
    findings
}

/// Things that were left for later, loosened lints, `unsafe`. (Put together here, so that this file is clean.)
pub fn banned(tree: &Tree) -> Vec<String> {
    let everywhere = [["TO", "DO"].concat(), ["FIX", "ME"].concat(), ["XX", "X"].concat()];
    let in_code = [
        ["todo", "!"].concat(),
        ["unimplemented", "!"].concat(),
        ["dbg", "!"].concat(),
        ["#[al", "low"].concat(),
        ["#![al", "low"].concat(),
    ];
    let keyword = ["un", "safe"].concat();
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| !file.path.ends_with(".json")) {
        for (number, line) in file.lines() {
            for word in everywhere.iter().filter(|word| has_word(line, word)) {
                findings.push(file.at(number, format!("{word}: do it, or leave it")));
            }
            if !file.path.ends_with(".rs") {
                continue;
            }
            for word in in_code.iter().filter(|word| code(line).contains(*word)) {
                findings.push(file.at(number, format!("{word} is not for this house")));
            }
            let is_room = file.path == UNSAFE_ROOM;
            let ends = [" {", " fn", " impl", " extern"];
            if !is_room && ends.iter().any(|end| code(line).contains(&format!("{keyword}{end}"))) {
                findings.push(file.at(number, format!("{keyword} code")));
            }
        }
    }
    findings
}

/// `unwrap` outside of tests.
pub fn unwraps(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, _) in file.production().filter(|(_, line)| code(line).contains(".unwrap()")) {
            findings.push(file.at(number, "unwrap in production code"));
        }
    }
    findings
}

/// Paths that exist on one person's machine only.
pub fn home_folders(tree: &Tree) -> Vec<String> {
    let homes = ["home", "root", "Users", "work"].map(|folder| format!("/{folder}/"));
    let mut findings = Vec::new();
    for file in &tree.files {
        for (number, line) in file.lines() {
            let starts = |home: &String| line.match_indices(home.as_str()).any(|(at, _)| is_path_start(&line[..at]));
            for home in homes.iter().filter(|home| starts(home)) {
                findings.push(file.at(number, format!("{home} is a folder of one machine")));
            }
        }
    }
    findings
}

/// An absolute path starts the line, or follows something that is no part of a longer path or address.
fn is_path_start(before: &str) -> bool {
    before.chars().next_back().is_none_or(|character| " \"'=(`:".contains(character)) && !before.ends_with("//")
}

#[test]
fn an_absolute_home_path_is_told_from_a_part_of_an_address() {
    assert!(is_path_start("cd "));
    assert!(is_path_start("path = \""));
    assert!(!is_path_start("https://relay.example"));
    assert!(!is_path_start("/v1"));
}
