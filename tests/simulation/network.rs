//! What moves on the network, and what a device does with what arrives: the rules of the client.

use sealpost_crypto::{keys::Domain, request_signature::socket_challenge};
use sealpost_engine::{
    command::{Answer, Command, Input, Reply, Request},
    conversations::Standing,
};
use sealpost_wire::{
    PROTOCOL_VERSION,
    api::account::SessionRequest,
    envelope::Envelope,
    error::ErrorCode,
    frame::{Authenticate, NoticeKind},
    limits,
    suite::Suite,
};

use crate::{
    broken::Held,
    bugs::{self, ClientBug},
    line::{Down, Line, Up},
    relay::{Signer, now},
    schedule::{Cut, Fate},
    search::KEY_PACKAGES,
    wire::{Leg, Packet},
    world::{Taken, World},
};

/// More rounds than anything needs before it is quiet.
const ROUNDS: usize = 2_000;

impl World {
    /// The device opens a line, if it has none.
    pub fn connects(&mut self, who: usize) -> Held {
        if self.wire.lines[who].is_some() {
            return Ok(());
        }
        self.tells(|world| format!("{} connects", world.name(who)));
        self.devices[who].starts();
        self.wire.lines[who] = Some(Line::open(&self.relay));
        Ok(())
    }

    /// As a client does for a user who was told that the device is a copy.
    pub fn starts_over(&mut self, who: usize) -> Held {
        self.tells(|world| format!("{} starts over with the conversations", world.name(who)));
        self.model.started_over(who, self.devices.len());
        if (0..self.clubs.len()).any(|club| self.standing(who, club) == Some(Standing::Leaving)) {
            self.model.may_be_unheard(who);
        }
        self.audit.started_over(who);
        self.loses_line(who)?;
        let request = SessionRequest { session_secret: Vec::new(), start_over: true };
        loop {
            let session = now(self.relay.service.open_session(self.id(who), &request));
            let next_secret = session.map_err(|refusal| format!("no session: {}", refusal.code.as_str()))?.next_secret;
            // Without the secret it would be taken for a copy again, and asked again.
            if self.commands(who, Command::StartOver { next_secret })?.is_some() {
                return Ok(());
            }
        }
    }

    pub fn cuts(&mut self, who: usize, cut: Cut) -> Held {
        let Some(line) = &mut self.wire.lines[who] else { return Ok(()) };
        match cut {
            Cut::Late => line.arrives(&self.relay),
            Cut::Early => line.up.clear(),
            Cut::Unnoticed => {
                self.tells(|world| format!("{}'s line is cut, and the relay does not notice", world.name(who)));
                self.haunts(who);
                return self.is_offline(who);
            }
            Cut::ByRelay => {
                line.close();
                self.tells(|world| format!("the relay closes {}'s line", world.name(who)));
                return Ok(());
            }
        }
        self.tells(|world| format!("{}'s line is cut", world.name(who)));
        self.loses_line(who)
    }

    /// The line is gone on both sides.
    pub fn loses_line(&mut self, who: usize) -> Held {
        self.wire.lines[who] = None;
        self.is_offline(who)
    }

    fn is_offline(&mut self, who: usize) -> Held {
        self.takes(who, Input::Offline).map(drop)
    }

    /// The relay still takes the line for open.
    pub fn haunts(&mut self, who: usize) {
        self.wire.ghosts.extend(self.wire.lines[who].take());
    }

    /// The relay's process ends and starts again.
    pub fn relay_restarts(&mut self) {
        self.tells(|_| "the relay starts again".to_owned());
        self.wire.ghosts.clear();
        self.wire.lines.iter_mut().flatten().for_each(Line::close);
        self.relay.restart();
    }

    /// What the device has sent arrives at the relay, and up to so many frames at the device. False if nothing moved.
    pub fn flows(&mut self, who: usize, most: usize) -> Held<bool> {
        let Some(line) = &mut self.wire.lines[who] else { return Ok(false) };
        let served = line.serve(&self.relay);
        let count = most.min(line.down.len());
        let frames: Vec<Down> = line.down.drain(..count).collect();
        let moved = served || !frames.is_empty();
        let mut batch = Vec::new();
        for frame in frames {
            // A device that was killed, or has lost its line, reads no further.
            if !self.hears(who, frame, &mut batch)? {
                return Ok(true);
            }
        }
        self.keeps(who, &mut batch)?;
        Ok(moved)
    }

    /// False: the line is over for the device.
    fn hears(&mut self, who: usize, frame: Down, batch: &mut Vec<Envelope>) -> Held<bool> {
        match frame {
            Down::Hello { nonce } => self.proves(who, &nonce),
            Down::Authenticated { next_secret, incarnation } => {
                // A handshake takes seconds, or is given up.
                let relay_seconds = self.clock.now_ms() / 1000;
                let opened = Input::SessionOpened { next_secret, incarnation, relay_seconds };
                let kept = self.must(who, opened)?.is_some();
                if kept {
                    self.sends(who, Up::SessionKept);
                }
                Ok(kept)
            }
            Down::Push(envelope) => {
                batch.push(envelope);
                if batch.len() >= limits::PUSH_WINDOW_MESSAGES { self.keeps(who, batch) } else { Ok(true) }
            }
            Down::Empty => Ok(self.keeps(who, batch)? && self.must(who, Input::Drained)?.is_some()),
            // A simulated device has fewer key packages, and makes new ones when fewer are left.
            Down::Notice(notice) if notice.kind() == NoticeKind::KeyPackagesLow && self.has_key_packages(who) => {
                Ok(true)
            }
            Down::Notice(notice) => {
                let input = Input::Notice { kind: notice.kind(), deadline_seconds: notice.deadline_seconds };
                Ok(self.must(who, input)?.is_some())
            }
            Down::Displaced => Err(format!("a line was displaced that nobody displaced: of {}", self.name(who)).into()),
            Down::Failure(error) => match error.code {
                ErrorCode::CopiedDevice | ErrorCode::Retired | ErrorCode::NotAuthenticated => {
                    Err(format!("the relay refused a device: {}, {}", self.name(who), error.code.as_str()).into())
                }
                _ => Err(format!("the relay ended a line: of {}, {}", self.name(who), error.detail).into()),
            },
            Down::Closed => {
                self.loses_line(who)?;
                Ok(false)
            }
        }
    }

    fn has_key_packages(&self, who: usize) -> bool {
        let counts = now(self.relay.service.key_package_counts(self.id(who))).expect("they are counted");
        counts.iter().all(|count| count.one_time as usize >= KEY_PACKAGES / 2)
    }

    fn proves(&mut self, who: usize, nonce: &[u8; 32]) -> Held<bool> {
        let Some(Reply::SessionSecret(session_secret)) = self.must(who, Input::SessionSecret)? else {
            return Ok(false);
        };
        let device = &self.devices[who];
        let challenge = socket_challenge(device.id, nonce, None);
        let signature = device.identity_key.sign(Domain::Socket, &challenge).to_vec();
        let id = device.id.as_str().to_owned();
        self.sends(who, Up::Authenticate(Authenticate { id, signature, session_secret, version: PROTOCOL_VERSION }));
        Ok(true)
    }

    /// Commits a batch, then acknowledges it. False: the line is over for the device.
    fn keeps(&mut self, who: usize, batch: &mut Vec<Envelope>) -> Held<bool> {
        let envelopes = std::mem::take(batch);
        if envelopes.is_empty() {
            return Ok(true);
        }
        let stored = envelopes.iter().filter(|envelope| !envelope.ephemeral).count() as u32;
        let what = |envelope: &Envelope| self.audit.what(&envelope.delivery_id);
        let whats: Vec<_> = envelopes.iter().map(what).collect();
        self.tells(|world| format!("{} receives: {}", world.name(who), whats.join(", ")));
        let early = bugs::has(ClientBug::AcknowledgeBeforeCommit) && stored > 0;
        if early {
            self.sends(who, Up::Acknowledge(stored));
            self.wire.lines[who].iter_mut().for_each(|line| line.arrives(&self.relay));
        }
        if self.must(who, Input::Envelopes(envelopes))?.is_none() {
            return Ok(false);
        }
        if stored > 0 && !early {
            self.sends(who, Up::Acknowledge(stored));
        }
        Ok(true)
    }

    /// A step that an honest relay gives no reason to refuse. `None`: the device fell.
    fn must(&mut self, who: usize, input: Input) -> Held<Option<Reply>> {
        let told = told(&input);
        match self.takes(who, input)? {
            Taken::Done(reply) => Ok(Some(reply)),
            Taken::Fell => Ok(None),
            Taken::Refused(error) => Err(format!("a step failed: {} on {told}: {error}", self.name(who)).into()),
        }
    }

    fn sends(&mut self, who: usize, frame: Up) {
        if let Some(line) = &mut self.wire.lines[who] {
            line.up.push_back(frame);
        }
    }

    /// Something happens to one of the packets on their way.
    pub fn meets(&mut self, pick: u32, fate: Fate) -> Held {
        let Some(place) = self.wire.pick(pick) else { return Ok(()) };
        let Packet { from, what, ref leg, .. } = self.wire.packets[place];
        let (name, answers) = (self.name(from), matches!(leg, Leg::Coming(_)));
        let told = match fate {
            Fate::Carried => return self.carry(place),
            Fate::Lost => {
                self.wire.lose(place);
                let of = if answers { "the answer to " } else { "" };
                Some(format!("{of}{name}'s {what} is lost"))
            }
            Fate::Doubled => self.wire.double(place).then(|| format!("{name}'s {what} is doubled")),
            Fate::Outlived => {
                let told = format!("{name} waits no longer for the {what}, which is still on its way");
                self.wire.outlive(place).then_some(told)
            }
            Fate::Forged => {
                let told = format!("the relay claims to have taken {name}'s claim, and has not");
                self.wire.forge(place).then_some(told)
            }
        };
        self.tells(|_| told.unwrap_or_default());
        Ok(())
    }

    fn carry(&mut self, place: usize) -> Held {
        let packet = self.wire.packets.remove(place);
        match packet.leg {
            Leg::Going(request) => {
                let answer = self.perform(packet.from, packet.nonce, packet.sent_ms, request);
                let (from, what) = (packet.from, packet.what);
                self.tells(|world| format!("{}'s {what} reaches the relay: {}", world.name(from), outcome(&answer)));
                if packet.job.is_some() {
                    let packet = Packet { leg: Leg::Coming(answer), ..packet };
                    self.wire.packets.insert(place.min(self.wire.packets.len()), packet);
                }
                Ok(())
            }
            Leg::Coming(answer) => {
                let Some(job) = packet.job.filter(|_| packet.life == self.devices[packet.from].life) else {
                    return Ok(());
                };
                let who = packet.from;
                self.tells(|world| format!("{} has the answer to the {}", world.name(who), packet.what));
                match self.takes(who, Input::Answer { job: job.clone(), answer })? {
                    Taken::Refused(_) if packet.forged => {
                        self.must(who, Input::Answer { job, answer: Answer::Unreachable }).map(drop)
                    }
                    Taken::Refused(error) => {
                        Err(format!("a step failed: {} on an answer: {error}", self.name(who)).into())
                    }
                    _ => Ok(()),
                }
            }
        }
    }

    fn perform(&mut self, from: usize, nonce: [u8; 16], sent_ms: u64, request: Request) -> Answer {
        let device = &self.devices[from];
        let key = &device.identity_key;
        let signer = Signer { id: device.id, key, time_seconds: sent_ms / 1000, nonce };
        let request = match request {
            // A device that speaks the classical suite only has none for the other.
            Request::PublishKeyPackages { mut packages, replace } if self.suite == Suite::Classical => {
                packages.retain(|packages| packages.suite == self.suite.number());
                Request::PublishKeyPackages { packages, replace }
            }
            other => other,
        };
        self.relay.perform(&signer, request)
    }

    /// Everything that can move does, until nothing does.
    pub fn settles(&mut self) -> Held {
        for _ in 0..ROUNDS {
            let mut quiet = true;
            for who in 0..self.devices.len() {
                quiet &= !self.flows(who, usize::MAX)?;
            }
            let mut waiting = self.wire.packets.len();
            quiet &= waiting == 0;
            // A device that is killed by what one brings takes others with it.
            while waiting > 0 && !self.wire.packets.is_empty() {
                self.carry(0)?;
                waiting -= 1;
            }
            if quiet {
                return Ok(());
            }
        }
        Err("the network does not come to rest: after thousands of rounds".into())
    }
}

fn told(input: &Input) -> &'static str {
    match input {
        Input::Envelopes(_) => "envelopes",
        Input::SessionOpened { .. } => "a session",
        Input::Drained => "a drained mailbox",
        Input::Notice { .. } => "a notice",
        Input::Answer { .. } => "a missing answer",
        _ => "an input",
    }
}

fn outcome(answer: &Answer) -> String {
    match answer {
        Answer::Delivered(answer) if answer.refused.is_empty() => "accepted".to_owned(),
        Answer::Delivered(answer) => format!("refused, {}", answer.refused[0].code),
        Answer::KeyPackage(_) => "given".to_owned(),
        Answer::Slot(slot) if slot.claimed => "the slot is theirs".to_owned(),
        Answer::Slot(_) => "another's commit stands there".to_owned(),
        Answer::Done => "done".to_owned(),
        Answer::Refused(error) => format!("refused, {}", error.code.as_str()),
        Answer::Unreachable => "unreachable".to_owned(),
    }
}
