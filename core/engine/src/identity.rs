//! Registration of this device's account, its sessions, tokens and key packages, and its retirement.

use sealpost_crypto::directory_entry::sign_entry;
use sealpost_wire::{
    api::{
        account::Registered,
        directory::{DirectoryEntry, KeyPackages},
        mailbox::MailboxTokens,
        relay::RelayInfo,
    },
    id::{DeliveryToken, UserId},
    limits,
    relay_address::RelayAddress,
    suite::Suite,
};

pub use crate::account::{Account, AccountState, account};
use crate::{
    error::EngineError,
    event::Event,
    mls::{Session, forget_expired_key_packages, generate_key_packages},
    outbox::{self, JobKind, Lane},
    simulation::{Planted, key_packages, planted},
    step::{Random, Step},
    storage::{Write, save},
};

/// What the relay is asked to register; the proof is added by whoever talks to it.
#[derive(Debug)]
pub struct PreparedRegistration {
    pub entry: DirectoryEntry,
    pub tokens: MailboxTokens,
    pub key_packages: Vec<KeyPackages>,
}

/// Draws keys, ID and token on the device.
pub fn create(tx: &mut dyn Write, name: &str, random: &mut dyn Random) -> Result<Account, EngineError> {
    check_name(name)?;
    if account(tx)?.is_some() {
        return Err(EngineError::AccountExists);
    }
    let mut draw = |bytes: &mut [u8]| random.fill(bytes);
    let (mut identity_secret, mut sealing_secret, mut id, mut token) = ([0; 32], [0; 32], [0; 5], [0; 16]);
    draw(&mut identity_secret);
    draw(&mut sealing_secret);
    draw(&mut id);
    draw(&mut token);
    let account = Account {
        id: UserId::from_random(id),
        identity_secret,
        sealing_secret,
        name: name.to_owned(),
        relay: None,
        receipt_key: [0; 32],
        incarnation: 0,
        state: AccountState::New,
        number_token: Vec::new(),
        session_secret: Vec::new(),
        contacts_token: DeliveryToken(token),
        rotated_tokens: Vec::new(),
        read_receipts: false,
        retires_at_seconds: None,
        key_packages_at_seconds: 0,
        unhandled: 0,
        clock_lacks_ms: 0,
    };
    save(tx, &account)?;
    Ok(account)
}

/// Keeps the relay and makes what it is asked to register. Asking again makes fresh key packages for the same ID.
pub fn prepare_registration(
    step: &mut Step<'_>,
    relay: RelayAddress,
    info: &RelayInfo,
) -> Result<PreparedRegistration, EngineError> {
    if step.account.state != AccountState::New {
        return Err(EngineError::AlreadyRegistered);
    }
    let receipt_key = info.receipt_key.as_slice().try_into();
    step.account.receipt_key = receipt_key.map_err(|_| EngineError::BadAnswer("receipt key"))?;
    step.account.relay = Some(relay);
    step.account.incarnation = info.incarnation;
    prepare(step)
}

/// Draws another ID (the one before is taken) and prepares anew.
pub fn redraw_id(step: &mut Step<'_>) -> Result<PreparedRegistration, EngineError> {
    if step.account.state != AccountState::New {
        return Err(EngineError::AlreadyRegistered);
    }
    step.account.id = UserId::from_random(step.random_bytes());
    prepare(step)
}

fn prepare(step: &mut Step<'_>) -> Result<PreparedRegistration, EngineError> {
    let key_packages = draw_key_packages(step)?;
    let suites = Suite::ALL.map(Suite::number);
    let entry = sign_entry(&step.identity_key, step.account.id, step.sealing_key().public(), &suites);
    let tokens = step.account.tokens(step.now_seconds());
    step.save_account()?;
    Ok(PreparedRegistration { entry, tokens, key_packages })
}

/// The relay has the account.
pub fn registered(step: &mut Step<'_>, registered: Registered) -> Result<(), EngineError> {
    if step.account.state != AccountState::New {
        return Err(EngineError::AlreadyRegistered);
    }
    step.account.state = AccountState::Active;
    step.account.session_secret = registered.session_secret;
    step.account.number_token = registered.number_token;
    step.tell(Event::Account);
    step.save_account()
}

/// A session began: its secret must be durable before anything else happens.
///
/// True if the relay was restored from a backup since the session before, and has lost what came after that.
pub fn session_opened(
    step: &mut Step<'_>,
    next_secret: Vec<u8>,
    incarnation: u64,
    relay_seconds: u64,
) -> Result<bool, EngineError> {
    step.follow_clock(relay_seconds);
    if !planted(Planted::ForgetSession) {
        step.account.session_secret = next_secret;
    }
    let before = step.account.incarnation;
    let restored = before != 0 && incarnation > before;
    step.account.incarnation = incarnation.max(before);
    outbox::enqueue(step, Lane::Account, JobKind::PublishTokens, 0)?;
    let age = step.since(step.account.key_packages_at_seconds * 1000) / 1000;
    // A restored relay would hand out key packages that were used already.
    if restored || age > limits::KEY_PACKAGE_SECONDS * 2 / 3 {
        publish_key_packages(step, true)?;
    }
    step.save_account()?;
    Ok(restored)
}

/// This device goes on although the relay took it for a copy: with a session and key packages of its own.
pub fn start_over(step: &mut Step<'_>, next_secret: Vec<u8>) -> Result<(), EngineError> {
    step.account.state = AccountState::Active;
    step.account.session_secret = next_secret;
    step.tell(Event::Account);
    outbox::enqueue(step, Lane::Account, JobKind::PublishTokens, 0)?;
    publish_key_packages(step, true)
}

/// The relay refused the device for good.
pub fn refused(step: &mut Step<'_>, state: AccountState) -> Result<(), EngineError> {
    step.account.state = state;
    step.tell(Event::Account);
    step.save_account()
}

/// The number was registered anew elsewhere.
pub fn number_moved(step: &mut Step<'_>, retires_at_seconds: u64) -> Result<(), EngineError> {
    step.account.retires_at_seconds = Some(retires_at_seconds);
    step.account.number_token.clear();
    step.tell(Event::Account);
    step.save_account()
}

/// Answers the relay that this ID is in use although its number moved.
pub fn keep_id(step: &mut Step<'_>) -> Result<(), EngineError> {
    outbox::enqueue(step, Lane::Account, JobKind::KeepId, 0)
}

pub fn kept(step: &mut Step<'_>) -> Result<(), EngineError> {
    step.account.retires_at_seconds = None;
    step.tell(Event::Account);
    step.save_account()
}

pub fn set_name(step: &mut Step<'_>, name: &str) -> Result<(), EngineError> {
    check_name(name)?;
    step.account.name = name.to_owned();
    step.tell(Event::Account);
    step.save_account()
}

pub fn set_read_receipts(step: &mut Step<'_>, wanted: bool) -> Result<(), EngineError> {
    step.account.read_receipts = wanted;
    step.tell(Event::Account);
    step.save_account()
}

/// A new contacts' token; the old one works for a while, so that the others can learn the new one.
pub fn rotate_token(step: &mut Step<'_>) -> Result<(), EngineError> {
    let now = step.now_seconds();
    step.account.rotated_tokens.retain(|(_, end)| *end > now);
    step.account.rotated_tokens.push((step.account.contacts_token, now + limits::ROTATED_TOKEN_SECONDS));
    step.account.contacts_token = DeliveryToken(step.random_bytes());
    step.save_account()?;
    outbox::enqueue(step, Lane::Account, JobKind::PublishTokens, 0)
}

/// The tokens to publish, as they are when the request leaves.
pub fn tokens_to_publish(step: &Step<'_>) -> MailboxTokens {
    step.account.tokens(step.now_seconds())
}

/// Makes new key packages and queues them; `replace` drops the old ones at the relay.
pub fn publish_key_packages(step: &mut Step<'_>, replace: bool) -> Result<(), EngineError> {
    let packages = draw_key_packages(step)?;
    step.save_account()?;
    outbox::enqueue(step, Lane::Account, JobKind::PublishKeyPackages { packages, replace }, 0)
}

fn draw_key_packages(step: &mut Step<'_>) -> Result<Vec<KeyPackages>, EngineError> {
    let now_seconds = step.now_seconds();
    let expires_at_seconds = now_seconds + limits::KEY_PACKAGE_SECONDS;
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    forget_expired_key_packages(&mut session, now_seconds)?;
    let mut all = Vec::new();
    for suite in Suite::ALL {
        let count = key_packages();
        let one_time = generate_key_packages(&mut session, suite, count, false, expires_at_seconds)?;
        let mut last = generate_key_packages(&mut session, suite, 1, true, expires_at_seconds)?;
        all.push(KeyPackages { suite: suite.number(), one_time, last_resort: last.pop().unwrap_or_default() });
    }
    session.finish()?;
    step.account.key_packages_at_seconds = now_seconds;
    Ok(all)
}

/// Whether a display name, one's own or that of a contact, is within its limit.
pub fn check_name(name: &str) -> Result<(), EngineError> {
    if name.len() > limits::NAME_BYTES {
        return Err(EngineError::TooLong { limit_bytes: limits::NAME_BYTES });
    }
    Ok(())
}
