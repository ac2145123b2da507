//! One port for text messages, three ways out of it.

mod console;
mod file;
mod gateway;
pub mod text;

use futures_util::future::BoxFuture;

pub use console::ConsoleSms;
pub use file::FileSms;
pub use gateway::{GatewayError, GatewaySms};

/// The message could not be handed over. Holds neither number nor text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SmsError(pub String);

/// Sends text messages.
pub trait Sms: Send + Sync + 'static {
    /// `number`: E.164. Answers when the service has taken the message.
    fn send<'a>(&'a self, number: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), SmsError>>;
}
