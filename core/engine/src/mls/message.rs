//! What stands on the outside of an MLS message, read before openmls processes anything.

use openmls::{
    framing::{ContentType, MlsMessageBodyIn, MlsMessageIn, PrivateMessageIn},
    prelude::tls_codec::DeserializeBytes,
};

use super::{GroupId, MlsError};

/// `MLSMessage.version` for MLS 1.0, then `wire_format` (RFC 9420, 6 and 17.2).
const VERSION: [u8; 2] = [0, 1];
const PUBLIC_MESSAGE: [u8; 2] = [0, 1];
const PRIVATE_MESSAGE: [u8; 2] = [0, 2];

/// What a PrivateMessage carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    Application,
    Commit,
    /// Never sent by us; refused by whatever opens messages.
    Proposal,
}

/// The readable part of a PrivateMessage. Nothing of it is authenticated before the message is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageHead {
    pub group: GroupId,
    pub epoch: u64,
    pub kind: MessageKind,
}

/// Reads the head of a PrivateMessage. Anything in the clear, and whatever else is no PrivateMessage, is
/// [`MlsError::Forbidden`]; what can't be read is [`MlsError::Undecryptable`].
pub fn head(message: &[u8]) -> Result<MessageHead, MlsError> {
    private_message(message).map(|(head, _)| head)
}

pub(super) fn private_message(message: &[u8]) -> Result<(MessageHead, PrivateMessageIn), MlsError> {
    match message.first_chunk::<4>().map(|start| start.split_at(2)) {
        Some((version, format)) if version == VERSION && format == PRIVATE_MESSAGE => {}
        Some((version, format)) if version == VERSION && format == PUBLIC_MESSAGE => {
            return Err(MlsError::Forbidden("a message in the clear"));
        }
        Some((version, _)) if version == VERSION => return Err(MlsError::Forbidden("not a private message")),
        _ => return Err(garbled()),
    }
    let message = MlsMessageIn::tls_deserialize_exact_bytes(message).map_err(|_| garbled())?;
    let MlsMessageBodyIn::PrivateMessage(message) = message.extract() else {
        return Err(MlsError::Forbidden("not a private message"));
    };
    let kind = match message.content_type() {
        ContentType::Application => MessageKind::Application,
        ContentType::Commit => MessageKind::Commit,
        ContentType::Proposal => MessageKind::Proposal,
    };
    let head = MessageHead { group: GroupId::from_openmls(message.group_id())?, epoch: message.epoch().as_u64(), kind };
    Ok((head, message))
}

fn garbled() -> MlsError {
    MlsError::Undecryptable("not an MLS message".to_owned())
}
