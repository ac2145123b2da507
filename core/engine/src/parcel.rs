//! What stands inside a sealed delivery: a Welcome, a message, a commit, or an ephemeral signal. The sender is named in
//! none of them; MLS protects who it was.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct Parcel {
    #[prost(oneof = "Body", tags = "1, 2, 3, 4, 5")]
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
    #[prost(message, tag = "4")]
    Ephemeral(Ephemeral),
    #[prost(message, tag = "5")]
    Rejoin(Rejoin),
}

/// An invitation into a group, with what the invited needs to answer.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Welcome {
    /// The MLS Welcome.
    #[prost(bytes = "vec", tag = "1")]
    pub welcome: Vec<u8>,
    /// The inviter's contact card, as bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub card: Vec<u8>,
    /// The inviter's display name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The re-creation counter of the group, so that one that can't be joined can be overtaken.
    #[prost(uint32, tag = "4")]
    pub counter: u32,
    /// 16 bytes that name a conversation of many; empty for one of two.
    #[prost(bytes = "vec", tag = "5")]
    pub thread: Vec<u8>,
    /// What the members' tokens derive from, the newest last.
    #[prost(message, repeated, tag = "6")]
    pub secrets: Vec<TokenSecret>,
    /// Members by the names that they gave themselves, as far as there is room.
    #[prost(message, repeated, tag = "7")]
    pub names: Vec<Named>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct TokenSecret {
    #[prost(uint32, tag = "1")]
    pub generation: u32,
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub secret: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Named {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(string, tag = "2")]
    pub name: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct GroupMessage {
    /// An MLS PrivateMessage with an application message.
    #[prost(bytes = "vec", tag = "1")]
    pub message: Vec<u8>,
    /// 16 bytes, so that a message that does not open can be asked for; empty for contents that need no repetition.
    #[prost(bytes = "vec", tag = "2")]
    pub message_id: Vec<u8>,
    /// 8 bytes exported from the epoch: sides of a group that have parted tell each other by it.
    #[prost(bytes = "vec", tag = "3")]
    pub epoch_tag: Vec<u8>,
}

/// A commit as it stands in its slot.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Commit {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub group: Vec<u8>,
    /// The epoch that it ends.
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    /// The slot's whole content, sealed with the slot's key.
    #[prost(bytes = "vec", tag = "4")]
    pub content: Vec<u8>,
    /// The relay's signature over slot name and content.
    #[prost(bytes = "vec", tag = "5")]
    pub receipt: Vec<u8>,
}

/// A signal under a key that is exported from the epoch: no ratchet step, nothing to write.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Ephemeral {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub group: Vec<u8>,
    /// A content, encrypted with ChaCha20-Poly1305.
    #[prost(bytes = "vec", tag = "2")]
    pub sealed: Vec<u8>,
}

/// A member who lost the group's keys asks to be added afresh. Not an MLS message: they have no epoch to seal it in.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Rejoin {
    /// 16 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub group: Vec<u8>,
    /// The last epoch that they were in.
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    /// That epoch's tag, 8 bytes.
    #[prost(bytes = "vec", tag = "3")]
    pub epoch_tag: Vec<u8>,
    /// They can't follow the group; else they only saw that somebody's epoch has another tag.
    #[prost(bool, tag = "4")]
    pub torn: bool,
    /// A key package in the group's suite, made for this.
    #[prost(bytes = "vec", tag = "5")]
    pub key_package: Vec<u8>,
    #[prost(string, tag = "6")]
    pub member: String,
    /// By their identity key.
    #[prost(bytes = "vec", tag = "7")]
    pub signature: Vec<u8>,
}

impl Body {
    pub fn into_bytes(self) -> Vec<u8> {
        Parcel { body: Some(self) }.encode_to_vec()
    }

    /// `None` for what this version can't read.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        Parcel::decode(bytes).ok()?.body
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::Value;

    use super::*;

    const VECTORS: &str = include_str!("../../../tests/vectors/parcels.json");

    #[test]
    fn parcels_are_those_of_the_vectors() {
        let file: Value = serde_json::from_str(VECTORS).unwrap();
        let parcels = file["parcels"].as_array().unwrap();
        assert!(parcels.len() >= 5, "one for each body");
        for case in parcels {
            let parcel = bytes(&case["bytes"]);
            let body = body(case["body"].as_str().unwrap(), &case["fields"]);
            assert_eq!(body.clone().into_bytes(), parcel, "{}", case["body"]);
            assert_eq!(Body::read(&parcel), Some(body));
        }
    }

    #[test]
    fn what_is_empty_truncated_or_of_no_known_body_is_no_parcel() {
        let whole = Body::Ephemeral(Ephemeral { group: vec![1; 16], sealed: vec![2; 28] }).into_bytes();
        assert_eq!(Body::read(&[]), None);
        assert_eq!(Body::read(&whole[..whole.len() - 1]), None);
        assert_eq!(Body::read(&[6 << 3 | 2, 0]), None, "a body of a later version");
    }

    fn body(name: &str, fields: &Value) -> Body {
        let number = |name: &str| fields[name].as_u64().unwrap();
        let bytes = |name: &str| bytes(&fields[name]);
        let list = |name: &str| fields[name].as_array().unwrap().iter();
        match name {
            "welcome" => Body::Welcome(Welcome {
                welcome: bytes("welcome"),
                card: bytes("card"),
                name: fields["name"].as_str().unwrap().to_owned(),
                counter: u32::try_from(number("counter")).unwrap(),
                thread: bytes("thread"),
                secrets: list("secrets").map(secret).collect(),
                names: list("names").map(named).collect(),
            }),
            "message" => Body::Message(GroupMessage {
                message: bytes("message"),
                message_id: bytes("message_id"),
                epoch_tag: bytes("epoch_tag"),
            }),
            "rejoin" => Body::Rejoin(Rejoin {
                group: bytes("group"),
                epoch: number("epoch"),
                epoch_tag: bytes("epoch_tag"),
                torn: fields["torn"].as_bool().unwrap(),
                key_package: bytes("key_package"),
                member: fields["member"].as_str().unwrap().to_owned(),
                signature: bytes("signature"),
            }),
            "commit" => Body::Commit(Commit {
                group: bytes("group"),
                epoch: number("epoch"),
                attempt: u32::try_from(number("attempt")).unwrap(),
                content: bytes("content"),
                receipt: bytes("receipt"),
            }),
            "ephemeral" => Body::Ephemeral(Ephemeral { group: bytes("group"), sealed: bytes("sealed") }),
            other => panic!("no such body: {other}"),
        }
    }

    fn secret(value: &Value) -> TokenSecret {
        let generation = u32::try_from(value["generation"].as_u64().unwrap()).unwrap();
        TokenSecret { generation, secret: bytes(&value["secret"]) }
    }

    fn named(value: &Value) -> Named {
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        Named { id: text("id"), name: text("name") }
    }

    fn bytes(hex: &Value) -> Vec<u8> {
        HEXLOWER.decode(hex.as_str().unwrap().as_bytes()).unwrap()
    }
}
