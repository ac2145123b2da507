//! What happened to a conversation, as the noun that saw it says it: the engine hands it to the messages, which show it
//! as a row.

use sealpost_wire::id::UserId;
use serde::{Deserialize, Serialize};

use crate::names::ConversationId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub conversation: ConversationId,
    /// Who did it.
    pub by: UserId,
    pub what: Happened,
}

/// What happened in a conversation of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happened {
    Created,
    /// This device was added.
    Joined,
    Added(UserId),
    /// Could not be added: nothing was served, or taken, for this person.
    NotAdded(UserId),
    Removed(UserId),
    Left(UserId),
    /// Lost the group's keys, and was added afresh.
    CameBack(UserId),
    Renamed(String),
    BecameAdmin(UserId),
    StoppedBeingAdmin(UserId),
    PolicyChanged,
    /// The group was created anew.
    CreatedAnew,
    /// This device can't follow the group any more, and asks to be added afresh.
    Torn,
    /// Nobody has added this device afresh for a week: it takes itself to be out.
    GaveUp,
    /// The member can't follow this signer's commit, and asks to be added afresh.
    CouldNotFollow(UserId),
    /// This device was added afresh: what was said in between may be missing.
    BackAgain,
    /// A member is there with another key than the one known.
    KeyAlarm(UserId),
    /// A member's ID is retired.
    Retired(UserId),
}
