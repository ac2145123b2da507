//! Public keys and key packages.

use std::collections::BTreeSet;

use sealpost_crypto::directory_entry::verify_entry;
use sealpost_wire::{
    api::directory::{DirectoryEntry, KeyPackageAnswer, KeyPackageCount, KeyPackages},
    error::ErrorCode,
    frame::{Body, NoticeKind},
    limits::{KEY_PACKAGES, KEY_PACKAGES_LOW},
};

use crate::harness::{Device, TestRelay, packages, refused};

const PACKAGES: &str = "/v1/directory/key-packages";

#[tokio::test]
async fn the_directory_says_exactly_the_public_keys_and_nothing_else() {
    let relay = TestRelay::start().await;
    let mut device = Device::new(1);
    device.register_by_phone(&relay, "+4917604069028").await.expect("registered");
    let path = format!("/v1/directory/{}", device.id);
    let answer: serde_json::Map<String, serde_json::Value> = relay.get(&path).await.expect("an entry");
    let fields: BTreeSet<&str> = answer.keys().map(String::as_str).collect();
    assert_eq!(fields, BTreeSet::from(["id", "identity_key", "sealing_key", "signature", "suites"]));
    let entry: DirectoryEntry = relay.get(&path.to_lowercase()).await.expect("lower case is read");
    assert_eq!(verify_entry(&entry).expect("it verifies").identity_key, device.key.public());
    assert_eq!(refused(relay.get::<()>("/v1/directory/ZZZZZZZZ").await), ErrorCode::NotFound);
    assert_eq!(refused(relay.get::<()>("/v1/directory/short").await), ErrorCode::Malformed);
}

#[tokio::test]
async fn key_packages_are_handed_out_once_in_the_askers_order_and_the_last_resort_at_the_end() {
    let relay = TestRelay::start().await;
    let mut device = Device { suites: vec![78, 3], ..Device::new(1) };
    device.register(&relay, sealpost_wire::api::account::RegistrationProof::Open).await.expect("registered");
    let hybrid = [KeyPackages { suite: 78, one_time: packages(2), last_resort: vec![77] }];
    let _: Vec<KeyPackageCount> =
        device.send(&relay, "POST", &format!("{PACKAGES}/replace"), &hybrid).await.expect("ok");
    let path = format!("/v1/directory/{}/key-package", device.id);
    let ask = |suites: &[u16]| {
        let request = serde_json::json!({ "token": String::from(device.token), "suites": suites });
        let (relay, path) = (&relay, &path);
        async move { relay.send::<KeyPackageAnswer>("POST", path, &request).await }
    };
    let first = ask(&[3, 78]).await.expect("one");
    assert_eq!((first.suite, first.key_package, first.last_resort), (78, vec![0, 1, 2], false), "3 has none left");
    assert_eq!(ask(&[78]).await.expect("another").key_package, [1, 1, 2]);
    for _ in 0..2 {
        let last = ask(&[78]).await.expect("the last resort");
        assert!(last.last_resort && last.key_package == [77]);
    }
    assert_eq!(refused(ask(&[3]).await), ErrorCode::NotFound);
    assert_eq!(refused(ask(&[]).await), ErrorCode::NotFound);
    assert_eq!(refused(ask(&[0; 17]).await), ErrorCode::TooLarge);
}

#[tokio::test]
async fn two_who_ask_at_once_get_different_packages() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let path = format!("/v1/directory/{}/key-package", device.id);
    let request = serde_json::json!({ "token": String::from(device.token), "suites": [3] });
    let asks = (0..20).map(|_| relay.send::<KeyPackageAnswer>("POST", &path, &request));
    let answers = futures_util::future::join_all(asks).await;
    let different: BTreeSet<Vec<u8>> = answers.into_iter().map(|answer| answer.expect("one").key_package).collect();
    assert_eq!(different.len(), 20);
}

#[tokio::test]
async fn a_device_keeps_fifty_packages_per_suite_and_hears_when_they_run_low() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let more = |count| [KeyPackages { suite: 3, one_time: packages(count), last_resort: vec![] }];
    let counts: Vec<KeyPackageCount> = device.send(&relay, "PUT", PACKAGES, &more(20)).await.expect("added");
    assert_eq!(counts[0].one_time as usize, KEY_PACKAGES);
    assert_eq!(refused(device.send::<()>(&relay, "PUT", PACKAGES, &more(1)).await), ErrorCode::TooLarge);
    let foreign = [KeyPackages { suite: 4, one_time: vec![], last_resort: vec![1] }];
    assert_eq!(refused(device.send::<()>(&relay, "PUT", PACKAGES, &foreign).await), ErrorCode::Malformed);
    let heavy = [KeyPackages { suite: 3, one_time: vec![], last_resort: vec![0; 16_385] }];
    assert_eq!(refused(device.send::<()>(&relay, "PUT", PACKAGES, &heavy).await), ErrorCode::TooLarge);
    let few = more(KEY_PACKAGES_LOW as u8);
    let _: Vec<KeyPackageCount> = device.send(&relay, "POST", &format!("{PACKAGES}/replace"), &few).await.expect("ok");
    let mut socket = device.connect(&relay).await;
    assert!(matches!(socket.next().await, Some(Body::Empty(_))), "twenty are enough");
    let request = serde_json::json!({ "token": String::from(device.token), "suites": [3] });
    let path = format!("/v1/directory/{}/key-package", device.id);
    let _: KeyPackageAnswer = relay.send("POST", &path, &request).await.expect("one");
    let again = device.connect(&relay).await.next().await;
    for notice in [socket.next().await, again] {
        let Some(Body::Notice(notice)) = notice else { panic!("a notice is due") };
        assert_eq!(notice.kind(), NoticeKind::KeyPackagesLow);
    }
}
