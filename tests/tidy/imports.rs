//! Who may use whom: the table in `docs/ARCHITECTURE.md`, held against the manifests and the code.

use crate::tree::{File, Tree, code, has_word};

/// Each crate's folder, and the crates of the house that it may depend on.
const CRATES: [(&str, &[&str]); 8] = [
    ("core/wire", &[]),
    ("core/crypto", &["sealpost-wire"]),
    ("core/engine", &["sealpost-wire", "sealpost-crypto"]),
    ("core/store", &["sealpost-wire", "sealpost-engine"]),
    ("core/client", &["sealpost-wire", "sealpost-crypto", "sealpost-engine", "sealpost-store"]),
    ("server", &["sealpost-wire", "sealpost-crypto"]),
    ("cli", &["sealpost-client", "sealpost-server"]),
    ("tests", &[]),
];

/// A library, and the only paths that may name it (tests aside).
const ROOMS: [(&str, &[&str]); 15] = [
    ("openmls", &["core/engine/src/mls"]),
    ("openmls_traits", &["core/engine/src/mls"]),
    ("openmls_rust_crypto", &["core/engine/src/mls"]),
    ("hpke_rs", &["core/crypto/src"]),
    ("voprf", &["core/crypto/src"]),
    ("rusqlite", &["core/store/src", "server/src/store/sqlite", "cli/src/demo/search.rs"]),
    ("reqwest", &["core/client/src/native", "server/src/sms"]),
    ("tokio_tungstenite", &["core/client/src/native"]),
    ("keyring", &["core/client/src/native"]),
    ("tokio", &["core/client/src", "server/src", "cli/src/commands/serve.rs"]),
    ("axum", &["server/src/http", "server/src/listener.rs", "server/src/lib.rs"]),
    ("object_store", &["server/src/blob.rs"]),
    ("rustyline", &["cli/src/commands/chat.rs", "cli/src/chat"]),
    ("ratatui", &["cli/src/screen"]),
    ("signal_hook", &["cli/src/screen/tty.rs", "cli/src/commands/watch.rs"]),
];

/// Crates in which time and randomness are arguments, and what they therefore never name.
const PURE: [&str; 3] = ["core/wire/src", "core/crypto/src", "core/engine/src"];
const IMPURE: [&str; 14] = [
    "std::fs",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "std::thread",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant",
    "tokio",
    "async_trait",
    "async fn",
    "getrandom",
    "tracing",
];

/// The manifests against the table; development dependencies are free.
pub fn crate_dependencies(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for (folder, allowed) in CRATES {
        let path = format!("{folder}/Cargo.toml");
        let Some(manifest) = tree.file(&path) else {
            findings.push(format!("{path}:1: the manifest is missing"));
            continue;
        };
        for (line, name) in dependencies(manifest) {
            if name.starts_with("sealpost-") && !allowed.contains(&name) {
                findings.push(manifest.at(line, format!("{folder} may not use {name}")));
            }
            if name.starts_with("openmls") && folder != "core/engine" {
                findings.push(manifest.at(line, format!("{name} is for core/engine only")));
            }
        }
    }
    findings
}

/// Names of libraries outside of their rooms.
pub fn library_rooms(tree: &Tree) -> Vec<String> {
    let mut findings = Vec::new();
    for file in tree.rust() {
        for (number, line) in file.production() {
            for (library, rooms) in ROOMS {
                let is_named = code(line).contains(&format!("{library}::")) && has_word(code(line), library);
                if is_named && !rooms.iter().any(|room| file.path.starts_with(room)) {
                    findings.push(file.at(number, format!("{library} is for {} only", rooms.join(", "))));
                }
            }
            if file.path.starts_with("server/src/service")
                && ["SELECT ", "INSERT ", "StatusCode"].iter().any(|word| code(line).contains(word))
            {
                findings.push(file.at(number, "the service knows neither SQL nor HTTP"));
            }
        }
    }
    findings
}

/// Clocks, files, sockets and threads in the pure crates.
pub fn purity(tree: &Tree) -> Vec<String> {
    let is_pure = |file: &&File| PURE.iter().any(|folder| file.path.starts_with(folder));
    let mut findings = Vec::new();
    for file in tree.rust().filter(is_pure) {
        for (number, line) in file.production() {
            for word in IMPURE.iter().filter(|word| has_word(code(line), word)) {
                findings.push(file.at(number, format!("{word} in a pure crate")));
            }
        }
    }
    findings
}

/// The names under `[dependencies]` with their lines.
fn dependencies(manifest: &File) -> Vec<(usize, &str)> {
    let mut is_inside = false;
    let mut names = Vec::new();
    for (number, line) in manifest.lines() {
        if line.starts_with('[') {
            is_inside = line == "[dependencies]";
        } else if is_inside {
            let end = line.find(|character: char| !(character.is_alphanumeric() || "-_".contains(character)));
            names.push((number, &line[..end.unwrap_or(line.len())]));
        }
    }
    names.retain(|(_, name)| !name.is_empty());
    names
}
