//! `serve`: the relay, until it is told to stop.

use sd_notify::NotifyState;
use sealpost_server::{Config, Parts};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

use super::{Failure, Place, block_on};

pub fn run(place: Place) -> Result<(), Failure> {
    let config = place.checked_config()?;
    block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), Failure> {
    // Whoever hears that the relay listens may signal: from here on nothing ends it but what it ends by.
    let _hangup = signal(SignalKind::hangup())?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let parts = Parts::open(&config)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        format!("{} can't be listened on ({error}); `sealpost-server check` says more", config.listen)
    })?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let listening = format!("listening on {scheme}://{}", listener.local_addr()?);
    let ready = move || {
        println!("{listening}");
        tell(NotifyState::Ready);
    };
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        tell(NotifyState::Stopping);
        stopping.cancel();
    });
    Ok(sealpost_server::run(config, listener, parts, ready, stop).await?)
}

/// Tells whoever started the relay, if it wants to know: systemd does.
fn tell(state: NotifyState) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(kind = %error.kind(), "the service manager was not told");
    }
}
