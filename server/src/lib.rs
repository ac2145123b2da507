//! The relay: carries ciphertext between devices, learns as little as it can and forgets as soon as it may.
//!
//! Layers, each calling downwards only: `http` → `service` → `store`, `blob`, `sms`, `hub`; `jobs` → `service`.
//! Invariants: what is stored stands in `inventory`; a delivery is answered after its commit; no log line, metric or
//! error names a person, a number or an address.

pub mod blob;
pub mod config;
#[cfg(feature = "faults")]
pub mod faults;
#[cfg(not(feature = "faults"))]
#[path = "no_faults.rs"]
pub mod faults;
mod http;
mod hub;
mod inbox;
pub mod inventory;
pub mod jobs;
mod keyed_hash;
pub mod keys;
mod listener;
pub mod logging;
pub mod metrics;
pub mod parts;
mod prefixes;
pub mod service;
pub mod sms;
pub mod store;
mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{Notify, Semaphore},
    task::JoinHandle,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use listener::{ConnectionListener, Peer};
use service::Service;
use tls::Certificate;

pub use config::Config;
pub use hub::{Seat, Signal};
pub use inbox::{Arrival, Inbox};
pub use parts::Parts;
pub use tls::TlsError;

/// Sockets and requests have this long to end when the relay stops.
const GRACE: Duration = Duration::from_secs(10);

/// Why the relay does not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("plain HTTP is for loopback or behind trusted_proxies: configure tls")]
    PlainNotLoopback,
    #[error(transparent)]
    Tls(#[from] tls::TlsError),
    #[error("listening: {0}")]
    Listen(#[from] io::Error),
    #[error("observing at {0}: {1}")]
    Observe(SocketAddr, io::Error),
}

/// Serves until `stop`: then accepts nothing more, finishes what was begun, closes the sockets and flushes the store.
/// `ready` is called once whoever asks is answered, at the observing address too.
pub async fn run(
    config: Config,
    listener: TcpListener,
    parts: Parts,
    ready: impl FnOnce(),
    stop: CancellationToken,
) -> Result<(), RunError> {
    serve(Arc::new(Service::new(config, parts)), listener, ready, stop).await
}

/// The same for whoever keeps a hand on the service: tests run jobs and make invitations through it.
pub async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    ready: impl FnOnce(),
    stop: CancellationToken,
) -> Result<(), RunError> {
    let config = &service.config;
    let plain_allowed = listener.local_addr()?.ip().is_loopback() || !config.trusted_proxies.is_empty();
    let certificate = config.tls.as_ref().map(|files| Certificate::load(files, service.metrics.clone())).transpose()?;
    if certificate.is_none() && !plain_allowed {
        return Err(RunError::PlainNotLoopback);
    }
    let observe = match config.observe {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| RunError::Observe(address, error))?),
        None => None,
    };
    let sockets = TaskTracker::new();
    let relay = http::Relay {
        service: Arc::clone(&service),
        sockets: sockets.clone(),
        stop: stop.clone(),
        uploads: Arc::new(Semaphore::new(config.limits.uploads)),
    };
    service.metrics.configured(config.disk.uploads_bytes, config.disk.deliveries_bytes, config.limits.connections);
    let certificate = certificate.map(Arc::new);
    let following = follow(certificate.clone(), stop.clone())?;
    let metrics = service.metrics.clone();
    let listener = ConnectionListener::start(listener, certificate, config, metrics, stop.clone())?;
    let jobs = tokio::spawn(jobs::run(Arc::clone(&service), stop.clone()));
    if let Some(observe) = observe {
        let router = http::observe_router(Arc::clone(&service));
        let stopped = stop.clone().cancelled_owned();
        sockets.spawn(async move {
            if let Err(error) = axum::serve(observe, router).with_graceful_shutdown(stopped).await {
                tracing::error!(kind = %error.kind(), "observing ended");
            }
        });
    }
    let router = http::router(relay).into_make_service_with_connect_info::<Peer>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let serving = tokio::spawn(serving.into_future());
    ready();
    stop.cancelled().await;
    // Whoever still holds a connection after that is cut off; the store has all that was answered.
    let _ = tokio::time::timeout(GRACE, serving).await;
    sockets.close();
    let _ = tokio::time::timeout(GRACE, sockets.wait()).await;
    let _ = jobs.await;
    let _ = following.await;
    // The store's end waits for its thread: not on one of the runtime's.
    let _ = tokio::task::spawn_blocking(move || drop(service)).await;
    Ok(())
}

/// Reads the certificate again on SIGHUP. Without one the signal is taken all the same: it ends nobody.
fn follow(certificate: Option<Arc<Certificate>>, stop: CancellationToken) -> io::Result<JoinHandle<()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    let asked = Arc::new(Notify::new());
    let asking = Arc::clone(&asked);
    let stopped = stop.clone();
    tokio::spawn(async move {
        while let Some(Some(())) = stopped.run_until_cancelled(hangups.recv()).await {
            asking.notify_one();
        }
    });
    Ok(tokio::spawn(async move {
        if let Some(certificate) = certificate {
            certificate.follow(asked, stop).await;
        }
    }))
}
