//! What stands inside an MLS application message: a kind number and a body, whose codec its noun owns.

use prost::Message;
use sealpost_wire::id::MessageId;

/// The kinds of today. A number is never used twice.
pub mod kind {
    pub const TEXT: u32 = 1;
    pub const EDIT: u32 = 2;
    pub const DELETE: u32 = 3;
    pub const REACTION: u32 = 4;
    pub const RECEIPT: u32 = 5;
    pub const TYPING: u32 = 6;
    pub const PROFILE: u32 = 7;
    pub const SEAL_ANEW: u32 = 8;
    pub const LEAVE: u32 = 9;
}

/// One content. Field numbers stand in PROTOCOL.md.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Content {
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub message_id: Vec<u8>,
    /// By the author's clock, Unix milliseconds.
    #[prost(uint64, tag = "3")]
    pub sent_at_ms: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub body: Vec<u8>,
    /// Reserved: the message is to vanish after this. Kept, not yet acted upon.
    #[prost(uint32, tag = "5")]
    pub expires_after_seconds: u32,
}

impl Content {
    pub fn new(kind: u32, id: MessageId, sent_at_ms: u64, body: &impl Message) -> Self {
        let body = body.encode_to_vec();
        Self { kind, message_id: id.0.to_vec(), sent_at_ms, body, expires_after_seconds: 0 }
    }

    /// `None` for what no version ever sends.
    pub fn read(bytes: &[u8]) -> Option<(Self, MessageId)> {
        let content = Self::decode(bytes).ok()?;
        let id = MessageId::try_from(content.message_id.as_slice()).ok()?;
        Some((content, id))
    }
}
