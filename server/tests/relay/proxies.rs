//! Whom the relay takes for the one who asks, and what it says of itself to them.

use sealpost_wire::api::relay::RelayInfo;

use crate::harness::TestRelay;

#[tokio::test]
async fn x_forwarded_for_is_believed_from_a_trusted_proxy_only() {
    let direct = TestRelay::start_with(|config| config.limits.anonymous_a_minute = 3).await;
    for site in 1..=3 {
        assert_eq!(status(&direct, &[&format!("198.51.{site}.7")]).await, 200);
    }
    assert_eq!(status(&direct, &["198.51.4.7"]).await, 429, "whatever it says, it is one");

    let behind = behind_a_proxy().await;
    for site in 1..=9 {
        assert_eq!(status(&behind, &[&format!("198.51.{site}.7")]).await, 200, "each is somebody else");
    }
}

#[tokio::test]
async fn behind_a_proxy_the_rightmost_hop_that_is_not_trusted_counts() {
    let relay = behind_a_proxy().await;
    for site in 1..=3 {
        let spoofed = format!("203.0.{site}.9, 198.51.100.7, 10.0.0.2");
        assert_eq!(status(&relay, &[&spoofed]).await, 200);
    }
    assert_eq!(status(&relay, &["203.0.99.9, 198.51.100.7, 10.0.0.2"]).await, 429, "what is left of it is anybody's");
    assert_eq!(status(&relay, &["203.0.99.9", "198.51.100.7"]).await, 429, "lines are one list");
    assert_eq!(status(&relay, &["198.51.100.7, 198.51.101.7"]).await, 200);
    // What is no address hides everything to its left: the proxy itself is counted.
    for site in 1..=3 {
        assert_eq!(status(&relay, &[&format!("203.0.{site}.9, unknown")]).await, 200);
    }
    assert_eq!(status(&relay, &["203.0.99.9, unknown"]).await, 429);
}

#[tokio::test]
async fn whoever_asks_learns_operator_and_region() {
    let relay = TestRelay::start_with(|config| {
        config.operator = "Example GmbH".to_owned();
        config.region = "Germany, Falkenstein".to_owned();
    })
    .await;
    let info: RelayInfo = relay.get("/v1/relay").await.expect("info");
    assert_eq!((info.operator.as_str(), info.region.as_str()), ("Example GmbH", "Germany, Falkenstein"));
}

/// A relay that takes the test for its proxy.
async fn behind_a_proxy() -> TestRelay {
    TestRelay::start_with(|config| {
        config.limits.anonymous_a_minute = 3;
        config.trusted_proxies = ["127.0.0.1", "10.0.0.2"].map(|proxy| proxy.parse().expect("an address")).to_vec();
    })
    .await
}

async fn status(relay: &TestRelay, forwarded: &[&str]) -> u16 {
    let request = relay.http().get(format!("{}/v1/relay", relay.url));
    let request = forwarded.iter().fold(request, |request, line| request.header("x-forwarded-for", *line));
    request.send().await.expect("an answer").status().as_u16()
}
