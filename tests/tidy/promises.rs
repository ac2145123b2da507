//! `docs/TESTING.md` names the test of each promise; here it is checked that those tests exist.

use std::collections::BTreeSet;

use crate::tree::Tree;

const PAGE: &str = "docs/TESTING.md";
/// Fewer would mean that the table was not understood.
const FEWEST_PROMISES: usize = 20;

/// Promises whose test is not in the code.
pub fn missing_tests(tree: &Tree) -> Vec<String> {
    let Some(page) = tree.file(PAGE) else {
        return vec![format!("{PAGE}:1: the page is missing")];
    };
    let known: BTreeSet<&str> = tree.rust().flat_map(|file| file.text.lines()).filter_map(function_name).collect();
    let mut findings = Vec::new();
    let mut promises = 0;
    for (number, line) in page.lines().filter(|(_, line)| line.starts_with("| ")) {
        let named = line.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        let is_name =
            |name: &&str| name.chars().all(|character| character.is_alphanumeric() || "_:".contains(character));
        for name in named.split('`').skip(1).step_by(2).filter(is_name) {
            promises += 1;
            let function = name.rsplit("::").next().unwrap_or(name);
            if !known.contains(function) {
                findings.push(page.at(number, format!("there is no test {name}")));
            }
        }
    }
    if promises < FEWEST_PROMISES {
        findings.push(page.at(1, format!("only {promises} tests are named")));
    }
    findings
}

fn function_name(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let rest = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "))?;
    rest.split(['(', '<']).next()
}
