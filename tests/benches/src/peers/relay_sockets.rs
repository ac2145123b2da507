//! The relay's two sockets, as a device has them: one that proves itself and reads, one without identity that sends.

use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use sealpost_crypto::{
    keys::{Domain, IdentityKey},
    request_signature::socket_challenge,
};
use sealpost_wire::{
    PROTOCOL_VERSION,
    envelope::{Delivery, Recipient},
    frame::{Authenticate, Body, Deliver},
    id::{DeliveryToken, UserId},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};

use super::{
    load::MESSAGE_BYTES,
    peer::{Reader, Sender},
};

/// The wrapped key of a recipient in a real delivery.
const WRAPPED_BYTES: usize = 80;
/// Messages that a reader acknowledges together at most.
const ACKNOWLEDGED: u32 = 64;
/// The relay has this long for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A registered device.
pub struct Account {
    pub id: UserId,
    pub key: IdentityKey,
    pub token: DeliveryToken,
    pub secret: Vec<u8>,
}

/// Reads a mailbox.
pub struct DeviceSocket<S>(WebSocketStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> DeviceSocket<S> {
    pub async fn authenticate(mut socket: WebSocketStream<S>, account: &Account, exporter: Option<&[u8; 32]>) -> Self {
        let Body::Hello(hello) = next(&mut socket).await else { panic!("hello is due") };
        let challenge = socket_challenge(account.id, &hello.nonce, exporter);
        let answer = Authenticate {
            id: account.id.to_string(),
            signature: account.key.sign(Domain::Socket, &challenge).to_vec(),
            session_secret: account.secret.clone(),
            version: PROTOCOL_VERSION,
        };
        put(&mut socket, Body::Authenticate(answer)).await;
        // The new secret is not kept, so that the first one stays good.
        assert!(matches!(next(&mut socket).await, Body::Authenticated(_)), "the device is let in");
        Self(socket)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Reader for DeviceSocket<S> {
    /// Takes what has come and acknowledges it together, as the client does.
    async fn arrived(&mut self) -> usize {
        let mut messages = 0;
        while messages < ACKNOWLEDGED {
            let frame = match messages {
                0 => next(&mut self.0).await,
                _ => match next(&mut self.0).now_or_never() {
                    Some(frame) => frame,
                    None => break,
                },
            };
            messages += u32::from(matches!(frame, Body::Push(_)));
        }
        put(&mut self.0, Body::Acknowledge(messages)).await;
        messages as usize
    }
}

/// Sends, to one or to all of a group.
pub struct SendingSocket {
    socket: WebSocketStream<TcpStream>,
    recipients: Vec<Recipient>,
    /// Counts up; a delivery's ID is this beside what no other socket drew.
    number: u64,
    drawn: [u8; 8],
}

impl SendingSocket {
    pub fn new(socket: WebSocketStream<TcpStream>, to: &[&Account]) -> Self {
        let recipient = |account: &&Account| {
            let (mailbox, token) = (account.id.to_string(), account.token.0.to_vec());
            Recipient { mailbox, token, wrapped_key: vec![0x5A; WRAPPED_BYTES] }
        };
        Self { socket, recipients: to.iter().map(recipient).collect(), number: 0, drawn: random() }
    }
}

impl Sender for SendingSocket {
    async fn send(&mut self) {
        self.number += 1;
        let delivery = Delivery {
            delivery_id: [self.drawn, self.number.to_be_bytes()].concat(),
            payload: vec![0x5A; MESSAGE_BYTES],
            recipients: self.recipients.clone(),
            ephemeral: false,
        };
        let deliver = Deliver { request: 1, delivery: Some(delivery), version: PROTOCOL_VERSION };
        put(&mut self.socket, Body::Deliver(deliver)).await;
    }

    async fn answered(&mut self) -> usize {
        let answer = tokio::time::timeout(PATIENCE, next(&mut self.socket)).await.expect("an answer in time");
        match &answer {
            Body::Delivered(delivered) if delivered.answer.as_ref().is_some_and(|all| all.refused.is_empty()) => 1,
            other => panic!("it is delivered: {other:?}"),
        }
    }
}

async fn put<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, body: Body) {
    socket.send(Message::Binary(body.to_bytes().into())).await.expect("it is taken");
}

async fn next<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>) -> Body {
    loop {
        match socket.next().await.expect("it goes on").expect("a message") {
            Message::Binary(bytes) => return Body::from_bytes(&bytes).expect("a frame"),
            Message::Close(reason) => panic!("it is closed: {reason:?}"),
            _ => {}
        }
    }
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}
