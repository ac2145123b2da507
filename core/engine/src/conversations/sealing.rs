//! Contents into sealed deliveries and back: MLS inside, HPKE around it.

use sealpost_crypto::{seal, symmetric};
use sealpost_wire::{
    envelope::{Delivery, Recipient},
    id::{DeliveryId, MessageId, UserId},
};

use super::{
    opening::fold_others,
    parked::park,
    row::{Conversation, group, known},
    slots,
};
use crate::{
    contacts::{self, Contact},
    error::EngineError,
    mls::{Group, GroupId, MessageKind, MlsError, PAST_EPOCHS, Session, head},
    names::ConversationId,
    outbox::SealedIn,
    parcel::{self, Body},
    simulation::{Planted, planted},
    step::Step,
    storage::save,
};

const EPHEMERAL_LABEL: &str = "sealpost ephemeral";

/// Seals a content in the conversation's group and current epoch, which it gives as well. `None`: there is no group to
/// seal in yet.
pub fn seal_content(
    step: &mut Step<'_>,
    id: ConversationId,
    content: &[u8],
    message: Option<MessageId>,
) -> Result<Option<(Delivery, SealedIn)>, EngineError> {
    let conversation = known(step.tx, id)?;
    let Some(mut state) = conversation.group.map(|id| group(step.tx, id)).transpose()?.flatten() else {
        return Ok(None);
    };
    if state.awaits_welcome && !planted(Planted::OvertakeWelcome) {
        return Ok(None);
    }
    slots::heal_if_due(step, &mut state)?;
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mut mls) = Group::load(&mut session, &state.id)? else {
        return Err(MlsError::Internal("a group without its MLS state".into()).into());
    };
    let message = parcel::GroupMessage {
        message: mls.encrypt(&mut session, content)?,
        message_id: message.map(|id| id.0.to_vec()).unwrap_or_default(),
    };
    let sealed_in = (state.id, mls.epoch());
    if !planted(Planted::ForgetRatchet) {
        session.finish()?;
    }
    state.own_messages += 1;
    save(step.tx, &state)?;
    seal_parcel(step, conversation.peer, &Body::Message(message).into_bytes(), false)
        .map(|delivery| Some((delivery, sealed_in)))
}

/// Whether the peer has the keys of this group and epoch: those of the conversation's group, and not too many back.
pub fn still_opens(step: &mut Step<'_>, id: ConversationId, group: GroupId, epoch: u64) -> Result<bool, EngineError> {
    if known(step.tx, id)?.group != Some(group) {
        return Ok(false);
    }
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    Ok(Group::load(&mut session, &group)?.is_some_and(|mls| mls.epoch() <= epoch + PAST_EPOCHS as u64))
}

/// Seals a signal that needs no ratchet and leaves nothing behind. `None`: there is no group yet.
pub fn seal_ephemeral(
    step: &mut Step<'_>,
    conversation: &Conversation,
    content: &[u8],
) -> Result<Option<Delivery>, EngineError> {
    let Some(id) = conversation.group else { return Ok(None) };
    let nonce = step.random_bytes();
    let Some(key) = ephemeral_key(step, id)? else { return Ok(None) };
    let sealed = symmetric::encrypt(&key, nonce, &id.0, content);
    let parcel = Body::Ephemeral(parcel::Ephemeral { group: id.0.to_vec(), sealed }).into_bytes();
    seal_parcel(step, conversation.peer, &parcel, true).map(Some)
}

/// Pads a parcel and seals it to one person.
pub fn seal_parcel(step: &mut Step<'_>, peer: UserId, parcel: &[u8], ephemeral: bool) -> Result<Delivery, EngineError> {
    let Contact { sealing_key, token, .. } = contacts::known(step.tx, peer)?;
    let delivery_id = DeliveryId(step.random_bytes());
    let sealed = seal::seal(parcel, &delivery_id, &[sealing_key], step.random_bytes())
        .map_err(|_| EngineError::BadAnswer("a sealing key that can't be sealed to"))?;
    let to = sealed.wrapped_keys.into_iter().map(|wrapped_key| Recipient {
        mailbox: peer.as_str().to_owned(),
        token: token.0.to_vec(),
        wrapped_key,
    });
    let recipients = to.collect();
    Ok(Delivery { delivery_id: delivery_id.0.to_vec(), payload: sealed.payload, recipients, ephemeral })
}

/// What became of a message.
pub enum Opening {
    Opened {
        conversation: ConversationId,
        author: UserId,
        content: Vec<u8>,
    },
    /// It can't be opened; its author may seal it anew.
    Unopenable {
        conversation: ConversationId,
        author: UserId,
    },
    /// Of a future epoch, and kept until we are there; the slot was asked for.
    Parked,
    /// Our own, of a group that is not ours, or not a message at all.
    Ignored,
}

/// Opens a message of one of our groups.
pub fn open_message(
    step: &mut Step<'_>,
    delivery: DeliveryId,
    message: &parcel::GroupMessage,
) -> Result<Opening, EngineError> {
    let Ok(head) = head(&message.message) else { return Ok(Opening::Ignored) };
    let Some(state) = group(step.tx, head.group)? else { return Ok(Opening::Ignored) };
    if head.kind != MessageKind::Application {
        return Ok(Opening::Ignored);
    }
    let mut conversation = known(step.tx, state.conversation)?;
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mut mls) = Group::load(&mut session, &state.id)? else { return Ok(Opening::Ignored) };
    let opened =
        if head.epoch > mls.epoch() { Err(MlsError::FutureEpoch) } else { mls.decrypt(&mut session, &message.message) };
    match opened {
        Ok(opened) => {
            session.finish()?;
            if conversation.group == Some(state.id) && conversation.groups.len() > 1 {
                fold_others(step, &mut conversation)?;
            }
            Ok(Opening::Opened { conversation: conversation.id, author: opened.sender.id, content: opened.plaintext })
        }
        Err(MlsError::Storage(error)) => Err(error.into()),
        Err(MlsError::FutureEpoch) if !state.torn => {
            drop(session);
            park(step, &state.id, head.epoch, delivery, message)?;
            slots::look(step, &state)?;
            Ok(Opening::Parked)
        }
        Err(MlsError::OwnMessage) => Ok(Opening::Ignored),
        Err(_) => Ok(Opening::Unopenable { conversation: conversation.id, author: conversation.peer }),
    }
}

/// Opens an ephemeral signal; `None` for whatever can't be.
pub fn open_ephemeral(
    step: &mut Step<'_>,
    signal: &parcel::Ephemeral,
) -> Result<Option<(Conversation, Vec<u8>)>, EngineError> {
    let Ok(id) = <[u8; 16]>::try_from(signal.group.as_slice()).map(GroupId) else { return Ok(None) };
    let Some(state) = group(step.tx, id)? else { return Ok(None) };
    let Some(key) = ephemeral_key(step, id)? else { return Ok(None) };
    let Some(content) = symmetric::decrypt(&key, &id.0, &signal.sealed) else { return Ok(None) };
    Ok(Some((known(step.tx, state.conversation)?, content)))
}

fn ephemeral_key(step: &mut Step<'_>, id: GroupId) -> Result<Option<[u8; 32]>, EngineError> {
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mls) = Group::load(&mut session, &id)? else { return Ok(None) };
    let key = mls.export(&session, EPHEMERAL_LABEL, &id.0, 32)?;
    Ok(key.as_slice().try_into().ok())
}
