//! What both sockets share: limits, frames, pings.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use bytes::Bytes;
use futures_util::SinkExt;
use sealpost_wire::{
    frame::{Body, Failure},
    limits::FRAME_BYTES,
};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::Relay;
use crate::{metrics::CutOff, service::Refusal};

/// The default costs 125 kB per idle connection.
const BUFFER_BYTES: usize = 4_096;
/// A device only says who it is and acknowledges, and many of them are idle.
pub const DEVICE_BUFFER_BYTES: usize = 1_024;
/// Between two pings; a peer that was silent for a whole interval after one is gone.
const PING: Duration = Duration::from_secs(30);
/// A peer that takes nothing for this long is gone.
const SEND: Duration = Duration::from_secs(30);

/// The connection is over, or is to be.
pub enum Closed {
    ByThem,
    ByUs(CutOff),
}

/// With the relay's limits.
pub fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(BUFFER_BYTES)
        .max_write_buffer_size(4 * FRAME_BYTES)
        .max_message_size(FRAME_BYTES)
        .max_frame_size(FRAME_BYTES)
}

/// Notices peers that are gone.
pub struct Pulse {
    ticks: Interval,
    heard: bool,
}

impl Pulse {
    pub fn start() -> Self {
        let mut ticks = interval_at(Instant::now() + PING, PING);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, heard: true }
    }

    pub fn heard(&mut self) {
        self.heard = true;
    }

    /// Answers when it is time to ping; `Closed` if nothing was heard since the last time.
    pub async fn due(&mut self) -> Result<(), Closed> {
        self.ticks.tick().await;
        if std::mem::take(&mut self.heard) { Ok(()) } else { Err(Closed::ByUs(CutOff::Silent)) }
    }
}

/// Queues a frame; `flush` sends it.
pub async fn feed(socket: &mut WebSocket, body: Body) -> Result<(), Closed> {
    within(socket.feed(Message::Binary(body.to_bytes().into()))).await
}

pub async fn flush(socket: &mut WebSocket) -> Result<(), Closed> {
    within(socket.flush()).await
}

pub async fn send(socket: &mut WebSocket, body: Body) -> Result<(), Closed> {
    feed(socket, body).await?;
    flush(socket).await
}

pub async fn ping(socket: &mut WebSocket) -> Result<(), Closed> {
    within(socket.send(Message::Ping(Bytes::new()))).await
}

pub async fn close(mut socket: WebSocket) {
    let _ = within(socket.send(Message::Close(None))).await;
}

/// The next frame of a peer; `None` for what is none (pings, pongs).
pub fn read(message: Option<Result<Message, axum::Error>>) -> Result<Option<Body>, Refused> {
    match message {
        Some(Ok(Message::Binary(bytes))) => {
            Body::from_bytes(&bytes).map(Some).map_err(|_| Refused::Refusal(Refusal::malformed("frame")))
        }
        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
        Some(Ok(Message::Text(_))) => Err(Refused::Refusal(Refusal::malformed("frames are binary"))),
        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(Closed::ByThem.into()),
    }
}

/// Why a socket ends.
pub enum Refused {
    Closed(Closed),
    /// The peer is told first.
    Refusal(Refusal),
}

impl From<Closed> for Refused {
    fn from(closed: Closed) -> Self {
        Self::Closed(closed)
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

/// Tells the peer why, where there is something to tell, and closes. Whoever was cut off is told nothing: it would
/// wait for a peer that does not listen.
pub async fn end(relay: &Relay, mut socket: WebSocket, refused: Refused) {
    match refused {
        Refused::Closed(Closed::ByThem) => {}
        Refused::Closed(Closed::ByUs(why)) => return relay.service.metrics.cut_off(why),
        Refused::Refusal(refusal) => {
            let failure = Failure::new(0, &refusal.at(relay.service.now()));
            if send(&mut socket, Body::Failure(failure)).await.is_err() {
                return;
            }
        }
    }
    close(socket).await;
}

async fn within(sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), Closed> {
    match tokio::time::timeout(SEND, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Closed::ByThem),
        Err(_) => Err(Closed::ByUs(CutOff::TakesNothing)),
    }
}
