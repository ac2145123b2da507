//! Backups under load, cut off, damaged; and what a relay is after one was restored.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use sealpost_wire::{envelope::Envelope, frame::Body};

use crate::{
    commands::{FIXTURE, Said, run, run_with, text},
    crashes::Process,
    harness::{Device, Socket},
};

/// Enough for several steps of a copy.
const HEAVY: u8 = 20;
const HEAVY_BYTES: usize = 500_000;

#[tokio::test]
async fn a_backup_under_load_is_whole_and_its_restore_serves_as_the_next_incarnation() {
    let folder = tempfile::tempdir().expect("temporary");
    let place = |name: &str| folder.path().join(name);
    let mut device = Device::new(1);
    let relay = Arc::new(Process::start(&place("data"), None));
    relay.register(&mut device).await;
    let before = fill(&relay, &device).await;
    let (stop, sender) = (Arc::new(AtomicBool::new(false)), Arc::clone(&relay));
    let load = {
        let (stop, device) = (Arc::clone(&stop), Device::new(1));
        tokio::spawn(async move {
            let mut number = HEAVY;
            while !stop.load(Ordering::SeqCst) && number < 250 {
                number += 1;
                assert!(sender.deliver(&device, number).await, "the writer goes on");
            }
            number
        })
    };
    let said = backup(&place("data"), &place("saved"), None).await;
    stop.store(true, Ordering::SeqCst);
    let last = load.await.expect("the load ends");
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(last > HEAVY, "there was load");
    // After the backup: a session, an acknowledgement, a message that only this relay has.
    assert!(relay.deliver(&device, 255).await);
    let mut socket = relay.connect(&mut device).await.expect("a socket");
    let highest = received(&mut socket).await.iter().map(|envelope| envelope.sequence).max().expect("messages");
    drop((socket, Arc::into_inner(relay).expect("nobody else holds it")));

    let keys = place("keys.toml");
    assert_eq!(run(&["backup", "--keys", text(&keys), "--data", text(&place("data"))]).code, 0);
    let restored = run(&["restore", text(&place("saved")), "--keys", text(&keys), "--data", text(&place("new"))]);
    assert_eq!(restored.code, 0, "{}", restored.error);
    assert!(restored.output.contains("incarnation 1") && restored.output.contains("apps"), "{}", restored.output);
    let relay = Process::start(&place("new"), None);
    let incarnation = incarnation(&relay).await;
    assert!(incarnation > 1);
    let mut socket = relay.connect(&mut device).await.expect("whose session went on since is believed");
    let found: BTreeSet<u8> = received(&mut socket).await.iter().map(|envelope| envelope.payload[0]).collect();
    assert!(found.is_superset(&before) && !found.contains(&255), "{found:?}");
    let (load, sent) = (found.iter().filter(|number| **number > HEAVY).count(), usize::from(last - HEAVY));
    assert!(load <= sent && found.iter().all(|number| usize::from(*number) <= usize::from(HEAVY) + load), "a prefix");
    assert!(relay.deliver(&device, 255).await, "it takes messages");
    let mut socket = relay.connect(&mut device).await.expect("a socket");
    let newest = received(&mut socket).await.into_iter().max_by_key(|envelope| envelope.sequence).expect("messages");
    assert!(newest.sequence > highest && newest.payload == [255], "a sequence is never used twice");

    // The same backup once more: another relay again, for devices and for sequences.
    drop((socket, relay));
    assert_eq!(restore(&place("saved"), &place("new"), &["--force"]).code, 0);
    let relay = Process::start(&place("new"), None);
    assert!(self::incarnation(&relay).await > incarnation);
    assert!(relay.deliver(&device, 255).await, "it takes messages");
    let mut socket = relay.connect(&mut device).await.expect("a socket");
    let next = received(&mut socket).await.into_iter().max_by_key(|envelope| envelope.sequence).expect("messages");
    assert!(next.sequence > newest.sequence && next.payload == [255], "nor by two restores of one backup");
}

#[tokio::test]
async fn a_backup_killed_in_the_middle_leaves_nothing_that_restore_takes() {
    let folder = tempfile::tempdir().expect("temporary");
    let place = |name: &str| folder.path().join(name);
    let relay = Process::start(&place("data"), None);
    let mut device = Device::new(1);
    relay.register(&mut device).await;
    fill(&relay, &device).await;
    for point in ["backup_copies:1", "backup_copies:2"] {
        let said = backup(&place("data"), &place("saved"), Some(point)).await;
        assert_ne!(said.code, 0);
        assert!(said.error.contains("stopping at"), "it was killed: {}", said.error);
        assert!(!place("saved").exists() && place("saved.partial").join("relay.sqlite").exists(), "{point}");
        let restored = restore(&place("saved.partial"), &place("new"), &[]);
        assert!(restored.code == 1 && restored.error.contains("never finished"), "{}", restored.error);
    }
    fs::rename(place("saved.partial"), place("renamed")).expect("renamed");
    let restored = restore(&place("renamed"), &place("new"), &[]);
    assert!(restored.code == 1 && restored.error.contains("no finished backup"), "{}", restored.error);
    fs::rename(place("renamed"), place("saved.partial")).expect("renamed");
    let said = backup(&place("data"), &place("saved"), None).await;
    assert_eq!(said.code, 0, "the next one works: {}", said.error);
    assert!(!place("saved.partial").exists());
    let again = backup(&place("data"), &place("saved"), None).await;
    assert!(again.code == 1 && again.error.contains("never overwritten"), "{}", again.error);
    drop(relay);
    assert_eq!(restore(&place("saved"), &place("data"), &["--force"]).code, 0);
}

#[tokio::test]
async fn a_restore_that_can_not_be_leaves_the_folder_as_it_was() {
    let folder = tempfile::tempdir().expect("temporary");
    let place = |name: &str| folder.path().join(name);
    let mut device = Device::new(1);
    for name in ["data", "other"] {
        let relay = Process::start(&place(name), None);
        relay.register(&mut device).await;
    }
    for (name, keys) in [("data", "keys.toml"), ("other", "others.toml")] {
        assert_eq!(run(&["backup", "--keys", text(&place(keys)), "--data", text(&place(name))]).code, 0);
    }
    assert_eq!(backup(&place("data"), &place("saved"), None).await.code, 0);
    let before = contents(&place("data"));
    let refused = |arguments: &[&str], words: &str| {
        let said = restore(&place("saved"), &place("data"), arguments);
        assert!(said.code == 1 && said.error.contains(words), "{words}: {}", said.error);
        assert_eq!(contents(&place("data")), before, "{words}");
    };
    refused(&[], "--force");
    refused(&["--force", "--keys", text(&place("others.toml"))], "belong to another relay");
    refused(&["--force", "--keys", text(&place("saved/backup.json"))], "no backup of a relay's keys");
    let damaged = place("saved/relay.sqlite");
    let whole = fs::read(&damaged).expect("there");
    let mut bytes = whole.clone();
    bytes[whole.len() / 2] ^= 1;
    fs::write(&damaged, bytes).expect("written");
    refused(&["--force"], "damaged");
    fs::write(&damaged, whole).expect("written");
    let without = restore(&place("saved"), &place("empty"), &[]);
    assert!(without.code == 1 && without.error.contains("--keys"), "{}", without.error);

    let relay = Process::start(&place("data"), None);
    refused_while_running(&place("saved"), &place("data"));
    drop(relay);
    assert_eq!(restore(&place("saved"), &place("data"), &["--force"]).code, 0);
    let aside = fs::read_dir(place("data")).expect("a folder").flatten();
    let aside = aside.map(|entry| entry.path()).find(|path| text(path).contains("before-restore-")).expect("aside");
    assert!(aside.join("relay.sqlite").exists() && aside.join("oprf.key").exists());
    fs::create_dir(place("data/restoring")).expect("made");
    let said = run(&["serve", "--data", text(&place("data"))]);
    assert!(said.code == 78 && said.error.contains("was not finished"), "{}", said.error);
}

#[tokio::test]
async fn a_backup_of_an_older_version_is_restored_as_this_one() {
    let folder = tempfile::tempdir().expect("temporary");
    let place = |name: &str| folder.path().join(name);
    drop(Process::start(&place("data"), None));
    for name in ["relay.sqlite-wal", "relay.sqlite-shm"] {
        fs::remove_file(place("data").join(name)).expect("removed");
    }
    fs::copy(FIXTURE, place("data/relay.sqlite")).expect("a copy");
    assert_eq!(backup(&place("data"), &place("saved"), None).await.code, 0);
    let manifest = fs::read(place("saved/backup.json")).expect("there");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!((&manifest["schema"], &manifest["incarnation"]), (&1.into(), &1.into()), "nothing was changed");
    let restored = restore(&place("saved"), &place("data"), &["--force"]);
    assert_eq!(restored.code, 0, "{}", restored.error);
    assert!(run(&["migrate", "--data", text(&place("data"))]).output.contains("nothing was changed"));
    let relay = Process::start(&place("data"), None);
    assert!(incarnation(&relay).await > 1);
}

#[tokio::test]
async fn the_keys_are_in_no_backup_but_their_own_which_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("temporary");
    let place = |name: &str| folder.path().join(name);
    let relay = Process::start(&place("data"), None);
    relay.register(&mut Device::new(1)).await;
    assert_eq!(backup(&place("data"), &place("saved"), None).await.code, 0);
    let keys = place("keys.toml");
    let said = run(&["backup", "--keys", text(&keys), "--data", text(&place("data"))]);
    assert!(said.output.contains("apart"), "{}", said.output);
    assert_eq!(fs::metadata(&keys).expect("there").permissions().mode() & 0o777, 0o600);
    let again = run(&["backup", "--keys", text(&keys), "--data", text(&place("data"))]);
    assert!(again.code == 1 && again.error.contains("never overwritten"), "{}", again.error);
    let archive = fs::read_to_string(&keys).expect("text");
    let (saved, data) = (contents(&place("saved")), contents(&place("data")));
    for name in ["receipt.key", "oprf.key", "hash.key"] {
        let key = fs::read(place("data").join(name)).expect("a key");
        let hex = data_encoding::HEXLOWER.encode(&key);
        let holds = |files: &[(String, Vec<u8>)]| {
            files.iter().any(|(_, bytes)| {
                bytes.windows(32).any(|window| window == key) || bytes.windows(64).any(|it| it == hex.as_bytes())
            })
        };
        assert!(holds(&data) && archive.contains(&hex), "the search finds {name} where it is");
        assert!(!holds(&saved), "{name} is in the backup");
    }
}

async fn incarnation(relay: &Process) -> u64 {
    relay.get("/v1/relay").await["incarnation"].as_u64().expect("a number")
}

async fn backup(data: &Path, to: &Path, stop_at: Option<&'static str>) -> Said {
    let arguments = ["backup", text(to), "--data", text(data)].map(str::to_owned);
    let work = move || {
        run_with(&arguments.each_ref().map(String::as_str), stop_at.map(|point| ("SEALPOST_STOP_AT", point)).as_slice())
    };
    tokio::task::spawn_blocking(work).await.expect("it ends")
}

fn restore(from: &Path, data: &Path, more: &[&str]) -> Said {
    run(&[&["restore", text(from), "--data", text(data)], more].concat())
}

fn refused_while_running(saved: &Path, data: &Path) {
    let said = restore(saved, data, &["--force"]);
    assert!(said.code == 1 && said.error.contains("stop the relay first"), "{}", said.error);
}

/// Messages that fill the database; their numbers.
async fn fill(relay: &Process, device: &Device) -> BTreeSet<u8> {
    for number in 1..=HEAVY {
        let mut payload = vec![number; HEAVY_BYTES];
        payload[0] = number;
        let body = serde_json::to_vec(&device.delivery(number, &payload)).expect("JSON");
        relay.post("/v1/deliveries", body, None).await.expect("accepted");
    }
    (1..=HEAVY).collect()
}

/// All that a mailbox holds, acknowledged on the way: the push window does not hold everything.
async fn received(socket: &mut Socket) -> Vec<Envelope> {
    let mut envelopes = Vec::new();
    loop {
        match socket.next().await {
            Some(Body::Push(envelope)) => {
                envelopes.push(envelope);
                socket.send(Body::Acknowledge(1)).await;
            }
            Some(Body::Notice(_)) => {}
            Some(Body::Empty(_)) => return envelopes,
            other => panic!("a push or empty is due, not {other:?}"),
        }
    }
}

/// Every file below, with its bytes; the lock aside.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "lock") {
                found.push((text(&path).to_owned(), fs::read(&path).expect("readable")));
            }
        }
    }
    found.sort();
    found
}
