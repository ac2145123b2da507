//! A sealed message on its way: what a sender hands to the relay, and what the relay hands to a mailbox.
//!
//! One struct each serves the frame (protobuf) and its HTTP twin (JSON); `check` is the edge where the raw values
//! become names.

use serde::{Deserialize, Serialize};

use crate::{
    base64url,
    error::ErrorCode,
    id::{DeliveryId, DeliveryToken, UserId},
    limits,
};

/// One payload for one or many mailboxes. Says nothing of who sent it. Its HTTP twin is `POST /v1/deliveries` (no
/// identity), answered 202 with a [`DeliveryAnswer`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, prost::Message)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Delivery {
    /// 16 bytes, for deduplication.
    #[prost(bytes = "vec", tag = "1")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub delivery_id: Vec<u8>,
    /// Padded to a Padmé size class, then encrypted once.
    #[prost(bytes = "vec", tag = "2")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub payload: Vec<u8>,
    #[prost(message, repeated, tag = "3")]
    pub recipients: Vec<Recipient>,
    /// Handed on to connected devices only, and never stored.
    #[prost(bool, tag = "4")]
    #[serde(default)]
    pub ephemeral: bool,
}

/// One mailbox of a delivery.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, prost::Message)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Recipient {
    /// The recipient's ID.
    #[prost(string, tag = "1")]
    pub mailbox: String,
    /// A delivery token of that mailbox, 16 bytes.
    #[prost(bytes = "vec", tag = "2")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub token: Vec<u8>,
    /// The payload's key, wrapped by HPKE for the recipient's sealing key: 80 bytes.
    #[prost(bytes = "vec", tag = "3")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub wrapped_key: Vec<u8>,
}

/// The recipients' names after [`Delivery::check`], in the order of the delivery.
pub struct CheckedDelivery {
    pub delivery_id: DeliveryId,
    pub recipients: Vec<(UserId, DeliveryToken)>,
}

impl Delivery {
    /// Checks sizes and names; the error names what is wrong.
    pub fn check(&self) -> Result<CheckedDelivery, (ErrorCode, &'static str)> {
        let delivery_id = self.delivery_id.as_slice().try_into();
        let delivery_id = delivery_id.map_err(|_| (ErrorCode::Malformed, "delivery_id: 16 bytes"))?;
        if self.payload.is_empty() || self.payload.len() > limits::PAYLOAD_BYTES {
            return Err((ErrorCode::TooLarge, "payload: 1 byte to 1 MiB"));
        }
        if self.recipients.is_empty() || self.recipients.len() > limits::RECIPIENTS {
            return Err((ErrorCode::TooLarge, "recipients: 1 to 1,000"));
        }
        let recipients = self.recipients.iter().map(Recipient::check).collect::<Result<_, _>>()?;
        Ok(CheckedDelivery { delivery_id, recipients })
    }
}

impl Recipient {
    fn check(&self) -> Result<(UserId, DeliveryToken), (ErrorCode, &'static str)> {
        let mailbox = self.mailbox.parse().map_err(|_| (ErrorCode::Malformed, "mailbox: an ID"))?;
        let token = self.token.as_slice().try_into();
        let token = token.map_err(|_| (ErrorCode::Malformed, "token: 16 bytes"))?;
        if self.wrapped_key.len() != limits::WRAPPED_KEY_BYTES {
            return Err((ErrorCode::Malformed, "wrapped_key: 80 bytes"));
        }
        Ok((mailbox, token))
    }
}

/// The relay's answer to a delivery: durable for every recipient that is not listed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, prost::Message)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DeliveryAnswer {
    #[prost(message, repeated, tag = "1")]
    pub refused: Vec<RefusedRecipient>,
}

/// A recipient that the delivery did not reach.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, prost::Message)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RefusedRecipient {
    /// The place in the delivery's list, from 0.
    #[prost(uint32, tag = "1")]
    pub index: u32,
    /// An [`ErrorCode`]: `token_refused`, `mailbox_full` or `retired`.
    #[prost(string, tag = "2")]
    pub code: String,
}

/// A delivery as its recipient gets it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, prost::Message)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Envelope {
    /// The place in the mailbox; grows, with gaps. 0 for an ephemeral envelope.
    #[prost(uint64, tag = "1")]
    pub sequence: u64,
    #[prost(bytes = "vec", tag = "2")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub delivery_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub wrapped_key: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub payload: Vec<u8>,
    /// Not stored, not counted, not acknowledged.
    #[prost(bool, tag = "5")]
    #[serde(default)]
    pub ephemeral: bool,
}
