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
use sealpost_crypto::request_signature::TLS_EXPORTER_LABEL;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Instant, Sleep, sleep},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    faults::Cut,
    metrics::{CutOff, Limit, Metrics},
    prefixes::{Place, Prefixes},
    tls::Certificate,
};

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
    counted: Counted,
}

/// One of the connections that there may be, for as long as it lives.
struct Counted {
    metrics: Metrics,
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

impl Counted {
    fn new(metrics: Metrics, permit: OwnedSemaphorePermit, place: Place) -> Self {
        metrics.connections.increment(1.0);
        Self { metrics, _permit: permit, _place: place }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.metrics.connections.decrement(1.0);
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What is given to every connection.
struct Terms {
    certificate: Option<Arc<Certificate>>,
    idle: Duration,
    metrics: Metrics,
    prefixes: Arc<Prefixes>,
}

impl ConnectionListener {
    /// Accepts until `stop`; plain connections without a certificate.
    pub fn start(
        listener: TcpListener,
        certificate: Option<Arc<Certificate>>,
        config: &Config,
        metrics: Metrics,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (done, ready) = mpsc::channel(64);
        let permits = Arc::new(Semaphore::new(config.limits.connections));
        let prefixes = Arc::new(Prefixes::of(config.limits.connections, config.trusted_proxies.clone()));
        let idle = Duration::from_secs(config.limits.idle_seconds);
        let terms = Arc::new(Terms { certificate, idle, metrics, prefixes });
        tokio::spawn(async move { stop.run_until_cancelled(accept(listener, terms, permits, done)).await });
        Ok(Self { ready, address })
    }
}

async fn accept(
    listener: TcpListener,
    terms: Arc<Terms>,
    permits: Arc<Semaphore>,
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
        let Some(place) = terms.prefixes.take(address.ip()) else {
            terms.metrics.limited(Limit::Anonymous);
            continue;
        };
        let (terms, done) = (Arc::clone(&terms), done.clone());
        let counted = Counted::new(terms.metrics.clone(), permit, place);
        tokio::spawn(async move {
            let handshake = handshake(stream, terms.certificate.as_deref());
            match tokio::time::timeout(HANDSHAKE, handshake).await {
                Ok(Ok((stream, exporter))) => {
                    let cut: Cut = Default::default();
                    let connection = Connection::new(stream, cut.clone(), terms.idle, counted);
                    let _ = done.send((connection, Peer { address, exporter, cut })).await;
                }
                // A peer that gives up during the handshake is nobody's concern.
                Ok(Err(_)) => {}
                Err(_) => terms.metrics.cut_off(CutOff::Handshake),
            }
        });
    }
}

async fn handshake(stream: TcpStream, certificate: Option<&Certificate>) -> io::Result<(Stream, Option<[u8; 32]>)> {
    stream.set_nodelay(true)?;
    let Some(certificate) = certificate else { return Ok((Stream::Plain(stream), None)) };
    let stream = TlsAcceptor::from(certificate.config()).accept(stream).await?;
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
    fn new(stream: Stream, cut: Cut, idle: Duration, counted: Counted) -> Self {
        Self { stream, cut, idle, deadline: Box::pin(sleep(idle)), counted }
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
            self.counted.metrics.cut_off(CutOff::Idle);
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
