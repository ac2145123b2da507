//! Every durable request that leaves: jobs in lanes, first in first out in each lane, retried until they are done,
//! blocked until the user acts, or given up for good.
//!
//! Invariants: a job's row is written in the step that wants it and removed in the step that handles its answer; what
//! MLS sealed stays with the job byte for byte, under one delivery ID, so that a repetition is the same delivery, until
//! the keys are gone that would open it.

use std::collections::BTreeSet;

use sealpost_wire::{
    api::directory::KeyPackages,
    id::{DeliveryId, MessageId, SlotName, UserId},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::EngineError,
    mls::GroupId,
    names::ConversationId,
    plan::{Change, Gathering, HandOn},
    step::Step,
    storage::{Direction, Read, Row, StorageError, Table, list, load, save},
};

/// The first pause after a failed try; doubled with every further one, jittered by half.
const FIRST_PAUSE_MS: u64 = 1_000;
/// The longest pause.
const LONGEST_PAUSE_MS: u64 = 5 * 60 * 1_000;
/// A lane in a job's key: its kind, and what it belongs to.
const LANE_BYTES: usize = 17;
/// Bits of a place in the lane that are drawn by chance; the milliseconds stand before them.
const PLACE_BITS: u32 = 20;

/// Where a job queues. Within a lane the order is kept; lanes do not wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    Account,
    /// Contents of a conversation, in the order of composing.
    Contents(ConversationId),
    /// Receipts and requests to seal anew, which wait a random while.
    Receipts(ConversationId),
    /// The making of a conversation's group: key package, then Welcome.
    Opening(ConversationId),
    /// What this device wants changed in a conversation's group, one commit after the other.
    Changes(ConversationId),
    /// What any admin can do for members who leave or come back, each in their turn.
    Care(ConversationId),
    /// Commits, Welcomes and requests of a group on their way to the members.
    Handshakes(GroupId),
    /// Welcomes of others that may have to be handed on.
    HandOn(ConversationId),
    /// What one member's mailbox has not taken with the others'.
    Behind(ConversationId, UserId),
    /// Looks at a group's current slot.
    Looks(GroupId),
    /// Slots of the group that are brought back to a restored relay.
    Slots(GroupId),
}

/// A lane and a place in it, as the row's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobId(Vec<u8>);

/// The group and epoch whose keys sealed something.
pub type SealedIn = (GroupId, u64);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub not_before_ms: u64,
    pub attempts: u32,
    pub blocked: Option<Blocked>,
    /// The mailbox has refused the token once.
    #[serde(default)]
    pub token_refused: bool,
    /// What was handed over first.
    pub sealed: Option<Sealed>,
}

/// A parcel as it leaves, each time under the same delivery ID. The HPKE around it is made anew, which changes nothing:
/// the relay knows a delivery by its ID, and the MLS message inside stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub delivery_id: DeliveryId,
    /// Empty where the job itself holds the parcel.
    pub parcel: Vec<u8>,
    /// For a content: the group and epoch whose keys sealed it.
    pub sealed_in: Option<SealedIn>,
    /// Whom the delivery lists, in its order; empty before it was made.
    pub to: Vec<UserId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum JobKind {
    /// A content in the clear, sealed at hand-over. `message`: its row is told how it fares.
    Content {
        conversation: ConversationId,
        content: Vec<u8>,
        message: Option<MessageId>,
    },
    FetchKeyPackage {
        conversation: ConversationId,
        counter: u32,
    },
    Welcome {
        conversation: ConversationId,
        group: GroupId,
        parcel: Vec<u8>,
        to: Vec<UserId>,
    },
    /// Key packages of many, one after the other.
    Gather {
        conversation: ConversationId,
        gathering: Gathering,
    },
    /// Staged as a commit, claimed, merged.
    Change {
        conversation: ConversationId,
        change: Change,
    },
    Commit {
        group: GroupId,
        parcel: Vec<u8>,
        to: Vec<UserId>,
    },
    /// A request to be added afresh.
    Ask {
        conversation: ConversationId,
        group: GroupId,
        parcel: Vec<u8>,
        to: Vec<UserId>,
    },
    /// A delivery to many that one of them has not taken. `tried`: how many of the tokens that may do.
    Behind {
        conversation: ConversationId,
        member: UserId,
        parcel: Vec<u8>,
        message: Option<MessageId>,
        tried: usize,
        until_ms: u64,
        /// The token of their card may do as well.
        #[serde(default)]
        by_card: bool,
    },
    HandOn(HandOn),
    /// A delivery (protobuf) that somebody else has sealed.
    Forward {
        delivery: Vec<u8>,
    },
    /// `name`: the slot that was asked for, kept because the exporter serves only the current epoch.
    ReadSlot {
        group: GroupId,
        attempt: u32,
        name: Option<SlotName>,
    },
    /// A slot that a restored relay may have lost.
    BringSlot {
        group: GroupId,
        epoch: u64,
        attempt: u32,
    },
    PublishKeyPackages {
        packages: Vec<KeyPackages>,
        replace: bool,
    },
    PublishTokens,
    KeepId,
}

/// What a job waits for, until the user or an update brings it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Blocked {
    NeedsNewCard,
    KeyAlarm,
    TooOldVersion,
    MailboxFull,
    Retired,
    Blocked,
    NoDowngrade,
    Refused,
    /// Not in the group any more.
    NotAMember,
}

impl Row for Job {
    const TABLE: Table = Table::Job;

    fn key(&self) -> Vec<u8> {
        self.id.0.clone()
    }
}

impl Lane {
    fn key(self) -> [u8; LANE_BYTES] {
        let (kind, name) = match self {
            Lane::Account => (0, [0; 16]),
            Lane::Opening(conversation) => (1, conversation.0),
            Lane::Changes(conversation) => (2, conversation.0),
            Lane::Looks(group) => (3, group.0),
            Lane::Contents(conversation) => (4, conversation.0),
            Lane::Receipts(conversation) => (5, conversation.0),
            Lane::Handshakes(group) => (6, group.0),
            Lane::Care(conversation) => (7, conversation.0),
            Lane::HandOn(conversation) => (8, conversation.0),
            Lane::Behind(conversation, member) => {
                let mut name = conversation.0;
                name[11..].copy_from_slice(&member.to_bytes());
                (9, name)
            }
            Lane::Slots(group) => (10, group.0),
        };
        let mut key = [kind; LANE_BYTES];
        key[1..].copy_from_slice(&name);
        key
    }
}

impl Job {
    /// A job that was not tried yet. `not_before_ms`: Unix milliseconds, 0 for at once.
    pub fn new(id: JobId, kind: JobKind, not_before_ms: u64) -> Self {
        Self { id, kind, not_before_ms, attempts: 0, blocked: None, token_refused: false, sealed: None }
    }

    /// The group and epoch that a content was sealed in.
    pub fn sealed_in(&self) -> Option<SealedIn> {
        self.sealed.as_ref()?.sealed_in
    }
}

/// Adds a job at the end of its lane.
pub fn enqueue(step: &mut Step<'_>, lane: Lane, kind: JobKind, pause_ms: u64) -> Result<(), EngineError> {
    let job = next_in(step, lane, kind, pause_ms)?;
    Ok(save(step.tx, &job)?)
}

/// The same for a parcel whose delivery ID is known already, to others too.
pub fn enqueue_sealed(
    step: &mut Step<'_>,
    lane: Lane,
    kind: JobKind,
    delivery_id: DeliveryId,
    pause_ms: u64,
) -> Result<(), EngineError> {
    let mut job = next_in(step, lane, kind, pause_ms)?;
    job.sealed = Some(Sealed { delivery_id, parcel: Vec::new(), sealed_in: None, to: Vec::new() });
    Ok(save(step.tx, &job)?)
}

fn next_in(step: &mut Step<'_>, lane: Lane, kind: JobKind, pause_ms: u64) -> Result<Job, EngineError> {
    let after_last = last(step.tx, lane)?.map_or(0, |job| job.place() + 1);
    // Of the time and of chance, so that a late answer never meets another job under the same name.
    let place = after_last.max(step.now_ms << PLACE_BITS | step.random_below(1 << PLACE_BITS));
    let id = JobId([lane.key().as_slice(), &place.to_be_bytes()].concat());
    let not_before_ms = if pause_ms == 0 { 0 } else { step.now_ms + pause_ms };
    Ok(Job::new(id, kind, not_before_ms))
}

pub fn job(read: &(impl Read + ?Sized), id: &JobId) -> Result<Option<Job>, StorageError> {
    load(read, &id.0)
}

pub fn update(step: &mut Step<'_>, job: &Job) -> Result<(), EngineError> {
    Ok(save(step.tx, job)?)
}

/// The job is done, or given up.
pub fn remove(step: &mut Step<'_>, id: &JobId) -> Result<(), EngineError> {
    Ok(step.tx.remove(Table::Job, &id.0)?)
}

/// Jobs of one lane, in order.
pub fn lane(read: &(impl Read + ?Sized), lane: Lane) -> Result<Vec<Job>, StorageError> {
    list(read, &lane.key(), None, Direction::Up, usize::MAX)
}

/// The last job of a lane, to which a receipt may still be added.
pub fn last(read: &(impl Read + ?Sized), lane: Lane) -> Result<Option<Job>, StorageError> {
    Ok(list(read, &lane.key(), None, Direction::Down, 1)?.pop())
}

/// Forgets what was sealed for the jobs of a lane: its keys are gone.
pub fn unseal(step: &mut Step<'_>, lane: Lane) -> Result<(), EngineError> {
    for mut job in self::lane(step.tx, lane)? {
        if job.sealed.take().is_some() {
            update(step, &job)?;
        }
    }
    Ok(())
}

/// Gives up what this device wanted changed in a group that it is not in any more.
pub fn drop_changes(step: &mut Step<'_>, conversation: ConversationId) -> Result<(), EngineError> {
    for lane in [Lane::Changes(conversation), Lane::Care(conversation), Lane::Opening(conversation)] {
        for job in self::lane(step.tx, lane)? {
            remove(step, &job.id)?;
        }
    }
    Ok(())
}

/// Whether a content of the conversation that was sealed in another group is still on its way. Nothing may overtake it
/// in the new one: whoever reads that lets the other group go.
pub fn awaits_other_group(
    read: &(impl Read + ?Sized),
    conversation: ConversationId,
    group: Option<GroupId>,
) -> Result<bool, StorageError> {
    for lane in [Lane::Contents(conversation), Lane::Receipts(conversation)] {
        let first: Option<Job> = list(read, &lane.key(), None, Direction::Up, 1)?.pop();
        if first.and_then(|job| job.sealed_in()).is_some_and(|(sealed_in, _)| Some(sealed_in) != group) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Why the first job of one of these lanes is blocked, if it is: whatever is queued behind it waits for the same.
pub fn obstacle(read: &(impl Read + ?Sized), lanes: &[Lane]) -> Result<Option<Blocked>, StorageError> {
    for lane in lanes {
        let first: Option<Job> = list(read, &lane.key(), None, Direction::Up, 1)?.pop();
        if let Some(reason) = first.and_then(|job| job.blocked) {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// The first job of every lane.
pub fn heads(read: &(impl Read + ?Sized)) -> Result<Vec<Job>, StorageError> {
    let mut heads = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some(job) = list::<Job>(read, b"", after.as_deref(), Direction::Up, 1)?.pop() {
        let end = [&job.id.0[..LANE_BYTES], &[0xFF; 9]].concat();
        heads.push(job);
        after = Some(end);
    }
    Ok(heads)
}

/// The members of a conversation for whom something waits alone.
pub fn behind(read: &(impl Read + ?Sized), conversation: ConversationId) -> Result<BTreeSet<UserId>, StorageError> {
    let lane = Lane::Behind(conversation, UserId::from_random([0; 5])).key();
    let prefix = &lane[..LANE_BYTES - 5];
    let mut members = BTreeSet::new();
    let mut after: Option<Vec<u8>> = None;
    while let Some((key, _)) = read.scan(Table::Job, prefix, after.as_deref(), Direction::Up, 1)?.pop() {
        let member = key.get(LANE_BYTES - 5..LANE_BYTES).and_then(|bytes| bytes.try_into().ok());
        members.extend(member.map(UserId::from_random));
        after = Some([key.get(..LANE_BYTES).unwrap_or_default(), &[0xFF; 9]].concat());
    }
    Ok(members)
}

/// Waiting and blocked jobs.
pub fn counts(read: &(impl Read + ?Sized)) -> Result<(u32, u32), StorageError> {
    let jobs: Vec<Job> = list(read, b"", None, Direction::Up, usize::MAX)?;
    let blocked = jobs.iter().filter(|job| job.blocked.is_some()).count();
    Ok(((jobs.len() - blocked) as u32, blocked as u32))
}

/// Tries again later: after `at_least_ms`, and longer with every try.
pub fn retry(step: &mut Step<'_>, mut job: Job, at_least_ms: u64) -> Result<(), EngineError> {
    let pause = FIRST_PAUSE_MS.saturating_mul(1 << job.attempts.min(20)).min(LONGEST_PAUSE_MS).max(at_least_ms);
    job.attempts += 1;
    job.not_before_ms = step.now_ms + pause / 2 + step.random_below(pause) / 2 + at_least_ms / 2;
    update(step, &job)
}

/// The network is back: whatever only waited for it may go at once. Jobs that were never tried keep their pause.
pub fn network_is_back(step: &mut Step<'_>) -> Result<(), EngineError> {
    for mut job in heads(step.tx)? {
        if job.attempts > 0 && job.not_before_ms > step.now_ms && job.blocked.is_none() {
            job.not_before_ms = 0;
            update(step, &job)?;
        }
    }
    Ok(())
}

/// A blocked job may be tried again, as if for the first time.
pub fn unblock(step: &mut Step<'_>, mut job: Job) -> Result<(), EngineError> {
    job.blocked = None;
    job.attempts = 0;
    job.token_refused = false;
    job.not_before_ms = 0;
    update(step, &job)
}

/// Which jobs are with the relay at the moment: not durable, a new start hands them over again.
#[derive(Debug, Default)]
pub struct InFlight(BTreeSet<JobId>);

impl InFlight {
    pub fn contains(&self, id: &JobId) -> bool {
        self.0.contains(id)
    }

    pub fn add(&mut self, id: JobId) {
        self.0.insert(id);
    }

    pub fn remove(&mut self, id: &JobId) {
        self.0.remove(id);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Job {
    fn place(&self) -> u64 {
        let place = self.id.0.last_chunk::<8>();
        place.map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }
}
