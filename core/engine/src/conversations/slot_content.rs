//! What stands in a commit slot, encrypted with the slot's key: the commit, the Welcome for those whom it adds, and the
//! proofs that let it do what its committer alone may not.

use prost::Message;
use sealpost_wire::id::UserId;

use crate::mls::GroupId;

#[derive(Clone, PartialEq, Message)]
pub struct SlotContent {
    /// An MLS PrivateMessage with a commit.
    #[prost(bytes = "vec", tag = "1")]
    pub commit: Vec<u8>,
    /// For whom it adds: a delivery that wants only tokens.
    #[prost(message, optional, tag = "2")]
    pub welcome: Option<SlotWelcome>,
    #[prost(message, repeated, tag = "3")]
    pub proofs: Vec<Proof>,
}

/// A Welcome, sealed for the mailboxes of those whom the commit adds, so that any member can hand it on.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SlotWelcome {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub delivery_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub payload: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    pub recipients: Vec<SlotRecipient>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct SlotRecipient {
    #[prost(string, tag = "1")]
    pub mailbox: String,
    #[prost(bytes = "vec", tag = "2")]
    pub wrapped_key: Vec<u8>,
}

/// A member's signed word: that they leave, so that anybody may take them out; or, in a request, that they want to be
/// added afresh.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Proof {
    #[prost(string, tag = "1")]
    pub member: String,
    /// The epoch that they were in.
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    /// 32 bytes: for a leave what tells the leaf that goes, for a return SHA-256 of what else they signed.
    #[prost(bytes = "vec", tag = "3")]
    pub hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub signature: Vec<u8>,
}

impl Proof {
    pub fn id(&self) -> Option<UserId> {
        self.member.parse().ok()
    }

    /// Group ID (16 bytes), ID (8 characters), epoch (8 bytes), hash.
    pub fn signed_bytes(&self, group: GroupId) -> Vec<u8> {
        [group.as_bytes(), self.member.as_bytes(), &self.epoch.to_be_bytes(), &self.hash].concat()
    }
}
