//! The socket of the device: proves who it is, receives, acknowledges what was committed; again and again.

use std::{sync::Arc, time::Duration};

use rustls::ClientConfig;
use sealpost_crypto::{keys::Domain, request_signature::socket_challenge};
use sealpost_wire::{
    PROTOCOL_VERSION,
    envelope::Envelope,
    error::{ApiError, ErrorCode},
    frame::{Authenticate, Authenticated, Body, Hello, Nothing, Notice},
    limits,
    relay_address::RelayAddress,
};

use super::{
    http::DeviceIdentity,
    socket::{Socket, SocketError},
    system,
};
use crate::stop_points::stop_point;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
pub const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What the device does with what comes in. Every call returns after the commit.
pub trait Inbox: Send + Sync + 'static {
    fn session_secret(&self) -> impl Future<Output = Option<Vec<u8>>> + Send;
    /// False: it could not be kept, so the session must not go on.
    fn session_opened(&self, answer: Authenticated, relay_seconds: u64) -> impl Future<Output = bool> + Send;
    /// False: they could not be kept, so they must not be acknowledged.
    fn envelopes(&self, envelopes: Vec<Envelope>) -> impl Future<Output = bool> + Send;
    fn drained(&self) -> impl Future<Output = ()> + Send;
    fn notice(&self, notice: Notice) -> impl Future<Output = ()> + Send;
    fn connecting(&self) -> impl Future<Output = ()> + Send;
    fn ended(&self, end: End) -> impl Future<Output = ()> + Send;
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is tried again after a pause.
    Lost,
    /// The operator has suspended the account: tried again after the longest pause.
    Suspended,
    /// A newer connection took over: not tried again.
    Displaced,
    /// The relay refuses the device or its version: not tried again.
    Refused(ApiError),
}

/// The pauses between attempts: longer and longer, until they begin anew.
pub struct Pauses {
    next: Duration,
}

impl Pauses {
    pub fn new() -> Self {
        Self { next: FIRST_PAUSE }
    }

    pub async fn wait(&mut self) {
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST_PAUSE);
        let jitter = u64::from_be_bytes(system::random()) % (pause.as_millis() as u64).max(1);
        tokio::time::sleep(pause / 2 + Duration::from_millis(jitter / 2)).await;
    }
}

/// Connects until the task is dropped, or it makes no sense any more.
pub async fn run(relay: RelayAddress, tls: Arc<ClientConfig>, identity: Arc<DeviceIdentity>, inbox: impl Inbox) {
    let mut pauses = Pauses::new();
    loop {
        inbox.connecting().await;
        let mut greeted = false;
        let end = match connection(&relay, &tls, &identity, &inbox, &mut greeted).await {
            Ok(end) => end,
            Err(_) => End::Lost,
        };
        inbox.ended(end.clone()).await;
        match end {
            End::Lost => {}
            End::Suspended => pauses.next = LONGEST_PAUSE,
            End::Displaced | End::Refused(_) => return,
        }
        if greeted {
            pauses = Pauses::new();
        }
        pauses.wait().await;
    }
}

async fn connection(
    relay: &RelayAddress,
    tls: &Arc<ClientConfig>,
    identity: &DeviceIdentity,
    inbox: &impl Inbox,
    greeted: &mut bool,
) -> Result<End, SocketError> {
    let mut socket = match Socket::open(relay, tls, "/v1/socket/device").await {
        Err(SocketError::TooOldVersion) => return Ok(too_old()),
        opened => opened?,
    };
    let hello = match socket.next().await? {
        Body::Hello(hello) => hello,
        Body::Failure(failure) => return Ok(end_of(failure.into_error())),
        _ => return Err(SocketError::NotAFrame),
    };
    if let Some(end) = authenticate(&mut socket, identity, inbox, &hello).await? {
        return Ok(end);
    }
    *greeted = true;
    receive(&mut socket, inbox).await
}

/// `None`: we are in.
async fn authenticate(
    socket: &mut Socket,
    identity: &DeviceIdentity,
    inbox: &impl Inbox,
    hello: &Hello,
) -> Result<Option<End>, SocketError> {
    identity.learn_time(hello.time_seconds);
    let challenge = socket_challenge(identity.id, &hello.nonce, socket.exporter.as_ref());
    let Some(session_secret) = inbox.session_secret().await else { return Ok(Some(End::Lost)) };
    let answer = Authenticate {
        id: identity.id.as_str().to_owned(),
        signature: identity.key.sign(Domain::Socket, &challenge).to_vec(),
        session_secret,
        version: PROTOCOL_VERSION,
    };
    socket.send(Body::Authenticate(answer)).await?;
    match socket.next().await? {
        Body::Authenticated(answer) => {
            stop_point("after_session_secret_received");
            if !inbox.session_opened(answer, hello.time_seconds).await {
                return Ok(Some(End::Lost));
            }
            // From now on no copy with the secret before is let in.
            socket.send(Body::SessionKept(Nothing {})).await?;
            Ok(None)
        }
        Body::Failure(failure) => Ok(Some(end_of(failure.into_error()))),
        _ => Err(SocketError::NotAFrame),
    }
}

async fn receive(socket: &mut Socket, inbox: &impl Inbox) -> Result<End, SocketError> {
    let mut batch: Vec<Envelope> = Vec::new();
    loop {
        let frame = if batch.is_empty() {
            socket.next().await?
        } else {
            // Whatever has arrived already joins the batch; nothing is waited for.
            tokio::select! {
                biased;
                frame = socket.next() => frame?,
                () = std::future::ready(()) => {
                    commit(socket, inbox, &mut batch).await?;
                    continue;
                }
            }
        };
        match frame {
            Body::Push(envelope) => {
                batch.push(envelope);
                if batch.len() >= limits::PUSH_WINDOW_MESSAGES {
                    commit(socket, inbox, &mut batch).await?;
                }
            }
            Body::Empty(_) => {
                commit(socket, inbox, &mut batch).await?;
                inbox.drained().await;
            }
            Body::Notice(notice) => inbox.notice(notice).await,
            Body::Displaced(_) => return Ok(End::Displaced),
            Body::Failure(failure) => return Ok(end_of(failure.into_error())),
            _ => return Err(SocketError::NotAFrame),
        }
    }
}

/// Commits the batch, then acknowledges its stored envelopes.
async fn commit(socket: &mut Socket, inbox: &impl Inbox, batch: &mut Vec<Envelope>) -> Result<(), SocketError> {
    if batch.is_empty() {
        return Ok(());
    }
    let stored = batch.iter().filter(|envelope| !envelope.ephemeral).count();
    if !inbox.envelopes(std::mem::take(batch)).await {
        return Err(SocketError::Closed);
    }
    if stored == 0 {
        return Ok(());
    }
    stop_point("after_envelopes_committed_before_acknowledge");
    socket.send(Body::Acknowledge(u32::try_from(stored).unwrap_or(u32::MAX))).await
}

/// What the relay says by the status of its answer alone.
fn too_old() -> End {
    let code = ErrorCode::TooOldVersion;
    End::Refused(ApiError { code, detail: String::new(), retry_after_seconds: 0, time_seconds: 0 })
}

fn end_of(error: ApiError) -> End {
    match error.code {
        ErrorCode::CopiedDevice | ErrorCode::Retired | ErrorCode::TooOldVersion | ErrorCode::NotAuthenticated => {
            End::Refused(error)
        }
        ErrorCode::AccountSuspended => End::Suspended,
        _ => End::Lost,
    }
}
