//! Finding, exporting and asking: `search`, `export`, `privacy`.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;

use crate::{
    program::text,
    walk::{Walk, error_code, of_type},
};

#[test]
fn words_are_found_in_all_conversations_whatever_their_case_and_accents() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["send", "Bob", "Treffen wir uns im CAFÉ an der Straße?"]);
    walk.done("ada", &["send", "Cyd", "The cafe is closed"]);
    walk.done("ada", &["send", "Cyd", "another place then"]);
    walk.done("ada", &["groups", "create", "Café club", "Bob", "Cyd"]);
    let hits = of_type(&walk.run("ada", &["search", "café"]), "hit");
    assert_eq!(texts(&hits), ["The cafe is closed", "Treffen wir uns im CAFÉ an der Straße?"], "newest first");
    assert_eq!(
        hits[1]["hits"][0][1].as_u64().zip(hits[1]["hits"][0][0].as_u64()).map(|(end, start)| end - start),
        Some(5)
    );
    assert_eq!(texts(&of_type(&walk.run("ada", &["search", "strasse", "TREFFEN"]), "hit")).len(), 1);
    assert_eq!(texts(&of_type(&walk.run("ada", &["search", "cafe", "--in", "Cyd"]), "hit")).len(), 1);
    assert_eq!(of_type(&walk.run("ada", &["search", "cafe", "--limit", "1"]), "hit").len(), 1);
    assert_eq!(of_type(&walk.run("ada", &["search", "cafe", "--from", "Cyd"]), "hit").len(), 0);
    assert_eq!(of_type(&walk.run("ada", &["search", "cafe", "--from", "me"]), "hit").len(), 2);
    let told = walk.tells("ada", &["search", "cafe"]);
    assert!(text(&told).contains("The »cafe« is closed"), "{}", text(&told));
    assert_eq!(error_code(&walk.run("ada", &["search", " "])), "no_words");
}

#[test]
fn an_export_holds_everything_but_keys_and_is_for_its_owner_alone() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["groups", "create", "Choir", "Bob", "Cyd"]);
    for number in 0..3 {
        walk.done("ada", &["send", "Bob", &format!("number {number}")]);
    }
    let file = walk.home().join("export.jsonl");
    let path = file.to_str().expect("a text");
    walk.done("ada", &["export", "--to", path]);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    let written = fs::read_to_string(&file).expect("a text");
    let records: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).expect("a record")).collect();
    assert_eq!((&records[0]["type"], &records[0]["version"]), (&"export".into(), &1.into()));
    let texts: Vec<_> =
        records.iter().filter(|record| record["kind"] == "text").map(|record| &record["text"]).collect();
    assert_eq!(texts, ["number 0", "number 1", "number 2"]);
    let count = |kind: &str| records.iter().filter(|record| record["type"] == kind).count();
    assert_eq!((count("contact"), count("conversation"), count("member")), (2, 2, 3));
    assert!(!written.contains("secret") && !written.contains("token"), "an export holds no key");

    let refused = walk.run("ada", &["export", "--to", path]);
    assert_eq!(error_code(&refused), "export_exists");
    let replaced = walk.tells("ada", &["export", "Bob", "--to", path, "--text", "--force"]);
    assert!(text(&replaced).contains("not encrypted"), "{}", text(&replaced));
    let written = fs::read_to_string(&file).expect("a text");
    assert!(written.contains("You: number 2") && !written.contains("Choir"), "{written}");
    let left: Vec<_> =
        fs::read_dir(walk.home()).expect("a folder").map(|entry| entry.expect("an entry").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".tmp")), "{left:?}");
    let nowhere = walk.run("ada", &["export", "--to", "/nowhere/export"]);
    assert_eq!(error_code(&nowhere), "export_unwritable");
}

#[test]
fn the_relay_says_what_it_stores_who_runs_it_and_where() {
    let walk = Walk::begin();
    walk.meet();
    let shown = walk.run("ada", &["privacy"]);
    assert_eq!(of_type(&shown, "relay").len(), 1);
    let stored = of_type(&shown, "stored");
    let number = stored.iter().find(|item| item["place"] == "account.number_token").expect("the number's token");
    assert!(number["kept"].as_str().is_some_and(|kept| !kept.is_empty()), "{number}");
    let told = walk.tells("ada", &["privacy", "--lang", "de", "--reasons"]);
    let told = text(&told);
    assert!(told.contains("Betrieben von") && told.contains("account.number_token"), "{told}");
    assert!(told.lines().skip(5).all(|line| line.chars().count() <= 80), "{told}");
}

fn texts(hits: &[Value]) -> Vec<&str> {
    hits.iter().filter_map(|hit| hit["text"].as_str()).collect()
}
