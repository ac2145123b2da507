//! Connections as the web server gets them: plain or TLS, a bounded number, each with its peer and TLS exporter.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use rustls::ServerConfig;
use sealpost_crypto::request_signature::TLS_EXPORTER_LABEL;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, Sleep, sleep},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use crate::{config::Limits, faults::Cut};

/// A TLS handshake takes no longer.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// After an accept that failed, such as for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(200);

/// Hands connections on once their handshake is done; a slow one holds up nobody.
pub struct ConnectionListener {
    ready: mpsc::Receiver<(Connection, Peer)>,
    address: SocketAddr,
}

/// The web server wants to print addresses; this one prints nothing of it.
impl fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Peer(…)")
    }
}

/// Who is at the other end of a connection.
#[derive(Clone)]
pub struct Peer {
    pub address: SocketAddr,
    /// RFC 5705, RFC 8446 section 7.5; `None` on a plain connection.
    pub exporter: Option<[u8; 32]>,
    pub(crate) cut: Cut,
}

/// A connection that counts against the limit as long as it lives.
pub struct Connection {
    stream: Stream,
    cut: Cut,
    idle: Duration,
    /// When the peer has been idle for too long.
    deadline: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl ConnectionListener {
    /// Accepts until `stop`; plain connections without `tls`.
    pub fn start(
        listener: TcpListener,
        tls: Option<Arc<ServerConfig>>,
        limits: &Limits,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (done, ready) = mpsc::channel(64);
        let acceptor = tls.map(TlsAcceptor::from);
        let permits = Arc::new(Semaphore::new(limits.connections));
        let idle = Duration::from_secs(limits.idle_seconds);
        tokio::spawn(async move {
            let accepting = accept(listener, acceptor, permits, idle, done);
            stop.run_until_cancelled(accepting).await;
        });
        Ok(Self { ready, address })
    }
}

async fn accept(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    permits: Arc<Semaphore>,
    idle: Duration,
    done: mpsc::Sender<(Connection, Peer)>,
) {
    while let Ok(permit) = Arc::clone(&permits).acquire_owned().await {
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(kind = %error.kind(), "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let (acceptor, done) = (acceptor.clone(), done.clone());
        tokio::spawn(async move {
            // A peer that gives up during the handshake is nobody's concern.
            if let Ok(Ok((stream, exporter))) = tokio::time::timeout(HANDSHAKE, handshake(stream, acceptor)).await {
                let cut: Cut = Default::default();
                let connection = Connection::new(stream, cut.clone(), idle, permit);
                let _ = done.send((connection, Peer { address, exporter, cut })).await;
            }
        });
    }
}

async fn handshake(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<(Stream, Option<[u8; 32]>)> {
    stream.set_nodelay(true)?;
    let Some(acceptor) = acceptor else { return Ok((Stream::Plain(stream), None)) };
    let stream = acceptor.accept(stream).await?;
    let exporter = stream.get_ref().1.export_keying_material([0; 32], TLS_EXPORTER_LABEL, None);
    Ok((Stream::Tls(Box::new(stream)), Some(exporter.map_err(io::Error::other)?)))
}

impl Listener for ConnectionListener {
    type Io = Connection;
    type Addr = Peer;

    async fn accept(&mut self) -> (Connection, Peer) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // The relay is stopping: there will be no more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer { address: self.address, exporter: None, cut: Default::default() })
    }
}

impl Connected<IncomingStream<'_, ConnectionListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, ConnectionListener>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Connection {
    fn new(stream: Stream, cut: Cut, idle: Duration, permit: OwnedSemaphorePermit) -> Self {
        Self { stream, cut, idle, deadline: Box::pin(sleep(idle)), _permit: permit }
    }

    fn moved(&mut self) {
        self.deadline.as_mut().reset(Instant::now() + self.idle);
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Stream::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if read.is_ready() {
            self.moved();
        } else if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bytes = &bytes[..self.cut.allowed(bytes.len())?];
        let written = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        };
        if let Poll::Ready(Ok(count)) = written {
            self.cut.written(count);
            self.moved();
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
