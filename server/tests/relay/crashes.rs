//! The relay as a process of its own, killed at named points: nothing that was answered is lost.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use data_encoding::BASE64URL_NOPAD;
use sealpost_crypto::request_signature::SignedRequest;
use sealpost_wire::{
    api::{account::RegistrationProof, header},
    frame::Body,
};

use crate::harness::{Device, Socket, client};

/// A relay in a process, on the machine's clock.
pub struct Process {
    child: Child,
    address: String,
}

impl Process {
    pub fn start(folder: &Path, stop_at: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-server"));
        command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--data"]).arg(folder);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        if let Some(point) = stop_at {
            command.env("SEALPOST_STOP_AT", point);
        }
        let mut child = command.spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit('/').next().expect("an address").to_owned();
        Self { child, address }
    }

    pub async fn connect(&self, device: &mut Device) -> Option<Socket> {
        let url = format!("ws://{}/v1/socket/device", self.address);
        let mut socket = Socket(tokio_tungstenite::connect_async(url).await.ok()?.0);
        let Some(Body::Hello(hello)) = socket.next().await else { return None };
        socket.send(Body::Authenticate(device.authenticate(&hello.nonce, None))).await;
        let Some(Body::Authenticated(authenticated)) = socket.next().await else { return None };
        device.secret = authenticated.next_secret;
        Some(socket)
    }

    /// `None`: the connection broke before an answer.
    pub async fn post(&self, path: &str, body: Vec<u8>, signer: Option<&Device>) -> Option<serde_json::Value> {
        let mut request = client().post(format!("http://{}{path}", self.address));
        if let Some(device) = signer {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
            let (time_seconds, mut nonce) = (now.as_secs(), [0; 16]);
            getrandom::fill(&mut nonce).expect("randomness");
            let signed = SignedRequest { id: device.id, method: "POST", path, body: &body, time_seconds, nonce };
            request = request
                .header(header::ID, device.id.as_str())
                .header(header::TIME, time_seconds)
                .header(header::NONCE, BASE64URL_NOPAD.encode(&nonce))
                .header(header::SIGNATURE, BASE64URL_NOPAD.encode(&signed.sign(&device.key)));
        }
        let answer = request.body(body).send().await.ok()?;
        assert!(answer.status().is_success());
        answer.json().await.ok()
    }

    pub async fn register(&self, device: &mut Device) {
        let body = serde_json::to_vec(&device.registration(RegistrationProof::Open)).expect("JSON");
        let registered = self.post("/v1/accounts", body, Some(device)).await.expect("registered");
        let secret = registered["session_secret"].as_str().expect("a secret");
        device.secret = BASE64URL_NOPAD.decode(secret.as_bytes()).expect("base64url");
    }

    pub async fn deliver(&self, device: &Device, number: u8) -> bool {
        let body = serde_json::to_vec(&device.delivery(number, &[number])).expect("JSON");
        self.post("/v1/deliveries", body, None).await.is_some()
    }

    pub async fn get(&self, path: &str) -> serde_json::Value {
        let answer = client().get(format!("http://{}{path}", self.address)).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().expect("it ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn killed_around_a_commit_the_relay_keeps_what_it_answered_and_takes_the_rest_again() {
    for (point, stored) in [("before_commit", false), ("after_commit_before_answer", true)] {
        let folder = tempfile::tempdir().expect("temporary");
        let mut device = Device::new(1);
        // The registration is the first commit, two deliveries follow, the fourth commit is the last.
        let relay = Process::start(folder.path(), Some(&format!("{point}:4")));
        relay.register(&mut device).await;
        assert!(relay.deliver(&device, 1).await && relay.deliver(&device, 2).await);
        assert!(!relay.deliver(&device, 3).await, "it was killed before its answer");
        assert!(!relay.wait().success());
        let relay = Process::start(folder.path(), None);
        let mut socket = relay.connect(&mut device).await.expect("a socket");
        let expected: &[u8] = if stored { &[1, 2, 3] } else { &[1, 2] };
        assert_eq!(numbers(&mut socket).await, expected, "{point}");
        assert!(relay.deliver(&device, 3).await, "the sender tries again");
        let mut socket = relay.connect(&mut device).await.expect("a socket");
        assert_eq!(numbers(&mut socket).await, [1, 2, 3], "{point}: once");
    }
}

#[tokio::test]
async fn killed_before_a_push_or_an_acknowledgements_commit_the_relay_delivers_again() {
    for point in ["after_answer_before_push", "after_ack_before_commit"] {
        let folder = tempfile::tempdir().expect("temporary");
        let mut device = Device::new(1);
        let relay = Process::start(folder.path(), Some(point));
        relay.register(&mut device).await;
        assert!(relay.deliver(&device, 1).await);
        if let Some(mut socket) = relay.connect(&mut device).await
            && point == "after_ack_before_commit"
        {
            assert_eq!(numbers(&mut socket).await, [1]);
            socket.send(Body::Acknowledge(1)).await;
        }
        assert!(!relay.wait().success());
        let relay = Process::start(folder.path(), None);
        let mut socket = relay.connect(&mut device).await.expect("the secret is one of the last two");
        assert_eq!(numbers(&mut socket).await, [1], "{point}");
    }
}

async fn numbers(socket: &mut Socket) -> Vec<u8> {
    socket.drain().await.iter().map(|envelope| envelope.payload[0]).collect()
}
