//! The framed protocol of both sockets: one protobuf message per binary WebSocket message.
//!
//! Device socket (`/v1/socket/device`): the relay says `hello`, the device `authenticate`, the relay `authenticated`;
//! the device `session_kept`;
//! then pushes, an `empty` marker whenever the mailbox is drained, and counted acknowledgements.
//! Sender's socket (`/v1/socket/send`): no identity; `deliver` is answered by `delivered` or `failure` with the same
//! request number, in any order.

use crate::{
    envelope::{Delivery, DeliveryAnswer, Envelope},
    error::{ApiError, ErrorCode},
    limits,
};
use prost::Message;

/// What a socket carries, one `body` at a time.
#[derive(Clone, PartialEq, Message)]
pub struct Frame {
    #[prost(oneof = "Body", tags = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12")]
    pub body: Option<Body>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Body {
    #[prost(message, tag = "1")]
    Hello(Hello),
    #[prost(message, tag = "2")]
    Authenticate(Authenticate),
    #[prost(message, tag = "3")]
    Authenticated(Authenticated),
    /// The next envelope of the mailbox.
    #[prost(message, tag = "4")]
    Push(Envelope),
    /// The mailbox is drained: what comes now was delivered after this instant.
    #[prost(message, tag = "5")]
    Empty(Nothing),
    /// The device has committed this many further stored envelopes, in the order of their pushes on this connection.
    #[prost(uint32, tag = "6")]
    Acknowledge(u32),
    /// A newer connection took the mailbox over; the relay closes this one.
    #[prost(message, tag = "7")]
    Displaced(Nothing),
    #[prost(message, tag = "8")]
    Notice(Notice),
    #[prost(message, tag = "9")]
    Failure(Failure),
    #[prost(message, tag = "10")]
    Deliver(Deliver),
    #[prost(message, tag = "11")]
    Delivered(Delivered),
    /// The device keeps the secret of [`Authenticated`] durably: the one before is good for nothing from now on.
    #[prost(message, tag = "12")]
    SessionKept(Nothing),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Nothing {}

/// The relay's first frame on the device socket.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Hello {
    /// 32 random bytes for the device to sign.
    #[prost(bytes = "vec", tag = "1")]
    pub nonce: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub time_seconds: u64,
    /// The oldest protocol version that the relay takes.
    #[prost(uint32, tag = "3")]
    pub oldest_version: u32,
}

/// The device's answer to [`Hello`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Authenticate {
    #[prost(string, tag = "1")]
    pub id: String,
    /// Ed25519 over `sealpost-crypto`'s socket challenge (nonce and TLS exporter).
    #[prost(bytes = "vec", tag = "2")]
    pub signature: Vec<u8>,
    /// The secret that the previous session was given.
    #[prost(bytes = "vec", tag = "3")]
    pub session_secret: Vec<u8>,
    #[prost(uint32, tag = "4")]
    pub version: u32,
}

/// The device is who it says; keep the secret for the next session (durably, before anything else).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Authenticated {
    #[prost(bytes = "vec", tag = "1")]
    pub next_secret: Vec<u8>,
    /// When the relay was last restored from a backup, in milliseconds; 1 if never. Where it has grown, the device
    /// brings its key packages and slots again.
    #[prost(uint64, tag = "2")]
    pub incarnation: u64,
}

/// Something that the device ought to act on.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Notice {
    #[prost(enumeration = "NoticeKind", tag = "1")]
    pub kind: i32,
    /// Unix seconds; for `NumberMoved` the time of retirement.
    #[prost(uint64, tag = "2")]
    pub deadline_seconds: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum NoticeKind {
    Unspecified = 0,
    /// Somebody registered this account's phone number anew; the ID is retired at the deadline unless the device says
    /// that it is in use.
    NumberMoved = 1,
    /// Few key packages are left.
    KeyPackagesLow = 2,
}

/// A refusal. On the device socket it ends the connection; on the sender's it answers `request`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Failure {
    #[prost(uint32, tag = "1")]
    pub request: u32,
    #[prost(string, tag = "2")]
    pub code: String,
    #[prost(string, tag = "3")]
    pub detail: String,
    #[prost(uint64, tag = "4")]
    pub retry_after_seconds: u64,
    #[prost(uint64, tag = "5")]
    pub time_seconds: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Deliver {
    /// Chosen by the sender, repeated in the answer.
    #[prost(uint32, tag = "1")]
    pub request: u32,
    #[prost(message, optional, tag = "2")]
    pub delivery: Option<Delivery>,
    /// The protocol version of the sender.
    #[prost(uint32, tag = "3")]
    pub version: u32,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct Delivered {
    #[prost(uint32, tag = "1")]
    pub request: u32,
    #[prost(message, optional, tag = "2")]
    pub answer: Option<DeliveryAnswer>,
}

/// A frame that can't be read: oversize, truncated, or of no known body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the frame can't be read")]
pub struct InvalidFrame;

impl Body {
    pub fn to_bytes(self) -> Vec<u8> {
        Frame { body: Some(self) }.encode_to_vec()
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidFrame> {
        if bytes.len() > limits::FRAME_BYTES {
            return Err(InvalidFrame);
        }
        Frame::decode(bytes).map_err(|_| InvalidFrame)?.body.ok_or(InvalidFrame)
    }
}

impl Failure {
    pub fn new(request: u32, error: &ApiError) -> Self {
        Self {
            request,
            code: error.code.as_str().to_owned(),
            detail: error.detail.clone(),
            retry_after_seconds: error.retry_after_seconds,
            time_seconds: error.time_seconds,
        }
    }

    pub fn into_error(self) -> ApiError {
        ApiError {
            code: ErrorCode::from(self.code.as_str()),
            detail: self.detail,
            retry_after_seconds: self.retry_after_seconds,
            time_seconds: self.time_seconds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_itself() {
        let body = Body::Deliver(Deliver { request: 7, delivery: Some(Delivery::default()), version: 1 });
        assert_eq!(Body::from_bytes(&body.clone().to_bytes()), Ok(body));
    }

    #[test]
    fn empty_truncated_and_oversize_frames_are_refused() {
        let whole = Body::Authenticated(Authenticated { next_secret: vec![1; 32], incarnation: 1 }).to_bytes();
        assert_eq!(Body::from_bytes(&[]), Err(InvalidFrame));
        assert_eq!(Body::from_bytes(&whole[..whole.len() - 1]), Err(InvalidFrame));
        assert_eq!(Body::from_bytes(&vec![0; limits::FRAME_BYTES + 1]), Err(InvalidFrame));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            let _ = Body::from_bytes(&bytes);
        }
    }
}
