//! The keyring vault against a real GNOME Keyring: each test starts a session bus and a daemon of its own, with their
//! files in a temporary folder, and runs this binary again inside.

use std::{
    env,
    path::Path,
    process::{Command, Output},
};

use sealpost_client::{KeyVault, SecretServiceVault, VaultError};

const KEY: [u8; 32] = [0xA7; 32];
/// The daemon goes on in the background once it is unlocked; it ends with the bus.
const UNLOCK: &str = "printf 'a passphrase' | gnome-keyring-daemon --unlock --components=secrets >&2";
/// Set where this binary runs inside a session of its own.
const INSIDE: &str = "SEALPOST_TEST_INSIDE_SESSION";

#[test]
fn key_outlives_the_session_in_a_real_keyring() {
    let home = tempfile::tempdir().unwrap();
    in_session(home.path(), &format!("{UNLOCK}; $TEST child_stores_keys"));
    assert!(home.path().join("data/keyrings/login.keyring").exists(), "the daemon keeps its files here");
    in_session(home.path(), &format!("{UNLOCK}; $TEST child_finds_keys_and_removes_one"));
    in_session(home.path(), &format!("{UNLOCK}; $TEST child_finds_one_key_removed"));
}

#[test]
#[ignore = "the first child of key_outlives_the_session_in_a_real_keyring"]
fn child_stores_keys() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    assert!(SecretServiceVault::answers());
    let vault = SecretServiceVault::new();
    assert_eq!(vault.load("first"), Err(VaultError::NotFound));
    vault.store("first", &[1; 32]).unwrap();
    vault.store("first", &KEY).unwrap();
    vault.store("second", &[2; 32]).unwrap();
    assert_eq!(vault.load("first").as_deref(), Ok(&KEY), "the second store replaced the first");
}

#[test]
#[ignore = "the second child of key_outlives_the_session_in_a_real_keyring"]
fn child_finds_keys_and_removes_one() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    // As a shell with a runtime of its own calls it.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let vault = SecretServiceVault::new();
        assert_eq!(vault.load("first").as_deref(), Ok(&KEY));
        assert_eq!(vault.load("second").as_deref(), Ok(&[2; 32]));
        vault.remove("second").unwrap();
    });
}

#[test]
#[ignore = "the third child of key_outlives_the_session_in_a_real_keyring"]
fn child_finds_one_key_removed() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    let vault = SecretServiceVault::new();
    assert_eq!(vault.load("first").as_deref(), Ok(&KEY));
    assert_eq!(vault.load("second"), Err(VaultError::NotFound));
    assert_eq!(vault.remove("second"), Err(VaultError::NotFound));
    // What somebody else put in the place of our key.
    let entry = keyring::Entry::new("sealpost", "first").unwrap();
    entry.set_password("not a key").unwrap();
    assert_eq!(vault.load("first"), Err(VaultError::Damaged));
}

#[test]
fn locked_keyring_is_unavailable_and_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    in_session(home.path(), &format!("{UNLOCK}; $TEST child_stores_keys"));
    // The bus starts the daemon by itself here, and nobody is there to answer its prompt.
    in_session(home.path(), "$TEST child_meets_a_locked_keyring");
    in_session(home.path(), &format!("{UNLOCK}; $TEST child_finds_keys_and_removes_one"));
}

#[test]
#[ignore = "the child of locked_keyring_is_unavailable_and_loses_nothing"]
fn child_meets_a_locked_keyring() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    let vault = SecretServiceVault::new();
    for outcome in [vault.load("first").map(drop), vault.store("first", &[3; 32]), vault.store("third", &[3; 32])] {
        assert!(matches!(outcome, Err(VaultError::Unavailable(_))), "{outcome:?}");
    }
}

#[test]
fn computer_without_a_keyring_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let mut without_bus = Command::new(env::current_exe().unwrap());
    without_bus.args(["child_finds_no_keyring", "--exact", "--ignored", "--nocapture"]);
    succeed(home.path(), without_bus.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere"));
}

#[test]
#[ignore = "the child of computer_without_a_keyring_is_told_so"]
fn child_finds_no_keyring() {
    if env::var_os(INSIDE).is_none() {
        return;
    }
    assert!(!SecretServiceVault::answers());
    let outcome = SecretServiceVault::new().store("first", &KEY);
    assert!(matches!(outcome, Err(VaultError::Unavailable(_))), "{outcome:?}");
}

/// Runs a shell line on a session bus of its own.
fn in_session(home: &Path, line: &str) -> Output {
    for program in ["dbus-run-session", "gnome-keyring-daemon"] {
        let found = Command::new(program).arg("--version").output();
        assert!(found.is_ok(), "{program} is missing: `apt-get install dbus gnome-keyring` (`make test` does it)");
    }
    let test = format!("{} --ignored --nocapture --exact", env::current_exe().unwrap().display());
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-ec", &line.replace("$TEST", &test)]);
    succeed(home, &mut command)
}

fn succeed(home: &Path, command: &mut Command) -> Output {
    let run = home.join("run");
    std::fs::create_dir_all(&run).unwrap();
    std::fs::set_permissions(&run, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.env(INSIDE, "1").env("HOME", home).env("XDG_RUNTIME_DIR", run).env("XDG_DATA_HOME", home.join("data"));
    let output = command.output().unwrap();
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(output.status.success(), "{command:?}: {}\n{}\n{}", output.status, said[0], said[1]);
    output
}
