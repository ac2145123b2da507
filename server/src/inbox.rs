//! What has arrived for a connected device since it last read its mailbox: pushed without asking the store again.
//!
//! Invariants: while an inbox follows, it holds all that was stored since it began to, in the order of its sequences;
//! what it has no room for makes it forget all, and the store is read again. A wake-up is never lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealpost_wire::{
    envelope::Envelope,
    limits::{PUSH_WINDOW_BYTES, PUSH_WINDOW_MESSAGES},
};
use tokio::sync::Notify;

/// A message that was stored for a mailbox.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub sequence: u64,
    pub delivery_id: [u8; 16],
    pub wrapped_key: Vec<u8>,
    /// Shared with whoever else receives it.
    pub payload: Arc<[u8]>,
}

/// One holder's; empty, it costs no memory.
#[derive(Default)]
pub struct Inbox {
    /// `None`: it does not follow.
    arrivals: Mutex<Option<Vec<Arrival>>>,
    wake: Notify,
}

impl Inbox {
    /// From now on all that arrives is kept. Whoever calls this reads the mailbox next, for what came before.
    pub fn follow(&self) {
        *self.lock() = Some(Vec::new());
    }

    /// Keeps nothing: the mailbox has to be read.
    pub fn fall_behind(&self) {
        *self.lock() = None;
    }

    /// What arrived since the last time; `None`: it does not follow.
    pub fn take(&self) -> Option<Vec<Arrival>> {
        self.lock().as_mut().map(std::mem::take)
    }

    pub fn arrive(&self, arrival: Arrival) {
        let mut arrivals = self.lock();
        if let Some(kept) = &mut *arrivals {
            let bytes: usize = kept.iter().map(|it| it.payload.len()).sum();
            if kept.len() < PUSH_WINDOW_MESSAGES && bytes + arrival.payload.len() <= PUSH_WINDOW_BYTES {
                kept.push(arrival);
            } else {
                *arrivals = None;
            }
        }
        drop(arrivals);
        self.wake.notify_one();
    }

    /// Answers when something has arrived since it last did.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Arrival>>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Arrival> for Envelope {
    fn from(arrival: Arrival) -> Self {
        Self {
            sequence: arrival.sequence,
            delivery_id: arrival.delivery_id.to_vec(),
            wrapped_key: arrival.wrapped_key,
            payload: arrival.payload.to_vec(),
            ephemeral: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inbox_keeps_what_arrives_from_the_moment_on_that_it_follows() {
        let inbox = Inbox::default();
        inbox.arrive(arrival(1, 1));
        assert!(inbox.take().is_none());
        inbox.follow();
        inbox.arrive(arrival(2, 1));
        inbox.arrive(arrival(3, 1));
        assert_eq!(taken(&inbox), Some(vec![2, 3]));
        assert_eq!(taken(&inbox), Some(vec![]), "once");
        inbox.fall_behind();
        inbox.arrive(arrival(4, 1));
        assert!(inbox.take().is_none());
    }

    #[test]
    fn an_inbox_that_overflows_forgets_all_and_says_so() {
        let inbox = Inbox::default();
        inbox.follow();
        (0..=PUSH_WINDOW_MESSAGES as u64).for_each(|sequence| inbox.arrive(arrival(sequence, 1)));
        assert!(inbox.take().is_none());
        inbox.follow();
        (0..2).for_each(|sequence| inbox.arrive(arrival(sequence, PUSH_WINDOW_BYTES / 2 + 1)));
        assert!(inbox.take().is_none());
    }

    #[tokio::test]
    async fn a_wake_up_waits_for_whoever_looks_later() {
        let inbox = Inbox::default();
        inbox.arrive(arrival(1, 1));
        inbox.woken().await;
    }

    fn taken(inbox: &Inbox) -> Option<Vec<u64>> {
        inbox.take().map(|arrivals| arrivals.iter().map(|arrival| arrival.sequence).collect())
    }

    fn arrival(sequence: u64, bytes: usize) -> Arrival {
        Arrival { sequence, delivery_id: [0; 16], wrapped_key: Vec::new(), payload: vec![0; bytes].into() }
    }
}
