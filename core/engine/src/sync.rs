//! An incoming envelope's way: unseal, deduplicate, hand to its noun. What can't be handled is counted and
//! acknowledged all the same, so that it never comes again.

use sealpost_crypto::seal;
use sealpost_wire::{
    envelope::Envelope,
    id::{DeliveryId, MessageId},
};

use crate::{
    contacts,
    content::{Content, kind},
    conversations::{self, Joined, Opening, slots::Progress},
    error::EngineError,
    event::Event,
    messages::{self, System},
    parcel::{self, Body},
    seen,
    step::Step,
};

/// Handles the next envelopes of the mailbox in their order.
pub fn receive(step: &mut Step<'_>, envelopes: &[Envelope]) -> Result<(), EngineError> {
    let unhandled = step.account.unhandled;
    for envelope in envelopes {
        one(step, envelope)?;
    }
    if step.account.unhandled != unhandled {
        step.save_account()?;
    }
    seen::forget_old(step)
}

fn one(step: &mut Step<'_>, envelope: &Envelope) -> Result<(), EngineError> {
    let Ok(id) = DeliveryId::try_from(envelope.delivery_id.as_slice()) else { return unhandled(step) };
    // What is not sealed to this device says nothing of the delivery that is: all members' copies have one ID.
    let opened = seal::open(&step.sealing_key(), &id, &envelope.wrapped_key, &envelope.payload);
    let Ok(opened) = opened else { return unhandled(step) };
    if !envelope.ephemeral && !seen::first_time(step, id)? {
        return Ok(());
    }
    match Body::read(&opened) {
        Some(Body::Ephemeral(signal)) => ephemeral(step, &signal),
        Some(_) if envelope.ephemeral => Ok(()),
        Some(Body::Welcome(welcome)) => join(step, id, &welcome),
        Some(Body::Message(message)) => open(step, id, &message),
        Some(Body::Commit(commit)) => {
            let progress = conversations::slots::receive(step, &commit)?;
            advance(step, progress)
        }
        Some(Body::Rejoin(request)) => conversations::rejoin::asked(step, &request),
        None => unhandled(step),
    }?;
    messages::tell_facts(step)
}

/// Records an envelope whose handling failed, so that it is acknowledged and never comes again.
pub fn give_up(step: &mut Step<'_>, envelope: &Envelope) -> Result<(), EngineError> {
    if let Ok(id) = DeliveryId::try_from(envelope.delivery_id.as_slice()) {
        seen::first_time(step, id)?;
    }
    unhandled(step)?;
    step.save_account()
}

/// Goes on after a group moved: opens what waited for its epoch, and says so where it was secured anew.
pub fn advance(step: &mut Step<'_>, progress: Progress) -> Result<(), EngineError> {
    messages::tell_facts(step)?;
    match progress {
        Progress::Unchanged => Ok(()),
        Progress::NewEpoch(group) => {
            let epoch = conversations::slots::epoch(step, group)?;
            for (delivery, message) in conversations::release_parked(step, &group, epoch)? {
                open(step, delivery, &message)?;
            }
            for (delivery, welcome) in conversations::waiting_welcomes(step, &group)? {
                join(step, delivery, &welcome)?;
            }
            messages::ask_again(step, group, epoch)
        }
        Progress::Torn(group, conversation) => {
            for (delivery, message) in conversations::give_up_parked(step, &group)? {
                open(step, delivery, &message)?;
            }
            match conversations::known(step.tx, conversation)?.peer {
                Some(_) => messages::add_system(step, conversation, System::SecuredAnew),
                None => Ok(()),
            }
        }
    }
}

fn open(step: &mut Step<'_>, delivery: DeliveryId, message: &parcel::GroupMessage) -> Result<(), EngineError> {
    match conversations::open_message(step, delivery, message)? {
        Opening::Opened { conversation, author, content, deaf } => {
            if deaf {
                let conversation = conversations::known(step.tx, conversation)?;
                messages::send_again(step, &conversation)?;
            }
            let many = conversations::known(step.tx, conversation)?.many.is_some();
            let contact = contacts::contact(step.tx, author)?;
            // Members of a group need not be contacts; of whoever is unwanted nothing is shown.
            let unwanted = contact.map_or(!many, |contact| contact.blocked || contact.alarm);
            if unwanted && !many {
                return Ok(());
            }
            if many && let Some(before) = conversations::members::heard_from(step, conversation, author)? {
                conversations::member_is_here(step, conversation, author)?;
                if let Some(since_ms) = before.missed_since_ms {
                    let row = conversations::known(step.tx, conversation)?;
                    messages::make_up(step, &row, Some(since_ms))?;
                }
            }
            match unwanted && !messages::concerns_all(&content) {
                true => Ok(()),
                false => messages::apply(step, conversation, author, &content),
            }
        }
        Opening::Unopenable { conversation, author, progress } => {
            let contact = author.map(|author| contacts::known(step.tx, author)).transpose()?;
            match MessageId::try_from(message.message_id.as_slice()) {
                Ok(id) if !contact.is_some_and(|contact| contact.blocked) => {
                    messages::unopenable(step, conversation, author, id)?;
                }
                _ => unhandled(step)?,
            }
            advance(step, progress)
        }
        Opening::Parked => Ok(()),
        Opening::Ignored => unhandled(step),
    }
}

fn join(step: &mut Step<'_>, delivery: DeliveryId, welcome: &parcel::Welcome) -> Result<(), EngineError> {
    match conversations::join(step, delivery, welcome)? {
        Joined::In(entry) => {
            messages::tell_facts(step)?;
            let conversation = conversations::known(step.tx, entry.conversation)?;
            let stranger = conversation.peer.map(|peer| contacts::known(step.tx, peer)).transpose()?;
            if conversation.is_member() && !stranger.is_some_and(|contact| contact.request) {
                messages::send_profile(step, &conversation)?;
            }
            if entry.late || (entry.renewed && conversation.peer.is_some()) {
                messages::send_again(step, &conversation)?;
            }
            if entry.renewed && conversation.peer.is_none() {
                messages::make_up(step, &conversation, entry.apart_since_ms)?;
            }
            for (delivery, message) in conversations::release_parked(step, &entry.group, entry.epoch)? {
                open(step, delivery, &message)?;
            }
            Ok(())
        }
        Joined::Waits => Ok(()),
        Joined::Ignored => unhandled(step),
    }
}

fn ephemeral(step: &mut Step<'_>, signal: &parcel::Ephemeral) -> Result<(), EngineError> {
    let Some((conversation, content)) = conversations::open_ephemeral(step, signal)? else { return Ok(()) };
    let Some(peer) = conversation.peer.map(|peer| contacts::known(step.tx, peer)).transpose()? else { return Ok(()) };
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
