//! Devices, the relay and what lies between them, and how an action changes them.

use sealpost_crypto::directory_entry::sign_entry;
use sealpost_engine::{
    command::{Command, Effects, Input, Outgoing, Reply, Request},
    error::EngineError,
    event::Event,
    identity::PreparedRegistration,
};
use sealpost_wire::{
    api::account::{Registration, RegistrationProof},
    id::UserId,
    relay_address::RelayAddress,
    suite::Suite,
};

use crate::{
    audit::Audit,
    broken::Held,
    clock::TrueTime,
    device::{Device, Fall},
    model::Model,
    relay::{Relay, Signer},
    schedule::{Action, Deed, Schedule},
    story::Story,
    wire::{Leg, Packet, Wire, name},
};

const NAMES: [&str; 6] = ["Ada", "Ben", "Clo", "Dan", "Eva", "Fay"];
/// Between two actions.
const MOMENT_MS: u64 = 20;

pub struct World {
    pub clock: TrueTime,
    pub suite: Suite,
    pub relay: Relay,
    pub devices: Vec<Device>,
    pub wire: Wire,
    pub audit: Audit,
    pub model: Model,
    /// The threads of the conversations of many.
    pub clubs: Vec<[u8; 16]>,
    pub story: Story,
}

/// What became of an input.
#[derive(Debug)]
pub enum Taken {
    Done(Reply),
    /// The engine refused, and nothing changed.
    Refused(EngineError),
    /// The device was killed, or its disk was full.
    Fell,
}

impl World {
    /// Everybody is registered and connected, and has the cards that the schedule says.
    pub fn new(schedule: &Schedule, story: Story) -> Held<Self> {
        let clock = TrueTime::new();
        let relay = Relay::new(schedule.seed, clock.clone());
        let device = |number: usize| Device::new(NAMES[number], schedule.seed, number as u64, clock.now_ms());
        let devices = (0..schedule.people).map(device).collect();
        let mut world = Self {
            suite: schedule.suite,
            relay,
            devices,
            wire: Wire::new(schedule.people),
            audit: Audit::default(),
            model: Model::default(),
            clubs: Vec::new(),
            story,
            clock,
        };
        (0..schedule.people).try_for_each(|who| world.registers(who))?;
        for (who, of) in &schedule.cards {
            let card = world.devices[*of].account().card().ok_or("a registered account has a card")?;
            world.commands(*who, Command::AddContact { card, name: String::new() })?;
        }
        (0..schedule.people).try_for_each(|who| world.connects(who))?;
        world.settles()?;
        Ok(world)
    }

    pub fn act(&mut self, action: Action) -> Held {
        match action {
            Action::Device(who, deed) => self.does(who, deed)?,
            Action::Packet(pick, fate) => self.meets(pick, fate)?,
            Action::Settle => self.settles()?,
            Action::Wait(ms, flows) => self.waits(ms, flows)?,
            Action::Sleep(days) => self.sleeps(days)?,
            Action::RestartRelay => self.relay_restarts(),
        }
        self.clock.set(self.clock.now_ms() + MOMENT_MS);
        self.wakes()
    }

    fn does(&mut self, who: usize, deed: Deed) -> Held {
        match deed {
            Deed::Say(to) => self.says(who, to, false),
            Deed::Reply(to) => self.says(who, to, true),
            Deed::Edit(to, pick) => self.edits(who, to, pick),
            Deed::Delete(to, pick) => self.deletes(who, to, pick),
            Deed::React(to, pick) => self.reacts(who, to, pick),
            Deed::Read(to) => self.reads(who, to),
            Deed::Type(to) => self.types(who, to),
            Deed::Block(to) => self.blocks(who, to),
            Deed::Unblock(to) => self.unblocks(who, to),
            Deed::Card(of) => self.shows_card(who, of),
            Deed::Age(to) => self.ages(who, to),
            Deed::Connect => self.connects(who),
            Deed::Cut(cut) => self.cuts(who, cut),
            Deed::Doom(doom) => {
                self.devices[who].doom = Some(doom);
                Ok(())
            }
            Deed::Kill => {
                self.is_killed(who);
                Ok(())
            }
            Deed::StartOver => self.starts_over(who),
            Deed::Flow(frames) => self.flows(who, frames as usize).map(drop),
            Deed::Club(place, deed) => self.does_in_club(who, place, deed),
            Deed::Skew(ms) => self.sets_clock(who, ms),
        }
    }

    /// A device takes an input as clients do: one step, and what it leaves to do after the commit.
    pub fn takes(&mut self, who: usize, input: Input) -> Held<Taken> {
        if !self.devices[who].runs {
            self.devices[who].starts();
            self.tells(|world| format!("{} starts again", world.name(who)));
        }
        let (effects, fall) = self.devices[who].step(input, self.clock.now_ms());
        let reply = effects.map(|effects| self.follows(who, effects)).transpose()?;
        match fall {
            None => reply.map(Taken::Done).ok_or_else(|| "a step without effects".into()),
            Some(Fall::Refused(error)) => Ok(Taken::Refused(error)),
            Some(Fall::Killed) => {
                self.is_killed(who);
                Ok(Taken::Fell)
            }
            Some(Fall::Store) => {
                self.tells(|world| format!("{}'s disk is full: the step is undone", world.name(who)));
                self.loses_line(who)?;
                Ok(Taken::Fell)
            }
            Some(Fall::Damaged(error)) => Err(format!("a database is damaged: of {}, {error}", self.name(who)).into()),
            Some(Fall::WentOn) => Err(format!("a failed write was passed over: by {}", self.name(who)).into()),
        }
    }

    /// The same for a command that has no reason to be refused. `None`: the device fell.
    pub fn commands(&mut self, who: usize, command: Command) -> Held<Option<Reply>> {
        let told = format!("{command:?}");
        match self.takes(who, Input::Command(Box::new(command)))? {
            Taken::Done(reply) => Ok(Some(reply)),
            Taken::Fell => Ok(None),
            Taken::Refused(error) => {
                Err(format!("a command was refused: to {}, {error}: {told}", self.name(who)).into())
            }
        }
    }

    /// The events are told, the requests leave.
    fn follows(&mut self, who: usize, effects: Effects) -> Held<Reply> {
        for event in &effects.events {
            if let Event::Arrived(conversation, position) = event {
                self.model.arrived(who, &self.devices[who], *conversation, *position)?;
            }
        }
        for outgoing in effects.requests {
            let mut what = name(&outgoing.request);
            match &outgoing.request {
                Request::Deliver(delivery) => {
                    self.audit.delivery(&mut self.devices, who, outgoing.job.as_ref(), delivery)?;
                    what = self.audit.what(&delivery.delivery_id);
                }
                Request::ClaimSlot { name, claim } => {
                    self.audit.claim(who, &mut self.devices[who], name, &claim.content)?
                }
                _ => {}
            }
            let (life, sent_ms, nonce) = (self.devices[who].life, self.clock.now_ms(), self.relay.nonce());
            let Outgoing { job, request } = outgoing;
            let leg = Leg::Going(request);
            self.wire.packets.push(Packet { from: who, life, job, leg, sent_ms, nonce, forged: false, what });
        }
        Ok(effects.reply)
    }

    /// The process ends, and with it all that it waited for.
    pub fn is_killed(&mut self, who: usize) {
        if self.devices[who].runs {
            self.tells(|world| format!("{} is killed", world.name(who)));
            self.devices[who].ends();
            self.wire.forget(who);
            self.haunts(who);
        }
    }

    fn registers(&mut self, who: usize) -> Held {
        let relay = RelayAddress::new("https://relay.example", None).map_err(|error| error.to_string())?;
        let prepare = Command::PrepareRegistration { relay, info: self.relay.info() };
        let Some(Reply::Registration(prepared)) = self.commands(who, prepare)? else {
            return Err("a registration that was not prepared".into());
        };
        let PreparedRegistration { mut entry, tokens, mut key_packages } = *prepared;
        let (device, nonce) = (&self.devices[who], self.relay.nonce());
        let key = &device.identity_key;
        if self.suite == Suite::Classical {
            entry = sign_entry(key, device.id, device.sealing_key.public(), &[self.suite.number()]);
            key_packages.retain(|packages| packages.suite == self.suite.number());
        }
        let proof = RegistrationProof::Open;
        let request = Registration { entry, proof, tokens, key_packages };
        let signer = Signer { id: device.id, key, time_seconds: self.clock.now_ms() / 1000, nonce };
        let registered = self.relay.register(&signer, request);
        self.commands(who, Command::Registered(registered)).map(drop)
    }

    pub fn name(&self, who: usize) -> &'static str {
        self.devices[who].name
    }

    pub fn id(&self, who: usize) -> UserId {
        self.devices[who].id
    }

    /// A sentence of the story.
    pub fn tells(&mut self, sentence: impl FnOnce(&Self) -> String) {
        let mut story = std::mem::take(&mut self.story);
        story.tell(self.clock.now_ms(), || sentence(self));
        self.story = story;
    }
}
