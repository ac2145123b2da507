//! The house's own rules as tests: who may use whom, sizes, headers, banned words, promises that have their test.
//!
//! Each test reports everything that it finds, with file and line.

mod imports;
mod promises;
mod shape;
mod tree;
mod wording;

use tree::Tree;

#[test]
fn crates_depend_on_those_below_them_only() {
    refuse(imports::crate_dependencies(&Tree::read()));
}

#[test]
fn libraries_are_named_in_their_own_rooms_only() {
    refuse(imports::library_rooms(&Tree::read()));
}

#[test]
fn the_core_has_no_clock_file_socket_or_thread() {
    refuse(imports::purity(&Tree::read()));
}

#[test]
fn files_functions_and_lines_are_short() {
    refuse(shape::sizes(&Tree::read()));
}

#[test]
fn every_file_says_what_it_is_for() {
    refuse(shape::headers(&Tree::read()));
}

#[test]
fn every_file_is_part_of_a_crate() {
    refuse(shape::orphans(&Tree::read()));
}

#[test]
fn modules_are_named_after_what_they_hold() {
    refuse(wording::module_names(&Tree::read()));
}

#[test]
fn code_has_no_banned_words() {
    refuse(wording::banned(&Tree::read()));
}

#[test]
fn production_code_does_not_unwrap() {
    refuse(wording::unwraps(&Tree::read()));
}

#[test]
fn no_text_names_somebodys_home_folder() {
    refuse(wording::home_folders(&Tree::read()));
}

#[test]
fn every_promise_has_its_test() {
    refuse(promises::missing_tests(&Tree::read()));
}

/// Fails with all findings at once.
fn refuse(findings: Vec<String>) {
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}
