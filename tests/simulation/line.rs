//! A device's socket without a socket: frames in order both ways, and the relay's end of it, which does what
//! `http/device_socket.rs` does over the same service.

use std::collections::VecDeque;

use sealpost_server::{
    Signal,
    service::{DeviceSession, PushWindow, Refusal, SocketProof},
};
use sealpost_wire::{
    envelope::Envelope,
    error::ApiError,
    frame::{Authenticate, Notice},
};

use futures_util::FutureExt;

use crate::relay::{Relay, now};

/// A connection as long as the device holds its end.
pub struct Line {
    pub up: VecDeque<Up>,
    pub down: VecDeque<Down>,
    /// `None`: the relay has closed.
    pub relay: Option<RelayEnd>,
}

pub enum Up {
    Authenticate(Authenticate),
    SessionKept,
    Acknowledge(u32),
}

pub enum Down {
    Hello { nonce: [u8; 32] },
    Authenticated { next_secret: Vec<u8>, incarnation: u64 },
    Push(Envelope),
    Empty,
    Notice(Notice),
    Displaced,
    Failure(ApiError),
    Closed,
}

pub struct RelayEnd {
    nonce: [u8; 32],
    session: Option<DeviceSession>,
    /// Sequence and bytes of what was pushed and not acknowledged.
    pushed: VecDeque<(u64, usize)>,
    cursor: u64,
    drained: bool,
    empty_due: bool,
}

impl Line {
    pub fn open(relay: &Relay) -> Self {
        let nonce = relay.service.socket_nonce().expect("there is randomness");
        let end =
            RelayEnd { nonce, session: None, pushed: VecDeque::new(), cursor: 0, drained: false, empty_due: true };
        Self { up: VecDeque::new(), down: [Down::Hello { nonce }].into(), relay: Some(end) }
    }

    /// Everything that the device has sent arrives, and the relay pushes what it may. False if nothing moved.
    pub fn serve(&mut self, relay: &Relay) -> bool {
        let before = self.down.len();
        let moved = !self.up.is_empty();
        let Some(end) = &mut self.relay else {
            self.up.clear();
            return false;
        };
        let mut result = self.up.drain(..).try_for_each(|frame| end.hear(relay, frame, &mut self.down));
        if result.is_ok() {
            result = end.push(relay, &mut self.down);
        }
        if let Err(refusal) = result {
            self.down.extend(refusal.map(|refusal| Down::Failure(relay.error(refusal))));
            self.close();
        }
        moved || self.down.len() != before
    }

    /// What the device has sent still arrives.
    pub fn arrives(&mut self, relay: &Relay) {
        self.serve(relay);
    }

    /// The relay's end closes; what it has sent may still be read.
    pub fn close(&mut self) {
        if self.relay.take().is_some() {
            self.down.push_back(Down::Closed);
        }
    }
}

/// Why the relay ends a connection; `None`: it has said so already.
type End = Option<Refusal>;

impl RelayEnd {
    fn hear(&mut self, relay: &Relay, frame: Up, down: &mut VecDeque<Down>) -> Result<(), End> {
        match (frame, &self.session) {
            (Up::Authenticate(asked), None) => {
                let proof = SocketProof { nonce: &self.nonce, exporter: None };
                let mut session = now(relay.service.open_socket(&asked, proof)).map_err(Some)?;
                let (next_secret, incarnation) = (session.next_secret.to_vec(), session.incarnation);
                down.push_back(Down::Authenticated { next_secret, incarnation });
                down.extend(std::mem::take(&mut session.notices).into_iter().map(Down::Notice));
                self.session = Some(session);
                Ok(())
            }
            (Up::SessionKept, Some(session)) => {
                now(relay.service.keep_session(session.id, &session.next_secret)).map_err(Some)
            }
            (Up::Acknowledge(count), Some(session)) => {
                let count = count as usize;
                if count == 0 || count > self.pushed.len() {
                    return Err(Some(Refusal::malformed("acknowledge: more than was pushed")));
                }
                let sequences = self.pushed.drain(..count).map(|(sequence, _)| sequence).collect();
                now(relay.service.acknowledge(session.id, sequences)).map_err(Some)
            }
            _ => Err(Some(Refusal::malformed("not now"))),
        }
    }

    fn push(&mut self, relay: &Relay, down: &mut VecDeque<Down>) -> Result<(), End> {
        let Some(session) = &mut self.session else { return Ok(()) };
        if session.seat.displaced.is_cancelled() {
            now(relay.service.check_not_retired(session.id)).map_err(Some)?;
            down.push_back(Down::Displaced);
            return Err(None);
        }
        while let Ok(signal) = session.seat.signals.try_recv() {
            down.push_back(match signal {
                Signal::Ephemeral(envelope) => Down::Push(envelope),
                Signal::Notice { kind, deadline_seconds } => {
                    Down::Notice(Notice { kind: kind.into(), deadline_seconds })
                }
            });
        }
        if session.seat.inbox.woken().now_or_never().is_some() {
            self.drained = false;
        }
        while !self.drained
            && let Some(window) = window(&self.pushed)
        {
            let page = now(relay.service.next_envelopes(session.id, self.cursor, window)).map_err(Some)?;
            for envelope in page.envelopes {
                self.cursor = envelope.sequence;
                self.pushed.push_back((envelope.sequence, envelope.payload.len()));
                self.empty_due = true;
                down.push_back(Down::Push(envelope));
            }
            self.drained = !page.more;
            if self.drained && std::mem::take(&mut self.empty_due) {
                down.push_back(Down::Empty);
            }
        }
        Ok(())
    }
}

/// What may still be pushed; `None`: nothing before an acknowledgement.
fn window(pushed: &VecDeque<(u64, usize)>) -> Option<PushWindow> {
    let pushed_bytes = pushed.iter().map(|(_, bytes)| bytes).sum();
    let messages = PushWindow::FULL.messages.saturating_sub(pushed.len());
    let bytes = PushWindow::FULL.bytes.saturating_sub(pushed_bytes);
    (messages > 0 && bytes > 0).then_some(PushWindow { messages, bytes })
}
