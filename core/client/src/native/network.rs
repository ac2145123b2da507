//! The connected account: the device's socket, the anonymous ones, and what they bring back to the event loop.

use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};

use futures_util::FutureExt as _;
use reqwest::Method;
use sealpost_engine::command::{Answer, Input, Outgoing, Reply, Request};
use sealpost_wire::{
    api::directory::KeyPackageCount,
    envelope::Envelope,
    error::ErrorCode,
    frame::{Authenticated, Notice},
    relay_address::RelayAddress,
};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
    task::JoinHandle,
    time::Instant,
};

use super::{
    http::{DeviceIdentity, Http, HttpError},
    receiver::{self, End, Inbox, LONGEST_PAUSE, Pauses},
    sender::Sender,
    tls,
};
use crate::{
    error::Error,
    event_loop::{Network, Work},
    events::Events,
    stop_points::stop_point,
    types::{Connection, Event},
};

/// The connection's state, for whoever asks, and its changes as events.
#[derive(Clone)]
pub struct ConnectionState {
    state: Arc<Mutex<Connection>>,
    events: Arc<Events>,
}

impl ConnectionState {
    pub fn new(events: Arc<Events>) -> Self {
        Self { state: Arc::new(Mutex::new(Connection::Disconnected)), events }
    }

    pub fn read(&self) -> Connection {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set(&self, state: Connection) {
        let mut current = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if *current != state {
            *current = state;
            self.events.push(Event::Connection { state });
        }
    }
}

pub struct NativeNetwork {
    runtime: Handle,
    work: mpsc::Sender<Work>,
    identity: Arc<DeviceIdentity>,
    device: Http,
    anonymous: Http,
    sender: Sender,
    start_over: Arc<Notify>,
    receiver: Mutex<Option<JoinHandle<()>>>,
}

impl NativeNetwork {
    /// Gives itself to the event loop and starts connecting; goes on until it is stopped.
    pub fn start(
        runtime: &Handle,
        relay: &RelayAddress,
        identity: Arc<DeviceIdentity>,
        work: mpsc::Sender<Work>,
        connection: ConnectionState,
    ) -> Result<Arc<Self>, HttpError> {
        let _inside = runtime.enter();
        let certificate = |error: rustls::Error| HttpError::Certificate(error.to_string());
        let tls = || tls::client_config(relay.pin()).map(Arc::new).map_err(certificate);
        let (device_tls, sender_tls) = (tls()?, tls()?);
        let start_over = Arc::new(Notify::new());
        let network = Arc::new(Self {
            runtime: runtime.clone(),
            work: work.clone(),
            identity: identity.clone(),
            device: Http::new(relay)?,
            anonymous: Http::new(relay)?,
            sender: Sender::start(relay.clone(), sender_tls),
            start_over: start_over.clone(),
            receiver: Mutex::new(None),
        });
        // Before anything is received: what that sets going has to find the network. A loop that has ended needs none.
        let _ = work.send(Work::Network(Some(Arc::new(Requests(network.clone())))));
        let relay = relay.clone();
        let task = runtime.spawn(async move {
            let mut pauses = Pauses::new();
            loop {
                let inbox = Bridge { work: work.clone(), connection: connection.clone() };
                let since = Instant::now();
                tokio::select! {
                    () = receiver::run(relay.clone(), device_tls.clone(), identity.clone(), inbox) => return,
                    () = start_over.notified() => {}
                }
                connection.set(Connection::Connecting);
                let _ = work.send(Work::Step { input: Input::Offline, done: Box::new(|_| ()) });
                // A disk that is full stays so for a while: neither it nor the relay is asked all the time.
                if since.elapsed() > LONGEST_PAUSE {
                    pauses = Pauses::new();
                }
                pauses.wait().await;
                // What failed meanwhile is started over with this.
                let _ = start_over.notified().now_or_never();
            }
        });
        *network.receiver.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
        Ok(network)
    }

    /// Ends the connection. When this returns, the event loop hears nothing of it any more but answers to requests.
    pub fn stop(&self) {
        if let Some(task) = self.receiver.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
            // Its outcome is that it was aborted.
            let _ = self.runtime.block_on(task);
        }
    }
}

/// The event loop's side of the network.
struct Requests(Arc<NativeNetwork>);

impl Network for Requests {
    fn perform(&self, outgoing: Outgoing) {
        let network: Weak<NativeNetwork> = Arc::downgrade(&self.0);
        self.0.runtime.spawn(async move {
            let Some(network) = network.upgrade() else { return };
            let answer = network.ask(outgoing.request).await;
            if let Some(job) = outgoing.job {
                stop_point("after_request_answer_before_step");
                let input = Input::Answer { job, answer };
                // A loop that has ended has no use for the answer.
                let _ = network.work.send(Work::Step { input, done: Box::new(|_| ()) });
            }
        });
    }

    fn start_over(&self) {
        self.0.start_over.notify_one();
    }
}

impl NativeNetwork {
    async fn ask(&self, request: Request) -> Answer {
        let nothing: Option<&()> = None;
        match request {
            Request::Deliver(delivery) => match self.sender.deliver(delivery.clone()).await {
                Some(Ok(answer)) => Answer::Delivered(answer),
                Some(Err(error)) => Answer::Refused(error),
                // A proxy may let no socket through. The relay knows a delivery again if it has it already.
                None if !delivery.ephemeral => {
                    let answer = self.anonymous.ask(Method::POST, "/v1/deliveries", Some(&delivery)).await;
                    answer.map_or_else(refusal, Answer::Delivered)
                }
                None => Answer::Unreachable,
            },
            Request::FetchKeyPackage { id, request } => {
                let path = format!("/v1/directory/{id}/key-package");
                let answer = self.anonymous.ask(Method::POST, &path, Some(&request)).await;
                answer.map_or_else(refusal, |package| Answer::KeyPackage(Box::new(package)))
            }
            Request::ClaimSlot { name, claim } => {
                let path = format!("/v1/slots/{name}");
                let answer = self.anonymous.ask(Method::PUT, &path, Some(&claim)).await;
                answer.map_or_else(refusal, Answer::Slot)
            }
            Request::ReadSlot { name } => {
                let answer = self.anonymous.ask(Method::GET, &format!("/v1/slots/{name}"), nothing).await;
                answer.map_or_else(refusal, Answer::Slot)
            }
            Request::PublishKeyPackages { packages, replace } => {
                let method = if replace { Method::POST } else { Method::PUT };
                let path = format!("/v1/directory/key-packages{}", if replace { "/replace" } else { "" });
                let answer = self.device.ask_signed(&self.identity, method, &path, Some(&packages)).await;
                answer.map_or_else(refusal, |_: Vec<KeyPackageCount>| Answer::Done)
            }
            Request::PublishTokens(tokens) => {
                let path = "/v1/mailbox/tokens";
                let answer = self.device.ask_signed(&self.identity, Method::PUT, path, Some(&tokens)).await;
                answer.map_or_else(refusal, |()| Answer::Done)
            }
            Request::KeepId => {
                let path = "/v1/accounts/keep";
                let answer = self.device.ask_signed(&self.identity, Method::POST, path, nothing).await;
                answer.map_or_else(refusal, |()| Answer::Done)
            }
        }
    }
}

fn refusal(error: HttpError) -> Answer {
    match error {
        HttpError::Refused(error) => Answer::Refused(error),
        HttpError::Unreachable(_) | HttpError::Certificate(_) => Answer::Unreachable,
    }
}

/// Hands what the device's socket brings to the event loop.
struct Bridge {
    work: mpsc::Sender<Work>,
    connection: ConnectionState,
}

impl Bridge {
    async fn step(&self, input: Input) -> Result<Reply, Error> {
        let (answer, committed) = oneshot::channel();
        let done = Box::new(move |result| drop(answer.send(result)));
        let sent = self.work.send(Work::Step { input, done });
        let gone = || Error::Internal { detail: "the account is closed".into() };
        sent.map_err(|_| gone())?;
        committed.await.map_err(|_| gone())?
    }
}

impl Inbox for Bridge {
    async fn session_secret(&self) -> Option<Vec<u8>> {
        match self.step(Input::SessionSecret).await {
            Ok(Reply::SessionSecret(secret)) => Some(secret),
            _ => None,
        }
    }

    async fn session_opened(&self, answer: Authenticated, relay_seconds: u64) -> bool {
        let Authenticated { next_secret, incarnation } = answer;
        let kept = self.step(Input::SessionOpened { next_secret, incarnation, relay_seconds }).await.is_ok();
        if kept {
            self.connection.set(Connection::CatchingUp);
        }
        kept
    }

    async fn envelopes(&self, envelopes: Vec<Envelope>) -> bool {
        self.step(Input::Envelopes(envelopes)).await.is_ok()
    }

    async fn drained(&self) {
        if self.step(Input::Drained).await.is_ok() {
            self.connection.set(Connection::Online);
        }
    }

    async fn notice(&self, notice: Notice) {
        let input = Input::Notice { kind: notice.kind(), deadline_seconds: notice.deadline_seconds };
        // A notice that could not be kept comes again with the next session.
        let _ = self.step(input).await;
    }

    async fn connecting(&self) {
        self.connection.set(Connection::Connecting);
    }

    async fn ended(&self, end: End) {
        let _ = self.step(Input::Offline).await;
        self.connection.set(match end {
            End::Lost => Connection::Connecting,
            End::Suspended => Connection::Suspended,
            End::Displaced => Connection::Displaced,
            End::Refused(error) => {
                let state = match error.code {
                    ErrorCode::TooOldVersion => Connection::TooOldVersion,
                    _ => Connection::Refused,
                };
                let _ = self.step(Input::DeviceRefused(error)).await;
                state
            }
        });
    }
}
