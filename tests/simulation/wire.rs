//! The network: requests and answers on their way, each by itself; lines in order. Nothing moves unless it is moved.

use sealpost_engine::{
    command::{Answer, Request},
    outbox::JobId,
};
use sealpost_wire::api::slot::Slot;

use crate::{clock::MINUTE_MS, line::Line};

/// A client gives a request up after this.
const ANSWER_MS: u64 = MINUTE_MS;
/// Nothing is on its way for longer than this.
const LOST_MS: u64 = 15 * MINUTE_MS;

#[derive(Default)]
pub struct Wire {
    pub packets: Vec<Packet>,
    /// One for each device that has a connection.
    pub lines: Vec<Option<Line>>,
    /// The relay's ends of connections that only it takes for open.
    pub ghosts: Vec<Line>,
}

pub struct Packet {
    pub from: usize,
    /// Of which process: another one does not wait for the answer.
    pub life: u32,
    /// `None`: nobody waits for the answer.
    pub job: Option<JobId>,
    pub leg: Leg,
    pub sent_ms: u64,
    /// For those that the device signs.
    pub nonce: [u8; 16],
    /// What the relay answered is a lie.
    pub forged: bool,
    /// For the story.
    pub what: &'static str,
}

pub enum Leg {
    Going(Request),
    Coming(Answer),
}

impl Wire {
    pub fn new(devices: usize) -> Self {
        let lines = (0..devices).map(|_| None).collect();
        Self { lines, ..Self::default() }
    }

    /// The place of one of the packets on their way, by a number of any size.
    pub fn pick(&self, number: u32) -> Option<usize> {
        (number as usize).checked_rem(self.packets.len())
    }

    /// A copy of a request that somebody on the way makes, and whose answer nobody hears.
    pub fn double(&mut self, place: usize) -> bool {
        let Leg::Going(request) = &self.packets[place].leg else { return false };
        let Packet { from, life, sent_ms, nonce, what, .. } = self.packets[place];
        let leg = Leg::Going(copy(request));
        self.packets.push(Packet { from, life, job: None, leg, sent_ms, nonce, forged: false, what });
        true
    }

    /// The sender gives up waiting; the request is still on its way.
    pub fn outlive(&mut self, place: usize) -> bool {
        let doubled = self.packets[place].job.is_some() && self.double(place);
        if doubled {
            self.lose(place);
        }
        doubled
    }

    /// The packet is gone; whoever waits for an answer hears of none.
    pub fn lose(&mut self, place: usize) {
        if self.packets[place].job.is_none() {
            self.packets.remove(place);
        } else {
            self.packets[place].leg = Leg::Coming(Answer::Unreachable);
        }
    }

    /// A relay that lies says that a slot is the claimer's.
    pub fn forge(&mut self, place: usize) -> bool {
        let packet = &mut self.packets[place];
        let claims = matches!(packet.leg, Leg::Going(Request::ClaimSlot { .. }));
        if claims {
            let slot = Slot { claimed: true, content: Vec::new(), receipt: vec![0; 64] };
            packet.leg = Leg::Coming(Answer::Slot(slot));
            packet.forged = true;
        }
        claims
    }

    /// Time has passed: what is too old is given up by its sender, then by the network.
    pub fn age(&mut self, now_ms: u64) {
        for place in (0..self.packets.len()).rev() {
            if now_ms >= self.packets[place].sent_ms + ANSWER_MS {
                self.outlive(place);
            }
        }
        self.packets.retain(|packet| packet.job.is_some() || now_ms < packet.sent_ms + LOST_MS);
    }

    /// The process that waited for answers is gone.
    pub fn forget(&mut self, who: usize) {
        for packet in self.packets.iter_mut().filter(|packet| packet.from == who) {
            packet.job = None;
        }
        self.packets.retain(|packet| packet.job.is_some() || matches!(packet.leg, Leg::Going(_)));
    }
}

/// A request in a word.
pub fn name(request: &Request) -> &'static str {
    match request {
        Request::Deliver(delivery) if delivery.ephemeral => "signal",
        Request::Deliver(_) => "delivery",
        Request::FetchKeyPackage { .. } => "request for a key package",
        Request::ClaimSlot { .. } => "claim",
        Request::ReadSlot { .. } => "look at a slot",
        Request::PublishKeyPackages { .. } => "key packages",
        Request::PublishTokens(_) => "tokens",
        Request::KeepId => "wish to keep the ID",
    }
}

fn copy(request: &Request) -> Request {
    match request {
        Request::Deliver(delivery) => Request::Deliver(delivery.clone()),
        Request::FetchKeyPackage { id, request } => Request::FetchKeyPackage { id: *id, request: request.clone() },
        Request::ClaimSlot { name, claim } => Request::ClaimSlot { name: *name, claim: claim.clone() },
        Request::ReadSlot { name } => Request::ReadSlot { name: *name },
        Request::PublishKeyPackages { packages, replace } => {
            Request::PublishKeyPackages { packages: packages.clone(), replace: *replace }
        }
        Request::PublishTokens(tokens) => Request::PublishTokens(tokens.clone()),
        Request::KeepId => Request::KeepId,
    }
}
