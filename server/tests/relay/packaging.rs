//! What is shipped beside the program: the unit that systemd runs it by, the package, and the operator's page.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::observing::{packaging, tool};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sealpost-server");
/// `systemd-analyze security` counts from 0, nothing left to harden, to 10.
const MOST_EXPOSED: f64 = 2.0;

#[test]
fn the_unit_is_one_that_systemd_takes_and_leaves_little_exposed() {
    let Some(analyze) = tool("systemd-analyze") else { return };
    let folder = tempfile::tempdir().expect("temporary");
    let unit = folder.path().join("sealpost-server.service");
    let text = read(&packaging("systemd/sealpost-server.service"));
    assert!(text.contains("/usr/bin/sealpost-server"), "what the test changes is there");
    fs::write(&unit, text.replace("/usr/bin/sealpost-server", PROGRAM)).expect("written");
    let verified = Command::new(analyze).args(["verify", "--man=no"]).arg(&unit).output().expect("it runs");
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(verified.status.success() && !said.contains("sealpost-server.service"), "{said}");

    let mut security = Command::new(analyze);
    let judged = security.args(["security", "--offline=true", "--no-pager"]).arg(&unit).output().expect("it runs");
    let judged = String::from_utf8_lossy(&judged.stdout).into_owned();
    let overall = judged.lines().find_map(|line| line.split("exposure level for sealpost-server.service: ").nth(1));
    let level: f64 = overall.and_then(|rest| rest.split(' ').next()?.parse().ok()).expect("a level");
    assert!(level > 0.0 && level <= MOST_EXPOSED, "{level}");
}

#[test]
fn the_unit_reloads_restarts_and_holds_as_many_files_as_connections() {
    let text = read(&packaging("systemd/sealpost-server.service"));
    for line in [
        "ExecReload=/bin/kill -HUP $MAINPID",
        "Type=notify",
        "StartLimitIntervalSec=0",
        "Restart=on-failure",
        "RestartPreventExitStatus=78",
        "User=sealpost",
        "StateDirectory=sealpost",
        "StateDirectoryMode=0700",
        "ProtectSystem=strict",
        "ConditionPathExists=/etc/sealpost/relay.toml",
    ] {
        assert!(text.lines().any(|it| it == line), "{line}");
    }
    let files = text.lines().find_map(|line| line.strip_prefix("LimitNOFILE=")).expect("a limit");
    let connections = sealpost_server::Config::default().limits.connections;
    assert!(files.parse::<usize>().expect("a number") > 2 * connections);
}

#[test]
fn everything_that_the_package_holds_is_there_and_its_scripts_are_shell() {
    let manifest: toml::Value = toml::from_str(&read(&root().join("server/Cargo.toml"))).expect("TOML");
    let package = &manifest["package"]["metadata"]["deb"];
    let assets = package["assets"].as_array().expect("assets");
    assert!(assets.len() > 3);
    for asset in assets {
        let source = asset[0].as_str().expect("a path");
        let is_built = source.starts_with("target/release/");
        assert!(is_built || root().join("server").join(source).exists(), "{source}");
    }
    let scripts = root().join("server").join(package["maintainer-scripts"].as_str().expect("a folder"));
    let mut checked = 0;
    for script in fs::read_dir(scripts).expect("readable") {
        let path = script.expect("readable").path();
        let status = Command::new("sh").arg("-n").arg(&path).status().expect("it runs");
        assert!(status.success(), "{}", path.display());
        checked += 1;
    }
    assert_eq!(checked, 3);
}

/// Each line of a code block that calls the program names a command and flags that there are.
#[test]
fn every_command_of_the_operators_page_is_one() {
    let page = read(&root().join("docs/OPERATIONS.md"));
    let mut inside = false;
    let mut checked = 0;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        }
        let Some((_, call)) = line.split_once("sealpost-server ").filter(|_| inside) else { continue };
        let call = call.split(['|', '#', '>', '&', ';']).next().unwrap_or_default();
        let words: Vec<&str> = call.split_whitespace().collect();
        let is_name = |word: &&&str| word.chars().all(|character| character.is_ascii_lowercase());
        let commands: Vec<&str> = words.iter().take_while(is_name).copied().collect();
        if commands.is_empty() {
            continue;
        }
        let help = Command::new(PROGRAM).args(&commands).arg("--help").output().expect("it runs");
        let text = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(help.status.success(), "{line}: {}", String::from_utf8_lossy(&help.stderr));
        for flag in words.iter().filter(|word| word.starts_with("--")) {
            assert!(text.contains(flag), "{line}: there is no {flag}");
        }
        checked += 1;
    }
    assert!(checked > 8, "the commands are found");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
