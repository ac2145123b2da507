//! The sender's socket: deliveries without any identity, answered by request number in any order.

use std::pin::Pin;

use axum::{
    extract::{
        ConnectInfo, State,
        ws::{WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use sealpost_wire::{
    error::ErrorCode,
    frame::{Body, Deliver, Delivered, Failure},
};

use super::{
    Relay,
    authentication::Anonymous,
    socket::{self, Closed, Pulse, Refused},
};
use crate::{listener::Peer, service::Refusal};

/// Deliveries of one socket at work at a time; further ones wait in the connection.
const AT_WORK: usize = 64;

type Answering = FuturesUnordered<Pin<Box<dyn Future<Output = Option<Body>> + Send>>>;

pub async fn open(
    State(relay): State<Relay>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Anonymous(address): Anonymous,
    upgrade: WebSocketUpgrade,
) -> Response {
    let sockets = relay.sockets.clone();
    let serve = move |socket| sockets.track_future(serve(relay, peer, address, socket));
    socket::limited(upgrade).on_upgrade(serve)
}

async fn serve(relay: Relay, peer: Peer, address: std::net::IpAddr, mut socket: WebSocket) {
    relay.service.metrics.senders.increment(1.0);
    let refused = match take(&relay, &peer, address, &mut socket).await {
        Ok(()) => Closed::ByThem.into(),
        Err(refused) => refused,
    };
    relay.service.metrics.senders.decrement(1.0);
    socket::end(&relay, socket, refused).await;
}

async fn take(relay: &Relay, peer: &Peer, address: std::net::IpAddr, socket: &mut WebSocket) -> Result<(), Refused> {
    let mut pulse = Pulse::start();
    let mut answers = Answering::new();
    let mut stopping = false;
    loop {
        if stopping && answers.is_empty() {
            return Err(Refusal::retry(ErrorCode::Unavailable, "the relay is stopping", 1).into());
        }
        tokio::select! {
            Some(answer) = answers.next() => match answer {
                Some(body) => socket::send(socket, body).await?,
                None => {
                    peer.cut.after(0);
                    return Err(Closed::ByThem.into());
                }
            },
            message = socket.next(), if !stopping && answers.len() < AT_WORK => {
                pulse.heard();
                match socket::read(message)? {
                    None => {}
                    Some(Body::Deliver(deliver)) => answers.push(Box::pin(answer(relay.clone(), address, deliver))),
                    Some(_) => return Err(Refusal::malformed("only deliver").into()),
                }
            }
            due = pulse.due() => {
                due?;
                socket::ping(socket).await?;
            }
            () = relay.stop.cancelled(), if !stopping => stopping = true,
        }
    }
}

/// `None`: a test wants the connection cut instead.
async fn answer(relay: Relay, address: std::net::IpAddr, deliver: Deliver) -> Option<Body> {
    let request = deliver.request;
    let outcome = deliver_one(&relay, address, deliver).await;
    if relay.service.faults.takes_response() {
        return None;
    }
    Some(match outcome {
        Ok(body) => body,
        Err(refusal) => Body::Failure(Failure::new(request, &refusal.at(relay.service.now()))),
    })
}

async fn deliver_one(relay: &Relay, address: std::net::IpAddr, deliver: Deliver) -> Result<Body, Refusal> {
    relay.service.faults.delay().await;
    if relay.service.faults.refuses() {
        return Err(Refusal::retry(ErrorCode::Unavailable, "refused by a test", 1));
    }
    relay.service.admit_anonymous(address)?;
    relay.service.check_version(deliver.version)?;
    let delivery = deliver.delivery.ok_or(Refusal::malformed("delivery"))?;
    let answer = relay.service.deliver(delivery).await?;
    Ok(Body::Delivered(Delivered { request: deliver.request, answer: Some(answer) }))
}
