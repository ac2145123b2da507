//! Who is connected: one holder per mailbox, the newer displaces the older.
//!
//! Invariants: lives in memory only; what is stored is never lost (see `inbox`); ephemeral envelopes and notices may be
//! (a holder's queue is bounded).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sealpost_wire::{envelope::Envelope, frame::NoticeKind, id::UserId};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::inbox::{Arrival, Inbox};

/// Signals that wait for one holder.
const SIGNALS: usize = 64;

/// All holders.
#[derive(Default)]
pub struct Hub {
    holders: Mutex<HashMap<UserId, Holder>>,
}

/// What a connected device is told besides its mail.
#[derive(Debug, Clone)]
pub enum Signal {
    Ephemeral(Envelope),
    Notice { kind: NoticeKind, deadline_seconds: u64 },
}

struct Holder {
    inbox: Arc<Inbox>,
    signals: mpsc::Sender<Signal>,
    displaced: CancellationToken,
    /// An HTTP session's name; `None`: a socket holds the mailbox.
    session: Option<[u8; 16]>,
}

/// A socket's end of its place in the hub; dropping it leaves the hub.
pub struct Seat {
    hub: Arc<Hub>,
    id: UserId,
    pub inbox: Arc<Inbox>,
    pub signals: mpsc::Receiver<Signal>,
    /// Cancelled when a newer connection holds the mailbox.
    pub displaced: CancellationToken,
}

impl Hub {
    /// A socket takes the mailbox.
    pub fn attach(self: &Arc<Self>, id: UserId) -> Seat {
        let (signals, receiver) = mpsc::channel(SIGNALS);
        let inbox = Arc::new(Inbox::default());
        let displaced = CancellationToken::new();
        let holder = Holder { inbox: Arc::clone(&inbox), signals, displaced: displaced.clone(), session: None };
        self.take_over(id, holder);
        Seat { hub: Arc::clone(self), id, inbox, signals: receiver, displaced }
    }

    /// An HTTP session takes the mailbox.
    pub fn open_session(&self, id: UserId, session: [u8; 16]) {
        let (signals, _) = mpsc::channel(1);
        let holder =
            Holder { inbox: Arc::default(), signals, displaced: CancellationToken::new(), session: Some(session) };
        self.take_over(id, holder);
    }

    /// Whoever holds a mailbox right now.
    pub fn ids(&self) -> Vec<UserId> {
        self.lock().keys().copied().collect()
    }

    pub fn holds_session(&self, id: UserId, session: &[u8; 16]) -> bool {
        self.lock().get(&id).is_some_and(|holder| holder.session.as_ref() == Some(session))
    }

    /// A message was stored; the order of calls is that of its mailbox.
    pub fn arrived(&self, id: UserId, arrival: impl FnOnce() -> Arrival) {
        if let Some(holder) = self.lock().get(&id) {
            holder.inbox.arrive(arrival());
        }
    }

    /// Tells a device, if it is connected and keeps up.
    pub fn signal(&self, id: UserId, signal: Signal) {
        if let Some(holder) = self.lock().get(&id) {
            let _ = holder.signals.try_send(signal);
        }
    }

    /// Ends whatever holds the mailbox: the account is gone.
    pub fn evict(&self, id: UserId) {
        if let Some(holder) = self.lock().remove(&id) {
            holder.displaced.cancel();
        }
    }

    fn take_over(&self, id: UserId, holder: Holder) {
        if let Some(older) = self.lock().insert(id, holder) {
            older.displaced.cancel();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Holder>> {
        self.holders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut holders = self.hub.lock();
        if holders.get(&self.id).is_some_and(|holder| Arc::ptr_eq(&holder.inbox, &self.inbox)) {
            holders.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_newer_holder_displaces_the_older_and_outlives_it() {
        let hub = Arc::new(Hub::default());
        let id = UserId::from_random([1; 5]);
        let older = hub.attach(id);
        let newer = hub.attach(id);
        assert!(older.displaced.is_cancelled());
        drop(older);
        let arrival = Arrival { sequence: 1, delivery_id: [0; 16], wrapped_key: Vec::new(), payload: [].into() };
        hub.arrived(id, || arrival);
        newer.inbox.woken().await;
        assert!(!newer.displaced.is_cancelled());
    }

    #[tokio::test]
    async fn a_socket_ends_an_http_session_and_the_other_way_round() {
        let hub = Arc::new(Hub::default());
        let id = UserId::from_random([1; 5]);
        hub.open_session(id, [7; 16]);
        assert!(hub.holds_session(id, &[7; 16]) && !hub.holds_session(id, &[8; 16]));
        let seat = hub.attach(id);
        assert!(!hub.holds_session(id, &[7; 16]));
        hub.open_session(id, [9; 16]);
        assert!(seat.displaced.is_cancelled());
    }
}
