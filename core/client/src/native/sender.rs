//! The socket without identity: deliveries out, answers back by request number. Opened when there is something to
//! send, closed when nothing was sent for a while.

use std::{collections::HashMap, sync::Arc, time::Duration};

use rustls::ClientConfig;
use sealpost_wire::{
    PROTOCOL_VERSION,
    envelope::{Delivery, DeliveryAnswer},
    error::ApiError,
    frame::{Body, Deliver},
    relay_address::RelayAddress,
};
use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::socket::Socket;

/// An idle socket is closed, so that its life tells nothing.
const IDLE: Duration = Duration::from_secs(60);
/// An answer that does not come within this will not come.
const ANSWER: Duration = Duration::from_secs(30);

/// What the relay said to a delivery; `None`: nothing, whether it has it is unknown.
pub type DeliveryOutcome = Option<Result<DeliveryAnswer, ApiError>>;

struct Task {
    delivery: Delivery,
    outcome: oneshot::Sender<DeliveryOutcome>,
}

/// A handle to the task that owns the socket.
#[derive(Clone)]
pub struct Sender {
    tasks: mpsc::Sender<Task>,
}

impl Sender {
    /// Starts the task; it ends when the last handle is dropped.
    pub fn start(relay: RelayAddress, tls: Arc<ClientConfig>) -> Self {
        let (tasks, queue) = mpsc::channel(64);
        tokio::spawn(run(relay, tls, queue));
        Self { tasks }
    }

    pub async fn deliver(&self, delivery: Delivery) -> DeliveryOutcome {
        let (outcome, answer) = oneshot::channel();
        self.tasks.send(Task { delivery, outcome }).await.ok()?;
        timeout(ANSWER, answer).await.ok()?.ok()?
    }
}

async fn run(relay: RelayAddress, tls: Arc<ClientConfig>, mut queue: mpsc::Receiver<Task>) {
    while let Some(first) = queue.recv().await {
        // A socket that can't be opened, or that ends, drops its tasks: they read "unknown" and are tried again.
        if let Ok(socket) = Socket::open(&relay, &tls, "/v1/socket/send").await {
            serve(socket, first, &mut queue).await;
        }
    }
}

async fn serve(mut socket: Socket, first: Task, queue: &mut mpsc::Receiver<Task>) {
    let mut waiting: HashMap<u32, oneshot::Sender<DeliveryOutcome>> = HashMap::new();
    let mut request = 0_u32;
    let mut next = Some(first);
    loop {
        if let Some(task) = next.take() {
            request = request.wrapping_add(1);
            let body = Deliver { request, delivery: Some(task.delivery), version: PROTOCOL_VERSION };
            waiting.insert(request, task.outcome);
            if socket.send(Body::Deliver(body)).await.is_err() {
                return;
            }
        }
        waiting.retain(|_, outcome| !outcome.is_closed());
        tokio::select! {
            task = queue.recv() => match task {
                Some(task) => next = Some(task),
                None => return socket.close().await,
            },
            frame = socket.next() => match frame {
                Ok(frame) => answer(&mut waiting, frame),
                Err(_) => return,
            },
            () = sleep(IDLE), if waiting.is_empty() => return socket.close().await,
        }
    }
}

fn answer(waiting: &mut HashMap<u32, oneshot::Sender<DeliveryOutcome>>, frame: Body) {
    let (request, outcome) = match frame {
        Body::Delivered(delivered) => (delivered.request, Ok(delivered.answer.unwrap_or_default())),
        Body::Failure(failure) => (failure.request, Err(failure.into_error())),
        _ => return,
    };
    if let Some(waits) = waiting.remove(&request) {
        // Whoever asked may have given up meanwhile.
        let _ = waits.send(Some(outcome));
    }
}
