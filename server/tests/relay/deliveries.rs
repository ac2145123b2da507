//! Deliveries: accepted once and durably, pushed in order, acknowledged by count, never more than the window.

use sealpost_wire::{
    api::{
        account::{Session, SessionRequest},
        mailbox::{Acknowledgements, MailboxPage, MailboxStatus, MailboxTokens},
    },
    envelope::DeliveryAnswer,
    error::ErrorCode,
    frame::{Body, Delivered},
    id::DeliveryToken,
    limits,
};

use crate::harness::{Device, Socket, TestRelay, refused};

#[tokio::test]
async fn a_delivery_is_pushed_acknowledged_and_gone() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 0);
    let answer = relay.sender().await.deliver(7, device.delivery(1, b"sealed")).await;
    let accepted = Delivered { request: 7, answer: Some(DeliveryAnswer::default()) };
    assert_eq!(answer, Some(Body::Delivered(accepted)));
    let pushed = socket.drain().await;
    assert_eq!(pushed.len(), 1);
    assert_eq!((&pushed[0].payload[..], &pushed[0].delivery_id[..]), (&b"sealed"[..], &[1; 16][..]));
    socket.send(Body::Acknowledge(1)).await;
    wait_until_empty(&device, &relay).await;
    assert_eq!(device.connect(&relay).await.drain().await.len(), 0);
}

#[tokio::test]
async fn what_was_accepted_outlives_a_restart_and_what_was_not_acknowledged_comes_again() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    for number in 0..5 {
        assert!(relay.deliver(&device.delivery(number, &[number])).await.expect("accepted").refused.is_empty());
    }
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 5);
    socket.send(Body::Acknowledge(2)).await;
    wait_for_messages(&device, &relay, 3).await;
    let relay = relay.restart().await;
    let again = device.connect(&relay).await.drain().await;
    assert_eq!(again.iter().map(|envelope| envelope.payload[0]).collect::<Vec<_>>(), [2, 3, 4]);
}

#[tokio::test]
async fn a_repeated_delivery_is_accepted_and_stored_once_for_48_hours() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let delivery = device.delivery(1, b"once");
    for _ in 0..3 {
        assert!(relay.deliver(&delivery).await.expect("accepted").refused.is_empty());
    }
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    socket.send(Body::Acknowledge(1)).await;
    wait_until_empty(&device, &relay).await;
    relay.clock.advance(limits::DEDUPLICATION_SECONDS - 1);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    relay.deliver(&delivery).await.expect("accepted");
    assert_eq!(messages(&device, &relay).await, 0);
    relay.clock.advance(3 * 3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    relay.deliver(&delivery).await.expect("accepted");
    assert_eq!(messages(&device, &relay).await, 1);
}

#[tokio::test]
async fn never_more_than_the_window_is_pushed_before_an_acknowledgement() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    for number in 0..70 {
        relay.deliver(&device.delivery(number, b"small")).await.expect("accepted");
    }
    let mut socket = device.connect(&relay).await;
    let pushed = pushes(&mut socket, limits::PUSH_WINDOW_MESSAGES).await;
    assert_eq!(pushed, (0..64).collect::<Vec<u8>>());
    socket.send(Body::Acknowledge(1)).await;
    assert_eq!(pushes(&mut socket, 1).await, [64]);
    socket.send(Body::Acknowledge(64)).await;
    let rest = socket.drain().await;
    assert_eq!(rest.iter().map(|envelope| envelope.delivery_id[0]).collect::<Vec<_>>(), [65, 66, 67, 68, 69]);
}

#[tokio::test]
async fn the_window_counts_bytes_and_lets_a_large_one_pass_alone() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    for number in 0..3 {
        relay.deliver(&device.delivery(number, &vec![0; 700 << 10])).await.expect("accepted");
    }
    let mut socket = device.connect(&relay).await;
    assert_eq!(pushes(&mut socket, 2).await, [0, 1]);
    socket.send(Body::Acknowledge(2)).await;
    assert_eq!(socket.drain().await.len(), 1);
}

#[tokio::test]
async fn acknowledging_more_than_was_pushed_is_malformed_and_ends_the_connection() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    relay.deliver(&device.delivery(1, b"kept")).await.expect("accepted");
    for count in [2, 0, u32::MAX] {
        let mut socket = device.connect(&relay).await;
        assert_eq!(socket.drain().await.len(), 1);
        socket.send(Body::Acknowledge(count)).await;
        let Some(Body::Failure(failure)) = socket.next().await else { panic!("a failure is due") };
        assert_eq!(failure.code, "malformed");
        assert_eq!(socket.next().await, None);
    }
    assert_eq!(messages(&device, &relay).await, 1);
}

#[tokio::test]
async fn acceptance_is_per_recipient_and_one_payload_serves_all() {
    let relay = TestRelay::start().await;
    let mut first = relay.device(1).await;
    let mut second = relay.device(2).await;
    let mut wrong = second.recipient();
    wrong.token = vec![9; 16];
    let stranger = Device::new(3).recipient();
    let mut delivery = first.delivery(1, b"for all");
    delivery.recipients = vec![first.recipient(), wrong, stranger, second.recipient()];
    let refused = relay.deliver(&delivery).await.expect("accepted").refused;
    let refused: Vec<_> = refused.iter().map(|refused| (refused.index, refused.code.as_str())).collect();
    assert_eq!(refused, [(1, "token_refused"), (2, "token_refused")]);
    assert_eq!(count(&relay, "payload"), 1);
    let mut socket = first.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    socket.send(Body::Acknowledge(1)).await;
    wait_until_empty(&first, &relay).await;
    assert_eq!(count(&relay, "payload"), 1);
    let mut socket = second.connect(&relay).await;
    assert_eq!(socket.drain().await[0].payload, b"for all");
    socket.send(Body::Acknowledge(1)).await;
    wait_until_empty(&second, &relay).await;
    assert_eq!(count(&relay, "payload"), 0);
}

#[tokio::test]
async fn unknown_revoked_and_wrong_tokens_and_unknown_mailboxes_are_answered_alike() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let revoked = device.delivery(1, b"x");
    let fresh = Device { token: DeliveryToken([8; 16]), ..Device::new(1) };
    let tokens = MailboxTokens { tokens: vec![fresh.mailbox_token()] };
    let () = device.send(&relay, "PUT", "/v1/mailbox/tokens", &tokens).await.expect("replaced");
    let wrong = Device { token: DeliveryToken([9; 16]), ..Device::new(1) }.delivery(2, b"x");
    let unknown = Device::new(200).delivery(3, b"x");
    let answers = [relay.deliver(&revoked).await, relay.deliver(&wrong).await, relay.deliver(&unknown).await];
    let answers: Vec<_> = answers.into_iter().map(|answer| answer.expect("answered")).collect();
    assert_eq!(answers[0].refused[0].code, "token_refused");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let packages = |token: u8| serde_json::json!({ "token": encoded(&[token; 16]), "suites": [3] });
    let known = relay.send::<()>("POST", &format!("/v1/directory/{}/key-package", device.id), &packages(9)).await;
    let unknown =
        relay.send::<()>("POST", &format!("/v1/directory/{}/key-package", Device::new(200).id), &packages(9)).await;
    assert_eq!(known, unknown);
    assert_eq!(refused(known), ErrorCode::TokenRefused);
}

#[tokio::test]
async fn an_expiring_token_works_until_its_end() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let mut token = device.mailbox_token();
    token.expires_at_seconds = relay.now() + limits::ROTATED_TOKEN_SECONDS;
    let tokens = MailboxTokens { tokens: vec![token] };
    let () = device.send(&relay, "PUT", "/v1/mailbox/tokens", &tokens).await.expect("replaced");
    relay.clock.advance(limits::ROTATED_TOKEN_SECONDS - 1);
    assert!(relay.deliver(&device.delivery(1, b"x")).await.expect("answered").refused.is_empty());
    relay.clock.advance(3_600);
    assert_eq!(relay.deliver(&device.delivery(2, b"x")).await.expect("answered").refused.len(), 1);
}

#[tokio::test]
async fn a_full_mailbox_says_so_to_both_sides_and_loses_nothing() {
    let relay = TestRelay::start_with(|config| config.limits.mailbox_messages = 2).await;
    let mut device = relay.device(1).await;
    for number in 0..2 {
        assert!(relay.deliver(&device.delivery(number, b"x")).await.expect("answered").refused.is_empty());
    }
    let refused = relay.deliver(&device.delivery(2, b"x")).await.expect("answered").refused;
    assert_eq!(refused[0].code, "mailbox_full");
    let status: MailboxStatus = device.ask(&relay, "GET", "/v1/mailbox/status").await.expect("status");
    assert_eq!((status.messages, status.messages_limit), (2, 2));
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 2);
    socket.send(Body::Acknowledge(2)).await;
    wait_until_empty(&device, &relay).await;
    assert!(relay.deliver(&device.delivery(2, b"x")).await.expect("answered").refused.is_empty());
    assert_eq!(socket.drain().await.len(), 1);
}

#[tokio::test]
async fn a_mailbox_is_full_by_bytes_too() {
    let relay = TestRelay::start_with(|config| config.limits.mailbox_bytes = 1_000).await;
    let device = relay.device(1).await;
    assert!(relay.deliver(&device.delivery(1, &[0; 900])).await.expect("answered").refused.is_empty());
    let refused = relay.deliver(&device.delivery(2, &[0; 900])).await.expect("answered").refused;
    assert_eq!(refused[0].code, "mailbox_full");
}

#[tokio::test]
async fn an_ephemeral_delivery_reaches_who_is_connected_and_is_stored_nowhere() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let mut ephemeral = device.delivery(1, b"typing");
    ephemeral.ephemeral = true;
    assert!(relay.deliver(&ephemeral).await.expect("answered").refused.is_empty());
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 0);
    assert!(relay.deliver(&ephemeral).await.expect("answered").refused.is_empty());
    let Some(Body::Push(envelope)) = socket.next().await else { panic!("a push is due") };
    assert!(envelope.ephemeral && envelope.sequence == 0 && envelope.payload == b"typing");
    assert_eq!(count(&relay, "payload"), 0);
    ephemeral.recipients[0].token = vec![9; 16];
    assert_eq!(relay.deliver(&ephemeral).await.expect("answered").refused[0].code, "token_refused");
}

#[tokio::test]
async fn a_newer_connection_displaces_the_older() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let mut older = device.connect(&relay).await;
    assert_eq!(older.drain().await.len(), 0);
    let mut newer = device.connect(&relay).await;
    assert!(matches!(older.next().await, Some(Body::Displaced(_))));
    assert_eq!(older.next().await, None);
    assert_eq!(newer.drain().await.len(), 0);
    relay.deliver(&device.delivery(1, b"x")).await.expect("accepted");
    assert_eq!(newer.drain().await.len(), 1);
}

#[tokio::test]
async fn the_http_twins_read_and_acknowledge_within_a_session() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    relay.deliver(&device.delivery(1, b"x")).await.expect("accepted");
    let request = SessionRequest { session_secret: device.secret.clone(), start_over: false };
    let session: Session = device.send(&relay, "POST", "/v1/sessions", &request).await.expect("a session");
    device.secret = session.next_secret;
    assert_eq!(refused(device.ask::<MailboxPage>(&relay, "GET", "/v1/mailbox").await), ErrorCode::Malformed);
    let name = encoded(&session.session);
    let page = device.signed(&relay, "GET", "/v1/mailbox", Vec::new()).header("sealpost-session", &name);
    let page: MailboxPage = page.send().await.expect("an answer").json().await.expect("a page");
    assert!(page.empty && page.envelopes.len() == 1);
    let sequences = Acknowledgements { sequences: vec![page.envelopes[0].sequence] };
    let body = serde_json::to_vec(&sequences).expect("JSON");
    let acknowledge = device.signed(&relay, "POST", "/v1/mailbox/acknowledgements", body);
    let status = acknowledge.header("sealpost-session", &name).send().await.expect("an answer").status();
    assert_eq!(status.as_u16(), 204);
    assert_eq!(messages(&device, &relay).await, 0);
    let _socket = device.connect(&relay).await;
    let late = device.signed(&relay, "GET", "/v1/mailbox", Vec::new()).header("sealpost-session", &name);
    assert_eq!(late.send().await.expect("an answer").status().as_u16(), 401);
}

#[tokio::test]
async fn deliveries_on_one_socket_are_answered_by_their_number() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let mut sender = relay.sender().await;
    for number in 0..100_u8 {
        let delivery = Some(device.delivery(number, b"x"));
        let deliver = sealpost_wire::frame::Deliver { request: number.into(), delivery, version: 1 };
        sender.send(Body::Deliver(deliver)).await;
    }
    let mut answered = Vec::new();
    while answered.len() < 100 {
        let Some(Body::Delivered(delivered)) = sender.next().await else { panic!("an answer is due") };
        answered.push(delivered.request);
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..100).collect::<Vec<u32>>());
    assert_eq!(messages(&device, &relay).await, 100);
}

#[tokio::test]
async fn undelivered_messages_end_after_30_days() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    relay.deliver(&device.delivery(1, b"old")).await.expect("accepted");
    relay.clock.advance(limits::MAILBOX_SECONDS - 1);
    relay.deliver(&device.delivery(2, b"new")).await.expect("accepted");
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(messages(&device, &relay).await, 2);
    relay.clock.advance(2 * 3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(messages(&device, &relay).await, 1);
    assert_eq!(count(&relay, "payload"), 1);
}

/// The first bytes of so many delivery IDs, as they are pushed.
async fn pushes(socket: &mut Socket, count: usize) -> Vec<u8> {
    let mut pushed = Vec::new();
    while pushed.len() < count {
        match socket.next().await {
            Some(Body::Push(envelope)) => pushed.push(envelope.delivery_id[0]),
            Some(Body::Notice(_)) => {}
            other => panic!("a push is due, not {other:?}"),
        }
    }
    pushed
}

async fn messages(device: &Device, relay: &TestRelay) -> u64 {
    device.ask::<MailboxStatus>(relay, "GET", "/v1/mailbox/status").await.expect("status").messages
}

async fn wait_until_empty(device: &Device, relay: &TestRelay) {
    wait_for_messages(device, relay, 0).await;
}

/// An acknowledgement rides on the next commit; asking again is the wait.
async fn wait_for_messages(device: &Device, relay: &TestRelay, expected: u64) {
    while messages(device, relay).await != expected {}
}

fn count(relay: &TestRelay, table: &str) -> u64 {
    let database = rusqlite::Connection::open(relay.folder.path().join("relay.sqlite")).expect("there");
    database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count")
}

fn encoded(bytes: &[u8]) -> String {
    data_encoding::BASE64URL_NOPAD.encode(bytes)
}
