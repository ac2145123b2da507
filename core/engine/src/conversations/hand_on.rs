//! Welcomes handed on: who commits an add may vanish before the newcomer has heard of it. An hour later any member who
//! has the newcomer's card takes the Welcome out of the slot and delivers it.

use prost::Message as _;
use sealpost_crypto::symmetric;
use sealpost_wire::{
    api::slot::Slot,
    envelope::{Delivery, Recipient},
    id::{SlotName, UserId},
};

use super::{members, row::GroupState, slot_content::SlotContent};
use crate::{
    contacts::{self, Contact},
    error::EngineError,
    names::ConversationId,
    outbox::{self, JobKind, Lane},
    plan::HandOn,
    step::Step,
};

/// How long a newcomer may be silent; the same again by chance, so that not all members act at once.
const PATIENCE_MS: u64 = 60 * 60 * 1000;

/// Plans to look after the newcomers of somebody else's commit.
pub(super) fn plan(
    step: &mut Step<'_>,
    state: &GroupState,
    name: SlotName,
    key: [u8; 32],
    newcomers: Vec<UserId>,
) -> Result<(), EngineError> {
    let mut to = Vec::new();
    for id in newcomers {
        to.extend(contacts::contact(step.tx, id)?.filter(Contact::is_answered).map(|contact| contact.id));
    }
    if to.is_empty() || super::row::group(step.tx, state.id)?.is_none() {
        return Ok(());
    }
    let pause = PATIENCE_MS + step.random_below(PATIENCE_MS);
    let hand_on = HandOn { conversation: state.conversation, name, key, to };
    outbox::enqueue(step, Lane::HandOn(state.conversation), JobKind::HandOn(hand_on), pause)
}

/// Whoever has been silent until now.
pub fn still_silent(step: &Step<'_>, plan: &HandOn) -> Result<Vec<UserId>, EngineError> {
    let mut silent = Vec::new();
    for id in &plan.to {
        let member = members::member(step.tx, plan.conversation, *id)?;
        silent.extend(member.filter(|member| member.present && !member.heard).map(|member| member.id));
    }
    Ok(silent)
}

/// The slot was read again: queues its Welcome for those who are silent.
pub fn read(step: &mut Step<'_>, plan: &HandOn, slot: &Slot) -> Result<(), EngineError> {
    let opened = symmetric::decrypt(&plan.key, &plan.name.0, &slot.content);
    let content = opened.and_then(|bytes| SlotContent::decode(bytes.as_slice()).ok());
    let Some(welcome) = content.and_then(|content| content.welcome) else { return Ok(()) };
    let silent = still_silent(step, plan)?;
    let mut recipients = Vec::new();
    for recipient in welcome.recipients {
        let id = recipient.mailbox.parse().ok().filter(|id| silent.contains(id));
        if let Some(contact) = id.map(|id| contacts::contact(step.tx, id)).transpose()?.flatten() {
            let (mailbox, wrapped_key) = (recipient.mailbox, recipient.wrapped_key);
            recipients.push(Recipient { mailbox, token: contact.token.0.to_vec(), wrapped_key });
        }
    }
    let delivery =
        Delivery { delivery_id: welcome.delivery_id, payload: welcome.payload, recipients, ephemeral: false };
    if delivery.check().is_err() {
        return Ok(());
    }
    let kind = JobKind::Forward { delivery: delivery.encode_to_vec() };
    outbox::enqueue(step, Lane::HandOn(plan.conversation), kind, 0)
}

/// This member is here now: what waited for them goes at once, and nobody has to look after them any more.
pub fn member_is_here(step: &mut Step<'_>, conversation: ConversationId, id: UserId) -> Result<(), EngineError> {
    for job in outbox::lane(step.tx, Lane::HandOn(conversation))? {
        if let JobKind::HandOn(plan) = &job.kind
            && still_silent(step, plan)?.is_empty()
        {
            outbox::remove(step, &job.id)?;
        }
    }
    let Some(mut job) = outbox::lane(step.tx, Lane::Behind(conversation, id))?.into_iter().next() else {
        return Ok(());
    };
    if job.not_before_ms > step.now_ms {
        job.not_before_ms = 0;
        outbox::update(step, &job)?;
    }
    Ok(())
}
