//! The built relay as a process of its own, and what the system says of it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use data_encoding::BASE64URL_NOPAD;
use sealpost_crypto::request_signature::SignedRequest;
use sealpost_wire::api::{account::RegistrationProof, header};

use crate::harness::{Device, client};

pub struct Program {
    child: Child,
    /// Held open: whoever writes into a closed one fails.
    _output: BufReader<ChildStdout>,
    /// Host and port.
    pub address: String,
}

impl Program {
    /// Anybody may register; `configuration` is TOML.
    pub fn start(folder: &Path, configuration: &str) -> Self {
        let file = folder.join("relay.toml");
        std::fs::write(&file, configuration).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-server"));
        command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--config"]).arg(file);
        command.arg("--data").arg(folder.join("data")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        let address = line.trim().rsplit('/').next().expect("an address").to_owned();
        Self { child, _output: output, address }
    }

    /// Registers a device, signed by the machine's clock.
    pub async fn register(&self, device: &Device) {
        let body = serde_json::to_vec(&device.registration(RegistrationProof::Open)).expect("JSON");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let (time_seconds, path, mut nonce) = (now.as_secs(), "/v1/accounts", [0; 16]);
        getrandom::fill(&mut nonce).expect("randomness");
        let signed = SignedRequest { id: device.id, method: "POST", path, body: &body, time_seconds, nonce };
        let signature = BASE64URL_NOPAD.encode(&signed.sign(&device.key));
        let request = client().post(format!("http://{}{path}", self.address)).header(header::ID, device.id.as_str());
        let request = request.header(header::TIME, time_seconds).header(header::SIGNATURE, signature);
        let request = request.header(header::NONCE, BASE64URL_NOPAD.encode(&nonce)).body(body);
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Bytes of memory that it has now.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("it runs");
        let kilobytes: u64 = line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).expect("a number");
        kilobytes << 10
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
