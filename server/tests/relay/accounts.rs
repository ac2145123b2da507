//! Registration, sessions, numbers, retirement.

use std::sync::atomic::Ordering;

use sealpost_wire::{
    api::account::{NumberLink, NumberLinked, Registered, RegistrationProof},
    error::ErrorCode,
    frame::{Body, NoticeKind},
    limits,
};

use crate::harness::{Device, TestRelay, refused};

const NUMBER: &str = "+4917604069028";

#[tokio::test]
async fn a_number_registers_with_its_code() {
    let relay = TestRelay::start().await;
    let mut device = Device::new(1);
    device.register_by_phone(&relay, NUMBER).await.expect("registered");
    assert_eq!((device.secret.len(), device.number_token.len()), (32, 64));
    device.connect(&relay).await;
}

#[tokio::test]
async fn a_number_that_is_none_and_a_country_that_is_not_allowed_are_refused() {
    let relay = TestRelay::start_with(|config| config.sms.countries = Some(vec!["DE".to_owned()])).await;
    for number in ["", "0176", "+49", "+4917604069020901234", "+49 176 abc", "+1x", "112"] {
        assert_eq!(refused(relay.code(number).await), ErrorCode::NumberInvalid, "{number}");
    }
    assert_eq!(refused(relay.code("+12025550123").await), ErrorCode::CountryNotAllowed);
    relay.code(NUMBER).await.expect("sent");
}

#[tokio::test]
async fn a_code_has_five_tries_and_ten_minutes() {
    let relay = TestRelay::start().await;
    let code = relay.code(NUMBER).await.expect("sent");
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let proof = |code: &str| RegistrationProof::Phone { number: NUMBER.to_owned(), code: code.to_owned() };
    let mut device = Device::new(1);
    for left in (0..5).rev() {
        let error = device.register(&relay, proof(wrong)).await.expect_err("refused");
        assert_eq!((error.code, error.detail), (ErrorCode::CodeWrong, format!("{left} tries left")));
    }
    assert_eq!(refused(device.register(&relay, proof(&code)).await), ErrorCode::CodeExpired);
    relay.clock.advance(limits::CODE_RESEND_SECONDS);
    let code = relay.code(NUMBER).await.expect("sent again");
    relay.clock.advance(limits::CODE_SECONDS);
    assert_eq!(refused(device.register(&relay, proof(&code)).await), ErrorCode::CodeExpired);
    let code = relay.code(NUMBER).await.expect("sent again");
    device.register(&relay, proof(&code)).await.expect("registered");
    let mut other = Device::new(2);
    assert_eq!(refused(other.register(&relay, proof(&code)).await), ErrorCode::CodeExpired, "a code is used once");
}

#[tokio::test]
async fn codes_are_limited_by_number_by_prefix_and_by_day() {
    let relay = TestRelay::start_with(|config| {
        config.limits.codes_an_hour = 8;
        config.sms.codes_a_day = 6;
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    })
    .await;
    relay.code(NUMBER).await.expect("sent");
    let soon = relay.code(NUMBER).await.expect_err("too soon");
    assert_eq!((soon.code, soon.retry_after_seconds), (ErrorCode::TooManyRequests, limits::CODE_RESEND_SECONDS));
    for _ in 1..limits::CODES_PER_NUMBER_A_DAY {
        relay.clock.advance(limits::CODE_RESEND_SECONDS);
        relay.code(NUMBER).await.expect("sent");
    }
    relay.clock.advance(limits::CODE_RESEND_SECONDS);
    assert_eq!(refused(relay.code(NUMBER).await), ErrorCode::TooManyRequests);
    relay.code("+4917604069029").await.expect("the sixth of the day");
    assert_eq!(refused(relay.code("+4917604069020").await), ErrorCode::TooManyRequests, "the ninth of the prefix");
    let elsewhere = relay.http().post(format!("{}/v1/registration/codes", relay.url));
    let body = serde_json::json!({ "number": "+4917604069021", "language": "de" });
    let elsewhere = elsewhere.header("x-forwarded-for", "192.0.2.1").json(&body).send().await.expect("an answer");
    let error: serde_json::Value = elsewhere.json().await.expect("an error");
    assert_eq!(error["code"], "sms_ceiling");
    let relay = relay.restart().await;
    relay.clock.advance(limits::DAY_SECONDS);
    relay.code(NUMBER).await.expect("a new day");
}

#[tokio::test]
async fn a_code_that_cannot_be_sent_says_so_and_costs_nothing() {
    let relay = TestRelay::start_with(|config| config.sms.codes_a_day = 1).await;
    relay.sms.fails.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(refused(relay.code(NUMBER).await), ErrorCode::SmsFailed);
    }
    relay.sms.fails.store(false, Ordering::SeqCst);
    relay.code(NUMBER).await.expect("sent");
}

#[tokio::test]
async fn an_id_is_claimed_once_and_the_same_entry_may_repeat_until_its_first_session() {
    let relay = TestRelay::start().await;
    let mut device = Device::new(1);
    device.register_by_phone(&relay, NUMBER).await.expect("registered");
    let (first, token) = (device.secret.clone(), device.number_token.clone());
    let lost = RegistrationProof::Phone { number: NUMBER.to_owned(), code: "000000".to_owned() };
    device.register(&relay, lost.clone()).await.expect("repeated");
    assert!(device.secret != first && device.number_token == token);
    let mut other = Device { id: device.id, ..Device::new(2) };
    assert_eq!(refused(other.register(&relay, RegistrationProof::Open).await), ErrorCode::IdTaken);
    device.connect(&relay).await;
    assert_eq!(refused(device.register(&relay, lost).await), ErrorCode::CopiedDevice);
}

#[tokio::test]
async fn an_entry_signed_by_another_key_or_for_another_id_is_not_authenticated() {
    let relay = TestRelay::start().await;
    let device = Device::new(1);
    let mut forged = device.registration(RegistrationProof::Open);
    forged.entry.sealing_key = vec![8; 32];
    assert_eq!(
        refused(device.send::<Registered>(&relay, "POST", "/v1/accounts", &forged).await),
        ErrorCode::NotAuthenticated
    );
    let other = Device::new(2).registration(RegistrationProof::Open);
    assert_eq!(
        refused(device.send::<Registered>(&relay, "POST", "/v1/accounts", &other).await),
        ErrorCode::NotAuthenticated
    );
}

#[tokio::test]
async fn an_invitation_registers_one() {
    let relay = TestRelay::start_with(|config| config.registration.open = false).await;
    assert_eq!(refused(Device::new(9).register(&relay, RegistrationProof::Open).await), ErrorCode::RegistrationClosed);
    let code = relay.service.create_invitation().await.expect("made").to_vec();
    let late = relay.service.create_invitation().await.expect("made").to_vec();
    let proof = |code: &[u8]| RegistrationProof::Invitation { code: code.to_vec() };
    Device::new(1).register(&relay, proof(&code)).await.expect("registered");
    assert_eq!(refused(Device::new(2).register(&relay, proof(&code)).await), ErrorCode::InvitationInvalid);
    assert_eq!(refused(Device::new(2).register(&relay, proof(&[1; 16])).await), ErrorCode::InvitationInvalid);
    relay.clock.advance(limits::INVITATION_SECONDS + 3_600);
    assert_eq!(refused(Device::new(3).register(&relay, proof(&late)).await), ErrorCode::InvitationInvalid);
}

#[tokio::test]
async fn a_session_takes_the_latest_secret_or_the_one_before_and_no_other() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let first = device.secret.clone();
    device.connect(&relay).await;
    let lost = device.secret.clone();
    device.secret = first.clone();
    device.connect(&relay).await;
    let second = device.secret.clone();
    device.secret = lost;
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::CopiedDevice), "it was replaced");
    device.secret = second;
    device.connect(&relay).await;
    device.secret = first;
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::CopiedDevice), "it was retired");
    device.secret = vec![0; 32];
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::CopiedDevice));
    device.secret = vec![0; 31];
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::Malformed));
}

#[tokio::test]
async fn the_same_number_moves_at_once_and_the_old_id_is_told_and_retired_after_seven_days() {
    let relay = TestRelay::start().await;
    let mut old = Device::new(1);
    old.register_by_phone(&relay, NUMBER).await.expect("registered");
    let mut socket = old.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 0);
    relay.clock.advance(60);
    let mut new = Device::new(2);
    new.register_by_phone(&relay, NUMBER).await.expect("registered");
    assert_eq!(new.number_token, old.number_token);
    let live = socket.next().await;
    let again = old.connect(&relay).await.next().await;
    for notice in [live, again] {
        let Some(Body::Notice(notice)) = notice else { panic!("a notice is due") };
        assert_eq!(notice.kind(), NoticeKind::NumberMoved);
        assert!(notice.deadline_seconds >= relay.now() + limits::RETIREMENT_SECONDS);
    }
    relay.clock.advance(limits::RETIREMENT_SECONDS - 1);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert!(relay.deliver(&old.delivery(1, b"x")).await.expect("answered").refused.is_empty());
    relay.clock.advance(3_600);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(old.try_connect(&relay).await.err(), Some(ErrorCode::Retired));
    assert_eq!(refused(old.ask::<()>(&relay, "GET", "/v1/mailbox/status").await), ErrorCode::Retired);
    assert_eq!(relay.deliver(&old.delivery(2, b"x")).await.expect("answered").refused[0].code, "retired");
    let mut stranger = old.delivery(3, b"x");
    stranger.recipients[0].token = vec![9; 16];
    assert_eq!(relay.deliver(&stranger).await.expect("answered").refused[0].code, "token_refused");
    let mut again = Device { id: old.id, ..Device::new(3) };
    assert_eq!(refused(again.register(&relay, RegistrationProof::Open).await), ErrorCode::IdTaken);
    assert_eq!(
        refused(relay.get::<serde_json::Value>(&format!("/v1/directory/{}", old.id)).await),
        ErrorCode::NotFound
    );
    relay.clock.advance(401 * limits::DAY_SECONDS);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(relay.deliver(&old.delivery(4, b"x")).await.expect("answered").refused[0].code, "token_refused");
    assert_eq!(refused(again.register(&relay, RegistrationProof::Open).await), ErrorCode::IdTaken, "for good");
}

#[tokio::test]
async fn an_old_id_that_is_in_use_is_kept() {
    let relay = TestRelay::start().await;
    let mut old = Device::new(1);
    old.register_by_phone(&relay, NUMBER).await.expect("registered");
    relay.clock.advance(60);
    Device::new(2).register_by_phone(&relay, NUMBER).await.expect("registered");
    let () = old.ask(&relay, "POST", "/v1/accounts/keep").await.expect("kept");
    relay.clock.advance(2 * limits::RETIREMENT_SECONDS);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(old.connect(&relay).await.drain().await.len(), 0);
}

#[tokio::test]
async fn a_number_is_linked_moved_and_unlinked() {
    let relay = TestRelay::start().await;
    let first = relay.device(1).await;
    let second = relay.device(2).await;
    let code = relay.code(NUMBER).await.expect("sent");
    let link = NumberLink { number: NUMBER.to_owned(), code };
    let linked: NumberLinked = first.send(&relay, "PUT", "/v1/accounts/number", &link).await.expect("linked");
    assert_eq!(linked.number_token.len(), 64);
    assert_eq!(
        refused(second.send::<NumberLinked>(&relay, "PUT", "/v1/accounts/number", &link).await),
        ErrorCode::CodeExpired
    );
    relay.clock.advance(60);
    let link = NumberLink { code: relay.code(NUMBER).await.expect("sent"), ..link };
    let _: NumberLinked = second.send(&relay, "PUT", "/v1/accounts/number", &link).await.expect("linked");
    let () = second.ask(&relay, "DELETE", "/v1/accounts/number").await.expect("unlinked");
    relay.clock.advance(60);
    let mut third = Device::new(3);
    third.register_by_phone(&relay, NUMBER).await.expect("registered");
    relay.clock.advance(2 * limits::RETIREMENT_SECONDS);
    sealpost_server::jobs::once(&relay.service).await.expect("jobs run");
    assert_eq!(refused(first.ask::<()>(&relay, "GET", "/v1/mailbox/status").await), ErrorCode::Retired);
    second.ask::<serde_json::Value>(&relay, "GET", "/v1/mailbox/status").await.expect("not retired");
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_id_stays_taken() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    relay.deliver(&device.delivery(1, b"x")).await.expect("accepted");
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    let () = device.ask(&relay, "DELETE", "/v1/accounts").await.expect("deleted");
    let Some(Body::Failure(failure)) = socket.next().await else { panic!("a failure is due") };
    assert_eq!(failure.code, "retired");
    assert_eq!(refused(device.ask::<()>(&relay, "GET", "/v1/mailbox/status").await), ErrorCode::Retired);
    assert_eq!(refused(device.register(&relay, RegistrationProof::Open).await), ErrorCode::IdTaken);
}
