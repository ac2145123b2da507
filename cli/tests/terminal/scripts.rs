//! Sending from scripts: a service account without a terminal, its passphrase from where scripts keep it, several
//! recipients, two runs at once.

use std::{
    fs,
    io::Write,
    os::unix::fs::PermissionsExt,
    process::{Output, Stdio},
};

use crate::{
    program::{PASSPHRASE, command, sealpost, text},
    walk::{Walk, error_code, of_type},
};

#[test]
fn a_service_account_sends_what_comes_through_a_pipe_to_a_group() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["groups", "create", "Operators", "Bob", "Cyd"]);
    ["bob", "cyd"].iter().for_each(|account| walk.done(account, &["inbox"]));
    let piped = pipe(&walk, &["send", "Operators", "-"], "disk of db1 is 91 % full\n");
    assert_eq!(piped.status.code(), Some(0), "{}", text(&piped));
    for account in ["bob", "cyd"] {
        walk.done(account, &["inbox"]);
        let messages = of_type(&walk.run(account, &["inbox", "Operators"]), "message");
        assert!(messages.iter().any(|message| message["text"] == "disk of db1 is 91 % full"), "{messages:?}");
    }
}

#[test]
fn two_runs_at_once_lose_nothing() {
    let walk = Walk::begin();
    walk.meet();
    let runs: Vec<_> = (0..4)
        .map(|number| {
            let content = format!("run {number}");
            let arguments = ["--account", "ada", "--json", "send", "Bob", &content, "--wait", "60"];
            command(walk.home(), &arguments).stdout(Stdio::piped()).spawn().expect("it starts")
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
    walk.done("bob", &["inbox"]);
    let messages = of_type(&walk.run("bob", &["inbox", &walk.id("ada")]), "message");
    let mut texts: Vec<_> = messages.iter().filter_map(|message| message["text"].as_str()).collect();
    texts.sort_unstable();
    assert_eq!(texts, ["run 0", "run 1", "run 2", "run 3"]);
}

#[test]
fn a_run_that_may_not_wait_says_that_the_account_is_in_use() {
    let walk = Walk::begin();
    walk.meet();
    let mut holder = command(walk.home(), &["--account", "ada", "--json", "watch"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut output = std::io::BufReader::new(holder.stdout.take().expect("its output"));
    std::io::BufRead::read_line(&mut output, &mut String::new()).expect("it has the account");
    let refused = walk.run("ada", &["send", "Bob", "hello", "--wait", "0"]);
    assert_eq!((refused.status.code(), error_code(&refused).as_str()), (Some(5), "in_use"));
    holder.kill().expect("it is ended");
    holder.wait().expect("it is gone");
}

#[test]
fn one_message_goes_to_several_and_to_nobody_if_one_is_unknown() {
    let walk = Walk::begin();
    walk.meet_all();
    walk.done("ada", &["send", "Bob", "for two", "--also", "Cyd", "--also", "bob"]);
    let refused = walk.run("ada", &["send", "Bob", "for nobody", "--also", "Dora"]);
    assert_eq!(error_code(&refused), "unknown_conversation_name");
    for account in ["bob", "cyd"] {
        walk.done(account, &["inbox"]);
        let messages = of_type(&walk.run(account, &["inbox", "Ada"]), "message");
        let texts: Vec<_> = messages.iter().filter_map(|message| message["text"].as_str()).collect();
        assert_eq!(texts, ["for two"], "{account}");
    }
}

#[test]
fn files_are_refused_and_said_to_come_later() {
    let walk = Walk::begin();
    walk.meet();
    let refused = walk.run("ada", &["send", "Bob", "--file", "/etc/hostname"]);
    assert_eq!((refused.status.code(), error_code(&refused).as_str()), (Some(2), "no_files_yet"));
}

#[test]
fn the_passphrase_comes_from_a_file_or_a_credential_of_the_service() {
    let home = tempfile::tempdir().expect("a folder");
    crate::program::create(home.path());
    let credentials = home.path().join("credentials");
    fs::create_dir(&credentials).expect("a folder");
    let file = credentials.join("sealpost-passphrase");
    fs::write(&file, format!("{PASSPHRASE}\n")).expect("a file");
    let file = file.to_str().expect("a text");
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("its rights");

    let mut without = command(home.path(), &["id"]);
    let refused = without.env_remove("SEALPOST_PASSPHRASE").output().expect("it runs");
    assert_eq!(refused.status.code(), Some(5), "{}", text(&refused));
    let mut from_file = command(home.path(), &["id", "--passphrase-file", file]);
    let shown = from_file.env_remove("SEALPOST_PASSPHRASE").output().expect("it runs");
    assert_eq!((shown.status.code(), shown.stderr.as_slice()), (Some(0), &b""[..]), "{}", text(&shown));
    let mut from_service = command(home.path(), &["id"]);
    let from_service = from_service.env_remove("SEALPOST_PASSPHRASE").env("CREDENTIALS_DIRECTORY", &credentials);
    assert_eq!(from_service.output().expect("it runs").status.code(), Some(0));

    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).expect("its rights");
    let warned = sealpost(home.path(), &["id", "--passphrase-file", file]);
    assert_eq!(warned.status.code(), Some(0), "{}", text(&warned));
    assert!(text(&warned).contains("chmod 600"), "{}", text(&warned));
    let missing = sealpost(home.path(), &["id", "--passphrase-file", "/nowhere", "--json"]);
    assert_eq!((missing.status.code(), error_code(&missing).as_str()), (Some(5), "passphrase_file"));
}

fn pipe(walk: &Walk, arguments: &[&str], content: &str) -> Output {
    let mut run = command(walk.home(), &[&["--account", "ada", "--json"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    run.stdin.take().expect("its input").write_all(content.as_bytes()).expect("it listens");
    run.wait_with_output().expect("it ends")
}
