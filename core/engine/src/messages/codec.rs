//! The bodies of the contents that belong to messages. Field numbers stand in PROTOCOL.md.

use prost::Message;
use sealpost_wire::id::MessageId;

use crate::content::{Content, kind};

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Text {
    #[prost(string, tag = "1")]
    pub text: String,
    /// The message that this one answers: 16 bytes, or empty.
    #[prost(bytes = "vec", tag = "2")]
    pub reply_to: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Edit {
    #[prost(bytes = "vec", tag = "1")]
    pub target: Vec<u8>,
    #[prost(string, tag = "2")]
    pub text: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Delete {
    #[prost(bytes = "vec", tag = "1")]
    pub target: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Reaction {
    /// The author of the message that is reacted to.
    #[prost(string, tag = "1")]
    pub author: String,
    #[prost(bytes = "vec", tag = "2")]
    pub target: Vec<u8>,
    /// Empty: the reaction is taken back.
    #[prost(string, tag = "3")]
    pub emoji: String,
}

/// These messages arrived, or were read.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Receipt {
    #[prost(bool, tag = "1")]
    pub read: bool,
    #[prost(bytes = "vec", repeated, tag = "2")]
    pub targets: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Typing {}

/// The sender's display name, and the token that their mailbox accepts from now on.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Profile {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(bytes = "vec", tag = "2")]
    pub token: Vec<u8>,
}

/// A message that could not be opened: please seal it anew.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SealAnew {
    #[prost(bytes = "vec", tag = "1")]
    pub target: Vec<u8>,
}

/// Adds a receipt to a content that waits, if that is a receipt of the same kind with room.
pub fn join_receipt(content: &[u8], id: MessageId, read: bool, limit: usize) -> Option<Vec<u8>> {
    let (mut content, _) = Content::read(content).filter(|(content, _)| content.kind == kind::RECEIPT)?;
    let mut receipt = Receipt::decode(content.body.as_slice()).ok()?;
    if receipt.read != read || receipt.targets.len() >= limit {
        return None;
    }
    receipt.targets.push(id.0.to_vec());
    content.body = receipt.encode_to_vec();
    Some(content.encode_to_vec())
}
