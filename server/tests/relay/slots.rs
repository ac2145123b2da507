//! Commit slots: the first writer wins, for good, and gets a receipt.

use sealpost_crypto::slot_receipt::verify_receipt;
use sealpost_server::store::sqlite;
use sealpost_wire::{
    api::{
        relay::RelayInfo,
        slot::{Slot, SlotClaim},
    },
    error::{ApiError, ErrorCode},
    id::SlotName,
    limits,
};

use crate::harness::{TestRelay, refused};

#[tokio::test]
async fn of_two_concurrent_claims_one_wins_and_the_other_gets_its_bytes() {
    let relay = TestRelay::start().await;
    let key = receipt_key(&relay).await;
    for round in 0..20 {
        let name = SlotName([round; 32]);
        let (one, other) = tokio::join!(claim(&relay, name, b"one"), claim(&relay, name, b"other"));
        let (one, other) = (one.expect("answered"), other.expect("answered"));
        let (winner, content, loser) =
            if one.claimed { (&one, &b"one"[..], &other) } else { (&other, &b"other"[..], &one) };
        assert!(winner.claimed && !loser.claimed && winner.content.is_empty());
        assert_eq!(loser.content, content);
        assert_eq!(winner.receipt, loser.receipt);
        assert!(verify_receipt(&key, &name, content, &winner.receipt));
        assert!(!verify_receipt(&key, &name, b"third", &winner.receipt));
    }
}

#[tokio::test]
async fn the_same_claim_again_succeeds_also_after_a_restart() {
    let relay = TestRelay::start().await;
    let name = SlotName([1; 32]);
    let first = claim(&relay, name, b"commit").await.expect("claimed");
    let key = receipt_key(&relay).await;
    let relay = relay.restart().await;
    assert_eq!(claim(&relay, name, b"commit").await.expect("claimed"), first);
    assert_eq!(receipt_key(&relay).await, key);
    let read: Slot = relay.get(&format!("/v1/slots/{name}")).await.expect("taken");
    assert_eq!((read.claimed, &read.content[..], read.receipt), (false, &b"commit"[..], first.receipt));
    let free = relay.get::<Slot>(&format!("/v1/slots/{}", SlotName([2; 32]))).await;
    assert_eq!(refused(free), ErrorCode::NotFound);
}

#[tokio::test]
async fn the_content_goes_after_30_days_and_the_name_stays_for_400() {
    let relay = TestRelay::start().await;
    let name = SlotName([1; 32]);
    claim(&relay, name, b"commit").await.expect("claimed");
    relay.clock.advance(limits::SLOT_CONTENT_SECONDS + 3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    let gone = Slot { claimed: false, content: Vec::new(), receipt: Vec::new() };
    assert_eq!(claim(&relay, name, b"commit").await.expect("answered"), gone);
    relay.clock.advance(limits::SLOT_NAME_SECONDS - limits::SLOT_CONTENT_SECONDS - 3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(claim(&relay, name, b"commit").await.expect("answered"), gone);
    relay.clock.advance(2 * 3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert!(claim(&relay, name, b"commit").await.expect("answered").claimed);
}

#[tokio::test]
async fn empty_and_oversize_contents_and_malformed_names_are_refused() {
    let relay = TestRelay::start().await;
    let name = SlotName([1; 32]);
    assert_eq!(refused(claim(&relay, name, b"").await), ErrorCode::TooLarge);
    assert_eq!(refused(claim(&relay, name, &vec![0; limits::SLOT_BYTES + 1]).await), ErrorCode::TooLarge);
    assert!(claim(&relay, name, &vec![0; limits::SLOT_BYTES]).await.expect("answered").claimed);
    let claim = SlotClaim { content: vec![1], brought: false };
    assert_eq!(refused(relay.send::<Slot>("PUT", "/v1/slots/AAAA", &claim).await), ErrorCode::Malformed);
}

async fn claim(relay: &TestRelay, name: SlotName, content: &[u8]) -> Result<Slot, ApiError> {
    relay.send("PUT", &format!("/v1/slots/{name}"), &SlotClaim { content: content.to_vec(), brought: false }).await
}

async fn receipt_key(relay: &TestRelay) -> [u8; 32] {
    let info: RelayInfo = relay.get("/v1/relay").await.expect("info");
    info.receipt_key.try_into().expect("32 bytes")
}

#[tokio::test]
async fn a_restored_relay_first_takes_what_stood_in_slots_before() {
    let relay = TestRelay::start().await;
    assert_eq!(sqlite::begin_anew(&relay.folder.path().join("relay.sqlite"), 7), Ok(7));
    let claim = |brought| SlotClaim { content: vec![1], brought };
    let [one, other] = [1, 2].map(|byte| format!("/v1/slots/{}", SlotName([byte; 32])));
    let refused: Result<Slot, ApiError> = relay.send("PUT", &one, &claim(false)).await;
    let refused = refused.expect_err("new claims wait");
    assert_eq!((refused.code, refused.retry_after_seconds), (ErrorCode::Unavailable, limits::CLAIMS_PAUSE_SECONDS));
    let brought: Slot = relay.send("PUT", &one, &claim(true)).await.expect("what stood before is taken");
    assert!(brought.claimed);
    relay.clock.advance(limits::CLAIMS_PAUSE_SECONDS);
    let claimed: Slot = relay.send("PUT", &other, &claim(false)).await.expect("as always");
    assert!(claimed.claimed);
}
