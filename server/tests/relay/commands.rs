//! The operator's commands, as a program: what they say, what they leave, how they end.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    crashes::Process,
    harness::{Device, TestRelay},
    observing::free_port,
};

/// A database of version 1.
pub const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/relay_v1.sqlite");

/// What a command said.
pub struct Said {
    pub code: i32,
    pub output: String,
    pub error: String,
}

/// Runs a command to its end; nobody is at its terminal.
pub fn run(arguments: &[&str]) -> Said {
    run_with(arguments, &[])
}

/// The same where the relay that the command asks lives in this process.
pub async fn run_aside(arguments: &[&str]) -> Said {
    let all: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let blocking = tokio::task::spawn_blocking(move || run(&all.iter().map(String::as_str).collect::<Vec<_>>()));
    blocking.await.expect("it ends")
}

pub fn run_with(arguments: &[&str], environment: &[(&str, &str)]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-server"));
    command.args(arguments).envs(environment.iter().copied()).stdin(Stdio::null());
    let output = command.output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    Said { code: output.status.code().unwrap_or(-1), output: text(output.stdout), error: text(output.stderr) }
}

#[test]
fn init_makes_a_commented_configuration_and_a_closed_folder_and_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("temporary");
    let (file, data) = (folder.path().join("etc/relay.toml"), folder.path().join("data"));
    let init = || run(&["init", "--config", text(&file), "--data", text(&data), "--operator", "Example Ltd"]);
    let said = init();
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(said.output.contains("next:") && said.output.contains("check --config"), "{}", said.output);
    assert_eq!(mode(&data), 0o700);
    for key in ["receipt.key", "oprf.key", "hash.key"] {
        assert_eq!(mode(&data.join(key)), 0o600);
    }
    let written = fs::read_to_string(&file).expect("written");
    assert!(written.contains("operator = \"Example Ltd\"") && written.contains("SEALPOST_SERVER_LIMITS__CONNECTIONS"));
    let again = init();
    assert_eq!(again.code, 1);
    assert!(again.error.contains("stands already"), "{}", again.error);
    assert_eq!(fs::read_to_string(&file).expect("there"), written);
    let said = run_with(&["config", "--config", text(&file)], &[("SEALPOST_SERVER_REGION", "Frankfurt")]);
    assert!(said.output.contains("region = \"Frankfurt\"  # SEALPOST_SERVER_REGION"), "{}", said.output);
    assert!(said.output.contains("limits.uploads = 8  # "), "{}", said.output);
}

#[tokio::test]
async fn init_beside_a_relays_data_writes_the_configuration_alone() {
    let folder = tempfile::tempdir().expect("temporary");
    let (file, data) = (folder.path().join("relay.toml"), folder.path().join("data"));
    let relay = Process::start(&data, None);
    relay.register(&mut Device::new(1)).await;
    drop(relay);
    let read = |name: &str| fs::read(data.join(name)).expect("there");
    let before = ["oprf.key", "hash.key", "receipt.key", "relay.sqlite"].map(read);
    let init = || run(&["init", "--config", text(&file), "--data", text(&data)]);
    fs::rename(data.join("hash.key"), data.join("away")).expect("renamed");
    let said = init();
    assert!(said.code == 78 && said.error.contains("restore it from its backup"), "{}", said.error);
    assert!(!file.exists() && !data.join("hash.key").exists(), "no new key beside old data");
    fs::rename(data.join("away"), data.join("hash.key")).expect("renamed");
    let said = init();
    assert!(said.code == 0 && said.output.contains("stay as they are"), "{}{}", said.output, said.error);
    assert!(before == ["oprf.key", "hash.key", "receipt.key", "relay.sqlite"].map(read));
    let counted = run(&["accounts", "count", "--config", text(&file)]);
    assert!(counted.output.starts_with("1 account, 0 of them suspended\n0 messages waiting"), "{}", counted.output);
}

/// What systemd waits for with `Type=notify`.
#[tokio::test]
async fn the_relay_says_that_it_is_ready_when_it_answers_and_that_it_stops_when_it_is_told_to() {
    let folder = tempfile::tempdir().expect("temporary");
    let manager = folder.path().join("notify");
    let heard = std::os::unix::net::UnixDatagram::bind(&manager).expect("bound");
    heard.set_read_timeout(Some(std::time::Duration::from_secs(30))).expect("set");
    let next = || {
        let mut bytes = [0; 256];
        let length = heard.recv(&mut bytes).expect("it is said in time");
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    let port = free_port();
    let observe = format!("127.0.0.1:{port}");
    let data = folder.path().join("data");
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-server"));
    command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--observe", &observe, "--data", text(&data)]);
    let mut relay = command.env("NOTIFY_SOCKET", &manager).stdout(Stdio::null()).spawn().expect("it starts");
    assert_eq!(next(), "READY=1");
    let status = run(&["status", "--observe", &observe]);
    assert!(status.code == 0 && status.output.starts_with("ready"), "asked at once: {}", status.error);
    let terminated = Command::new("kill").arg(relay.id().to_string()).status().expect("it runs");
    assert!(terminated.success());
    assert_eq!(next(), "STOPPING=1");
    assert!(relay.wait().expect("it ends").success());
}

#[test]
fn a_command_whose_reader_has_gone_ends_without_a_word() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-server"));
    let ended = command.arg("config").stdin(Stdio::null()).stdout(writer).output().expect("it starts");
    assert_eq!(ended.status.code(), Some(128 + 13));
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_folder_that_serve_makes_is_for_the_relay_alone() {
    let folder = tempfile::tempdir().expect("temporary");
    let data = folder.path().join("data");
    drop(Process::start(&data, None));
    assert_eq!(mode(&data), 0o700);
}

#[test]
fn a_command_names_file_line_and_remedy_of_a_wrong_configuration() {
    let folder = tempfile::tempdir().expect("temporary");
    let file = folder.path().join("relay.toml");
    fs::write(&file, "operator = \"Example\"\nlisten_on = \"127.0.0.1:0\"\n").expect("written");
    for command in ["serve", "check", "config", "status"] {
        let said = run(&[command, "--config", text(&file)]);
        let code = if command == "check" { 2 } else { 78 };
        assert_eq!(said.code, code, "{command}: systemd starts nothing again that is configured wrongly");
        let all = said.output + &said.error;
        assert!(all.contains("relay.toml:2") && all.contains("did you mean"), "{command}: {all}");
    }
    let public = run(&["serve", "--data", text(folder.path()), "--listen", "0.0.0.0:0"]);
    assert!(public.error.contains("trusted_proxies") && public.error.contains("--listen"), "{}", public.error);
    assert!(!folder.path().join("relay.sqlite").exists(), "nothing was made");
    let unknown = run_with(&["config"], &[("SEALPOST_SERVER_LISTENS", "127.0.0.1:1")]);
    assert!(unknown.error.contains("SEALPOST_SERVER_LISTEN?"), "{}", unknown.error);
}

#[tokio::test]
async fn check_says_what_is_well_and_what_is_not_with_its_exit_code() {
    let folder = tempfile::tempdir().expect("temporary");
    let data = folder.path().join("data");
    let config = folder.path().join("relay.toml");
    let made = run(&["init", "--config", text(&config), "--data", text(&data), "--listen", "127.0.0.1:0"]);
    assert_eq!(made.code, 0, "{}", made.error);
    // Whatever the disk of this machine has left.
    let check = || {
        let disk = [("SEALPOST_SERVER_DISK__UPLOADS_BYTES", "0"), ("SEALPOST_SERVER_DISK__DELIVERIES_BYTES", "0")];
        let said = run_with(&["check", "--json", "--config", text(&config)], &disk);
        (said.code, said.output)
    };
    let (code, output) = check();
    assert_eq!(code, 1, "there is no database yet: {output}");
    assert!(output.contains("there is none yet"));
    let relay = Process::start(&data, None);
    relay.register(&mut Device::new(1)).await;
    drop(relay);
    let (code, output) = check();
    assert_eq!(code, 0, "{output}");
    let findings: Vec<serde_json::Value> = serde_json::from_str(&output).expect("JSON");
    assert!(findings.iter().all(|finding| finding["state"] == "ok") && findings.len() >= 7, "{output}");
    let key = data.join("oprf.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("allowed");
    let (code, output) = check();
    assert!(code == 2 && output.contains("oprf.key can be read by others"), "{output}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("allowed");
    let database = rusqlite::Connection::open(data.join("relay.sqlite")).expect("there");
    database.pragma_update(None, "user_version", 999).expect("written");
    let (code, output) = check();
    assert!(code == 2 && output.contains("install the newer program"), "{output}");
    let refused = run(&["serve", "--config", text(&config)]);
    assert!(refused.code == 78 && refused.error.contains("version 999"), "{}", refused.error);
    drop(database);
    fs::write(data.join("relay.sqlite"), vec![7; 8_192]).expect("written");
    let (code, output) = check();
    assert!(code == 2 && output.contains("restore a backup"), "{output}");
}

#[test]
fn check_tells_a_certificate_that_is_good_from_one_that_ends_soon_or_is_over() {
    let folder = tempfile::tempdir().expect("temporary");
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let check = |days: i64| {
        let mut params = rcgen::CertificateParams::new(vec!["relay.example".to_owned()]).expect("a name");
        let now = std::time::SystemTime::now();
        params.not_before = (now - std::time::Duration::from_secs(90 * 86_400)).into();
        let seconds = std::time::Duration::from_secs(days.unsigned_abs() * 86_400 + 3_600);
        params.not_after = if days < 0 { (now - seconds).into() } else { (now + seconds).into() };
        let pair = rcgen::KeyPair::generate().expect("a key");
        fs::write(&chain, params.self_signed(&pair).expect("signed").pem()).expect("written");
        fs::write(&key, pair.serialize_pem()).expect("written");
        certificate_line(folder.path(), &chain, &key)
    };
    assert!(check(60).starts_with("ok     certificate: it is good for 60 days"));
    assert!(check(5).starts_with("warn   certificate: it ends in 5 days; renew it"));
    assert!(check(-5).starts_with("error  certificate: it ended"));
    fs::write(&key, rcgen::KeyPair::generate().expect("a key").serialize_pem()).expect("written");
    assert!(certificate_line(folder.path(), &chain, &key).contains("take the key that the certificate was made for"));
}

#[tokio::test]
async fn migrate_brings_an_older_database_up_and_says_from_where_to_where() {
    let folder = tempfile::tempdir().expect("temporary");
    let data = text(folder.path());
    assert!(run(&["migrate", "--data", data]).error.contains("is not there"));
    drop(Process::start(folder.path(), None));
    // The process was killed, and its log belongs to its database.
    for name in ["relay.sqlite-wal", "relay.sqlite-shm"] {
        fs::remove_file(folder.path().join(name)).expect("removed");
    }
    fs::copy(FIXTURE, folder.path().join("relay.sqlite")).expect("a copy");
    let beside = run(&["invite", "--address", "https://relay.example", "--data", data]);
    assert!(beside.code == 1 && beside.error.contains("restart the relay, or run `migrate`"), "{}", beside.error);
    let said = run(&["migrate", "--data", data]);
    let version = rusqlite::Connection::open(folder.path().join("relay.sqlite")).expect("there");
    let version: u32 = version.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    let words = format!("was version 1, and is version {version} now");
    assert!(version > 1 && said.output.contains(&words), "{}{}", said.output, said.error);
    assert!(run(&["migrate", "--data", data]).output.contains("nothing was changed"));
    assert_eq!(run(&["invite", "--address", "https://relay.example", "--data", data]).code, 0);
    let _relay = Process::start(folder.path(), None);
    let refused = run(&["migrate", "--data", data]);
    assert!(refused.code == 1 && refused.error.contains("stop the relay first"), "{}", refused.error);
}

#[tokio::test]
async fn status_says_how_the_running_relay_is_and_nothing_about_anybody() {
    let port = free_port();
    let relay = TestRelay::start_with(|config| config.observe = Some(([127, 0, 0, 1], port).into())).await;
    let device = relay.device(1).await;
    relay.deliver(&device.delivery(1, b"waits")).await.expect("accepted");
    let observe = format!("127.0.0.1:{port}");
    let ask = async |more: &[&str]| run_aside(&[&["status", "--observe", &observe], more].concat()).await;
    let said = ask(&["--json"]).await;
    assert_eq!(said.code, 0, "{}", said.error);
    let status: serde_json::Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((&status["accounts"], &status["waiting_messages"]), (&1.into(), &1.into()));
    assert_eq!((&status["incarnation"], &status["ready"]), (&1.into(), &true.into()));
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert!(status["waiting_bytes"].as_u64() > Some(5) && status["free_disk_bytes"].as_u64() > Some(0));
    let said = ask(&[]).await;
    assert!(
        said.output.starts_with("ready\n") && said.output.contains("\n1 account\n1 message waiting, "),
        "{}",
        said.output
    );
    assert!(!said.output.contains(device.id.as_str()));
    relay.stop().await;
    let said = ask(&[]).await;
    assert!(said.code == 1 && said.error.contains("is the relay running"), "{}", said.error);
}

pub fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

/// What check says of a certificate.
fn certificate_line(data: &Path, chain: &Path, key: &Path) -> String {
    let pair =
        [("SEALPOST_SERVER_TLS__CERTIFICATE_CHAIN", text(chain)), ("SEALPOST_SERVER_TLS__PRIVATE_KEY", text(key))];
    let said = run_with(&["check", "--data", text(data)], &pair);
    let line = said.output.lines().find(|line| line.contains("certificate:"));
    line.unwrap_or_else(|| panic!("no line in: {}", said.output)).to_owned()
}
