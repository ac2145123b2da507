//! The store: the suite, and databases of other versions.

use std::{path::Path, sync::Arc};

use sealpost_server::{
    Config, Parts,
    parts::PartsError,
    store::{FormerId, Found, Page, Store, StoreError, conformance, sqlite::SqliteStore},
};
use sealpost_wire::id::UserId;

use crate::harness::TestRelay;

/// Made by version 1 (`cargo test -p sealpost-server -- --ignored`); every later version opens it.
const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/relay_v1.sqlite");

#[tokio::test]
async fn sqlite_passes_the_suite_opened_cold_each_time() {
    let folder = tempfile::tempdir().expect("temporary");
    let path = folder.path().join("relay.sqlite");
    conformance::run(|| open(&path)).await;
}

#[tokio::test]
async fn a_database_of_version_1_opens_with_all_that_is_in_it() {
    let folder = tempfile::tempdir().expect("temporary");
    let path = folder.path().join("relay.sqlite");
    std::fs::copy(FIXTURE, &path).expect("a copy");
    let store = open(&path);
    let id = UserId::from_random([1; 5]);
    assert!(matches!(store.account(id, FormerId([0; 32])).await, Ok(Found::Account(_))));
    let Page { envelopes, .. } = store.page(id, 0, 64, 1_000_000).await.expect("a page");
    assert_eq!(envelopes.len(), 2);
    assert_eq!(envelopes[1].payload, b"second");
}

#[tokio::test]
#[ignore = "writes the fixture of this version's database; run once per schema version"]
async fn write_the_fixture() {
    let relay = TestRelay::start().await;
    let mut device = crate::harness::Device::new(1);
    device.register_by_phone(&relay, "+4917604069028").await.expect("registered");
    relay.deliver(&device.delivery(1, b"first")).await.expect("accepted");
    relay.deliver(&device.delivery(2, b"second")).await.expect("accepted");
    let slot = sealpost_wire::api::slot::SlotClaim { content: b"commit".to_vec(), brought: false };
    let path = format!("/v1/slots/{}", sealpost_wire::id::SlotName([1; 32]));
    let _: serde_json::Value = relay.send("PUT", &path, &slot).await.expect("claimed");
    let folder = Arc::clone(&relay.folder);
    relay.stop().await;
    std::fs::copy(folder.path().join("relay.sqlite"), FIXTURE).expect("written");
}

#[tokio::test]
async fn a_newer_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("temporary");
    let path = folder.path().join("relay.sqlite");
    drop(open(&path));
    let connection = rusqlite::Connection::open(&path).expect("there");
    connection.pragma_update(None, "user_version", 999).expect("written");
    let error = SqliteStore::open(&path, Box::new(|_| ())).err();
    assert_eq!(error, Some(StoreError::NewerSchema { found: 999, known: 4 }));
    let version: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a version");
    assert_eq!(version, 999);
}

#[tokio::test]
async fn a_damaged_database_and_a_missing_key_are_errors_and_no_empty_relay() {
    let folder = tempfile::tempdir().expect("temporary");
    let config = Config { data: folder.path().to_owned(), ..Config::default() };
    drop(Parts::open(&config).expect("new"));
    let key = folder.path().join("oprf.key");
    let kept = std::fs::read(&key).expect("a key");
    std::fs::remove_file(&key).expect("removed");
    assert!(matches!(Parts::open(&config), Err(PartsError::Keys(_))));
    std::fs::write(&key, kept).expect("restored");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("allowed");
    let database = folder.path().join("relay.sqlite");
    std::fs::write(&database, b"not a database, but long enough to be looked at by whoever opens it").expect("written");
    assert!(matches!(Parts::open(&config), Err(PartsError::Store(_))));
    assert!(std::fs::read(&database).expect("there").starts_with(b"not a database"));
}

#[tokio::test]
async fn a_second_relay_on_the_same_folder_is_refused_and_an_invitation_beside_it_works() {
    let relay = TestRelay::start_with(|config| config.registration.open = false).await;
    let config = Config { data: relay.folder.path().to_owned(), ..Config::default() };
    assert!(matches!(Parts::open(&config), Err(PartsError::InUse(_))));
    let mut beside = Parts::open_beside(&config).expect("opened");
    beside.clock = relay.clock.clone();
    let code = sealpost_server::service::Service::new(config, beside).create_invitation().await.expect("made");
    let proof = sealpost_wire::api::account::RegistrationProof::Invitation { code: code.to_vec() };
    crate::harness::Device::new(1).register(&relay, proof).await.expect("registered");
}

fn open(path: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(path, Box::new(|_| ())).expect("it opens"))
}
