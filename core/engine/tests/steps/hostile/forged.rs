//! What travels, put together by hand from PROTOCOL.md: a liar does not ask our code for it.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Parcel {
    #[prost(oneof = "Body", tags = "1, 2, 3, 5")]
    pub body: Option<Body>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Body {
    #[prost(message, tag = "1")]
    Welcome(Welcome),
    #[prost(message, tag = "2")]
    Message(GroupMessage),
    #[prost(message, tag = "3")]
    Commit(Commit),
    #[prost(message, tag = "5")]
    Rejoin(Rejoin),
}

#[derive(Clone, PartialEq, Message)]
pub struct Welcome {
    #[prost(bytes = "vec", tag = "1")]
    pub welcome: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub card: Vec<u8>,
    #[prost(string, tag = "3")]
    pub name: String,
    #[prost(uint32, tag = "4")]
    pub counter: u32,
    #[prost(bytes = "vec", tag = "5")]
    pub thread: Vec<u8>,
    #[prost(message, repeated, tag = "6")]
    pub secrets: Vec<TokenSecret>,
}

#[derive(Clone, PartialEq, Message)]
pub struct TokenSecret {
    #[prost(uint32, tag = "1")]
    pub generation: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub secret: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GroupMessage {
    #[prost(bytes = "vec", tag = "1")]
    pub message: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub message_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub epoch_tag: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Commit {
    #[prost(bytes = "vec", tag = "1")]
    pub group: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    #[prost(bytes = "vec", tag = "4")]
    pub content: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    pub receipt: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Rejoin {
    #[prost(bytes = "vec", tag = "1")]
    pub group: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    #[prost(bytes = "vec", tag = "3")]
    pub epoch_tag: Vec<u8>,
    #[prost(bool, tag = "4")]
    pub torn: bool,
    #[prost(bytes = "vec", tag = "5")]
    pub key_package: Vec<u8>,
    #[prost(string, tag = "6")]
    pub member: String,
    #[prost(bytes = "vec", tag = "7")]
    pub signature: Vec<u8>,
}

/// What stands in a slot, encrypted with its key.
#[derive(Clone, PartialEq, Message)]
pub struct SlotContent {
    #[prost(bytes = "vec", tag = "1")]
    pub commit: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    pub proofs: Vec<Proof>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Proof {
    #[prost(string, tag = "1")]
    pub member: String,
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    #[prost(bytes = "vec", tag = "3")]
    pub hash: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub signature: Vec<u8>,
}

/// The plaintext of an application message.
#[derive(Clone, PartialEq, Message)]
pub struct Content {
    #[prost(uint32, tag = "1")]
    pub kind: u32,
    #[prost(bytes = "vec", tag = "2")]
    pub message_id: Vec<u8>,
    #[prost(uint64, tag = "3")]
    pub sent_at_ms: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Text {
    #[prost(string, tag = "1")]
    pub text: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Leave {
    #[prost(bytes = "vec", tag = "1")]
    pub proof: Vec<u8>,
}

impl Body {
    pub fn into_bytes(self) -> Vec<u8> {
        Parcel { body: Some(self) }.encode_to_vec()
    }
}

impl Content {
    pub fn of_kind(kind: u32, id: u8, body: &impl Message) -> Vec<u8> {
        Self { kind, message_id: vec![id; 16], sent_at_ms: 0, body: body.encode_to_vec() }.encode_to_vec()
    }

    /// A text as anybody writes it.
    pub fn text(text: &str, id: u8) -> Vec<u8> {
        Self::of_kind(1, id, &Text { text: text.to_owned() })
    }
}
