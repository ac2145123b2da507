//! Token buckets in memory, by whatever names a caller: an address prefix or an account.
//!
//! Fails open: a restarted relay has full buckets, and when more callers are seen than the table holds, the full
//! buckets go first, then all. Nothing of it is ever written down.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};

/// Callers that are told apart.
const CALLERS: usize = 100_000;

/// A bucket per caller that fills at an even rate up to its capacity.
pub struct Rates<K> {
    capacity: f64,
    /// How long an empty bucket takes to fill, in seconds.
    period_seconds: f64,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at_seconds: u64,
}

/// /24 of IPv4, /48 of IPv6: what one subscriber or site is given.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AddressPrefix(IpAddr);

impl AddressPrefix {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(v6) => {
                let [a, b, c, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        })
    }
}

impl<K: Eq + Hash> Rates<K> {
    pub fn new(capacity: u32, period_seconds: u32) -> Self {
        let (capacity, period_seconds) = (f64::from(capacity), f64::from(period_seconds));
        Self { capacity, period_seconds, buckets: Mutex::default() }
    }

    /// Takes one; an error says after how many seconds there is another.
    pub fn take(&self, caller: K, now: u64) -> Result<(), u64> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS {
            buckets.retain(|_, bucket| self.filled(*bucket, now) < self.capacity);
            if buckets.len() >= CALLERS {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(caller).or_insert(Bucket { left: self.capacity, at_seconds: now });
        let left = self.filled(*bucket, now);
        if left < 1.0 {
            return Err((((1.0 - left) * self.period_seconds / self.capacity.max(0.001)).ceil() as u64).max(1));
        }
        *bucket = Bucket { left: left - 1.0, at_seconds: now };
        Ok(())
    }

    fn filled(&self, bucket: Bucket, now: u64) -> f64 {
        let elapsed = now.saturating_sub(bucket.at_seconds) as f64;
        (bucket.left + elapsed * self.capacity / self.period_seconds).min(self.capacity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let rates = Rates::new(2, 60);
        assert_eq!(rates.take("a", 100), Ok(()));
        assert_eq!(rates.take("a", 100), Ok(()));
        assert_eq!(rates.take("a", 100), Err(30));
        assert_eq!(rates.take("b", 100), Ok(()));
        assert_eq!(rates.take("a", 130), Ok(()));
        assert_eq!(rates.take("a", 130), Err(30));
    }

    #[test]
    fn neighbours_share_a_prefix() {
        let prefix = |text: &str| AddressPrefix::of(text.parse().expect("an address"));
        assert!(prefix("192.0.2.1") == prefix("192.0.2.200"));
        assert!(prefix("192.0.2.1") != prefix("192.0.3.1"));
        assert!(prefix("2001:db8:1:2::1") == prefix("2001:db8:1:3::9"));
        assert!(prefix("2001:db8:1::1") != prefix("2001:db8:2::1"));
        assert!(prefix("::ffff:192.0.2.1") == prefix("192.0.2.9"));
    }
}
