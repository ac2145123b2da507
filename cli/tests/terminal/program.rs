//! The built program, started with a home folder of its own.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

pub const PASSPHRASE: &str = "correct horse";

/// The record of a new account.
pub fn create(home: &Path) -> Value {
    let output = sealpost(home, &["init", "--name", "Zoë", "--vault", "passphrase", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    record(&output)
}

pub fn sealpost(home: &Path, arguments: &[&str]) -> Output {
    command(home, arguments).output().expect("it runs")
}

pub fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost"));
    command.args(arguments).stdin(Stdio::null()).env("SEALPOST_HOME", home).env("SEALPOST_PASSPHRASE", PASSPHRASE);
    for variable in ["LC_ALL", "LC_MESSAGES", "LANG", "DBUS_SESSION_BUS_ADDRESS"] {
        command.env_remove(variable);
    }
    command
}

pub fn record(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("one JSON object: {}", text(output)))
}

pub fn text(output: &Output) -> String {
    [String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr)].concat()
}
