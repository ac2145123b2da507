//! An incoming envelope's way: unseal, deduplicate, hand to its noun. What can't be handled is counted and
//! acknowledged all the same, so that it never comes again.

use sealpost_crypto::seal;
use sealpost_wire::{
    envelope::Envelope,
    id::{DeliveryId, MessageId},
    limits,
};

use crate::{
    contacts,
    content::{Content, kind},
    conversations::{self, Joined, Opening, slots::Progress},
    error::EngineError,
    event::Event,
    messages::{self, System},
    parcel::{self, Body},
    simulation::{Planted, planted},
    step::Step,
    storage::{Direction, Table},
};

/// A delivery is known again for longer than the relay keeps it.
const SEEN_SECONDS: u64 = limits::MAILBOX_SECONDS + limits::DAY_SECONDS;
/// Old deliveries that are forgotten in one step.
const FORGOTTEN: usize = 128;

/// Handles the next envelopes of the mailbox in their order.
pub fn receive(step: &mut Step<'_>, envelopes: &[Envelope]) -> Result<(), EngineError> {
    let unhandled = step.account.unhandled;
    for envelope in envelopes {
        one(step, envelope)?;
    }
    if step.account.unhandled != unhandled {
        step.save_account()?;
    }
    forget_old(step)
}

fn one(step: &mut Step<'_>, envelope: &Envelope) -> Result<(), EngineError> {
    let Ok(id) = DeliveryId::try_from(envelope.delivery_id.as_slice()) else { return unhandled(step) };
    if !envelope.ephemeral && !first_time(step, id)? {
        return Ok(());
    }
    let opened = seal::open(&step.sealing_key(), &id, &envelope.wrapped_key, &envelope.payload);
    let body = opened.ok().and_then(|bytes| Body::read(&bytes));
    match body {
        Some(Body::Ephemeral(signal)) => ephemeral(step, &signal),
        Some(_) if envelope.ephemeral => Ok(()),
        Some(Body::Welcome(welcome)) => join(step, &welcome),
        Some(Body::Message(message)) => open(step, id, &message),
        Some(Body::Commit(commit)) => {
            let progress = conversations::slots::receive(step, &commit)?;
            advance(step, progress)
        }
        None => unhandled(step),
    }
}

/// Records an envelope whose handling failed, so that it is acknowledged and never comes again.
pub fn give_up(step: &mut Step<'_>, envelope: &Envelope) -> Result<(), EngineError> {
    if let Ok(id) = DeliveryId::try_from(envelope.delivery_id.as_slice()) {
        first_time(step, id)?;
    }
    unhandled(step)?;
    step.save_account()
}

/// Goes on after a group moved: opens what waited for its epoch, and says so where it was secured anew.
pub fn advance(step: &mut Step<'_>, progress: Progress) -> Result<(), EngineError> {
    match progress {
        Progress::Unchanged => Ok(()),
        Progress::NewEpoch(group, epoch) => {
            for (delivery, message) in conversations::release_parked(step, &group, epoch)? {
                open(step, delivery, &message)?;
            }
            Ok(())
        }
        Progress::Torn(group, conversation) => {
            for (delivery, message) in conversations::take_parked(step, &group)? {
                open(step, delivery, &message)?;
            }
            messages::add_system(step, conversation, System::SecuredAnew)
        }
    }
}

fn open(step: &mut Step<'_>, delivery: DeliveryId, message: &parcel::GroupMessage) -> Result<(), EngineError> {
    match conversations::open_message(step, delivery, message)? {
        Opening::Opened { conversation, author, content } => {
            let blocked = contacts::contact(step.tx, author)?.is_none_or(|contact| contact.blocked || contact.alarm);
            if blocked { Ok(()) } else { messages::apply(step, conversation, author, &content) }
        }
        Opening::Unopenable { conversation, author } => {
            let blocked = contacts::known(step.tx, author)?.blocked;
            match MessageId::try_from(message.message_id.as_slice()) {
                Ok(id) if !blocked => messages::unopenable(step, conversation, author, id),
                _ => unhandled(step),
            }
        }
        Opening::Parked => Ok(()),
        Opening::Ignored => unhandled(step),
    }
}

fn join(step: &mut Step<'_>, welcome: &parcel::Welcome) -> Result<(), EngineError> {
    match conversations::join(step, welcome)? {
        Joined::In { conversation, renewed } => {
            let conversation = conversations::known(step.tx, conversation)?;
            let contact = contacts::known(step.tx, conversation.peer)?;
            if !contact.request {
                messages::send_profile(step, &conversation)?;
            }
            if renewed { messages::send_again(step, &conversation) } else { Ok(()) }
        }
        Joined::Ignored => unhandled(step),
    }
}

fn ephemeral(step: &mut Step<'_>, signal: &parcel::Ephemeral) -> Result<(), EngineError> {
    let Some((conversation, content)) = conversations::open_ephemeral(step, signal)? else { return Ok(()) };
    let peer = contacts::known(step.tx, conversation.peer)?;
    let is_typing = Content::read(&content).is_some_and(|(content, _)| content.kind == kind::TYPING);
    if is_typing && !peer.blocked && !peer.request {
        step.tell(Event::Typing(conversation.id, peer.id));
    }
    Ok(())
}

fn unhandled(step: &mut Step<'_>) -> Result<(), EngineError> {
    step.account.unhandled += 1;
    Ok(())
}

fn first_time(step: &mut Step<'_>, id: DeliveryId) -> Result<bool, EngineError> {
    if step.tx.value(Table::Seen, &id.0)?.is_some() && !planted(Planted::ForgetDeliveries) {
        return Ok(false);
    }
    step.tx.put(Table::Seen, &id.0, b"")?;
    let by_time = [step.now_seconds().to_be_bytes().as_slice(), &id.0].concat();
    step.tx.put(Table::SeenByTime, &by_time, b"")?;
    Ok(true)
}

fn forget_old(step: &mut Step<'_>) -> Result<(), EngineError> {
    let end = step.now_seconds().saturating_sub(SEEN_SECONDS).to_be_bytes();
    for (key, _) in step.tx.scan(Table::SeenByTime, b"", None, Direction::Up, FORGOTTEN)? {
        if key.as_slice() >= end.as_slice() {
            break;
        }
        step.tx.remove(Table::Seen, key.get(8..).unwrap_or_default())?;
        step.tx.remove(Table::SeenByTime, &key)?;
    }
    Ok(())
}
