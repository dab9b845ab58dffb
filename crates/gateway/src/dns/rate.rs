//! How many questions one client may ask over UDP, where an address can be forged: a fixed table of clocks, no lock and no
//! allocation. A client is an IPv4 address or 56 bits of an IPv6 address; two that fall on one clock share it.

use ipnet::IpNet;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// Clocks in the table: many times the devices of a school, in one megabyte.
const CLOCKS: usize = 1 << 16;
/// How many times more a client may ask whose cookie proves its address.
const PROVEN: u64 = 4;

/// What to do with a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Answer it.
    Allow,
    /// Answer "cut short": a real client comes back over TCP, the victim of a forged address gets no more than was sent.
    Truncate,
    /// Do not answer.
    Drop,
}

/// When a client's next question is in time, and its next "cut short": microseconds since the start.
#[derive(Default)]
struct Clock {
    question: AtomicU64,
    truncation: AtomicU64,
}

/// The limit on every client.
pub(crate) struct RateLimit {
    /// Microseconds between two questions; 0 = no limit.
    every: u64,
    unlimited: Vec<IpNet>,
    hasher: RandomState,
    since: Instant,
    clocks: Box<[Clock]>,
}

impl RateLimit {
    pub(crate) fn new(questions_a_second: u32, unlimited: Vec<IpNet>, now: Instant) -> Self {
        let every = 1_000_000_u64.checked_div(u64::from(questions_a_second)).map_or(0, |every| every.max(1));
        let clocks = if every == 0 { 0 } else { CLOCKS };
        Self {
            every,
            unlimited,
            hasher: RandomState::new(),
            since: now,
            clocks: std::iter::repeat_with(Clock::default).take(clocks).collect(),
        }
    }

    /// Whether to answer a question of a device now. `proven`: its cookie shows that the address is its own.
    pub(crate) fn allow(&self, device: IpAddr, proven: bool, now: Instant) -> Allowed {
        if self.every == 0 || self.unlimited.iter().any(|network| network.contains(&device)) {
            return Allowed::Allow;
        }
        let place = self.hasher.hash_one(client(device)) as usize % CLOCKS;
        let Some(clock) = self.clocks.get(place) else { return Allowed::Allow };
        let now = u64::try_from(now.duration_since(self.since).as_micros()).unwrap_or(u64::MAX);
        // Two seconds' questions may come at once.
        let most = 2_000_000;
        let every = if proven { (self.every / PROVEN).max(1) } else { self.every };
        if tick(&clock.question, now, every, most) {
            Allowed::Allow
        } else if tick(&clock.truncation, now, every, most) {
            Allowed::Truncate
        } else {
            Allowed::Drop
        }
    }
}

/// Who shares one limit: IPv6 devices choose among many addresses of one network.
fn client(device: IpAddr) -> u64 {
    match device {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => (v6.to_bits() >> 72) as u64 | 1 << 63,
    }
}

/// Moves a clock on by `every` unless it is `most` ahead of the time.
fn tick(clock: &AtomicU64, now: u64, every: u64, most: u64) -> bool {
    let next = |shown: u64| Some(shown.max(now) + every).filter(|next| *next <= now + most);
    clock.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const DEVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn count(limit: &RateLimit, device: IpAddr, proven: bool, now: Instant) -> [usize; 3] {
        let mut counts = [0; 3];
        for _ in 0..1000 {
            counts[limit.allow(device, proven, now) as usize] += 1;
        }
        counts
    }

    #[test]
    fn two_seconds_at_once_then_the_rate_then_silence() {
        let start = Instant::now();
        let limit = RateLimit::new(100, Vec::new(), start);
        assert_eq!(count(&limit, DEVICE, false, start), [200, 200, 600]);
        assert_eq!(count(&limit, DEVICE, false, start), [0, 0, 1000]);
        assert_eq!(count(&limit, DEVICE, false, start + Duration::from_secs(1)), [100, 100, 800]);
        assert_eq!(count(&limit, IpAddr::from([10, 0, 0, 2]), false, start)[0], 200, "another client's is its own");
    }

    #[test]
    fn a_proven_address_may_ask_more_and_a_network_shares_one_limit() {
        let start = Instant::now();
        let limit = RateLimit::new(100, Vec::new(), start);
        assert_eq!(count(&limit, DEVICE, true, start)[0], 800);
        let v6 = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(count(&limit, v6("2001:db8:0:1200::1"), false, start)[0], 200);
        assert_eq!(count(&limit, v6("2001:db8:0:12ff::2"), false, start)[0], 0, "the same 56 bits");
    }

    #[test]
    fn no_limit_and_unlimited_networks() {
        let start = Instant::now();
        assert_eq!(count(&RateLimit::new(0, Vec::new(), start), DEVICE, false, start)[0], 1000);
        let unlimited = vec!["10.0.0.0/8".parse().unwrap()];
        assert_eq!(count(&RateLimit::new(1, unlimited, start), DEVICE, false, start)[0], 1000);
    }
}
