//! How far long work is, on a terminal only.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// Between two words about it.
const PACE: Duration = Duration::from_millis(200);

/// One line that is written over.
pub struct Line {
    what: &'static str,
    told: Option<Instant>,
    is_shown: bool,
}

impl Line {
    pub fn new(what: &'static str) -> Self {
        Self { what, told: None, is_shown: stderr().is_terminal() }
    }

    /// Work that does not say how far it is.
    pub fn begin(what: &'static str) -> Self {
        let mut line = Self::new(what);
        if line.is_shown {
            line.told = Some(Instant::now());
            let _ = write!(stderr(), "{what} …");
        }
        line
    }

    pub fn tell(&mut self, done: u64, of: u64) {
        if !self.is_shown || self.told.is_some_and(|told| told.elapsed() < PACE) {
            return;
        }
        self.told = Some(Instant::now());
        let _ = write!(stderr(), "\r{}: {} %", self.what, done.saturating_mul(100) / of.max(1));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.told.is_some() {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
