//! Registration in all its ways, what refuses it, and the same number again.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sealpost_client::{AccountState, Connection, Error, Failure, MessageState, Stop, SystemRow, Way};
use sealpost_crypto::hash::sha256;
use sealpost_server::config::{Tls, Ways};
use sealpost_wire::{invitation::Invitation, relay_address::RelayAddress};
use tempfile::TempDir;

use crate::{person::Person, relay::Relay};

const OPERATOR: &str = "the workshop, relay@example.org";
const REGION: &str = "on this machine";
const NUMBER: &str = "+4917604069021";
const OTHER_NUMBER: &str = "+4917604069022";
const DAY: u64 = 86_400;

#[test]
fn a_phone_number_registers_with_its_code_however_it_is_spelt() {
    let relay = Relay::start();
    let ada = Person::new("Ada");
    let sent = ada.ask_code(&relay, "+49 176 04069021").expect("a code is sent");
    assert_eq!((sent.expires_in_seconds, sent.resend_after_seconds), (600, 30));
    let profile =
        ada.register_number(&relay, " +49 (0)176/0406-9021", &relay.code_for(NUMBER)).expect("the code is right");
    assert!(profile.registered && profile.number_linked);
    assert_eq!(profile.state, AccountState::Active);
    for text in ["017604069021", "+49 176", "hello", ""] {
        assert_eq!(Person::new("Ben").ask_code(&relay, text), Err(Error::InvalidNumber), "{text}");
    }
}

#[test]
fn registration_needs_neither_number_nor_address_where_the_relay_is_open() {
    let relay = Relay::start();
    let profile = Person::new("Ada").register(&relay, Way::Open).expect("registration is open");
    assert!(profile.registered && !profile.number_linked);
}

#[test]
fn a_wrong_code_costs_a_try_and_the_fifth_ends_the_code() {
    let relay = Relay::start();
    let ada = Person::new("Ada");
    ada.ask_code(&relay, NUMBER).expect("a code is sent");
    let right = relay.code_for(NUMBER);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for tries_left in (0..5).rev() {
        assert_eq!(ada.register_number(&relay, NUMBER, wrong), Err(Error::CodeWrong { tries_left }));
    }
    assert_eq!(ada.register_number(&relay, NUMBER, &right), Err(Error::CodeExpired));
    relay.pass_seconds(30);
    ada.ask_code(&relay, NUMBER).expect("another code is sent");
    ada.register_number(&relay, NUMBER, &relay.code_for(NUMBER)).expect("the new code is right");
}

#[test]
fn a_code_ends_after_ten_minutes_by_the_relays_clock() {
    let relay = Relay::start();
    let (ada, ben) = (Person::new("Ada"), Person::new("Ben"));
    ada.ask_code(&relay, NUMBER).expect("a code is sent");
    ben.ask_code(&relay, OTHER_NUMBER).expect("a code is sent");
    relay.pass_seconds(590);
    ada.register_number(&relay, NUMBER, &relay.code_for(NUMBER)).expect("the code still holds");
    relay.pass_seconds(11);
    assert_eq!(ben.register_number(&relay, OTHER_NUMBER, &relay.code_for(OTHER_NUMBER)), Err(Error::CodeExpired));
}

#[test]
fn a_code_is_sent_again_after_half_a_minute_and_five_times_a_day() {
    let relay = Relay::start();
    relay.begin_a_new_day();
    let ada = Person::new("Ada");
    for _ in 0..5 {
        ada.ask_code(&relay, NUMBER).expect("a code is sent");
        let too_soon = ada.ask_code(&relay, NUMBER).expect_err("too soon");
        assert!(matches!(too_soon, Error::TooManyRequests { retry_after_seconds: 1..=30 }), "{too_soon:?}");
        relay.pass_seconds(31);
    }
    let enough = ada.ask_code(&relay, NUMBER).expect_err("enough for today");
    assert!(matches!(enough, Error::TooManyRequests { retry_after_seconds: 1..=DAY }), "{enough:?}");
    relay.pass_seconds(DAY);
    ada.ask_code(&relay, NUMBER).expect("the next day");
}

#[test]
fn codes_are_limited_by_country_by_day_and_by_address() {
    let relay = Relay::start_with(|config| {
        config.sms.countries = Some(vec!["DE".to_owned()]);
        config.sms.codes_a_day = 2;
        config.limits.codes_an_hour = 3;
    });
    let ada = Person::new("Ada");
    assert_eq!(ada.ask_code(&relay, "+447700900142"), Err(Error::CountryNotAllowed));
    let sent = |last: u32| ada.ask_code(&relay, &format!("+491760406902{last}"));
    sent(1).expect("the first of the day");
    sent(2).expect("the second of the day");
    let ceiling = sent(3).expect_err("the day's ceiling");
    assert!(matches!(ceiling, Error::TooManyRequests { retry_after_seconds: 1..=DAY }), "{ceiling:?}");
    let prefix = sent(4).expect_err("the address has had three in an hour");
    assert!(matches!(prefix, Error::TooManyRequests { retry_after_seconds: 1..=3600 }), "{prefix:?}");
    relay.pass_seconds(DAY);
    sent(5).expect("the next day");
}

#[test]
fn a_way_that_the_operator_closed_is_refused() {
    let relay = Relay::start_with(|config| config.registration = Ways { phone: false, invitation: true, open: false });
    let ada = Person::new("Ada");
    let view = ada.account().relay_info(&relay.url(), None, &Stop::new()).expect("the relay says what it is");
    assert!(!view.phone && view.invitation && !view.open);
    assert_eq!(ada.register(&relay, Way::Open), Err(Error::RegistrationClosed));
    assert_eq!(ada.ask_code(&relay, NUMBER), Err(Error::RegistrationClosed));
    assert_eq!(ada.register_number(&relay, NUMBER, "123456"), Err(Error::RegistrationClosed));
    assert_eq!(ada.account().connect(), Err(Error::NotRegistered));
    assert_eq!(ada.account().profile().expect("a profile").state, AccountState::New);
}

#[test]
fn an_account_registers_once() {
    let relay = Relay::start();
    let ada = Person::at(&relay, "Ada");
    assert_eq!(ada.register(&relay, Way::Open), Err(Error::AlreadyRegistered));
    ada.is_online();
}

#[test]
fn an_invitation_leads_to_a_relay_with_a_private_authority_and_registers_one() {
    let authority = Authority::new();
    let relay = authority.relay();
    let (ada, ben) = (Person::new("Ada"), Person::new("Ben"));
    let text = invitation(&relay, Some(authority.pin));
    let way = |text: &str| Way::Invitation { text: text.to_owned() };
    let view = ada.account().inviting_relay(&text, &Stop::new()).expect("the relay says who runs it");
    assert_eq!((view.operator.as_str(), view.region.as_str()), (OPERATOR, REGION));
    let profile = ada.account().register("", None, way(&text), &Stop::new()).expect("the invitation is good");
    assert_eq!((profile.relay, profile.number_linked), (relay.url(), false));
    assert_eq!(ben.register(&relay, way(&text)), Err(Error::InvitationRefused), "it is used");
    let late = invitation(&relay, Some(authority.pin));
    relay.pass_seconds(15 * DAY);
    assert_eq!(ben.register(&relay, way(&late)), Err(Error::InvitationRefused), "it is over");
    ben.register(&relay, way(&invitation(&relay, Some(authority.pin)))).expect("the invitation is good");
    ada.connect();
    ben.connect();
    ada.exchange_cards(&ben);
    ada.say(&ben, "over TLS");
    ben.reads(&ada, &["over TLS"]);
    ada.sees(&ben, "over TLS", MessageState::Delivered);
}

#[test]
fn whose_account_is_suspended_is_told_so_and_writes_on_for_later() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    let id = ada.id().parse().expect("an ID");
    assert_eq!(relay.with_service(async |service| service.suspend(id, true).await), Ok(true));
    ada.eventually("suspended", || ada.account().connection() == Connection::Suspended);
    ada.say(&ben, "for later");
    assert_eq!(ada.account().profile().expect("a profile").state, AccountState::Active);
    assert_eq!(relay.with_service(async |service| service.suspend(id, false).await), Ok(true));
    // Sooner than by itself.
    ada.account().disconnect();
    ada.connect();
    ben.reads(&ada, &["for later"]);
}

#[test]
fn a_relay_without_the_right_pin_is_not_believed() {
    let authority = Authority::new();
    let relay = authority.relay();
    for pin in [None, Some([7; 32])] {
        let ada = Person::new("Ada");
        let refused = ada.register(&relay, Way::Invitation { text: invitation(&relay, pin) });
        assert!(matches!(refused, Err(Error::CertificateRefused { .. })), "{refused:?}");
        let refused = ada.account().register(&relay.url(), pin, Way::Open, &Stop::new());
        assert!(matches!(refused, Err(Error::CertificateRefused { .. })), "{refused:?}");
        assert!(!ada.account().profile().expect("a profile").registered);
    }
}

#[test]
fn an_interrupted_registration_is_repeated_as_it_was() {
    let relay = Relay::start();
    // The relay's word on itself is asked for first: the second answer is that to the registration.
    for nth in [1, 2] {
        let ada = Person::new("Ada");
        let number = format!("+491760406903{nth}");
        ada.ask_code(&relay, &number).expect("a code is sent");
        let code = relay.code_for(&number);
        let id = ada.id();
        relay.faults.drop_response(nth);
        let cut = ada.register_number(&relay, &number, &code);
        assert!(matches!(cut, Err(Error::Unreachable { .. })), "{cut:?}");
        assert!(!ada.account().profile().expect("a profile").registered);
        let profile = ada.register_number(&relay, &number, &code).expect("the repetition succeeds");
        assert_eq!((profile.id, profile.number_linked), (id, true));
        let ben = Person::at(&relay, "Ben");
        ada.connect();
        ben.exchange_cards(&ada);
        ben.say(&ada, "hello");
        ada.reads(&ben, &["hello"]);
    }
}

#[test]
fn an_interrupted_invitation_is_not_lost() {
    let relay = Relay::start();
    let ada = Person::new("Ada");
    let way = Way::Invitation { text: invitation(&relay, None) };
    relay.faults.drop_response(2);
    assert!(matches!(ada.register(&relay, way.clone()), Err(Error::Unreachable { .. })));
    ada.register(&relay, way).expect("the repetition succeeds");
}

#[test]
fn the_same_number_again_moves_at_once_and_the_old_id_is_retired_after_seven_days() {
    let relay = Relay::start();
    let (ada, ben) = (Person::with_number(&relay, "Ada", NUMBER), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ben.reads(&ada, &["hello"]);
    relay.pass_seconds(31);
    let anew = Person::with_number(&relay, "Ada anew", NUMBER);
    assert_ne!(anew.id(), ada.id());
    let profile = || ada.account().profile().expect("a profile");
    ada.eventually("the notice", || profile().retires_at_ms.is_some() && !profile().number_linked);
    assert!(anew.account().profile().expect("a profile").number_linked);
    relay.pass_seconds(6 * DAY);
    relay.run_jobs();
    ben.say(&ada, "still there?");
    ada.reads(&ben, &["hello", "still there?"]);
    ben.sees(&ada, "still there?", MessageState::Delivered);
    relay.pass_seconds(DAY + 3_600);
    relay.run_jobs();
    ada.eventually("the end", || profile().state == AccountState::Retired);
    ada.eventually("a refused connection", || ada.account().connection() == Connection::Refused);
    ben.say(&ada, "too late");
    ben.sees(&ada, "too late", MessageState::Failed { reason: Failure::Retired });
    assert!(ben.account().contact(&ada.id()).expect("a contact").retired);
    let is_told = |message: &sealpost_client::Message| {
        message.body == sealpost_client::Body::System { what: SystemRow::PeerRetired }
    };
    assert!(ben.messages(&ada).iter().any(is_told));
    // What the old ID did not receive is sent to the new one.
    ben.meet(&anew);
    let again = ben.account().send_again(&ben.with(&ada), &ben.with(&anew)).expect("it is sent again");
    assert_eq!(again, 1);
    anew.reads(&ben, &["too late"]);
}

#[test]
fn a_device_that_was_off_learns_at_its_next_connection_that_its_number_moved_and_that_it_is_retired() {
    let relay = Relay::start();
    let mut ada = Person::with_number(&relay, "Ada", NUMBER);
    ada.is_online();
    ada.turn_off();
    relay.pass_seconds(31);
    let _anew = Person::with_number(&relay, "Ada anew", NUMBER);
    ada.turn_on();
    ada.eventually("the notice", || ada.account().profile().expect("a profile").retires_at_ms.is_some());
    ada.turn_off();
    relay.pass_seconds(8 * DAY);
    relay.run_jobs();
    ada.turn_on();
    ada.eventually("the end", || ada.account().profile().expect("a profile").state == AccountState::Retired);
}

#[test]
fn an_old_id_that_says_it_is_in_use_is_kept() {
    let relay = Relay::start();
    let (mut ada, ben) = (Person::with_number(&relay, "Ada", NUMBER), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    relay.pass_seconds(31);
    let _anew = Person::with_number(&relay, "Ada anew", NUMBER);
    ada.eventually("the notice", || ada.account().profile().expect("a profile").retires_at_ms.is_some());
    ada.account().keep_id().expect("the ID is kept");
    ada.eventually("no retirement", || ada.account().profile().expect("a profile").retires_at_ms.is_none());
    relay.pass_seconds(8 * DAY);
    relay.run_jobs();
    ada.turn_off();
    ada.turn_on();
    ben.say(&ada, "still there?");
    ada.reads(&ben, &["still there?"]);
    let profile = ada.account().profile().expect("a profile");
    assert_eq!((profile.state, profile.retires_at_ms), (AccountState::Active, None));
}

#[test]
fn a_device_with_a_wrong_clock_registers_and_works() {
    let relay = Relay::start();
    relay.pass_seconds(7_200);
    let (ada, ben) = (Person::with_number(&relay, "Ada", NUMBER), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "what time is it?");
    ben.reads(&ada, &["what time is it?"]);
    // A signed request of its own, after the clock jumped once more.
    relay.pass_seconds(7_200);
    let card = ada.card();
    ada.account().block(&ben.id()).expect("a contact can be blocked");
    assert_ne!(ada.card(), card);
    ada.outbox_is_empty();
}

/// A private certificate authority, as a company has one.
struct Authority {
    folder: TempDir,
    pin: [u8; 32],
}

impl Authority {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
        let key = KeyPair::generate().expect("a key");
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name").signed_by(&key, &root);
        let chain = leaf.expect("a certificate").pem() + &root.pem();
        std::fs::write(folder.path().join("chain.pem"), chain).expect("a file");
        std::fs::write(folder.path().join("key.pem"), key.serialize_pem()).expect("a file");
        Self { folder, pin: sha256(root.der()) }
    }

    fn relay(&self) -> Relay {
        let file = |name: &str| self.folder.path().join(name);
        let tls = Tls { certificate_chain: file("chain.pem"), private_key: file("key.pem") };
        Relay::start_with(|config| {
            config.tls = Some(tls);
            (config.operator, config.region) = (OPERATOR.to_owned(), REGION.to_owned());
        })
    }
}

fn invitation(relay: &Relay, pin: Option<[u8; 32]>) -> String {
    let code = relay.with_service(async |service| service.create_invitation().await).expect("an invitation");
    Invitation { relay: RelayAddress::new(&relay.url(), pin).expect("an address"), code }.to_text()
}
