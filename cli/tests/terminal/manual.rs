//! Completions and manual pages, as shells and `man` read them.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
};

use crate::program::{sealpost, text};

/// Commands that every script has to know.
const COMMANDS: [&str; 6] = ["send", "watch", "search", "export", "groups", "completions"];

#[test]
fn completions_know_every_command_and_bash_takes_them() {
    let home = tempfile::tempdir().expect("a folder");
    for shell in ["bash", "zsh", "fish"] {
        let script = sealpost(home.path(), &["completions", shell, "--lang", "de"]);
        assert_eq!(script.status.code(), Some(0), "{}", text(&script));
        let script = String::from_utf8_lossy(&script.stdout).into_owned();
        assert!(COMMANDS.iter().all(|command| script.contains(command)), "{shell}");
        assert!(script.contains("passphrase-file") && script.contains("read-receipts"), "{shell}");
        // The shells that are not installed here are not asked.
        if let Ok(mut checked) = Command::new(shell).arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() {
            checked.stdin.take().expect("its input").write_all(script.as_bytes()).expect("it reads");
            let checked = checked.wait_with_output().expect("it ends");
            assert!(checked.status.success() && checked.stderr.is_empty(), "{shell}: {}", text(&checked));
        }
    }
    assert_eq!(sealpost(home.path(), &["completions", "csh"]).status.code(), Some(2));
}

#[test]
fn manual_pages_are_written_for_every_command_and_man_takes_them() {
    let home = tempfile::tempdir().expect("a folder");
    let folder = home.path().join("man1");
    let written = sealpost(home.path(), &["man", "--to", folder.to_str().expect("a text"), "--lang", "fr"]);
    assert_eq!(written.status.code(), Some(0), "{}", text(&written));
    for name in COMMANDS {
        let page = fs::read_to_string(folder.join(format!("sealpost-{name}.1"))).expect("a page");
        assert!(page.contains("NOM") && page.contains("SYNTAXE"), "{page}");
    }
    assert!(folder.join("sealpost-groups-add.1").exists());
    for page in fs::read_dir(&folder).expect("a folder") {
        let path = page.expect("a page").path();
        let path = path.to_str().expect("a text");
        if let Ok(checked) = Command::new("mandoc").args(["-T", "lint", "-W", "error", path]).output() {
            assert!(checked.status.success(), "{path}: {}", text(&checked));
        }
        if let Ok(checked) = Command::new("groff").args(["-man", "-Kutf8", "-Tutf8", "-ww", "-z", path]).output() {
            assert!(checked.stderr.is_empty(), "{path}: {}", text(&checked));
        }
    }
    let one = sealpost(home.path(), &["man", "groups", "add"]);
    assert!(text(&one).contains("groups\\-add") || text(&one).contains("GROUPS"), "{}", text(&one));
    assert_eq!(sealpost(home.path(), &["man", "nothing"]).status.code(), Some(2));
}
