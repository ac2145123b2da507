//! What the relay's disk and logs hold of people: searched for, after a planted control was found.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use sealpost_crypto::hash::sha256;
use sealpost_wire::{api::blob::BlobStored, frame::Body, id::BlobId};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    commands::{run, text},
    harness::{Device, TestRelay},
};

const NUMBER: &str = "+4917604069028";

#[tokio::test]
async fn neither_number_nor_secrets_are_on_the_disk_or_in_a_backup_in_clear_or_as_plain_hashes() {
    let relay = TestRelay::start().await;
    let token = sealpost_wire::id::DeliveryToken(*b"a token's canary");
    let mut device = Device { token, ..Device::new(1) };
    let code = relay.code(NUMBER).await.expect("sent");
    device
        .register(
            &relay,
            sealpost_wire::api::account::RegistrationProof::Phone { number: NUMBER.to_owned(), code: code.clone() },
        )
        .await
        .expect("registered");
    let first_secret = device.secret.clone();
    let invitation = relay.service.create_invitation().await.expect("made");
    relay.clock.advance(60);
    relay.code("+12025550123").await.expect("pending");
    relay.deliver(&device.delivery(1, b"planted canary")).await.expect("accepted");
    let _: BlobStored =
        device.upload(&relay, &format!("/v1/blobs/{}", BlobId([5; 32])), vec![1]).await.expect("stored");
    device.connect(&relay).await;

    let saved = tempfile::tempdir().expect("temporary");
    let backup = [text(&saved.path().join("saved")), text(relay.folder.path())].map(str::to_owned);
    let backup = tokio::task::spawn_blocking(move || run(&["backup", &backup[0], "--data", &backup[1]])).await;
    assert_eq!(backup.expect("it ends").code, 0);
    for folder in [relay.folder.path(), saved.path()] {
        assert!(hits(folder, b"planted canary") > 0, "the search finds what is there");
    }
    let mut canaries: Vec<Vec<u8>> = Vec::new();
    for number in [NUMBER, "+12025550123"] {
        let digits = number.trim_start_matches('+');
        for form in [number, digits, &format!("00{digits}")] {
            canaries.push(form.as_bytes().to_vec());
            canaries.push(sha256(form.as_bytes()).to_vec());
            canaries.push(data_encoding::HEXLOWER.encode(&sha256(form.as_bytes())).into_bytes());
            canaries.push(data_encoding::BASE64URL_NOPAD.encode(&sha256(form.as_bytes())).into_bytes());
        }
        canaries.push(digits.parse::<u64>().expect("digits").to_be_bytes()[2..].to_vec());
    }
    canaries.push(sha256(code.as_bytes()).to_vec());
    canaries.push(first_secret.clone());
    canaries.push(device.secret.clone());
    canaries.push(sha256(&device.secret).to_vec());
    canaries.push(invitation.to_vec());
    canaries.push(device.token.0.to_vec());
    for (index, canary) in canaries.iter().enumerate() {
        for folder in [relay.folder.path(), saved.path()] {
            assert_eq!(hits(folder, canary), 0, "canary {index} in {}", folder.display());
        }
    }
}

/// The whole process logs into it: the other tests' relays are searched as well.
#[tokio::test]
async fn the_log_names_nobody() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the only one");
    let relay = TestRelay::start().await;
    let mut device = Device { id: "CANARY99".parse().expect("an ID"), ..Device::new(1) };
    device.register_by_phone(&relay, NUMBER).await.expect("registered");
    relay.sms.fails.store(true, std::sync::atomic::Ordering::SeqCst);
    relay.code("+12025550123").await.expect_err("failed");
    relay.get::<serde_json::Value>(&format!("/v1/directory/{}", device.id)).await.expect("an entry");
    relay.deliver(&device.delivery(1, b"payload canary")).await.expect("accepted");
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    socket.send(Body::Acknowledge(9)).await;
    relay.get::<()>(&format!("/v1/directory/{}/nothing", device.id)).await.expect_err("no route");
    tracing::info!("planted canary");
    let written = log.0.lock().expect("no test panicked").clone();
    // The tests' own HTTP client logs as well: what counts is what the relay says.
    let text = String::from_utf8(written).expect("text");
    let relay_lines: Vec<&str> = text.lines().filter(|line| line.contains("\"target\":\"sealpost_server")).collect();
    assert!(text.contains("planted canary"), "the log is read");
    assert!(relay_lines.len() > 5 && relay_lines.iter().any(|line| line.contains("/v1/directory/{id}")));
    for canary in ["CANARY99", NUMBER, "4917604069028", "12025550123", "127.0.0.1", "payload canary"] {
        assert!(!relay_lines.iter().any(|line| line.contains(canary)), "{canary}");
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no test panicked").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Occurrences in all files of a folder, names included.
fn hits(folder: &Path, canary: &[u8]) -> usize {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name").as_encoded_bytes();
        count += usize::from(name.windows(canary.len()).any(|window| window == canary));
        if path.is_dir() {
            count += hits(&path, canary);
        } else {
            let content = std::fs::read(&path).expect("readable");
            count += content.windows(canary.len()).filter(|window| *window == canary).count();
        }
    }
    count
}
