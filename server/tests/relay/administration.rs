//! What the operator does to accounts beside the running relay.

use std::time::Duration;

use data_encoding::BASE64;
use sealpost_server::{Config, Parts, service::Service};
use sealpost_wire::{
    api::{
        account::RegistrationProof,
        blob::BlobStored,
        directory::{KeyPackageAnswer, KeyPackageCount},
    },
    error::ErrorCode,
    frame::Body,
    id::BlobId,
};

use crate::{
    commands::{Said, run_aside, text},
    harness::{Device, Socket, TestRelay, refused},
};

#[tokio::test]
async fn a_suspended_account_takes_and_gets_nothing_until_it_goes_on_with_all_that_waited() {
    let relay = TestRelay::start().await;
    let (mut device, mut other) = (relay.device(1).await, relay.device(2).await);
    relay.deliver(&device.delivery(1, b"waits")).await.expect("accepted");
    let mut socket = device.connect(&relay).await;
    let mut others = other.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    let operator = beside(&relay);
    assert_eq!(operator.suspend(device.id, true).await, Ok(true));
    let Some(Body::Failure(why)) = ended(&mut socket).await else { panic!("its socket is ended") };
    assert_eq!(why.code, "account_suspended");
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::AccountSuspended));
    let counts = device.ask::<Vec<KeyPackageCount>>(&relay, "GET", "/v1/directory/key-packages").await;
    assert_eq!(refused(counts), ErrorCode::AccountSuspended);

    let mut ephemeral = device.delivery(2, b"x");
    ephemeral.ephemeral = true;
    for delivery in [device.delivery(3, b"x"), ephemeral] {
        let answer = relay.deliver(&delivery).await.expect("answered");
        assert_eq!(answer.refused[0].code, "mailbox_full", "senders try again by themselves");
    }
    let mut wrong = device.delivery(4, b"x");
    wrong.recipients[0].token = vec![9; 16];
    let answer = relay.deliver(&wrong).await.expect("answered");
    assert_eq!(answer.refused[0].code, "token_refused", "whoever holds no token learns nothing");
    let path = format!("/v1/directory/{}/key-package", device.id);
    let request = serde_json::json!({ "token": serde_json::to_value(device.token).expect("JSON"), "suites": [3] });
    assert_eq!(refused(relay.send::<KeyPackageAnswer>("POST", &path, &request).await), ErrorCode::MailboxFull);
    assert!(relay.deliver(&other.delivery(5, b"x")).await.expect("answered").refused.is_empty());
    assert!(matches!(others.next().await, Some(Body::Empty(_))));
    assert!(matches!(others.next().await, Some(Body::Push(_))), "nobody else is touched");

    let relay = relay.restart().await;
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::AccountSuspended), "it outlives a restart");
    assert_eq!(beside(&relay).suspend(device.id, false).await, Ok(true));
    let waited = device.connect(&relay).await.drain().await;
    assert_eq!(waited.iter().map(|envelope| &envelope.payload[..]).collect::<Vec<_>>(), [b"waits"]);
    assert!(relay.deliver(&device.delivery(3, b"x")).await.expect("answered").refused.is_empty());
    assert_eq!(beside(&relay).suspend(Device::new(9).id, true).await, Ok(false));
}

#[tokio::test]
async fn a_deleted_account_is_gone_with_its_messages_and_blobs_and_its_id_stays_taken() {
    let relay = TestRelay::start().await;
    let (mut device, other) = (relay.device(1).await, relay.device(2).await);
    let blob = |number: u8| format!("/v1/blobs/{}", BlobId([number; 32]));
    for number in [1, 3] {
        let _: BlobStored = device.upload(&relay, &blob(number), vec![1]).await.expect("stored");
    }
    let _: BlobStored = other.upload(&relay, &blob(2), vec![2]).await.expect("stored");
    relay.deliver(&device.delivery(1, b"never read")).await.expect("accepted");
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    let operator = beside(&relay);
    assert_eq!(operator.erase(device.id).await, Ok(true));
    assert!(matches!(ended(&mut socket).await, Some(Body::Failure(failure)) if failure.code == "retired"));
    let totals = operator.totals().await.expect("counted");
    assert_eq!((totals.accounts, totals.waiting_messages), (1, 0));
    let files = std::fs::read_dir(relay.folder.path().join("blobs")).expect("a folder");
    assert_eq!(files.count(), 1, "the other's blob stays");
    assert_eq!(relay.deliver(&device.delivery(2, b"x")).await.expect("answered").refused[0].code, "retired");
    let again = Device::new(1).register(&relay, RegistrationProof::Open).await;
    assert_eq!(refused(again), ErrorCode::IdTaken);
    assert_eq!(operator.erase(device.id).await, Ok(false));
}

#[tokio::test]
async fn accounts_are_counted_suspended_and_deleted_by_commands_that_ask_first() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let data = text(relay.folder.path()).to_owned();
    let id = device.id.to_string();
    let accounts = async |arguments: &[&str]| command(&data, &[&["accounts"], arguments].concat()).await;
    let said = accounts(&["suspend", &id]).await;
    assert!(said.code == 0 && said.output.contains("`resume` undoes it"), "{}", said.error);
    let said = accounts(&["count", "--json"]).await;
    let counted: serde_json::Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!((&counted["accounts"], &counted["suspended_accounts"]), (&1.into(), &1.into()));
    assert_eq!(accounts(&["resume", &id.to_lowercase()]).await.code, 0);
    let said = accounts(&["delete", &id]).await;
    assert!(said.code == 1 && said.error.contains("--yes"), "{}", said.error);
    assert!(accounts(&["count"]).await.output.starts_with("1 account, 0 of them suspended"));
    let said = accounts(&["delete", "--yes", &id]).await;
    assert!(said.code == 0 && said.output.contains("stays taken"), "{}", said.error);
    let said = accounts(&["suspend", &id]).await;
    assert!(said.code == 1 && said.error.contains("there is no account"), "{}", said.error);
    assert!(accounts(&["count"]).await.output.starts_with("0 accounts"));
}

#[tokio::test]
async fn all_that_is_held_of_an_account_is_written_out_and_nothing_of_anybody_else() {
    let relay = TestRelay::start().await;
    let (device, other) = (relay.device(1).await, relay.device(2).await);
    for (device, number) in [(&device, 1), (&other, 2)] {
        let name = format!("/v1/blobs/{}", BlobId([number; 32]));
        let _: BlobStored = device.upload(&relay, &name, vec![number]).await.expect("stored");
    }
    relay.deliver(&device.delivery(1, b"it waits")).await.expect("accepted");
    relay.deliver(&other.delivery(2, b"for the other")).await.expect("accepted");
    let data = text(relay.folder.path()).to_owned();
    let export = async |device: &Device| command(&data, &["accounts", "export", device.id.as_str()]).await;

    let said = export(&device).await;
    assert_eq!(said.code, 0, "{}", said.error);
    let held: serde_json::Value = serde_json::from_str(&said.output).expect("JSON");
    assert_eq!(held["id"], device.id.as_str());
    assert_eq!(held["held"]["payload"][0]["content"], BASE64.encode(b"it waits"));
    assert_eq!(held["held"]["account"][0]["identity_key"], BASE64.encode(&device.key.public()));
    assert_eq!(held["held"]["message"].as_array().map(Vec::len), Some(1));
    assert_eq!(held["held"]["blob"][0]["name"], BASE64.encode(&[1; 32]));
    assert!(held["held"]["token"][0]["hash"].is_string() && held["held"]["key_package"][0]["content"].is_string());
    for item in held["meaning"].as_array().expect("the inventory") {
        let (table, column) = item["place"].as_str().and_then(|place| place.split_once('.')).expect("a column");
        assert!(held["held"][table][0].get(column).is_some(), "{table}.{column} is written out");
    }
    let tables = held["held"].as_object().expect("tables");
    let listed = |place: &str| held["meaning"].as_array().expect("items").iter().any(|item| item["place"] == place);
    for (table, column) in tables
        .iter()
        .flat_map(|(table, rows)| rows[0].as_object().expect("columns").keys().map(move |column| (table, column)))
    {
        assert!(listed(&format!("{table}.{column}")), "{table}.{column} is explained");
    }
    assert!(held["held"]["payload"][0].get("mailboxes").is_none(), "who else has it is not theirs to know");
    let others = export(&other).await.output;
    for foreign in [BASE64.encode(b"for the other"), BASE64.encode(&other.key.public()), BASE64.encode(&[2; 32])] {
        assert!(others.contains(&foreign) && !said.output.contains(&foreign), "{foreign}");
    }

    assert_eq!(beside(&relay).erase(device.id).await, Ok(true));
    let held: serde_json::Value = serde_json::from_str(&export(&device).await.output).expect("JSON");
    let tables: Vec<&String> = held["held"].as_object().expect("tables").keys().collect();
    assert_eq!(tables, ["former_id", "former_token"], "what is left of an ID that was");
    let said = export(&Device::new(9)).await;
    assert!(said.code == 1 && said.error.contains("there is no account"), "{}", said.error);
}

#[tokio::test]
async fn an_invitation_that_is_withdrawn_registers_nobody() {
    let relay = TestRelay::start().await;
    let operator = beside(&relay);
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(operator.create_invitation().await.expect("made"));
    }
    let register = async |seed: u8, code: [u8; 16]| {
        Device::new(seed).register(&relay, RegistrationProof::Invitation { code: code.to_vec() }).await
    };
    assert_eq!(operator.withdraw_invitation(&codes[0]).await, Ok(true));
    assert_eq!(refused(register(1, codes[0]).await), ErrorCode::InvitationInvalid);
    register(1, codes[1]).await.expect("registered");
    assert_eq!(operator.withdraw_invitation(&codes[0]).await, Ok(false), "once");
    assert_eq!(operator.withdraw_invitation(&codes[1]).await, Ok(false), "it is used");
    assert_eq!(operator.open_invitations().await, Ok(2));
    assert_eq!(operator.withdraw_invitations().await, Ok(2));
    assert_eq!(refused(register(2, codes[2]).await), ErrorCode::InvitationInvalid);
}

#[tokio::test]
async fn invitations_are_counted_and_withdrawn_by_commands() {
    let relay = TestRelay::start().await;
    let data = text(relay.folder.path()).to_owned();
    let mut made = Vec::new();
    for _ in 0..3 {
        let said = command(&data, &["invite", "--address", "https://relay.example"]).await;
        made.push(said.output.trim().to_owned());
    }
    let invitations = async |arguments: &[&str]| command(&data, &[&["invitations"], arguments].concat()).await;
    assert_eq!(invitations(&["count"]).await.output, "3 invitations open\n");
    assert_eq!(invitations(&["withdraw", &made[0]]).await.code, 0);
    let said = invitations(&["withdraw", &made[0]]).await;
    assert!(said.code == 1 && said.error.contains("accounts suspend"), "{}", said.error);
    assert_ne!(invitations(&["withdraw"]).await.code, 0, "not all by an oversight");
    let said = invitations(&["withdraw", "SEALPOST-INVITE:x"]).await;
    assert!(said.code == 1 && said.error.contains("this is no invitation"), "{}", said.error);
    assert_eq!(invitations(&["withdraw", "--all"]).await.output, "2 invitations withdrawn\n");
    assert_eq!(invitations(&["count"]).await.output, "0 invitations open\n");
}

/// A command beside the running relay of this folder.
async fn command(data: &str, arguments: &[&str]) -> Said {
    run_aside(&[arguments, &["--data", data]].concat()).await
}

/// The operator's hand, as in a process of its own.
fn beside(relay: &TestRelay) -> Service {
    let config = Config { data: relay.folder.path().to_owned(), ..Config::default() };
    let mut parts = Parts::open_beside(&config).expect("opened");
    parts.clock = relay.clock.clone();
    Service::new(config, parts)
}

/// The frame that ends a socket: the relay notices within seconds.
async fn ended(socket: &mut Socket) -> Option<Body> {
    tokio::time::timeout(Duration::from_secs(20), socket.next()).await.expect("the relay notices")
}
