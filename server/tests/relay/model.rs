//! The relay's rules held against a model that is small enough to be read: random sequences of operations, on both
//! stores, cut short where something differs.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config as Runs, TestError, TestRunner},
};
use sealpost_crypto::{hash::token_hash, request_signature::SignedRequest};
use sealpost_server::{
    Config, Parts,
    config::Ways,
    parts::{Clock, SystemRandomness},
    service::{Refusal, Service, Signature},
    store::{Store, hour_after, hour_before, memory::MemoryStore, sqlite::SqliteStore},
};
use sealpost_wire::{
    api::{
        account::RegistrationProof,
        directory::{KeyPackageRequest, KeyPackages},
        mailbox::{MailboxToken, MailboxTokens},
        slot::SlotClaim,
    },
    envelope::{Delivery, Recipient},
    error::ErrorCode,
    id::{DeliveryToken, SlotName},
    limits::{
        DAY_SECONDS, DEDUPLICATION_SECONDS, MAILBOX_SECONDS, SLOT_CONTENT_SECONDS, SLOT_NAME_SECONDS, WRAPPED_KEY_BYTES,
    },
};

use crate::harness::{Device, START};

/// Small, so that they are met.
const MESSAGES: u64 = 4;
const BYTES: u64 = 1_000;
const PACKAGES: u8 = 2;
const LAST_RESORT: u8 = 99;
/// A retired ID's tokens say so for this long.
const FORMER_SECONDS: u64 = 400 * DAY_SECONDS;

/// What people and time do to a relay. People are numbers, tokens too: `(owner, which)`.
#[derive(Debug, Clone)]
enum Step {
    Register(u8),
    Deliver {
        number: u8,
        bytes: u16,
        to: Vec<(u8, u8)>,
    },
    Page(u8),
    /// These places of what waits, and one that is another's or nobody's.
    Acknowledge(u8, Vec<u8>),
    Rotate(u8, Vec<(u8, u16)>),
    TakePackage(u8, u8),
    Claim(u8, u8),
    Look(u8),
    Delete(u8),
    Pass(u64),
    RunJobs,
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = || 0..3_u8;
    let token = || 0..3_u8;
    let times =
        prop::sample::select(vec![60, 3_600, DAY_SECONDS, 3 * DAY_SECONDS, 31 * DAY_SECONDS, 401 * DAY_SECONDS]);
    let step = prop_oneof![
        4 => person().prop_map(Step::Register),
        8 => (0..4_u8, 1..400_u16, vec((person(), token()), 1..4))
            .prop_map(|(number, bytes, to)| Step::Deliver { number, bytes, to }),
        4 => person().prop_map(Step::Page),
        4 => (person(), vec(0..5_u8, 0..4)).prop_map(|(who, places)| Step::Acknowledge(who, places)),
        3 => (person(), vec((token(), 0..100_u16), 0..3)).prop_map(|(who, tokens)| Step::Rotate(who, tokens)),
        3 => (person(), token()).prop_map(|(who, token)| Step::TakePackage(who, token)),
        3 => (0..2_u8, 1..3_u8).prop_map(|(slot, content)| Step::Claim(slot, content)),
        2 => (0..2_u8).prop_map(Step::Look),
        1 => person().prop_map(Step::Delete),
        3 => times.prop_map(Step::Pass),
        2 => Just(Step::RunJobs),
        1 => Just(Step::Restart),
    ];
    vec(step, 1..60)
}

/// What is promised, without how.
#[derive(Default)]
struct Model {
    now: u64,
    accounts: BTreeMap<u8, Account>,
    /// Who was deleted, with the tokens and until when these are known.
    former: BTreeMap<u8, (Vec<u8>, u64)>,
    /// Deliveries that are known again, by mailbox and number, with their hour.
    seen: BTreeMap<(u8, u8), u64>,
    /// Empty: over, and still taken.
    slots: BTreeMap<u8, (Vec<u8>, u64)>,
    /// A bug on purpose: deliveries are not known again.
    forgets: bool,
}

#[derive(Default)]
struct Account {
    tokens: BTreeMap<u8, u64>,
    /// Number, payload, hour.
    waiting: Vec<(u8, u16, u64)>,
    packages: VecDeque<u8>,
}

impl Model {
    fn admits(&self, who: u8, token: u8) -> Option<ErrorCode> {
        let good = |account: &Account| account.tokens.get(&token).is_some_and(|end| *end == 0 || *end > self.now);
        if self.accounts.get(&who).is_some_and(good) {
            return None;
        }
        let retired = self.former.get(&who).is_some_and(|(tokens, _)| tokens.contains(&token));
        Some(if retired { ErrorCode::Retired } else { ErrorCode::TokenRefused })
    }

    fn deliver(&mut self, number: u8, bytes: u16, to: (u8, u8)) -> Option<ErrorCode> {
        if let Some(refused) = self.admits(to.0, to.1) {
            return Some(refused);
        }
        if self.seen.contains_key(&(to.0, number)) && !self.forgets {
            return None;
        }
        let hour = hour_before(self.now);
        let account = self.accounts.get_mut(&to.0)?;
        let weight = |bytes: u16| u64::from(bytes) + WRAPPED_KEY_BYTES as u64;
        let held: u64 = account.waiting.iter().map(|(_, bytes, _)| weight(*bytes)).sum();
        if account.waiting.len() as u64 >= MESSAGES || held + weight(bytes) > BYTES {
            return Some(ErrorCode::MailboxFull);
        }
        account.waiting.push((number, bytes, hour));
        self.seen.insert((to.0, number), hour);
        None
    }

    /// Hours that began before this are over for more than `seconds`.
    fn over(&self, seconds: u64) -> u64 {
        self.now.saturating_sub(seconds + 3_599)
    }

    fn run_jobs(&mut self) {
        let (messages, known) = (self.over(MAILBOX_SECONDS), self.over(DEDUPLICATION_SECONDS));
        let (contents, names) = (self.over(SLOT_CONTENT_SECONDS), self.over(SLOT_NAME_SECONDS));
        for account in self.accounts.values_mut() {
            account.waiting.retain(|(_, _, hour)| *hour >= messages);
            account.tokens.retain(|_, end| *end == 0 || *end > self.now);
        }
        self.seen.retain(|_, hour| *hour >= known);
        self.slots.retain(|_, (_, hour)| *hour >= names);
        self.slots.values_mut().filter(|(_, hour)| *hour < contents).for_each(|(content, _)| content.clear());
        self.former.values_mut().filter(|(_, end)| *end <= self.now).for_each(|(tokens, _)| tokens.clear());
    }
}

/// A relay beside its model.
struct Pair<'a> {
    model: Model,
    service: Service,
    clock: Arc<ModelClock>,
    open: &'a dyn Fn() -> Arc<dyn Store>,
    nonce: u128,
}

struct ModelClock(AtomicU64);

impl Clock for ModelClock {
    fn now_seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl<'a> Pair<'a> {
    fn new(open: &'a dyn Fn() -> Arc<dyn Store>, forgets: bool) -> Self {
        let clock = Arc::new(ModelClock(AtomicU64::new(START)));
        let model = Model { now: START, forgets, ..Model::default() };
        Self { model, service: service(open(), &clock), clock, open, nonce: 0 }
    }

    async fn take(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Register(who) => self.register(*who).await?,
            Step::Deliver { number, bytes, to } => self.deliver(*number, *bytes, to).await?,
            Step::Page(who) => drop(self.page(*who).await?),
            Step::Acknowledge(who, places) => self.acknowledge(*who, places).await?,
            Step::Rotate(who, tokens) => self.rotate(*who, tokens).await?,
            Step::TakePackage(who, token) => self.take_package(*who, *token).await?,
            Step::Claim(slot, content) => self.claim(*slot, *content).await?,
            Step::Look(slot) => self.look(*slot).await?,
            Step::Delete(who) => {
                expect(self.service.delete_account(device(*who).id).await)?;
                if let Some(account) = self.model.accounts.remove(who) {
                    let end = hour_after(self.model.now + FORMER_SECONDS);
                    self.model.former.insert(*who, (account.tokens.into_keys().collect(), end));
                }
            }
            Step::Pass(seconds) => {
                self.model.now += seconds;
                self.clock.0.store(self.model.now, Ordering::SeqCst);
            }
            Step::RunJobs => {
                expect(sealpost_server::jobs::once(&self.service).await)?;
                self.model.run_jobs();
            }
            Step::Restart => {
                // The store before is dropped first: it holds the database.
                self.service = service(Arc::new(MemoryStore::default()), &self.clock);
                self.service = service((self.open)(), &self.clock);
            }
        }
        Ok(())
    }

    async fn register(&mut self, who: u8) -> Result<(), TestCaseError> {
        self.nonce += 1;
        let device = device(who);
        let mut request = device.registration(RegistrationProof::Open);
        request.tokens = MailboxTokens { tokens: vec![token(who, 0, 0)] };
        let one_time = (0..PACKAGES).map(|number| vec![number]).collect();
        request.key_packages = vec![KeyPackages { suite: 3, one_time, last_resort: vec![LAST_RESORT] }];
        let (path, nonce) = ("/v1/accounts", self.nonce.to_be_bytes());
        let time_seconds = self.model.now;
        let signed = SignedRequest { id: device.id, method: "POST", path, body: b"", time_seconds, nonce };
        let signature = Signature { id: device.id, time_seconds, nonce, signature: signed.sign(&device.key) };
        let answer = self.service.register(request, &signature, path, b"").await;
        if self.model.former.contains_key(&who) {
            prop_assert_eq!(answer.map_err(|refusal| refusal.code).err(), Some(ErrorCode::IdTaken));
            return Ok(());
        }
        expect(answer)?;
        self.model.accounts.entry(who).or_insert_with(|| Account {
            tokens: BTreeMap::from([(0, 0)]),
            packages: (0..PACKAGES).collect(),
            ..Account::default()
        });
        Ok(())
    }

    async fn deliver(&mut self, number: u8, bytes: u16, to: &[(u8, u8)]) -> Result<(), TestCaseError> {
        let recipient = |(who, which): &(u8, u8)| Recipient {
            mailbox: device(*who).id.to_string(),
            token: secret(*who, *which).0.to_vec(),
            wrapped_key: vec![1; WRAPPED_KEY_BYTES],
        };
        let delivery = Delivery {
            delivery_id: vec![number; 16],
            payload: vec![number; bytes.into()],
            recipients: to.iter().map(recipient).collect(),
            ephemeral: false,
        };
        let answer = expect(self.service.deliver(delivery).await)?;
        let refused: BTreeMap<u32, String> = answer.refused.into_iter().map(|it| (it.index, it.code)).collect();
        for (index, to) in (0..).zip(to) {
            let expected = self.model.deliver(number, bytes, *to).map(|code| code.as_str().to_owned());
            prop_assert_eq!(refused.get(&index), expected.as_ref(), "delivery {} to {:?}", number, to);
        }
        Ok(())
    }

    /// Sequences of what waits.
    async fn page(&self, who: u8) -> Result<Vec<u64>, TestCaseError> {
        let page = expect(self.service.mailbox_page(device(who).id).await)?;
        let shown: Vec<(u8, usize)> = page.envelopes.iter().map(|it| (it.delivery_id[0], it.payload.len())).collect();
        let waiting = self.model.accounts.get(&who).map_or(&[][..], |account| &account.waiting);
        let expected: Vec<(u8, usize)> = waiting.iter().map(|(number, bytes, _)| (*number, (*bytes).into())).collect();
        prop_assert_eq!(shown, expected);
        prop_assert!(page.empty);
        let sequences: Vec<u64> = page.envelopes.iter().map(|envelope| envelope.sequence).collect();
        prop_assert!(sequences.is_sorted_by(|one, other| one < other));
        let status = expect(self.service.mailbox_status(device(who).id).await)?;
        let held: u64 = waiting.iter().map(|(_, bytes, _)| u64::from(*bytes) + WRAPPED_KEY_BYTES as u64).sum();
        prop_assert_eq!((status.messages, status.bytes), (waiting.len() as u64, held));
        Ok(sequences)
    }

    async fn acknowledge(&mut self, who: u8, places: &[u8]) -> Result<(), TestCaseError> {
        let sequences = self.page(who).await?;
        let others = self.page((who + 1) % 3).await?;
        let mut named: Vec<u64> =
            places.iter().filter_map(|place| sequences.get(usize::from(*place))).copied().collect();
        named.extend(others.first());
        named.extend([u64::MAX / 2, u64::MAX]);
        expect(self.service.acknowledge(device(who).id, named.clone()).await)?;
        if let Some(account) = self.model.accounts.get_mut(&who) {
            let mut sequences = sequences.into_iter();
            account.waiting.retain(|_| sequences.next().is_some_and(|sequence| !named.contains(&sequence)));
        }
        self.page(who).await?;
        Ok(())
    }

    async fn rotate(&mut self, who: u8, tokens: &[(u8, u16)]) -> Result<(), TestCaseError> {
        let now = self.model.now;
        let ends =
            |(which, minutes): &(u8, u16)| (*which, if *minutes == 0 { 0 } else { now + u64::from(*minutes) * 60 });
        let tokens: BTreeMap<u8, u64> = tokens.iter().map(ends).collect();
        let put = MailboxTokens { tokens: tokens.iter().map(|(which, end)| token(who, *which, *end)).collect() };
        expect(self.service.replace_tokens(device(who).id, &put).await)?;
        if let Some(account) = self.model.accounts.get_mut(&who) {
            account.tokens = tokens.into_iter().map(|(which, end)| (which, hour_after(end))).collect();
        }
        Ok(())
    }

    async fn take_package(&mut self, who: u8, which: u8) -> Result<(), TestCaseError> {
        let request = KeyPackageRequest { token: secret(who, which).0.to_vec(), suites: vec![2, 3] };
        let answer = self.service.take_key_package(device(who).id, request).await;
        let expected = match self.model.admits(who, which) {
            Some(code) => Err(code),
            None => {
                let account = self.model.accounts.get_mut(&who);
                Ok(account.and_then(|account| account.packages.pop_front()).unwrap_or(LAST_RESORT))
            }
        };
        let answer = answer.map_err(|refusal| refusal.code);
        prop_assert_eq!(answer.map(|answer| answer.key_package[0]), expected);
        Ok(())
    }

    async fn claim(&mut self, slot: u8, content: u8) -> Result<(), TestCaseError> {
        let claim: SlotClaim = serde_json::from_value(serde_json::json!({
            "content": data_encoding::BASE64URL_NOPAD.encode(&[content]),
        }))
        .expect("a claim");
        let answer = expect(self.service.claim_slot(SlotName([slot; 32]), claim).await)?;
        let hour = hour_before(self.model.now);
        let standing = self.model.slots.entry(slot).or_insert((vec![content], hour)).0.clone();
        let won = standing == [content];
        prop_assert_eq!((answer.claimed, answer.content), (won, if won { Vec::new() } else { standing }));
        Ok(())
    }

    async fn look(&self, slot: u8) -> Result<(), TestCaseError> {
        let answer = self.service.slot(SlotName([slot; 32])).await.map_err(|refusal| refusal.code);
        let expected = self.model.slots.get(&slot).map(|(content, _)| content.clone()).ok_or(ErrorCode::NotFound);
        prop_assert_eq!(answer.map(|slot| slot.content), expected);
        Ok(())
    }
}

fn expect<T>(answer: Result<T, Refusal>) -> Result<T, TestCaseError> {
    answer.map_err(|refusal| TestCaseError::fail(format!("refused: {}, {}", refusal.code.as_str(), refusal.detail)))
}

fn service(store: Arc<dyn Store>, clock: &Arc<ModelClock>) -> Service {
    let mut config = Config { registration: Ways { open: true, ..Ways::default() }, ..Config::default() };
    (config.limits.mailbox_messages, config.limits.mailbox_bytes) = (MESSAGES, BYTES);
    Service::new(config, Parts::in_memory(store, clock.clone(), Arc::new(SystemRandomness), 1))
}

fn device(who: u8) -> Device {
    Device::new(who + 1)
}

fn secret(who: u8, which: u8) -> DeliveryToken {
    let mut secret = [which; 16];
    secret[0] = who;
    DeliveryToken(secret)
}

fn token(who: u8, which: u8, expires_at_seconds: u64) -> MailboxToken {
    MailboxToken { hash: token_hash(&secret(who, which)).to_vec(), expires_at_seconds }
}

/// Runs so many random sequences; the shortest in which something differs.
fn run(cases: u32, forgets: bool, store: impl Fn() -> Opener) -> Result<(), (String, Vec<Step>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let config = Runs { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Runs::default() };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        let opener = store();
        let mut pair = Pair::new(&*opener.open, forgets);
        runtime.block_on(async {
            for step in &steps {
                pair.take(step).await?;
            }
            Ok(())
        })
    });
    outcome.map_err(|error| match error {
        TestError::Fail(reason, steps) => (reason.to_string(), steps),
        TestError::Abort(reason) => panic!("no run: {reason}"),
    })
}

/// Opens one store, again and again.
struct Opener {
    open: Box<dyn Fn() -> Arc<dyn Store>>,
    _folder: Option<tempfile::TempDir>,
}

fn in_memory() -> Opener {
    let store = MemoryStore::default();
    Opener { open: Box::new(move || Arc::new(store.clone())), _folder: None }
}

fn in_sqlite() -> Opener {
    let folder = tempfile::tempdir().expect("temporary");
    let path = folder.path().join("relay.sqlite");
    let open = move |path: &Path| Arc::new(SqliteStore::open(path, Box::new(|_| ())).expect("it opens"));
    Opener { open: Box::new(move || open(&path)), _folder: Some(folder) }
}

#[test]
fn whatever_is_asked_the_service_over_memory_answers_as_the_model() {
    run(400, false, in_memory).expect("no difference");
}

#[test]
fn whatever_is_asked_the_service_over_sqlite_answers_as_the_model() {
    run(40, false, in_sqlite).expect("no difference");
}

#[test]
fn a_rule_that_differs_is_found_and_cut_short() {
    let (_, steps) = run(400, true, in_memory).expect_err("the model forgets deliveries");
    assert!(steps.len() <= 12, "{steps:?}");
}
