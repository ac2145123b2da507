//! Where text messages are posted: an address that nobody on the way can read along.

use std::net::IpAddr;

use url::Url;

/// Why an address is none for a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GatewayUrlError {
    #[error("not a URL")]
    NotUrl,
    #[error("https, or a loopback address, is needed")]
    Scheme,
}

/// The gateway's address: `https`, or `http` on loopback.
pub fn gateway_url(text: &str) -> Result<Url, GatewayUrlError> {
    let url = Url::parse(text).map_err(|_| GatewayUrlError::NotUrl)?;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback => Ok(url),
        _ => Err(GatewayUrlError::Scheme),
    }
}
