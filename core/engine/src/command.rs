//! What may be asked of the engine, what the relay may say to it, and what it asks of the relay.

use sealpost_wire::{
    api::{
        account::Registered,
        directory::{KeyPackageAnswer, KeyPackageRequest, KeyPackages},
        mailbox::MailboxTokens,
        relay::RelayInfo,
        slot::{Slot, SlotClaim},
    },
    card::Card,
    envelope::{Delivery, DeliveryAnswer, Envelope},
    error::ApiError,
    frame::NoticeKind,
    id::{MessageId, SlotName, UserId},
    relay_address::RelayAddress,
};

use crate::{conversations::ConversationId, event::Event, identity::PreparedRegistration, outbox::JobId, plan::Policy};

/// Everything that moves the engine.
#[derive(Debug)]
pub enum Input {
    Command(Box<Command>),
    /// The device socket asks for the secret of this session.
    SessionSecret,
    /// The device socket is open: the secret for the next session.
    SessionOpened {
        next_secret: Vec<u8>,
        /// When the relay was last restored, as it says.
        incarnation: u64,
        /// The relay's time (Unix seconds), as it says.
        relay_seconds: u64,
    },
    /// Envelopes of the mailbox in their order, to be acknowledged after the commit.
    Envelopes(Vec<Envelope>),
    /// This envelope made a step fail for another cause than the database: recorded as unhandled, never tried again.
    GiveUp(Box<Envelope>),
    /// The mailbox is drained.
    Drained,
    /// The relay can't be reached any more.
    Offline,
    Notice {
        kind: NoticeKind,
        deadline_seconds: u64,
    },
    /// The relay refused the device itself: `copied_device`, `retired` or `too_old_version`.
    DeviceRefused(ApiError),
    Answer {
        job: JobId,
        answer: Answer,
    },
    /// The time that the last effects asked to be woken at has come.
    Wake,
}

/// What a shell asks.
#[derive(Debug)]
pub enum Command {
    SetName(String),
    SetReadReceipts(bool),
    KeepId,
    /// The relay gave this device, which it took for a copy, a session anew.
    StartOver {
        next_secret: Vec<u8>,
    },
    /// The relay deleted the account, as the user wished.
    Deleted,
    PrepareRegistration {
        relay: RelayAddress,
        info: RelayInfo,
    },
    /// The drawn ID is taken: draw another.
    RedrawId,
    Registered(Registered),
    AddContact {
        card: Card,
        name: String,
    },
    RenameContact {
        id: UserId,
        name: String,
    },
    AcceptContact(UserId),
    BlockContact(UserId),
    UnblockContact(UserId),
    OpenConversation(UserId),
    SendText {
        conversation: ConversationId,
        text: String,
        reply_to: Option<MessageId>,
    },
    /// Sends the texts of a conversation that have no receipt in another one: a person who has a new ID.
    SendElsewhere {
        from: ConversationId,
        to: ConversationId,
    },
    EditMessage {
        conversation: ConversationId,
        message: MessageId,
        text: String,
    },
    DeleteMessage {
        conversation: ConversationId,
        message: MessageId,
    },
    React {
        conversation: ConversationId,
        author: UserId,
        message: MessageId,
        emoji: String,
    },
    MarkRead {
        conversation: ConversationId,
        position: u64,
    },
    SetDraft {
        conversation: ConversationId,
        draft: String,
    },
    Mute {
        conversation: ConversationId,
        until_ms: Option<u64>,
    },
    Typing(ConversationId),
    /// A conversation of many; its members are contacts.
    CreateGroup {
        name: String,
        members: Vec<UserId>,
    },
    AddMembers {
        conversation: ConversationId,
        members: Vec<UserId>,
    },
    RemoveMembers {
        conversation: ConversationId,
        members: Vec<UserId>,
    },
    RenameGroup {
        conversation: ConversationId,
        name: String,
    },
    SetAdmin {
        conversation: ConversationId,
        member: UserId,
        admin: bool,
    },
    SetPolicy {
        conversation: ConversationId,
        policy: Policy,
    },
    /// The way out of a group that can't be mended otherwise.
    RecreateGroup {
        conversation: ConversationId,
        without: Vec<UserId>,
    },
    AcceptInvitation(ConversationId),
    /// Also turns an invitation down.
    LeaveGroup(ConversationId),
}

/// What a command answers.
#[derive(Debug)]
pub enum Reply {
    Done,
    Conversation(ConversationId),
    Message(ConversationId, u64),
    /// How many.
    Count(u32),
    Registration(Box<PreparedRegistration>),
    SessionSecret(Vec<u8>),
}

/// What a step leaves to do, once it is committed.
#[derive(Debug)]
pub struct Effects {
    pub reply: Reply,
    pub events: Vec<Event>,
    pub requests: Vec<Outgoing>,
    /// Unix milliseconds at which to step with [`Input::Wake`].
    pub wake_at_ms: Option<u64>,
}

/// A request to the relay. Its answer comes back with the job's ID; one without a job is ephemeral and has no answer.
#[derive(Debug)]
pub struct Outgoing {
    pub job: Option<JobId>,
    pub request: Request,
}

#[derive(Debug)]
pub enum Request {
    // Without identity.
    Deliver(Delivery),
    FetchKeyPackage { id: UserId, request: KeyPackageRequest },
    ClaimSlot { name: SlotName, claim: SlotClaim },
    ReadSlot { name: SlotName },
    // Signed by the device.
    PublishKeyPackages { packages: Vec<KeyPackages>, replace: bool },
    PublishTokens(MailboxTokens),
    KeepId,
}

#[derive(Debug)]
pub enum Answer {
    Delivered(DeliveryAnswer),
    KeyPackage(Box<KeyPackageAnswer>),
    Slot(Slot),
    Done,
    Refused(ApiError),
    /// No answer: whether the relay did it is unknown.
    Unreachable,
}
