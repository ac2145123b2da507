//! The program as a script sees it, without a relay: exit codes, JSON, languages; and the whole demo.

use std::{io::Write, process::Stdio};

use serde_json::Value;

use crate::program::{command, create, record, sealpost, text};

#[test]
fn the_demo_delivers_everything_and_finds_nothing_readable() {
    let folder = tempfile::tempdir().expect("a folder");
    let play = &|language: &str, hits: &str| {
        let output = sealpost(folder.path(), &["demo", "--lang", language]);
        let told = text(&output);
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(told.lines().any(|line| line == hits), "{told}");
    };
    std::thread::scope(|scope| {
        for (language, hits) in
            [("en", "   0 hits"), ("de", "   0 Treffer (0 hits)"), ("fr", "   0 occurrence (0 hits)")]
        {
            scope.spawn(move || play(language, hits));
        }
    });
}

#[test]
fn without_an_account_every_command_ends_with_the_folder_code() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in [&["id"][..], &["card"], &["contacts"], &["inbox"], &["send", "ABCD2345", "hello"]] {
        assert_eq!(sealpost(folder.path(), command).status.code(), Some(5), "{command:?}");
    }
}

#[test]
fn wrong_arguments_end_with_the_usage_code_in_the_users_language() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = sealpost(folder.path(), &["sned", "--lang", "de"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("„sned“ gibt es hier nicht."), "{}", text(&output));
}

#[test]
fn errors_are_one_json_object_with_code_and_message() {
    let folder = tempfile::tempdir().expect("a folder");
    for (arguments, code) in [(&["id", "--json"][..], "no_account"), (&["--json", "nothing"], "usage")] {
        let output = sealpost(folder.path(), arguments);
        let record: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        assert_eq!(record["error"]["code"], code);
        assert!(record["error"]["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert!(output.stderr.is_empty());
    }
}

#[test]
fn an_account_survives_a_relay_that_is_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    create(folder.path());
    let register = ["register", "--relay", "http://127.0.0.1:9", "--open"];
    let output = sealpost(folder.path(), &register);
    assert_eq!(output.status.code(), Some(6), "{}", text(&output));
    let profile = record(&sealpost(folder.path(), &["id", "--json"]));
    assert_eq!((profile["name"].as_str(), profile["state"].as_str()), (Some("Zoë"), Some("new")));
}

#[test]
fn a_second_account_in_the_same_place_is_refused_and_the_first_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = create(folder.path());
    let second = sealpost(folder.path(), &["init", "--name", "Other", "--vault", "passphrase", "--json"]);
    assert_eq!(second.status.code(), Some(5));
    assert_eq!(record(&second)["error"]["code"], "account_exists");
    assert_eq!(record(&sealpost(folder.path(), &["id", "--json"]))["id"], first["id"]);
}

#[test]
fn a_short_passphrase_makes_no_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = command(folder.path(), &["init", "--name", "Zoë", "--vault", "passphrase"]);
    let output = command.env("SEALPOST_PASSPHRASE", "short").output().expect("it runs");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(sealpost(folder.path(), &["id"]).status.code(), Some(5));
}

#[test]
fn a_wrong_passphrase_is_its_own_error() {
    let folder = tempfile::tempdir().expect("a folder");
    create(folder.path());
    let mut command = command(folder.path(), &["id", "--json"]);
    let output = command.env("SEALPOST_PASSPHRASE", "another one").output().expect("it runs");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(record(&output)["error"]["code"], "wrong_passphrase");
}

#[test]
fn the_name_is_asked_for_where_it_is_not_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path(), &["init", "--vault", "passphrase", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("its input").write_all("Zoë\n".as_bytes()).expect("it listens");
    assert_eq!(record(&child.wait_with_output().expect("it ends"))["name"], "Zoë");
}

#[test]
fn a_hostile_name_reaches_no_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let created = sealpost(folder.path(), &["init", "--name", "Eve\u{1b}[2J\u{202e}", "--vault", "passphrase"]);
    for output in [created, sealpost(folder.path(), &["id"]), sealpost(folder.path(), &["id", "--json"])] {
        let told = text(&output);
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told:?}");
    }
}

#[test]
fn the_language_of_the_environment_is_spoken() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = command(folder.path(), &["--help"]);
    let output = command.env("LC_ALL", "fr_FR.UTF-8").output().expect("it runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).contains("des messages sous scellé"), "{}", text(&output));
}
