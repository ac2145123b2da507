//! How many connections each address prefix holds: none takes more than half of those that there may be, so that
//! whoever opens as many as they can leaves room for everybody else. In memory only, and forgotten with the last one.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::service::rate::AddressPrefix;

pub struct Prefixes {
    most: usize,
    /// Proxies, behind each of which are many.
    exempt: Vec<IpAddr>,
    held: Mutex<HashMap<AddressPrefix, usize>>,
}

/// A prefix's hold on one connection.
pub struct Place {
    prefixes: Arc<Prefixes>,
    prefix: Option<AddressPrefix>,
}

impl Prefixes {
    /// Of so many connections, all prefixes together.
    pub fn of(connections: usize, exempt: Vec<IpAddr>) -> Self {
        Self { most: (connections / 2).max(1), exempt, held: Mutex::default() }
    }

    /// `None`: the prefix holds its part already.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        if self.exempt.contains(&address.to_canonical()) {
            return Some(Place { prefixes: Arc::clone(self), prefix: None });
        }
        let prefix = AddressPrefix::of(address);
        let mut held = self.lock();
        let count = held.entry(prefix).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Place { prefixes: Arc::clone(self), prefix: Some(prefix) })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AddressPrefix, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(prefix) = self.prefix else { return };
        let mut held = self.prefixes.lock();
        if let Some(count) = held.get_mut(&prefix) {
            *count -= 1;
            if *count == 0 {
                held.remove(&prefix);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_takes_half_and_what_is_let_go_is_forgotten() {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let prefixes = Arc::new(Prefixes::of(4, vec![address("192.0.2.9")]));
        let held = [prefixes.take(address("192.0.2.1")), prefixes.take(address("192.0.2.2"))];
        assert!(held.iter().all(Option::is_some));
        assert!(prefixes.take(address("192.0.2.3")).is_none());
        assert!(prefixes.take(address("192.0.3.1")).is_some(), "of another prefix");
        assert!(prefixes.take(address("192.0.2.9")).is_some(), "a proxy");
        drop(held);
        assert!(prefixes.lock().is_empty());
        assert!(prefixes.take(address("192.0.2.3")).is_some());
    }
}
