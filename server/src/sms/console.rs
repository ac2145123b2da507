//! Codes on the terminal, for development.

use futures_util::future::BoxFuture;

use super::{Sms, SmsError};

/// Prints number and text.
pub struct ConsoleSms;

impl Sms for ConsoleSms {
    fn send<'a>(&'a self, number: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), SmsError>> {
        println!("SMS to {number}: {text}");
        Box::pin(async { Ok(()) })
    }
}
