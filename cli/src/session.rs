//! A short stay on the network, for commands that do one thing and end.

use std::time::{Duration, Instant};

use sealpost_client::{Account, Connection, Message, MessageState};

use crate::exit::{CommandError, Exit};

/// How long one wait for an event lasts at most: a missed event costs no more than this.
const TICK: Duration = Duration::from_millis(200);
/// Where nothing leaves for this long on a connection that is up, what still waits waits for somebody else: a member
/// whose mailbox is full, or who has not joined or accepted an invitation yet.
const QUIET: Duration = Duration::from_secs(3);

/// A point in time up to which a command waits.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after_seconds(seconds: u64) -> Self {
        Self(now() + Duration::from_secs(seconds))
    }

    pub fn is_over(self) -> bool {
        now() >= self.0
    }

    fn tick(self) -> Duration {
        self.0.saturating_duration_since(now()).min(TICK)
    }
}

/// The monotonic clock, which only waiting needs.
fn now() -> Instant {
    Instant::now()
}

/// Connects and waits until everything that waited on either side has moved, as far as it can.
///
/// # Errors
/// The relay was not reached in time, or refuses this account or version.
pub fn settle(account: &Account, deadline: Deadline) -> Result<(), CommandError> {
    settle_showing(account, deadline, |_| {})
}

/// As [`settle`]; `show` is told again and again how many requests still wait.
///
/// # Errors
/// As there.
pub fn settle_showing(account: &Account, deadline: Deadline, mut show: impl FnMut(u32)) -> Result<(), CommandError> {
    account.connect()?;
    let (mut waiting, mut since) = (None, now());
    loop {
        if let Some(error) = refusal(account.connection()) {
            return Err(error);
        }
        let online = account.connection() == Connection::Online;
        let left = online.then(|| account.outbox()).transpose()?.map(|outbox| outbox.waiting);
        left.into_iter().for_each(&mut show);
        if left == Some(0) || (online && left == waiting && since.elapsed() >= QUIET) {
            return Ok(());
        }
        if left != waiting {
            (waiting, since) = (left, now());
        }
        if deadline.is_over() {
            break;
        }
        account.next_event(deadline.tick());
    }
    match account.connection() {
        // What still waits in the outbox then leaves with the next command.
        Connection::Online => Ok(()),
        _ => Err(CommandError::new("not_connected", Exit::Unreachable)),
    }
}

/// Waits until the relay holds the message.
///
/// # Errors
/// It waits in the outbox (exit 3), or it stopped; it is kept either way.
pub fn hand_over(account: &Account, message: &Message, deadline: Deadline) -> Result<Message, CommandError> {
    account.connect()?;
    loop {
        let message = account.message(&message.conversation, message.position)?;
        match message.state {
            MessageState::Sent | MessageState::Delivered | MessageState::Read => return Ok(message),
            MessageState::Failed { reason } => return Err(reason.into()),
            _ => {}
        }
        if let Some(error) = refusal(account.connection()) {
            return Err(error);
        }
        if deadline.is_over() {
            return Err(CommandError::new("waiting", Exit::Waiting));
        }
        account.next_event(deadline.tick());
    }
}

/// Why a connection will not come about by waiting.
pub fn refusal(connection: Connection) -> Option<CommandError> {
    match connection {
        Connection::TooOldVersion => Some(CommandError::new("too_old_version", Exit::NeedsUser)),
        Connection::Suspended => Some(CommandError::new("account_suspended", Exit::NeedsUser)),
        Connection::Displaced => Some(CommandError::new("displaced", Exit::NeedsUser)),
        Connection::Refused => Some(CommandError::new("account_refused", Exit::NeedsUser)),
        _ => None,
    }
}
