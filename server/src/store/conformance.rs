//! What every backend of the store must do; each step opens the store anew, so that nothing lives in memory only.
//!
//! Panics at the first difference: it is a test, exported.

use std::sync::{Arc, Mutex};

use sealpost_wire::{
    api::directory::{DirectoryEntry, KeyPackages},
    id::{BlobId, SlotName, UserId},
    limits,
};

use super::*;

/// At the start of an hour.
const NOW: u64 = 1_800_000_000;
const NUMBER: NumberToken = [7; 64];

/// Runs the suite. `open` opens the same store again, each time after the one before was dropped.
pub async fn run(open: impl Fn() -> Arc<dyn Store>) {
    accounts(&open).await;
    sessions(&open).await;
    numbers(&open).await;
    key_packages(&open).await;
    deliveries(&open).await;
    acknowledgements(&open).await;
    slots(&open).await;
    blobs(&open).await;
    administration(&open).await;
    removal(&open).await;
    sweeps(&open).await;
}

async fn accounts(open: &impl Fn() -> Arc<dyn Store>) {
    assert_eq!(open().account(id(1), former(1)).await, Ok(Found::Nobody));
    let done = Registration::Done { number: None, moved_from: None };
    assert_eq!(open().register(account(1), Proof::Open, NOW).await, Ok(done.clone()));
    let Ok(Found::Account(found)) = open().account(id(1), former(1)).await else { panic!("it was registered") };
    assert_eq!((found.entry, found.retire_at), (account(1).entry, 0));
    assert_eq!(open().register(account(1), Proof::Open, NOW).await, Ok(done.clone()), "the same again");
    let mut other = account(1);
    other.entry.sealing_key = vec![9; 32];
    assert_eq!(open().register(other, Proof::Open, NOW).await, Ok(Registration::Taken));
    assert_eq!(open().add_invitation([5; 32], NOW + 10).await, Ok(()));
    let invited = open().register(account(2), Proof::Invitation([5; 32]), NOW).await;
    assert_eq!(invited, Ok(done));
    let again = open().register(account(3), Proof::Invitation([5; 32]), NOW).await;
    assert_eq!(again, Ok(Registration::InvitationInvalid));
    for code in 6..10 {
        assert_eq!(open().add_invitation([code; 32], NOW + 10).await, Ok(()));
    }
    assert_eq!(open().remove_invitations(Some([6; 32]), NOW).await, Ok(1));
    assert_eq!(open().remove_invitations(Some([6; 32]), NOW).await, Ok(0), "once");
    let withdrawn = open().register(account(3), Proof::Invitation([6; 32]), NOW).await;
    assert_eq!(withdrawn, Ok(Registration::InvitationInvalid));
    assert_eq!((open().invitations(NOW).await, open().invitations(NOW + 7_200).await), (Ok(3), Ok(0)));
    assert_eq!(open().remove_invitations(None, NOW).await, Ok(3));
    assert_eq!(open().invitations(NOW).await, Ok(0));
}

async fn sessions(open: &impl Fn() -> Arc<dyn Store>) {
    let exchange = async |presented: u8, next: u8| open().open_session(id(1), Some([presented; 32]), [next; 32]).await;
    let opened = Ok(SessionOpened::Opened { retire_at: 0 });
    assert_eq!(exchange(1, 11).await, opened);
    assert_eq!(exchange(1, 12).await, opened, "the answer was lost");
    assert_eq!(exchange(11, 13).await, Ok(SessionOpened::Copied), "it was replaced");
    assert_eq!(exchange(12, 13).await, opened);
    assert_eq!(exchange(1, 14).await, Ok(SessionOpened::Copied), "it was retired");
    assert_eq!(open().open_session(id(99), Some([1; 32]), [2; 32]).await, Ok(SessionOpened::Unknown));
    assert_eq!(open().open_session(id(1), None, [15; 32]).await, opened, "it starts over");
    assert_eq!(exchange(13, 16).await, Ok(SessionOpened::Copied), "every other session ended");
    assert_eq!(exchange(15, 16).await, opened);
    assert_eq!(exchange(15, 17).await, opened, "the answer was lost");
    assert_eq!(open().keep_session(id(1), [16; 32]).await, Ok(()), "not the latest: nothing changes");
    assert_eq!(exchange(15, 18).await, opened);
    assert_eq!(open().keep_session(id(1), [18; 32]).await, Ok(()));
    assert_eq!(exchange(15, 19).await, Ok(SessionOpened::Copied), "its successor is kept");
    assert_eq!(exchange(18, 19).await, opened);
    assert_eq!(open().register(account(1), Proof::Open, NOW).await, Ok(Registration::InUse));
}

async fn numbers(open: &impl Fn() -> Arc<dyn Store>) {
    let plan = |code: u8| CodePlan { number: NUMBER, code: [code; 32], ceiling: 3 };
    let proof = |code: u8| NumberProof { number: NUMBER, code: [code; 32], retire_at: NOW + 5_000 };
    assert_eq!(open().plan_code(plan(1), NOW).await, Ok(CodePlanned::Planned));
    let soon = CodePlanned::TooMany { retry_after_seconds: limits::CODE_RESEND_SECONDS };
    assert_eq!(open().plan_code(plan(2), NOW).await, Ok(soon));
    let wrong = open().link_number(id(1), proof(2), NOW).await;
    assert_eq!(wrong, Ok(NumberLinking::CodeWrong { tries_left: limits::CODE_TRIES - 1 }));
    let late = open().link_number(id(1), proof(1), NOW + limits::CODE_SECONDS).await;
    assert_eq!(late, Ok(NumberLinking::CodeExpired));
    let linked = open().link_number(id(1), proof(1), NOW).await;
    assert_eq!(linked, Ok(NumberLinking::Done { moved_from: None }));
    assert_eq!(open().link_number(id(2), proof(1), NOW).await, Ok(NumberLinking::CodeExpired), "used once");
    assert_eq!(open().withdraw_code(NUMBER, NOW).await, Ok(()));
    assert_eq!(open().plan_code(plan(3), NOW).await, Ok(CodePlanned::Planned), "a withdrawn one does not count");
    let moved = Registration::Done { number: Some(NUMBER), moved_from: Some(id(1)) };
    assert_eq!(open().register(account(3), Proof::Number(proof(3)), NOW).await, Ok(moved));
    let Ok(Found::Account(found)) = open().account(id(1), former(1)).await else { panic!("it is not retired yet") };
    assert_eq!(found.retire_at, NOW + 7_200, "rounded up to the hour");
    assert_eq!(open().due_retirements(NOW + 7_199).await, Ok(vec![]));
    assert_eq!(open().due_retirements(NOW + 7_200).await, Ok(vec![id(1)]));
    assert_eq!(open().keep_account(id(1)).await, Ok(()));
    assert_eq!(open().due_retirements(NOW + 7_200).await, Ok(vec![]));
    assert_eq!(open().unlink_number(id(3)).await, Ok(()));
    let other = CodePlan { number: [8; 64], code: [1; 32], ceiling: 2 };
    assert_eq!(open().plan_code(other.clone(), NOW).await, Ok(CodePlanned::Planned));
    let third = CodePlan { number: [9; 64], ..other };
    assert!(matches!(open().plan_code(third, NOW).await, Ok(CodePlanned::Ceiling { .. })));
}

async fn key_packages(open: &impl Fn() -> Arc<dyn Store>) {
    let ask = async |suites: Vec<u16>| open().take_key_package(addressee(1, 1), suites, NOW).await;
    let Ok(Taken::Package { suite, package, last_resort, left, .. }) = ask(vec![78, 3]).await else { panic!("one") };
    assert_eq!((suite, package, last_resort, left), (3, vec![1], false, 1));
    let Ok(Taken::Package { package, left: 0, .. }) = ask(vec![3]).await else { panic!("another") };
    assert_eq!(package, vec![2]);
    for _ in 0..2 {
        let Ok(Taken::Package { package, last_resort: true, .. }) = ask(vec![3]).await else { panic!("the last") };
        assert_eq!(package, vec![3]);
    }
    assert_eq!(ask(vec![78]).await, Ok(Taken::Nothing));
    let wrong = open().take_key_package(addressee(1, 9), vec![3], NOW).await;
    assert_eq!(wrong, Ok(Taken::Refused(Delivered::TokenRefused)));
    let more = |count| vec![KeyPackages { suite: 3, one_time: vec![vec![4]; count], last_resort: vec![] }];
    assert_eq!(open().add_key_packages(id(1), more(50), [1; 32], false).await, Ok(PackagesAdded::Added));
    assert_eq!(open().add_key_packages(id(1), more(1), [2; 32], false).await, Ok(PackagesAdded::TooMany));
    for _ in 0..2 {
        assert_eq!(open().add_key_packages(id(1), more(1), [3; 32], true).await, Ok(PackagesAdded::Added));
    }
    let Ok(Taken::Package { left: 0, .. }) = ask(vec![3]).await else { panic!("the only one") };
    assert_eq!(open().add_key_packages(id(1), more(1), [3; 32], false).await, Ok(PackagesAdded::Added));
    assert_eq!(ask(vec![3]).await, Ok(Taken::Nothing), "what was handed out stays so");
    assert_eq!(open().add_key_packages(id(1), more(1), [4; 32], false).await, Ok(PackagesAdded::Added));
    let counts = open().key_package_counts(id(1)).await.expect("counts");
    assert_eq!(counts.iter().map(|count| (count.suite, count.one_time)).collect::<Vec<_>>(), [(3, 1)]);
}

/// Delivers, and checks that what is told of is what was stored.
async fn deliver(store: Arc<dyn Store>, delivery: NewDelivery) -> Result<Vec<Delivered>, StoreError> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = Arc::clone(&told);
    let filed = move |filed: &[Filed]| telling.lock().expect("no test panicked").extend_from_slice(filed);
    let delivery = Arc::new(delivery);
    let outcomes = store.deliver(Arc::clone(&delivery), NOW, Box::new(filed)).await?;
    let stored = (0..).zip(&outcomes).filter(|(_, outcome)| **outcome == Delivered::Stored);
    let told = told.lock().expect("no test panicked").clone();
    assert_eq!(told.iter().map(|it| it.recipient).collect::<Vec<_>>(), stored.map(|(it, _)| it).collect::<Vec<_>>());
    for filed in told {
        let page = store.page(delivery.recipients[filed.recipient].to.id, filed.sequence - 1, 1, 1_000).await?;
        assert_eq!(page.envelopes[0].sequence, filed.sequence);
        assert_eq!(page.envelopes[0].delivery_id, delivery.delivery_id);
    }
    Ok(outcomes)
}

async fn deliveries(open: &impl Fn() -> Arc<dyn Store>) {
    use Delivered::{Again, MailboxFull, Stored, TokenRefused};
    let both = vec![addressee(1, 1), addressee(2, 2), addressee(2, 9), addressee(99, 1)];
    let outcome = deliver(open(), delivery(1, 10, both.clone())).await;
    assert_eq!(outcome, Ok(vec![Stored, Stored, TokenRefused, TokenRefused]));
    let outcome = deliver(open(), delivery(1, 10, both.clone())).await;
    assert_eq!(outcome, Ok(vec![Again, Again, TokenRefused, TokenRefused]));
    assert_eq!(open().admit(both, NOW).await, Ok(vec![Stored, Stored, TokenRefused, TokenRefused]));
    assert_eq!(deliver(open(), delivery(2, 10, vec![addressee(1, 1)])).await, Ok(vec![Stored]));
    let full = NewDelivery { messages_limit: 2, ..delivery(3, 10, vec![addressee(1, 1), addressee(2, 2)]) };
    assert_eq!(deliver(open(), full).await, Ok(vec![MailboxFull, Stored]));
    let heavy = NewDelivery { bytes_limit: 200, ..delivery(4, 100, vec![addressee(2, 2)]) };
    assert_eq!(deliver(open(), heavy.clone()).await, Ok(vec![MailboxFull]));
    assert_eq!(deliver(open(), heavy).await, Ok(vec![MailboxFull]), "what was refused was not taken");
    let page = open().page(id(1), 0, 64, 1_000).await.expect("a page");
    assert_eq!((numbers_of(&page), page.more), (vec![1, 2], false));
    assert!(page.envelopes[0].sequence < page.envelopes[1].sequence);
    let first = open().page(id(1), 0, 1, 1_000).await.expect("a page");
    assert_eq!((numbers_of(&first), first.more), (vec![1], true));
    let behind = open().page(id(1), first.envelopes[0].sequence, 64, 1_000).await.expect("a page");
    assert_eq!((numbers_of(&behind), behind.more), (vec![2], false));
    let narrow = open().page(id(1), 0, 64, 1).await.expect("a page");
    assert_eq!((numbers_of(&narrow), narrow.more), (vec![1], true), "at least one");
    let status = open().mailbox_status(id(1)).await.expect("status");
    assert_eq!((status.messages, status.bytes), (2, 2 * 90));
    let totals = open().totals().await;
    assert_eq!(totals, Ok(Totals { accounts: 3, suspended_accounts: 0, waiting_messages: 4, waiting_bytes: 4 * 90 }));
    let expiring = vec![TokenHash { hash: [6; 32], expires_at: NOW + 3_600 }];
    assert_eq!(open().replace_tokens(id(1), expiring).await, Ok(()));
    assert_eq!(open().admit(vec![addressee(1, 1)], NOW).await, Ok(vec![TokenRefused]));
    assert_eq!(open().admit(vec![addressee(1, 6)], NOW + 3_599).await, Ok(vec![Stored]));
    assert_eq!(open().admit(vec![addressee(1, 6)], NOW + 3_600).await, Ok(vec![TokenRefused]));
}

async fn acknowledgements(open: &impl Fn() -> Arc<dyn Store>) {
    let page = open().page(id(1), 0, 64, 1_000).await.expect("a page");
    let foreign = open().page(id(2), 0, 1, 1_000).await.expect("a page").envelopes[0].sequence;
    assert_eq!(open().acknowledge(id(1), vec![page.envelopes[0].sequence, foreign, 12_345]).await, Ok(()));
    let left = open().page(id(1), 0, 64, 1_000).await.expect("a page");
    assert_eq!(numbers_of(&left), [2]);
    let others = open().page(id(2), 0, 64, 1_000).await.expect("a page");
    assert_eq!(numbers_of(&others), [1, 3], "another's message stays, and the shared payload with it");
    let last = left.envelopes[0].sequence;
    assert_eq!(open().acknowledge(id(1), vec![last]).await, Ok(()));
    let status = open().mailbox_status(id(1)).await.expect("status");
    assert_eq!((status.messages, status.bytes), (0, 0));
    assert_eq!(deliver(open(), delivery(5, 10, vec![addressee(1, 6)])).await, Ok(vec![Delivered::Stored]));
    let next = open().page(id(1), 0, 64, 1_000).await.expect("a page").envelopes[0].sequence;
    assert!(next > last, "a sequence is never used twice");
}

async fn slots(open: &impl Fn() -> Arc<dyn Store>) {
    let claim = async |content: &[u8]| open().claim_slot(SlotName([1; 32]), content.to_vec(), NOW).await;
    assert_eq!(open().slot(SlotName([1; 32])).await, Ok(SlotState::Free));
    assert_eq!(claim(b"first").await, Ok(SlotState::Claimed));
    assert_eq!(claim(b"second").await, Ok(SlotState::Taken(b"first".to_vec())));
    assert_eq!(claim(b"first").await, Ok(SlotState::Claimed));
    let store = open();
    let race = |content: u8| store.claim_slot(SlotName([2; 32]), vec![content], NOW);
    let (one, other) = futures_util::join!(race(1), race(2));
    assert!(one != other && (one == Ok(SlotState::Claimed) || other == Ok(SlotState::Claimed)));
}

async fn blobs(open: &impl Fn() -> Arc<dyn Store>) {
    let (name, owner) = (BlobId([1; 32]), [1; 32]);
    assert_eq!(open().add_blob(name, owner, NOW + 3_600).await, Ok(true));
    assert_eq!(open().add_blob(name, owner, NOW + 3_600).await, Ok(true), "again by its owner");
    assert_eq!(open().add_blob(name, [2; 32], NOW + 3_600).await, Ok(false));
    assert_eq!(open().owns_blob(name, owner).await, Ok(true));
    assert_eq!(open().owns_blob(name, [2; 32]).await, Ok(false));
    assert_eq!(open().blobs_after(None).await, Ok(vec![(name, owner)]));
    assert_eq!(open().blobs_after(Some(name)).await, Ok(vec![]));
    assert_eq!(open().expired_blobs(NOW + 3_599).await, Ok(vec![]));
    assert_eq!(open().expired_blobs(NOW + 3_600).await, Ok(vec![name]));
    assert_eq!(open().remove_blobs(vec![name]).await, Ok(()));
    assert_eq!(open().owns_blob(name, owner).await, Ok(false));
}

async fn administration(open: &impl Fn() -> Arc<dyn Store>) {
    use Delivered::{MailboxFull, Stored, TokenRefused};
    let to = || vec![addressee(1, 6), addressee(1, 9)];
    assert_eq!(open().administrations().await, Ok(0));
    assert_eq!(open().suspend_account(id(1), true).await, Ok(true));
    let Ok(Found::Account(found)) = open().account(id(1), former(1)).await else { panic!("it is there") };
    assert!(found.suspended);
    assert_eq!(open().totals().await.expect("totals").suspended_accounts, 1);
    assert_eq!(open().admit(to(), NOW).await, Ok(vec![MailboxFull, TokenRefused]));
    assert_eq!(deliver(open(), delivery(9, 10, to())).await, Ok(vec![MailboxFull, TokenRefused]));
    assert_eq!(open().suspend_account(id(1), false).await, Ok(true));
    assert_eq!(open().admit(to(), NOW).await, Ok(vec![Stored, TokenRefused]));
    assert_eq!(open().suspend_account(id(99), true).await, Ok(false));
    assert_eq!(open().count_administration().await, Ok(()));
    assert_ne!(open().administrations().await, Ok(0));
}

async fn removal(open: &impl Fn() -> Arc<dyn Store>) {
    assert_eq!(open().remove_account(id(2), former(2), NOW).await, Ok(()));
    let left = Found::Former { identity_key: Some([2; 32]) };
    assert_eq!(open().account(id(2), former(2)).await, Ok(left));
    assert_eq!(open().register(account(2), Proof::Open, NOW).await, Ok(Registration::Taken));
    let to = vec![addressee(2, 2), addressee(2, 9)];
    let told = Ok(vec![Delivered::Retired, Delivered::TokenRefused]);
    assert_eq!(deliver(open(), delivery(6, 10, to)).await, told);
}

async fn sweeps(open: &impl Fn() -> Arc<dyn Store>) {
    let all = [Sweep::Messages, Sweep::Deduplication, Sweep::SlotContents, Sweep::SlotNames];
    for sweep in all {
        assert_eq!(open().sweep(sweep, NOW).await, Ok(0), "{sweep:?} takes nothing that is not over");
    }
    assert_eq!(open().sweep(Sweep::Messages, NOW + limits::MAILBOX_SECONDS + 3_600).await, Ok(1));
    assert_eq!(open().mailbox_status(id(1)).await.expect("status").messages, 0);
    assert_ne!(open().sweep(Sweep::Deduplication, NOW + limits::DEDUPLICATION_SECONDS + 3_600).await, Ok(0));
    assert_eq!(open().sweep(Sweep::SlotContents, NOW + limits::SLOT_CONTENT_SECONDS + 3_600).await, Ok(2));
    assert_eq!(open().slot(SlotName([1; 32])).await, Ok(SlotState::Gone));
    assert_eq!(open().claim_slot(SlotName([1; 32]), vec![1], NOW).await, Ok(SlotState::Gone));
    assert_eq!(open().sweep(Sweep::SlotNames, NOW + limits::SLOT_NAME_SECONDS + 3_600).await, Ok(2));
    assert_eq!(open().slot(SlotName([1; 32])).await, Ok(SlotState::Free));
    assert_eq!(open().sweep(Sweep::FormerTokens, NOW + 401 * limits::DAY_SECONDS).await, Ok(1));
    assert_eq!(open().account(id(2), former(2)).await, Ok(Found::Former { identity_key: None }));
    assert_eq!(open().incarnation().await, Ok(1));
    assert_eq!(open().claims_from(NOW).await, Ok(0));
    assert_eq!(open().checkpoint().await, Ok(()));
}

fn id(number: u8) -> UserId {
    UserId::from_random([number; 5])
}

fn former(number: u8) -> FormerId {
    FormerId([number; 32])
}

fn addressee(number: u8, token: u8) -> Addressee {
    Addressee { id: id(number), former: former(number), token: [token; 32] }
}

/// Its keys, token and first session secret are its number.
fn account(number: u8) -> NewAccount {
    NewAccount {
        id: id(number),
        former: former(number),
        entry: DirectoryEntry {
            id: id(number).to_string(),
            identity_key: vec![number; 32],
            sealing_key: vec![number; 32],
            suites: vec![3],
            signature: vec![number; 64],
        },
        session: [number; 32],
        tokens: vec![TokenHash { hash: [number; 32], expires_at: 0 }],
        key_packages: vec![KeyPackages { suite: 3, one_time: vec![vec![1], vec![2]], last_resort: vec![3] }],
    }
}

fn delivery(number: u8, bytes: usize, to: Vec<Addressee>) -> NewDelivery {
    let recipient = |to: Addressee| {
        let mut seen = [number; 16];
        seen[..5].copy_from_slice(&to.id.to_bytes());
        NewRecipient { to, wrapped_key: vec![0; 80], seen }
    };
    NewDelivery {
        delivery_id: [number; 16],
        payload: vec![number; bytes].into(),
        recipients: to.into_iter().map(recipient).collect(),
        messages_limit: 1_000,
        bytes_limit: 1_000_000,
    }
}

fn numbers_of(page: &Page) -> Vec<u8> {
    page.envelopes.iter().map(|envelope| envelope.delivery_id[0]).collect()
}
