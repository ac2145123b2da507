//! Blobs: stored by an account, read by whoever knows the name, gone by its owner's will or by time.

use sealpost_wire::{api::blob::BlobStored, error::ErrorCode, id::BlobId, limits};

use crate::harness::{TestRelay, refused};

#[tokio::test]
async fn a_blob_is_stored_read_by_its_name_and_deleted_by_its_owner() {
    let relay = TestRelay::start().await;
    let (owner, other) = (relay.device(1).await, relay.device(2).await);
    let path = path(1);
    let content: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
    let stored: BlobStored = owner.upload(&relay, &path, content.clone()).await.expect("stored");
    assert!(stored.expires_at_seconds >= relay.now() + limits::BLOB_SECONDS);
    let relay = relay.restart().await;
    assert_eq!(read(&relay, &path).await, Some(content));
    assert_eq!(refused(other.upload::<BlobStored>(&relay, &path, vec![1]).await), ErrorCode::IdTaken);
    assert_eq!(refused(other.ask::<()>(&relay, "DELETE", &path).await), ErrorCode::NotFound);
    let _: BlobStored = owner.upload(&relay, &path, vec![2]).await.expect("stored again");
    assert_eq!(read(&relay, &path).await, Some(vec![2]));
    let () = owner.ask(&relay, "DELETE", &path).await.expect("deleted");
    assert_eq!(read(&relay, &path).await, None);
}

#[tokio::test]
async fn a_blob_ends_after_30_days_file_and_row() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let _: BlobStored = device.upload(&relay, &path(1), vec![1]).await.expect("stored");
    relay.clock.advance(limits::BLOB_SECONDS - 1);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert!(read(&relay, &path(1)).await.is_some());
    relay.clock.advance(2 * 3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert!(read(&relay, &path(1)).await.is_none());
    assert_eq!(std::fs::read_dir(relay.folder.path().join("blobs")).expect("a folder").count(), 0);
}

#[tokio::test]
async fn empty_oversize_and_unsigned_blobs_are_refused() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    assert_eq!(refused(device.upload::<()>(&relay, &path(1), Vec::new()).await), ErrorCode::TooLarge);
    assert_eq!(refused(device.upload::<()>(&relay, "/v1/blobs/short", vec![1]).await), ErrorCode::Malformed);
    let unsigned = relay.http().put(format!("{}{}", relay.url, path(1))).body("x").send().await.expect("an answer");
    assert_eq!(unsigned.status().as_u16(), 400);
    let oversize = device.signed(&relay, "PUT", &path(1), vec![0; limits::BLOB_BYTES + 1]).send().await;
    // The relay may close before it has read all of it.
    assert!(oversize.map_or(true, |answer| answer.status().as_u16() == 413));
    assert_eq!(std::fs::read_dir(relay.folder.path().join("blobs")).expect("a folder").count(), 0);
}

fn path(name: u8) -> String {
    format!("/v1/blobs/{}", BlobId([name; 32]))
}

async fn read(relay: &TestRelay, path: &str) -> Option<Vec<u8>> {
    let answer = relay.http().get(format!("{}{path}", relay.url)).send().await.expect("an answer");
    let found = answer.status().is_success();
    let bytes = answer.bytes().await.expect("a body").to_vec();
    found.then_some(bytes)
}
