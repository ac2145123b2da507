//! A WebSocket to the relay that carries frames, over TLS or, on loopback, plain.

use std::{io, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rustls::{ClientConfig, pki_types::ServerName};
use sealpost_crypto::request_signature::TLS_EXPORTER_LABEL;
use sealpost_wire::{
    PROTOCOL_VERSION, api::header, error::ErrorCode, frame::Body, limits, relay_address::RelayAddress,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{self, Message, client::IntoClientRequest, http::HeaderValue, protocol::WebSocketConfig},
};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(15);
/// A socket on which nothing came for this long is dead: the relay pings every 30 seconds.
const SILENCE: Duration = Duration::from_secs(75);

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Why a socket could not be opened, or ended.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    WebSocket(#[from] tungstenite::Error),
    #[error("no answer in time")]
    Timeout,
    #[error("the relay sent what is no frame")]
    NotAFrame,
    #[error("closed")]
    Closed,
    /// HTTP status 426 instead of the upgrade.
    #[error("this version is too old for the relay")]
    TooOldVersion,
}

pub struct Socket {
    stream: WebSocketStream<Box<dyn Stream>>,
    /// 32 bytes of keying material that both ends of this TLS connection share, and nobody else.
    pub exporter: Option<[u8; 32]>,
}

impl Socket {
    pub async fn open(relay: &RelayAddress, tls: &Arc<ClientConfig>, path: &str) -> Result<Self, SocketError> {
        timeout(CONNECT, Self::open_without_limit(relay, tls, path)).await.map_err(|_| SocketError::Timeout)?
    }

    async fn open_without_limit(
        relay: &RelayAddress,
        tls: &Arc<ClientConfig>,
        path: &str,
    ) -> Result<Self, SocketError> {
        let mut request = format!("{}{path}", relay.socket_url()).into_client_request()?;
        request.headers_mut().insert(header::VERSION, HeaderValue::from(PROTOCOL_VERSION));
        let secure = relay.url().starts_with("https:");
        let host = request.uri().host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let port = request.uri().port_u16().unwrap_or(if secure { 443 } else { 80 });
        let tcp = TcpStream::connect((host.as_str(), port)).await?;
        tcp.set_nodelay(true)?;
        let (stream, exporter): (Box<dyn Stream>, _) = if secure {
            let name = ServerName::try_from(host).map_err(io::Error::other)?;
            let stream = TlsConnector::from(tls.clone()).connect(name, tcp).await?;
            let material = stream.get_ref().1.export_keying_material([0; 32], TLS_EXPORTER_LABEL, None);
            (Box::new(stream), Some(material.map_err(io::Error::other)?))
        } else {
            (Box::new(tcp), None)
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(4096)
            .max_message_size(Some(limits::FRAME_BYTES))
            .max_frame_size(Some(limits::FRAME_BYTES));
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((stream, _)) => Ok(Self { stream, exporter }),
            Err(tungstenite::Error::Http(answer)) if answer.status() == ErrorCode::TooOldVersion.status() => {
                Err(SocketError::TooOldVersion)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub async fn send(&mut self, body: Body) -> Result<(), SocketError> {
        Ok(self.stream.send(Message::Binary(body.to_bytes().into())).await?)
    }

    /// The next frame. Cancelling loses nothing.
    pub async fn next(&mut self) -> Result<Body, SocketError> {
        loop {
            let message = timeout(SILENCE, self.stream.next()).await.map_err(|_| SocketError::Timeout)?;
            match message.ok_or(SocketError::Closed)?? {
                Message::Binary(bytes) => return Body::from_bytes(&bytes).map_err(|_| SocketError::NotAFrame),
                Message::Close(_) => return Err(SocketError::Closed),
                _ => {}
            }
        }
    }

    pub async fn close(mut self) {
        // The other side learns it from the connection's end, too.
        let _ = timeout(Duration::from_secs(1), self.stream.close(None)).await;
    }
}
