//! Codes in a file, for tests: a JSON line `{"number": …, "text": …}` per message.

use std::{fs::OpenOptions, io::Write, path::PathBuf};

use futures_util::future::BoxFuture;

use super::{Sms, SmsError};

/// Appends to a file.
pub struct FileSms(PathBuf);

impl FileSms {
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Sms for FileSms {
    fn send<'a>(&'a self, number: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), SmsError>> {
        let line = format!("{}\n", serde_json::json!({ "number": number, "text": text }));
        let open = OpenOptions::new().create(true).append(true).open(&self.0);
        let written = open.and_then(|mut file| file.write_all(line.as_bytes()));
        Box::pin(async move { written.map_err(|error| SmsError(error.kind().to_string())) })
    }
}
