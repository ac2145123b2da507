//! Contents into sealed parcels and deliveries, and back: MLS inside, HPKE around it.

use sealpost_crypto::{seal, symmetric};
use sealpost_wire::{
    envelope::{Delivery, Recipient},
    id::{DeliveryId, DeliveryToken, MessageId, UserId},
};

use super::{
    commits,
    group::{in_group, with_group},
    looks::look,
    members::{self, tokens_of},
    opening::{fold_others, follow_peer},
    parked::park,
    rejoin,
    row::{Conversation, GroupState, current, group, known},
    slots::{self, Progress},
};
use crate::{
    contacts,
    error::EngineError,
    mls::{Decrypted, GroupId, MessageHead, MessageKind, MlsError, PAST_EPOCHS, head},
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
) -> Result<Option<(Vec<u8>, SealedIn)>, EngineError> {
    let conversation = known(step.tx, id)?;
    let Some(mut state) = current(step.tx, &conversation)? else {
        return Ok(None);
    };
    let overtakes = planted(Planted::OvertakeWelcome);
    if (state.awaits_welcome && !overtakes) || state.torn || state.broken || state.catching_up {
        return Ok(None);
    }
    slots::heal_if_due(step, &state)?;
    let (message, sealed_in) = in_group(step, &state.id, |session, group| {
        let message = parcel::GroupMessage {
            epoch_tag: commits::tag(group, session)?.to_vec(),
            message: group.encrypt(session, content)?,
            message_id: message.map(|id| id.0.to_vec()).unwrap_or_default(),
        };
        Ok((message, (group.id(), group.epoch())))
    })?;
    state.own_messages += 1;
    save(step.tx, &state)?;
    Ok(Some((Body::Message(message).into_bytes(), sealed_in)))
}

/// Whether what is sent now might be sealed in an epoch that is long over.
pub fn catches_up(step: &Step<'_>, conversation: &Conversation) -> Result<bool, EngineError> {
    let state = current(step.tx, conversation)?;
    Ok(state.is_some_and(|state| state.catching_up && !state.torn))
}

/// Whether the others have the keys of this group and epoch: those of the conversation's group, and not too many back.
/// They may be an epoch further than this device knows.
pub fn still_opens(step: &mut Step<'_>, id: ConversationId, group: GroupId, epoch: u64) -> Result<bool, EngineError> {
    if known(step.tx, id)?.group != Some(group) {
        return Ok(false);
    }
    let now = with_group(step, &group, |_, group| Ok(group.epoch()))?;
    Ok(now.is_some_and(|now| now < epoch + PAST_EPOCHS as u64))
}

/// Seals a signal that needs no ratchet and leaves nothing behind. `None`: there is no group yet.
pub fn seal_ephemeral(
    step: &mut Step<'_>,
    conversation: &Conversation,
    content: &[u8],
) -> Result<Option<Delivery>, EngineError> {
    let (Some(id), Some(peer)) = (conversation.group, conversation.peer) else { return Ok(None) };
    let nonce = step.random_bytes();
    let Some(key) = ephemeral_key(step, id)? else { return Ok(None) };
    let sealed = symmetric::encrypt(&key, nonce, &id.0, content);
    let parcel = Body::Ephemeral(parcel::Ephemeral { group: id.0.to_vec(), sealed }).into_bytes();
    let routes = routes(step, conversation, &[peer])?;
    let delivery_id = DeliveryId(step.random_bytes());
    Ok(Some(Delivery { ephemeral: true, ..seal_delivery(step, &parcel, delivery_id, &routes, 0)? }))
}

/// How somebody is reached.
pub struct Route {
    pub to: UserId,
    pub sealing_key: [u8; 32],
    /// What their mailbox may accept, the likeliest first, with the generation of a group's token.
    pub tokens: Vec<(Option<u32>, DeliveryToken)>,
}

/// The routes to these people, as far as there are some.
pub fn routes(step: &Step<'_>, conversation: &Conversation, to: &[UserId]) -> Result<Vec<Route>, EngineError> {
    let mut routes = Vec::new();
    let everybody = conversation.many.as_ref().map(|_| members::everybody(step.tx, conversation.id)).transpose()?;
    for id in to {
        let Some(many) = &conversation.many else {
            let contact = contacts::contact(step.tx, *id)?.filter(|contact| !contact.alarm);
            routes.extend(contact.map(|contact| {
                let tokens = vec![(None, contact.token)];
                Route { to: *id, sealing_key: contact.sealing_key, tokens }
            }));
            continue;
        };
        // Rows stand in the order of the IDs.
        let rows = everybody.as_deref().unwrap_or_default();
        let member = rows.binary_search_by_key(id, |member| member.id).ok().map(|place| &rows[place]);
        let Some(member) = member.filter(|member| !member.retired) else { continue };
        let of_group = tokens_of(many, member).into_iter().map(|(generation, token)| (Some(generation), token));
        routes.push(Route { to: *id, sealing_key: member.sealing_key, tokens: of_group.collect() });
    }
    Ok(routes)
}

/// The same for a Welcome: newcomers who are contacts take it by the token of their card, before they know the group's.
pub fn routes_by_card(step: &Step<'_>, conversation: &Conversation, to: &[UserId]) -> Result<Vec<Route>, EngineError> {
    let mut routes = routes(step, conversation, to)?;
    for route in routes.iter_mut().filter(|_| conversation.many.is_some()) {
        if let Some(contact) = contacts::contact(step.tx, route.to)?.filter(|contact| !contact.alarm) {
            route.tokens.insert(0, (None, contact.token));
        }
    }
    Ok(routes)
}

/// Pads a parcel and seals it for all of these. `tried`: how many of the tokens were refused.
pub fn seal_delivery(
    step: &mut Step<'_>,
    parcel: &[u8],
    delivery_id: DeliveryId,
    routes: &[Route],
    tried: usize,
) -> Result<Delivery, EngineError> {
    let keys: Vec<[u8; 32]> = routes.iter().map(|route| route.sealing_key).collect();
    let sealed = seal::seal(parcel, &delivery_id, &keys, step.random_bytes())
        .map_err(|_| EngineError::BadAnswer("a sealing key that can't be sealed to"))?;
    let recipient = |(route, wrapped_key): (&Route, Vec<u8>)| Recipient {
        mailbox: route.to.as_str().to_owned(),
        token: route.tokens.get(tried).map(|(_, token)| token.0.to_vec()).unwrap_or_default(),
        wrapped_key,
    };
    let recipients = routes.iter().zip(sealed.wrapped_keys).map(recipient).collect();
    Ok(Delivery { delivery_id: delivery_id.0.to_vec(), payload: sealed.payload, recipients, ephemeral: false })
}

/// What became of a message.
pub enum Opening {
    Opened {
        conversation: ConversationId,
        author: UserId,
        content: Vec<u8>,
        /// What was sent in our group has not been read: the peer never joined it.
        deaf: bool,
    },
    /// It can't be opened; its author may seal it anew. Who that is only a conversation of two tells.
    Unopenable {
        conversation: ConversationId,
        author: Option<UserId>,
        /// Where the group stands after it.
        progress: Progress,
    },
    /// Of a future epoch, and kept until we are there; the slot was asked for.
    Parked,
    /// Our own, of a group that is not ours (any more), or not a message at all.
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
    let conversation = known(step.tx, state.conversation)?;
    let opened = with_group(step, &state.id, |session, group| match head.epoch > group.epoch() {
        true => Err(MlsError::FutureEpoch),
        false => group.decrypt(session, &message.message),
    });
    match opened {
        Ok(Some(opened)) => this_one(step, conversation, &state, opened),
        Ok(None) | Err(MlsError::OwnMessage) => Ok(Opening::Ignored),
        Err(MlsError::Storage(error)) => Err(error.into()),
        Err(MlsError::FutureEpoch) if !state.torn => {
            park(step, &state.id, head.epoch, delivery, message)?;
            look(step, &state)?;
            Ok(Opening::Parked)
        }
        Err(_) => unopenable(step, &conversation, state, &head, message),
    }
}

fn this_one(
    step: &mut Step<'_>,
    mut conversation: Conversation,
    state: &GroupState,
    opened: Decrypted,
) -> Result<Opening, EngineError> {
    let (id, author) = (conversation.id, opened.sender.id);
    if !state.heard
        && let Some(state) = group(step.tx, state.id)?
    {
        save(step.tx, &GroupState { heard: true, ..state })?;
    }
    let mut deaf = false;
    if conversation.group == Some(state.id) {
        if conversation.groups.len() > 1 {
            fold_others(step, &mut conversation)?;
        }
    } else if conversation.many.is_some() && !members::is_present(step.tx, id, author)? {
        // A group that was replaced says nothing for those who did not come along.
        return Ok(Opening::Ignored);
    } else {
        deaf = follow_peer(step, &mut conversation, state.id)?;
    }
    Ok(Opening::Opened { conversation: id, author, content: opened.plaintext, deaf })
}

/// Where an epoch of the same number has another tag here, the group has parted, or somebody wants us to believe so.
fn unopenable(
    step: &mut Step<'_>,
    conversation: &Conversation,
    state: GroupState,
    head: &MessageHead,
    message: &parcel::GroupMessage,
) -> Result<Opening, EngineError> {
    let other = |mark: &super::row::EpochMark| mark.epoch == head.epoch && mark.tag.as_slice() != message.epoch_tag;
    let parted = !message.epoch_tag.is_empty() && state.marks.iter().any(other);
    let mut progress = Progress::Unchanged;
    if parted && !state.torn && conversation.group == Some(state.id) {
        match conversation.peer {
            Some(_) => progress = slots::torn(step, state)?,
            None => rejoin::parted(step, conversation, &state)?,
        }
    }
    Ok(Opening::Unopenable { conversation: conversation.id, author: conversation.peer, progress })
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
    let key = with_group(step, &id, |session, group| group.export(session, EPHEMERAL_LABEL, &id.0, 32))?;
    Ok(key.and_then(|key| key.as_slice().try_into().ok()))
}
