//! The device socket: proves the device, pushes its mailbox in order, counts acknowledgements.
//!
//! Invariants: never more in flight than the push window; an acknowledgement deletes exactly the rows pushed first;
//! after every drain that followed a push comes one `empty` marker.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{
    extract::{
        ConnectInfo, State,
        ws::{WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use futures_util::StreamExt;
use sealpost_wire::{
    envelope::Envelope,
    error::ErrorCode,
    frame::{Authenticated, Body, Hello, Nothing, Notice},
    id::UserId,
};

use super::{
    Relay,
    authentication::Anonymous,
    socket::{self, Closed, Pulse, Refused},
};
use crate::{
    faults,
    hub::{Seat, Signal},
    inbox::Inbox,
    listener::Peer,
    metrics::CutOff,
    service::{DeviceSession, PushWindow, Refusal, SocketProof},
};

/// A device has this long to answer `hello`.
const AUTHENTICATION: Duration = Duration::from_secs(10);

pub async fn open(
    State(relay): State<Relay>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    _: Anonymous,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sockets = relay.sockets.clone();
    let serve = move |socket| sockets.track_future(serve(relay, peer, socket));
    socket::limited(upgrade).read_buffer_size(socket::DEVICE_BUFFER_BYTES).on_upgrade(serve)
}

async fn serve(relay: Relay, peer: Peer, mut socket: WebSocket) {
    let session = match authenticate(&relay, &peer, &mut socket).await {
        Ok(session) => session,
        Err(refused) => return socket::end(&relay, socket, refused).await,
    };
    relay.service.metrics.devices.increment(1.0);
    let mut device = Device {
        relay: relay.clone(),
        peer,
        id: session.id,
        next_secret: session.next_secret,
        pushed: VecDeque::new(),
        pushed_bytes: 0,
        cursor: 0,
        drained: false,
        empty_due: true,
    };
    let refused = match device.serve(&mut socket, session.seat).await {
        Ok(()) => Closed::ByThem.into(),
        Err(refused) => refused,
    };
    relay.service.metrics.devices.decrement(1.0);
    socket::end(&relay, socket, refused).await;
}

async fn authenticate(relay: &Relay, peer: &Peer, socket: &mut WebSocket) -> Result<DeviceSession, Refused> {
    let service = &relay.service;
    let nonce = service.socket_nonce()?;
    let oldest_version = service.config.oldest_version;
    let hello = Hello { nonce: nonce.to_vec(), time_seconds: service.now(), oldest_version };
    socket::send(socket, Body::Hello(hello)).await?;
    let answer = async {
        loop {
            match socket::read(socket.next().await)? {
                None => {}
                Some(Body::Authenticate(answer)) => break Ok(answer),
                Some(_) => break Err(Refused::from(Refusal::malformed("authenticate is due"))),
            }
        }
    };
    let answer = tokio::select! {
        answer = tokio::time::timeout(AUTHENTICATION, answer) => answer.map_err(|_| Closed::ByUs(CutOff::Handshake))??,
        () = relay.stop.cancelled() => return Err(stopping()),
    };
    let proof = SocketProof { nonce: &nonce, exporter: peer.exporter.as_ref() };
    let mut session = service.open_socket(&answer, proof).await?;
    let (next_secret, incarnation) = (session.next_secret.to_vec(), session.incarnation);
    let authenticated = Authenticated { next_secret, incarnation };
    socket::feed(socket, Body::Authenticated(authenticated)).await?;
    for notice in std::mem::take(&mut session.notices) {
        socket::feed(socket, Body::Notice(notice)).await?;
    }
    socket::flush(socket).await?;
    Ok(session)
}

/// One authenticated device.
struct Device {
    relay: Relay,
    peer: Peer,
    id: UserId,
    /// What the device was given for its next session.
    next_secret: [u8; 32],
    /// Sequence and bytes of what was pushed and not acknowledged.
    pushed: VecDeque<(u64, usize)>,
    pushed_bytes: usize,
    /// The last sequence pushed.
    cursor: u64,
    /// Nothing waits behind the cursor, as far as is known.
    drained: bool,
    empty_due: bool,
}

impl Device {
    async fn serve(&mut self, socket: &mut WebSocket, mut seat: Seat) -> Result<(), Refused> {
        let mut pulse = Pulse::start();
        let (stop, inbox) = (self.relay.stop.clone(), Arc::clone(&seat.inbox));
        loop {
            if !self.drained && self.window().is_some() {
                self.push_page(socket, &inbox).await?;
            }
            let more = !self.drained && self.window().is_some();
            tokio::select! {
                biased;
                () = seat.displaced.cancelled() => {
                    self.relay.service.check_not_retired(self.id).await?;
                    socket::send(socket, Body::Displaced(Nothing {})).await?;
                    return Ok(());
                }
                () = stop.cancelled() => return Err(stopping()),
                message = socket.next() => {
                    pulse.heard();
                    match socket::read(message)? {
                        None => {}
                        Some(Body::Acknowledge(count)) => self.acknowledge(count)?,
                        Some(Body::SessionKept(_)) => {
                            self.relay.service.keep_session(self.id, &self.next_secret).await?;
                        }
                        Some(_) => return Err(Refusal::malformed("only acknowledge").into()),
                    }
                }
                Some(signal) = seat.signals.recv() => self.tell(socket, signal).await?,
                () = inbox.woken() => self.push_arrivals(socket, &inbox).await?,
                due = pulse.due() => {
                    due?;
                    socket::ping(socket).await?;
                }
                () = std::future::ready(()), if more => {}
            }
        }
    }

    /// One page of the mailbox, as far as the window allows.
    async fn push_page(&mut self, socket: &mut WebSocket, inbox: &Inbox) -> Result<(), Refused> {
        let Some(window) = self.window() else { return Ok(()) };
        self.may_push().await?;
        inbox.follow();
        let page = self.relay.service.next_envelopes(self.id, self.cursor, window).await?;
        for envelope in page.envelopes {
            self.push(socket, envelope).await?;
        }
        self.drained(!page.more, socket, inbox).await
    }

    /// What arrived behind the last page, as far as the window allows; where that is not known, the mailbox is read.
    async fn push_arrivals(&mut self, socket: &mut WebSocket, inbox: &Inbox) -> Result<(), Refused> {
        let Some(arrivals) = inbox.take() else {
            self.drained = false;
            return Ok(());
        };
        self.may_push().await?;
        let cursor = self.cursor;
        let mut arrivals = arrivals.into_iter().skip_while(|arrival| arrival.sequence <= cursor).peekable();
        while self.window().is_some()
            && let Some(arrival) = arrivals.next()
        {
            self.push(socket, arrival.into()).await?;
        }
        self.drained(arrivals.peek().is_none(), socket, inbox).await
    }

    async fn may_push(&self) -> Result<(), Refused> {
        tokio::select! {
            () = self.relay.service.faults.push_allowed() => Ok(()),
            () = self.relay.stop.cancelled() => Err(stopping()),
        }
    }

    async fn push(&mut self, socket: &mut WebSocket, envelope: Envelope) -> Result<(), Closed> {
        faults::stop_point("after_answer_before_push");
        self.note(&envelope);
        if self.relay.service.faults.cuts_socket() {
            self.peer.cut.after(envelope.payload.len() / 2);
        }
        socket::feed(socket, Body::Push(envelope)).await?;
        self.relay.service.metrics.pushes.increment(1);
        Ok(())
    }

    async fn drained(&mut self, drained: bool, socket: &mut WebSocket, inbox: &Inbox) -> Result<(), Refused> {
        self.drained = drained;
        if !drained {
            inbox.fall_behind();
        } else if std::mem::take(&mut self.empty_due) {
            socket::feed(socket, Body::Empty(Nothing {})).await?;
        }
        Ok(socket::flush(socket).await?)
    }

    fn note(&mut self, envelope: &Envelope) {
        self.cursor = envelope.sequence;
        self.pushed.push_back((envelope.sequence, envelope.payload.len()));
        self.pushed_bytes += envelope.payload.len();
        self.empty_due = true;
    }

    /// Takes note at once and deletes with the next commit: pushing does not wait for it.
    fn acknowledge(&mut self, count: u32) -> Result<(), Refused> {
        let count = count as usize;
        if count == 0 || count > self.pushed.len() {
            return Err(Refusal::malformed("acknowledge: more than was pushed").into());
        }
        let acknowledged: Vec<_> = self.pushed.drain(..count).collect();
        self.pushed_bytes -= acknowledged.iter().map(|(_, bytes)| bytes).sum::<usize>();
        let sequences = acknowledged.into_iter().map(|(sequence, _)| sequence).collect();
        let (service, id) = (Arc::clone(&self.relay.service), self.id);
        self.relay.sockets.spawn(async move {
            // If it fails, the device sees them again, and knows them.
            if let Err(refusal) = service.acknowledge(id, sequences).await {
                tracing::warn!(code = refusal.code.as_str(), "an acknowledgement was lost");
            }
        });
        Ok(())
    }

    async fn tell(&self, socket: &mut WebSocket, signal: Signal) -> Result<(), Closed> {
        let body = match signal {
            Signal::Ephemeral(envelope) => Body::Push(envelope),
            Signal::Notice { kind, deadline_seconds } => Body::Notice(Notice { kind: kind.into(), deadline_seconds }),
        };
        socket::send(socket, body).await
    }

    /// What may still be pushed; `None`: nothing before an acknowledgement.
    fn window(&self) -> Option<PushWindow> {
        let messages = PushWindow::FULL.messages.saturating_sub(self.pushed.len());
        let bytes = PushWindow::FULL.bytes.saturating_sub(self.pushed_bytes);
        (messages > 0 && bytes > 0).then_some(PushWindow { messages, bytes })
    }
}

fn stopping() -> Refused {
    Refusal::retry(ErrorCode::Unavailable, "the relay is stopping", 1).into()
}
