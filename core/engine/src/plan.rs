//! What jobs for conversations of many are after: data that the outbox keeps and the conversations understand.

use sealpost_wire::id::{SlotName, UserId};
use serde::{Deserialize, Serialize};

use crate::{mls::GroupId, names::ConversationId};

/// What this device wants of its group, as a durable wish.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Change {
    /// New keys for the epoch.
    Renew,
    /// Whose key packages were gathered.
    Add(Vec<UserId>),
    Remove(Vec<UserId>),
    /// Somebody said that they leave: the proof (protobuf) says so to everybody.
    Leaver {
        member: UserId,
        proof: Vec<u8>,
    },
    /// Somebody lost the group's keys: out and in again, by a key package that they made for it.
    Readd {
        member: UserId,
        key_package: Vec<u8>,
    },
    Rename(String),
    SetAdmin {
        member: UserId,
        admin: bool,
    },
    SetPolicy(Policy),
}

/// What members who are no admins may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub members_add: bool,
    pub members_rename: bool,
}

/// Key packages of many, fetched one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathering {
    pub wanted: Vec<UserId>,
    /// How many were asked for.
    pub done: usize,
    /// How many of their tokens were refused for the next.
    pub tokens_refused: usize,
    /// Somebody does not offer the hybrid suite, so all are asked for the classical one.
    pub classical: bool,
    pub purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// A first group, or one anew, with this counter.
    Create {
        counter: u32,
    },
    Add,
    /// Members who never came into this group: they are added afresh.
    Readd {
        group: GroupId,
    },
}

/// A Welcome in somebody else's slot, for newcomers whose card this device has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOn {
    pub conversation: ConversationId,
    pub name: SlotName,
    pub key: [u8; 32],
    pub to: Vec<UserId>,
}
