//! The one stream of events: bounded, coalesced, pulled by the shell.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use crate::types::Event;

/// Beyond this many unread events the shell is told to read everything again.
const LIMIT: usize = 1_024;

#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: Mutex<VecDeque<Event>>,
    added: Condvar,
}

impl Events {
    /// An event that waits already is not told twice.
    pub fn push(&self, event: Event) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.contains(&event) {
            return;
        }
        if queue.len() >= LIMIT {
            queue.clear();
            queue.push_back(Event::Overflow);
        } else {
            queue.push_back(event);
        }
        self.added.notify_one();
    }

    /// The next event, waited for up to `timeout`.
    pub fn next(&self, timeout: Duration) -> Option<Event> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut queue, _) = self
            .added
            .wait_timeout_while(queue, timeout, |queue| queue.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_events_are_told_once() {
        let events = Events::default();
        for _ in 0..3 {
            events.push(Event::Profile);
        }
        assert_eq!(events.next(Duration::ZERO), Some(Event::Profile));
        assert_eq!(events.next(Duration::ZERO), None);
    }

    #[test]
    fn too_many_events_become_one_overflow() {
        let events = Events::default();
        for number in 0..=LIMIT {
            events.push(Event::Contact { id: number.to_string() });
        }
        assert_eq!(events.next(Duration::ZERO), Some(Event::Overflow));
        assert_eq!(events.next(Duration::ZERO), None);
    }
}
