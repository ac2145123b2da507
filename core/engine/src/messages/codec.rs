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

/// The author leaves the group.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Leave {
    /// The signed word that any member can show to the others (protobuf).
    #[prost(bytes = "vec", tag = "1")]
    pub proof: Vec<u8>,
}

/// Adds receipts to a content that waits, as many as there is room for, if that is a receipt of the same kind.
pub fn join_receipt(
    content: &[u8],
    targets: &mut impl Iterator<Item = Vec<u8>>,
    read: bool,
    limit: usize,
) -> Option<Vec<u8>> {
    let (mut content, _) = Content::read(content).filter(|(content, _)| content.kind == kind::RECEIPT)?;
    let mut receipt = Receipt::decode(content.body.as_slice()).ok()?;
    if receipt.read != read || receipt.targets.len() >= limit {
        return None;
    }
    receipt.targets.extend(targets.take(limit - receipt.targets.len()));
    content.body = receipt.encode_to_vec();
    Some(content.encode_to_vec())
}

/// Whether a content asks for this message to be sealed anew.
pub fn asks_for(content: &[u8], message: MessageId) -> bool {
    let asks = Content::read(content).filter(|(content, _)| content.kind == kind::SEAL_ANEW);
    asks.and_then(|(content, _)| SealAnew::decode(content.body.as_slice()).ok())
        .is_some_and(|asks| asks.target == message.0)
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../../../../tests/vectors/contents.json");

    fn more(number: u8) -> impl Iterator<Item = Vec<u8>> {
        [vec![number; 16], vec![number + 100; 16]].into_iter()
    }

    #[test]
    fn contents_are_those_of_the_vectors() {
        let file: Value = serde_json::from_str(VECTORS).unwrap();
        let contents = file["contents"].as_array().unwrap();
        assert!(contents.len() >= 8, "one for each kind");
        for case in contents {
            let (kind, body) = body(case["kind"].as_str().unwrap(), &case["fields"]);
            assert_eq!(body, bytes(&case["body"]), "{}", case["kind"]);
            assert_eq!(u64::from(kind), number(&case["number"]));
            let id = MessageId::try_from(bytes(&case["message_id"]).as_slice()).unwrap();
            let content = Content {
                kind,
                message_id: id.0.to_vec(),
                sent_at_ms: number(&case["sent_at_ms"]),
                body,
                expires_after_seconds: u32::try_from(number(&case["expires_after_seconds"])).unwrap(),
            };
            assert_eq!(content.encode_to_vec(), bytes(&case["bytes"]), "{}", case["kind"]);
            assert_eq!(Content::read(&bytes(&case["bytes"])), Some((content, id)));
        }
    }

    #[test]
    fn receipts_of_one_kind_are_joined_up_to_the_limit() {
        let receipt = Receipt { read: false, targets: vec![vec![1; 16]] };
        let first = Content::new(kind::RECEIPT, MessageId([9; 16]), 7, &receipt).encode_to_vec();
        let joined = join_receipt(&first, &mut more(2), false, 2).unwrap();
        let (content, _) = Content::read(&joined).unwrap();
        let targets = vec![vec![1; 16], vec![2; 16]];
        assert_eq!(Receipt::decode(content.body.as_slice()), Ok(Receipt { read: false, targets }));
        assert_eq!(join_receipt(&joined, &mut more(3), false, 2), None, "there is no room");
        assert_eq!(join_receipt(&first, &mut more(3), true, 2), None, "it is of the other kind");
    }

    fn body(name: &str, fields: &Value) -> (u32, Vec<u8>) {
        let text = |name: &str| fields[name].as_str().unwrap().to_owned();
        let target = |name: &str| bytes(&fields[name]);
        let targets = |name: &str| fields[name].as_array().unwrap().iter().map(bytes).collect();
        match name {
            "text" => (kind::TEXT, Text { text: text("text"), reply_to: target("reply_to") }.encode_to_vec()),
            "edit" => (kind::EDIT, Edit { target: target("target"), text: text("text") }.encode_to_vec()),
            "delete" => (kind::DELETE, Delete { target: target("target") }.encode_to_vec()),
            "reaction" => {
                let (author, target, emoji) = (text("author"), target("target"), text("emoji"));
                (kind::REACTION, Reaction { author, target, emoji }.encode_to_vec())
            }
            "receipt" => {
                let read = fields["read"].as_bool().unwrap();
                (kind::RECEIPT, Receipt { read, targets: targets("targets") }.encode_to_vec())
            }
            "typing" => (kind::TYPING, Typing {}.encode_to_vec()),
            "profile" => (kind::PROFILE, Profile { name: text("name"), token: target("token") }.encode_to_vec()),
            "leave" => (kind::LEAVE, Leave { proof: target("proof") }.encode_to_vec()),
            "seal_anew" => (kind::SEAL_ANEW, SealAnew { target: target("target") }.encode_to_vec()),
            other => panic!("no such kind: {other}"),
        }
    }

    fn bytes(hex: &Value) -> Vec<u8> {
        HEXLOWER.decode(hex.as_str().unwrap().as_bytes()).unwrap()
    }

    fn number(value: &Value) -> u64 {
        value.as_u64().unwrap()
    }
}
