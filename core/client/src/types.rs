//! What the shells see: flat, owned records without a reference into the core. IDs travel as text.

/// The account on this device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// 8 characters.
    pub id: String,
    /// The display name that contacts see; may be empty.
    pub name: String,
    pub registered: bool,
    /// `https://host[:port]`; empty before registration.
    pub relay: String,
    pub number_linked: bool,
    /// The identity key's fingerprint: 8 groups of 4 hexadecimal digits, to compare by eye.
    pub fingerprint: String,
    pub read_receipts: bool,
    /// Unix milliseconds at which this ID is retired because its number was registered anew; `keep_id` prevents it.
    pub retires_at_ms: Option<u64>,
    pub state: AccountState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// Created on the device, not registered.
    New,
    Active,
    /// The relay saw a newer session of this account: this folder is a copy, or was restored.
    Copied,
    /// The number moved to another ID, or the account was deleted.
    Retired,
}

/// How far somebody is trusted; shown as a symbol everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Typed, pasted or unknown.
    Unverified,
    /// Found in the address book or vouched for.
    Known,
    /// Scanned in person.
    Scanned,
    /// The relay showed another key for this ID: sending has stopped.
    Alarm,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub id: String,
    /// The name given here, else the one that the contact gave, else the ID.
    pub name: String,
    pub trust: Trust,
    pub blocked: bool,
    /// Wrote first and was not accepted yet.
    pub request: bool,
    /// The contact's token is stale: ask for a new card.
    pub needs_new_card: bool,
    pub retired: bool,
    pub fingerprint: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    pub id: String,
    /// The other one of two; `None` in a group.
    pub peer: Option<String>,
    /// What there is to know of a group; `None` in a conversation of two.
    pub group: Option<Group>,
    pub title: String,
    /// Of a group: that of the member who is trusted least.
    pub trust: Trust,
    pub unread: u32,
    pub draft: String,
    /// Unix milliseconds; `Some(u64::MAX)` for good.
    pub muted_until_ms: Option<u64>,
    /// A stranger wrote first, or invites into a group: not accepted yet.
    pub request: bool,
    /// The newest message, for the list.
    pub last: Option<Message>,
}

/// A conversation of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub standing: GroupStanding,
    /// Whether this device may do what admins may.
    pub admin: bool,
    /// How many are in it, this device included.
    pub members: u32,
    /// Whether members who are no admins may add others.
    pub members_add: bool,
    /// Whether members who are no admins may rename it.
    pub members_rename: bool,
}

/// What this device is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupStanding {
    /// By somebody who is no contact; accept it, or leave.
    Invited {
        by: String,
    },
    Member,
    /// Said so, and the word is on its way.
    Leaving,
    Left,
    Removed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: String,
    /// A contact's name as given here, else the name that they or their inviter gave, else the ID.
    pub name: String,
    pub trust: Trust,
    pub admin: bool,
    /// This device.
    pub me: bool,
    pub contact: bool,
    /// The ID is retired: nothing reaches them any more.
    pub retired: bool,
}

/// One row on the screen. The order of a conversation is that of `position`, which never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub conversation: String,
    pub position: u64,
    pub id: String,
    pub author: String,
    pub mine: bool,
    /// By the author's clock, Unix milliseconds.
    pub sent_at_ms: u64,
    pub body: Body,
    /// The message that this one answers, if it is known here.
    pub reply_to: Option<String>,
    pub edited: bool,
    pub reactions: Vec<Reaction>,
    pub state: MessageState,
    /// IDs of a group's members whose mailboxes have not taken it yet; it is tried again for a week.
    pub unreached: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Cleaned of control characters, so that a terminal or screen shows it as it is.
    Text { text: String },
    /// Its author took it back.
    Deleted,
    /// A kind that a newer version sends; kept for the day this one is updated.
    Unsupported { kind: u32 },
    /// Could not be opened; its author was asked to seal it anew.
    Unopened,
    /// Something happened to the conversation.
    System { what: SystemRow },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemRow {
    /// In a group: the row's author did it.
    Group { change: GroupChange },
    /// The conversation was secured anew, since its keys were lost or out of step.
    SecuredAnew,
    /// The peer's key changed: alarm.
    KeyAlarm,
    /// The peer's ID is retired.
    PeerRetired,
}

/// What happened in a group. Members are named by their IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupChange {
    Created,
    /// This device was added.
    Joined,
    Added {
        member: String,
    },
    /// Nothing was served for this person, or taken by their mailbox.
    NotAdded {
        member: String,
    },
    Removed {
        member: String,
    },
    Left {
        member: String,
    },
    /// Lost the group's keys, and was added afresh.
    CameBack {
        member: String,
    },
    Renamed {
        name: String,
    },
    BecameAdmin {
        member: String,
    },
    StoppedBeingAdmin {
        member: String,
    },
    PolicyChanged,
    /// The group was created anew.
    CreatedAnew,
    /// This device can't follow the group any more, and asks to be added afresh.
    Torn,
    /// Nobody has added this device afresh for a week: it takes itself to be out.
    GaveUp,
    /// The row's author can't follow a change that `signer` made.
    CouldNotFollow {
        signer: String,
    },
    /// This device was added afresh: what was said in between may be missing.
    BackAgain,
    /// A member is there with another key than the one known: nothing is sent before they are gone.
    KeyAlarm {
        member: String,
    },
    /// A member's ID is retired.
    Retired {
        member: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    pub author: String,
    pub emoji: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageState {
    /// Somebody else's.
    Received,
    /// Waits for the network.
    Waiting,
    /// Sealed and on its way.
    Sending,
    /// The relay holds it durably.
    Sent,
    Delivered,
    Read,
    /// Stopped; see the reason.
    Failed {
        reason: Failure,
    },
}

/// Why a message stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The contact no longer accepts our token: ask for a new card; it is sent once there is one.
    NeedsNewCard,
    /// The contact's key changed: alarm.
    KeyAlarm,
    /// The relay does not take this version of the app any more: update; it is sent then.
    TooOldVersion,
    /// The contact's mailbox is full; it is tried again.
    MailboxFull,
    /// The contact's ID is retired.
    Retired,
    /// The contact is blocked here.
    Blocked,
    /// A post-quantum key is promised in the directory but was not served: not sent with a weaker one.
    NoDowngrade,
    /// The relay refuses it for good.
    Refused,
    /// Not in the group any more.
    NotAMember,
}

/// Something changed. Read what it names; after `Overflow` read everything again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Connection {
        state: Connection,
    },
    Profile,
    Contact {
        id: String,
    },
    Conversation {
        id: String,
    },
    /// A message was added or changed.
    Message {
        conversation: String,
        position: u64,
    },
    /// A message came in; for notifications.
    Arrived {
        conversation: String,
        position: u64,
    },
    Typing {
        conversation: String,
        author: String,
    },
    Overflow,
}

/// What changed, and its place among all changes of this device. See [`Changes`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Grows with every change and is never given out twice.
    pub position: u64,
    /// `Profile`, `Contact`, `Conversation` or `Message`: read what it names, as it is by now.
    pub event: Event,
    /// Of a message: it was not there before.
    pub new: bool,
}

/// A page of what changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    pub changes: Vec<Change>,
    /// Where to read on; equal to what was asked for where nothing is left.
    pub end: u64,
    /// What stood there is not kept any more, or never was: read everything again, then go on from `end`.
    pub missed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Not asked to connect.
    Disconnected,
    /// Trying; again after a growing, jittered pause.
    Connecting,
    /// Connected; older messages are still coming in.
    CatchingUp,
    /// Connected and drained.
    Online,
    /// The relay's operator has suspended the account: tried again every few minutes. Everything is kept.
    Suspended,
    /// Another device or process of this account took over.
    Displaced,
    /// The relay does not take this version any more.
    TooOldVersion,
    /// See `Profile::state`.
    Refused,
}

/// What a relay says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayView {
    pub operator: String,
    pub region: String,
    pub phone: bool,
    pub invitation: bool,
    pub open: bool,
}

/// How to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    Phone {
        number: String,
        code: String,
    },
    /// The whole `SEALPOST-INVITE:` text; carries the relay's address.
    Invitation {
        text: String,
    },
    Open,
}

/// What waits in the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxState {
    /// Requests that will be tried (again).
    pub waiting: u32,
    /// Requests that need something from the user (see the messages' reasons).
    pub blocked: u32,
}

/// The code is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeView {
    pub expires_in_seconds: u64,
    pub resend_after_seconds: u64,
}

/// What is searched for, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Each has to be in the text, in any case and with or without accents.
    pub words: Vec<String>,
    /// Only in this conversation.
    pub conversation: Option<String>,
    /// Only what this ID wrote.
    pub author: Option<String>,
    /// How many hits are kept, the newest ones: 1 to 1,000.
    pub limit: u32,
}

/// A message that holds what was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub message: Message,
    /// Where it stands in the message's text, in order, without overlap.
    pub spans: Vec<Span>,
}

/// A part of a text, in bytes of its UTF-8; never splits a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// What a relay says that it stores and logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivacyView {
    /// Who runs it, in its own words.
    pub operator: String,
    /// Where its data lies, in its own words.
    pub region: String,
    pub items: Vec<PrivacyItem>,
}

/// One thing that a relay stores or logs, in the relay's words (English).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivacyItem {
    /// `table.column`, `file:name` or `log:field`.
    pub place: String,
    pub what: String,
    pub why: String,
    pub legal_basis: String,
    pub readable_by: String,
    pub kept: String,
}
