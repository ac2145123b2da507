//! The one door: `step` takes an input inside a transaction and returns what to do after the commit. It picks the noun
//! and routes what one noun's fact means to others; it holds no rule of its own.

use sealpost_wire::{error::ErrorCode, frame::NoticeKind, id::UserId};

use crate::{
    command::{Answer, Command, Effects, Input, Outgoing, Reply, Request},
    contacts,
    conversations::{self, groups, leaving},
    error::EngineError,
    event::Event,
    handover,
    identity::{self, AccountState},
    messages,
    mls::Loaded,
    outbox::{self, InFlight},
    step::{Random, Step},
    storage::Write,
    sync,
};

/// What the engine knows beside its database: nothing that a new start would miss. After a commit that failed, make a
/// new one.
#[derive(Debug, Default)]
pub struct Engine {
    drained: bool,
    in_flight: InFlight,
    groups: Loaded,
}

impl Engine {
    /// One step. `now_ms`: Unix milliseconds. On an error the transaction must be rolled back.
    pub fn step(
        &mut self,
        input: Input,
        tx: &mut dyn Write,
        now_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Effects, EngineError> {
        let mut groups = std::mem::take(&mut self.groups);
        let effects = self.step_with(&mut groups, input, tx, now_ms, random);
        // A step that failed is rolled back, and what it did to the groups in memory goes with it.
        if effects.is_ok() {
            self.groups = groups;
        }
        effects
    }

    fn step_with(
        &mut self,
        groups: &mut Loaded,
        input: Input,
        tx: &mut dyn Write,
        now_ms: u64,
        random: &mut dyn Random,
    ) -> Result<Effects, EngineError> {
        let account = identity::account(tx)?.ok_or(EngineError::NoAccount)?;
        let now_ms = now_ms.saturating_add_signed(account.clock_lacks_ms);
        let mut step = Step::new(tx, now_ms, random, account, groups);
        let (reply, mut requests) = self.take(&mut step, input)?;
        messages::tell_facts(&mut step)?;
        messages::queue_receipts(&mut step)?;
        let mut wake_at_ms = None;
        if self.drained && step.account.is_active() {
            let (ready, wake) = handover::hand_over(&mut step, &self.in_flight)?;
            ready.iter().filter_map(|outgoing| outgoing.job.clone()).for_each(|id| self.in_flight.add(id));
            requests.extend(ready);
            wake_at_ms = wake;
            messages::tell_facts(&mut step)?;
        }
        let wake_at_ms = wake_at_ms.map(|at| step.by_device_clock(at));
        Ok(Effects { reply, events: step.events, requests, wake_at_ms })
    }

    fn take(&mut self, step: &mut Step<'_>, input: Input) -> Result<(Reply, Vec<Outgoing>), EngineError> {
        let nothing = (Reply::Done, Vec::new());
        match input {
            Input::Command(command) => return command_taken(step, *command),
            Input::SessionSecret => {
                return Ok((Reply::SessionSecret(step.account.session_secret.clone()), Vec::new()));
            }
            Input::SessionOpened { next_secret, incarnation, relay_seconds } => {
                if identity::session_opened(step, next_secret, incarnation, relay_seconds)? {
                    conversations::filled::bring_all(step)?;
                }
                handover::version_accepted(step)?;
            }
            Input::Envelopes(envelopes) => {
                sync::receive(step, &envelopes)?;
                contacts_changed(step)?;
            }
            Input::GiveUp(envelope) => sync::give_up(step, &envelope)?,
            Input::Drained => {
                if !self.drained {
                    outbox::network_is_back(step)?;
                    look_around(step, true)?;
                }
                self.drained = true;
            }
            Input::Offline => {
                self.drained = false;
                self.in_flight.clear();
            }
            Input::Notice { kind: NoticeKind::NumberMoved, deadline_seconds } => {
                identity::number_moved(step, deadline_seconds)?;
            }
            Input::Notice { kind: NoticeKind::KeyPackagesLow, .. } => {
                if outbox::last(step.tx, outbox::Lane::Account)?.is_none() {
                    identity::publish_key_packages(step, false)?;
                }
            }
            Input::Notice { kind: NoticeKind::Unspecified, .. } => {}
            Input::DeviceRefused(error) => match error.code {
                ErrorCode::CopiedDevice => identity::refused(step, AccountState::Copied)?,
                ErrorCode::Retired => identity::refused(step, AccountState::Retired)?,
                ErrorCode::TooOldVersion => handover::version_refused(step)?,
                _ => {}
            },
            Input::Answer { job, answer } => self.answered(step, &job, answer)?,
            Input::Wake => look_around(step, false)?,
        }
        Ok(nothing)
    }

    fn answered(&mut self, step: &mut Step<'_>, id: &outbox::JobId, answer: Answer) -> Result<(), EngineError> {
        if !self.in_flight.contains(id) {
            return Ok(());
        }
        if let Some(job) = outbox::job(step.tx, id)? {
            handover::answered(step, job, answer)?;
        }
        self.in_flight.remove(id);
        Ok(())
    }
}

fn command_taken(step: &mut Step<'_>, command: Command) -> Result<(Reply, Vec<Outgoing>), EngineError> {
    let reply = match command {
        Command::PrepareRegistration { relay, info } => {
            Reply::Registration(Box::new(identity::prepare_registration(step, relay, &info)?))
        }
        Command::RedrawId => Reply::Registration(Box::new(identity::redraw_id(step)?)),
        Command::OpenConversation(peer) => Reply::Conversation(conversations::open(step, peer)?.id),
        Command::CreateGroup { name, members } => Reply::Conversation(groups::create(step, &name, members)?.id),
        Command::SendText { conversation, text, reply_to } => {
            Reply::Message(conversation, messages::send_text(step, conversation, &text, reply_to)?)
        }
        Command::SendElsewhere { from, to } => Reply::Count(messages::send_elsewhere(step, from, to)?),
        Command::Typing(id) => {
            let conversation = conversations::known(step.tx, id)?;
            // In a group nobody is told who types.
            let Some(peer) = conversation.peer else { return Ok((Reply::Done, Vec::new())) };
            if !contacts::known(step.tx, peer)?.is_answered() {
                return Ok((Reply::Done, Vec::new()));
            }
            let content = messages::typing(step);
            let delivery = conversations::seal_ephemeral(step, &conversation, &content)?;
            let request = |delivery| Outgoing { job: None, request: Request::Deliver(delivery) };
            return Ok((Reply::Done, delivery.map(request).into_iter().collect()));
        }
        other => {
            done(step, other)?;
            Reply::Done
        }
    };
    Ok((reply, Vec::new()))
}

/// The commands that answer nothing but that they are done.
fn done(step: &mut Step<'_>, command: Command) -> Result<(), EngineError> {
    match command {
        Command::SetName(name) => {
            identity::set_name(step, &name)?;
            tell_profile(step, None)?;
            tell_groups(step)
        }
        Command::SetReadReceipts(wanted) => identity::set_read_receipts(step, wanted),
        Command::KeepId => identity::keep_id(step),
        Command::StartOver { next_secret } => {
            identity::start_over(step, next_secret)?;
            start_conversations_over(step)
        }
        Command::Deleted => identity::refused(step, AccountState::Retired),
        Command::Registered(registered) => identity::registered(step, registered),
        Command::AddContact { card, name } => {
            let accepted = contacts::contact(step.tx, card.id)?.is_some_and(|contact| contact.request);
            contacts::add(step, &card, &name)?;
            if accepted {
                request_accepted(step, card.id)?;
            }
            handover::token_renewed(step, card.id)
        }
        Command::RenameContact { id, name } => contacts::rename(step, id, &name),
        Command::AcceptContact(id) => {
            if contacts::accept(step, id)? {
                request_accepted(step, id)?;
            }
            Ok(())
        }
        Command::BlockContact(id) => {
            if contacts::block(step, id)? {
                tell_profile(step, None)?;
            }
            Ok(())
        }
        Command::UnblockContact(id) => {
            let missed = contacts::unblock(step, id)?;
            handover::contact_unblocked(step, id)?;
            tell_profile(step, Some(id))?;
            match missed {
                Some(counter) => conversations::replace_missed(step, id, counter),
                None => conversations::replace_dropped(step, id),
            }
        }
        Command::EditMessage { conversation, message, text } => messages::edit(step, conversation, message, &text),
        Command::DeleteMessage { conversation, message } => messages::delete(step, conversation, message),
        Command::React { conversation, author, message, emoji } => {
            messages::react(step, conversation, author, message, &emoji)
        }
        Command::MarkRead { conversation, position } => messages::mark_read(step, conversation, position),
        Command::SetDraft { conversation, draft } => messages::set_draft(step, conversation, &draft),
        Command::Mute { conversation, until_ms } => messages::mute(step, conversation, until_ms),
        Command::PrepareRegistration { .. }
        | Command::RedrawId
        | Command::OpenConversation(_)
        | Command::SendText { .. }
        | Command::SendElsewhere { .. }
        | Command::CreateGroup { .. }
        | Command::Typing(_) => Ok(()),
        of_group => group_changed(step, of_group),
    }
}

/// The commands of conversations of many.
fn group_changed(step: &mut Step<'_>, command: Command) -> Result<(), EngineError> {
    match command {
        Command::AddMembers { conversation, members } => groups::add(step, conversation, members),
        Command::RemoveMembers { conversation, members } => groups::remove(step, conversation, members),
        Command::RenameGroup { conversation, name } => groups::rename(step, conversation, &name),
        Command::SetAdmin { conversation, member, admin } => groups::set_admin(step, conversation, member, admin),
        Command::SetPolicy { conversation, policy } => groups::set_policy(step, conversation, policy),
        Command::RecreateGroup { conversation, without } => groups::recreate(step, conversation, &without),
        Command::AcceptInvitation(conversation) => {
            if groups::accept(step, conversation)? {
                let conversation = conversations::known(step.tx, conversation)?;
                messages::send_profile(step, &conversation)?;
            }
            Ok(())
        }
        Command::LeaveGroup(conversation) => match leaving::leave(step, conversation)? {
            Some(proof) => messages::send_leave(step, conversation, proof),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Looks after the groups; where the peer may have had nothing of what was sent last, it is sent again.
fn look_around(step: &mut Step<'_>, connected_now: bool) -> Result<(), EngineError> {
    for conversation in conversations::slots::look_around(step, connected_now)? {
        let conversation = conversations::known(step.tx, conversation)?;
        messages::send_again(step, &conversation)?;
    }
    messages::tell_facts(step)
}

/// Whoever wrote may have brought a new token.
fn contacts_changed(step: &mut Step<'_>) -> Result<(), EngineError> {
    let changed = step.events.iter().filter_map(|event| match event {
        Event::Contact(id) => Some(*id),
        _ => None,
    });
    let changed: Vec<UserId> = changed.collect();
    changed.into_iter().try_for_each(|id| handover::token_renewed(step, id))
}

fn request_accepted(step: &mut Step<'_>, id: UserId) -> Result<(), EngineError> {
    match conversations::of_two(step.tx, id)? {
        Some(conversation) => {
            let conversation = conversations::known(step.tx, conversation)?;
            conversations::replace_dropped(step, id)?;
            messages::accepted(step, &conversation)
        }
        None => Ok(()),
    }
}

/// Every conversation is joined afresh: what its old keys have sealed elsewhere is not known here.
fn start_conversations_over(step: &mut Step<'_>) -> Result<(), EngineError> {
    for conversation in conversations::conversations(step.tx)? {
        if conversations::start_over(step, conversation.id)? {
            messages::add_system(step, conversation.id, messages::System::SecuredAnew)?;
            // The peer may have started over as well, and not read what is on its way in the old group.
            let conversation = conversations::known(step.tx, conversation.id)?;
            if conversation.peer.is_some() {
                messages::send_again(step, &conversation)?;
            }
        }
    }
    Ok(())
}

/// Name or token changed: everybody (or this one) with whom there is a conversation learns it, but whoever is blocked
/// or was not accepted.
fn tell_profile(step: &mut Step<'_>, only: Option<UserId>) -> Result<(), EngineError> {
    for conversation in conversations::conversations(step.tx)? {
        let Some(peer) = conversation.peer else { continue };
        let contact = contacts::known(step.tx, peer)?;
        let meant = only.is_none_or(|id| id == contact.id);
        if meant && conversation.group.is_some() && !contact.blocked && !contact.alarm && !contact.request {
            messages::send_profile(step, &conversation)?;
        }
    }
    Ok(())
}

/// The name changed: the members of all groups learn it.
fn tell_groups(step: &mut Step<'_>) -> Result<(), EngineError> {
    for conversation in conversations::conversations(step.tx)? {
        if conversation.many.is_some() && conversation.is_member() && conversation.group.is_some() {
            messages::send_profile(step, &conversation)?;
        }
    }
    Ok(())
}
