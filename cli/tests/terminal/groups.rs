//! Three people and a group, each in a terminal of their own.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    program::{record, text},
    walk::{Walk, error_code, of_type},
};

#[test]
fn three_people_talk_in_a_group_as_the_readme_says() {
    let walk = Walk::begin();
    walk.meet_all();
    let created = walk.run("ada", &["groups", "create", "Choir", "Bob", "Cyd"]);
    assert_eq!(created.status.code(), Some(0), "{}", text(&created));
    assert_eq!(codes(&of_type(&created, "message")), ["created"]);
    let members = of_type(&created, "member");
    let names: BTreeSet<_> = members.iter().map(|member| member["name"].as_str().unwrap_or_default()).collect();
    assert_eq!(names, BTreeSet::from(["Ada", "Bob", "Cyd"]));
    assert_eq!(members.iter().filter(|member| member["admin"] == true).count(), 1);
    for account in ["bob", "cyd"] {
        walk.done(account, &["inbox"]);
        assert_eq!(walk.group(account, "choir")["group"]["standing"], "member");
    }
    walk.done("bob", &["send", "Choir", "Hello", "everybody"]);
    walk.done("cyd", &["inbox"]);
    let chatted = walk.chat("cyd", "Choir", &["/members", "/remove Bob", "Hello from Cyd", "/quit"]);
    assert_eq!(of_type(&chatted, "member").len(), 3, "{}", text(&chatted));
    assert!(text(&chatted).contains("\"not_admin\""), "{}", text(&chatted));
    let rows = of_type(&walk.run("ada", &["inbox", "Choir"]), "message");
    assert_eq!(texts(&rows), ["Hello everybody", "Hello from Cyd"]);
    let told = text(&walk.tells("ada", &["inbox", "Choir"]));
    assert!(told.contains("Bob: Hello everybody") && told.contains("You created the group."), "{told}");
}

#[test]
fn whoever_is_removed_reads_nothing_more_and_is_told_so() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["groups", "create", "Choir", "Bob", "Cyd"]);
    ["bob", "cyd"].iter().for_each(|account| walk.done(account, &["inbox"]));
    walk.done("ada", &["send", "Choir", "before"]);
    let removed = walk.run("ada", &["groups", "remove", "Choir", "Cyd"]);
    assert_eq!(removed.status.code(), Some(0), "{}", text(&removed));
    let rows = of_type(&removed, "message");
    assert_eq!(codes(&rows), ["removed"]);
    assert_eq!(rows[0]["member"], walk.id("cyd"));
    walk.done("ada", &["send", "Choir", "after"]);
    let rows = of_type(&walk.run("cyd", &["inbox", "Choir"]), "message");
    assert_eq!(texts(&rows), ["before"]);
    assert_eq!(codes(&rows), ["joined", "removed"]);
    assert_eq!(walk.group("cyd", "Choir")["group"]["standing"], "removed");
    assert_eq!(error_code(&walk.run("cyd", &["send", "Choir", "still here?"])), "not_a_member");
    let told = text(&walk.tells("cyd", &["inbox", "Choir", "--lang", "de"]));
    assert!(told.contains("Ada hat dich entfernt."), "{told}");
    let rows = of_type(&walk.run("bob", &["inbox", "Choir"]), "message");
    assert_eq!(texts(&rows), ["before", "after"]);
}

#[test]
fn a_group_is_renamed_led_and_left_by_its_members() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["groups", "create", "Choir", "Bob"]);
    walk.done("bob", &["inbox"]);
    assert_eq!(error_code(&walk.run("bob", &["groups", "rename", "Choir", "Band"])), "not_admin");
    walk.done("ada", &["groups", "policy", "Choir", "--members-rename", "on"]);
    walk.done("bob", &["inbox"]);
    assert_eq!(walk.group("bob", "Choir")["group"]["members_rename"], json!(true));
    walk.done("bob", &["groups", "rename", "Choir", "Band"]);
    walk.done("ada", &["inbox"]);
    assert_eq!(error_code(&walk.run("ada", &["groups", "admin", "Band", "Ada", "--revoke"])), "last_admin");
    walk.done("ada", &["groups", "admin", "Band", "Bob"]);
    walk.done("bob", &["inbox"]);
    assert_eq!(walk.group("bob", "Band")["group"]["admin"], json!(true));
    walk.done("ada", &["groups", "add", "Band", "Cyd"]);
    walk.done("ada", &["groups", "leave", "Band"]);
    assert_eq!(walk.group("ada", "Band")["group"]["standing"], "left");
    walk.done("bob", &["inbox"]);
    walk.done("bob", &["inbox"]);
    let members = of_type(&walk.run("bob", &["groups", "show", "Band"]), "member");
    let ids: BTreeSet<_> = members.iter().map(|member| member["id"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(ids, BTreeSet::from([walk.id("bob"), walk.id("cyd")]));
}

#[test]
fn who_deletes_the_account_takes_leave_of_groups_and_keeps_what_is_stored() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["groups", "create", "Choir", "Bob", "Cyd"]);
    walk.done("bob", &["inbox"]);
    walk.done("ada", &["send", "Choir", "to be kept"]);
    walk.done("bob", &["inbox"]);
    assert_eq!(error_code(&walk.run("bob", &["id", "delete"])), "not_confirmed");
    walk.done("bob", &["send", "Ada", "nothing was deleted"]);
    let told = walk.tells("bob", &["id", "delete", "--yes"]);
    assert!(told.status.success() && text(&told).contains("sealpost export"), "{}", text(&told));
    assert_eq!(record(&walk.run("bob", &["id"]))["state"], "retired");
    walk.done("bob", &["id", "delete", "--yes"]);
    assert_eq!(texts(&of_type(&walk.run("bob", &["inbox", "Choir"]), "message")), ["to be kept"]);
    walk.done("ada", &["inbox"]);
    let members = of_type(&walk.run("ada", &["groups", "show", "Choir"]), "member");
    assert!(members.iter().all(|member| member["id"] != walk.id("bob").as_str()), "{members:?}");
    assert_eq!(error_code(&walk.run("ada", &["send", "Bob", "still there?", "--wait", "10"])), "contact_retired");
}

#[test]
fn a_contact_and_a_group_of_one_name_are_told_apart_by_their_ids() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["groups", "create", "bob", "Bob", "Cyd"]);
    let refused = walk.run("ada", &["send", "Bob", "for whom?"]);
    assert_eq!(error_code(&refused), "contact_or_group");
    let group = walk.group("ada", "bob")["id"].as_str().expect("an ID").to_owned();
    assert!(text(&refused).contains(&group) && text(&refused).contains(&walk.id("bob")), "{}", text(&refused));
    ["bob", "cyd"].iter().for_each(|account| walk.done(account, &["inbox"]));
    walk.done("ada", &["send", &group[..8], "for all"]);
    walk.done("ada", &["send", &walk.id("bob"), "for Bob"]);
    assert_eq!(texts(&of_type(&walk.run("cyd", &["inbox", "bob"]), "message")), ["for all"]);
    assert_eq!(error_code(&walk.run("ada", &["groups", "show", "nothing"])), "unknown_group");
    assert_eq!(error_code(&walk.run("ada", &["groups", "show", "Cyd"])), "not_a_group");
    assert_eq!(error_code(&walk.run("ada", &["groups", "remove", &group, "Dan"])), "unknown_member");
}

#[test]
fn a_strangers_invitation_is_accepted_first_and_takes_nobodys_name() {
    let walk = Walk::begin();
    walk.meet_all();
    // Cyd has never heard of Bob, who names the group like Cyd's contact.
    walk.done("bob", &["contacts", "add", &walk.card("cyd"), "--name", "Cyd"]);
    walk.done("bob", &["groups", "create", "Ada", "Cyd"]);
    let conversations = of_type(&walk.run("cyd", &["inbox"]), "conversation");
    let invited = conversations.iter().find(|conversation| !conversation["group"].is_null()).expect("an invitation");
    assert_eq!((&invited["request"], &invited["group"]["standing"]), (&json!(true), &json!("invited")));
    assert_eq!(invited["group"]["invited_by"], walk.id("bob"));
    let sent = walk.run("cyd", &["send", "Ada", "this is for Ada alone"]);
    let to = of_type(&sent, "message").pop().expect("a message")["conversation"].clone();
    assert_ne!(to, invited["id"], "an invitation takes nobody's name");
    walk.done("cyd", &["groups", "accept", invited["id"].as_str().expect("an ID")]);
    assert_eq!(walk.group("cyd", "Ada")["group"]["standing"], "member");
    assert_eq!(error_code(&walk.run("cyd", &["send", "Ada", "and now?"])), "contact_or_group");
}

#[test]
fn a_change_without_a_relay_waits_and_comes_about_later() {
    let mut walk = Walk::begin();
    walk.meet_all();
    walk.stop_relay();
    let waiting = walk.run("ada", &["groups", "create", "Choir", "Bob"]);
    assert_eq!((waiting.status.code(), error_code(&waiting).as_str()), (Some(3), "change_waiting"));
    walk.start_relay();
    walk.done("ada", &["inbox"]);
    walk.done("bob", &["inbox"]);
    assert_eq!(walk.group("bob", "Choir")["group"]["standing"], "member");
}

fn codes(rows: &[Value]) -> Vec<String> {
    of_kind(rows, "system")
}

fn texts(rows: &[Value]) -> Vec<String> {
    of_kind(rows, "text")
}

fn of_kind(rows: &[Value], kind: &str) -> Vec<String> {
    let rows = rows.iter().filter(|row| row["kind"] == kind);
    rows.map(|row| row["text"].as_str().unwrap_or_default().to_owned()).collect()
}
