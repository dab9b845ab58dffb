//! Names a device asked for a moment ago, so that the several questions of one visit make one observation.

use crate::observe::Outcome;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Questions within this time are one visit.
const ONE_VISIT: SignedDuration = SignedDuration::from_secs(5);
/// Most names remembered.
const MOST: usize = 16_384;

/// Device, and hash of name and outcome, with the time of the observation.
#[derive(Default)]
pub(crate) struct RecentNames {
    hasher: RandomState,
    seen: Mutex<HashMap<(IpAddr, u64), Timestamp>>,
}

impl RecentNames {
    /// Whether this is the first question of a visit; it is remembered.
    pub(crate) fn first_time(&self, device: IpAddr, host: &str, outcome: Outcome, at: Timestamp) -> bool {
        let key = (device, self.hasher.hash_one((host, outcome)));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST {
            seen.retain(|_, before| at.duration_since(*before) < ONE_VISIT);
            if seen.len() >= MOST {
                seen.clear();
            }
        }
        match seen.get(&key) {
            Some(before) if at.duration_since(*before) < ONE_VISIT => false,
            _ => {
                seen.insert(key, at);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_questions_of_one_visit_are_one_observation() {
        let names = RecentNames::default();
        let at = |second: i64| Timestamp::from_second(1_790_000_000 + second).unwrap();
        let device = IpAddr::from([10, 0, 0, 1]);
        let ask = |host, outcome, second| names.first_time(device, host, outcome, at(second));
        assert!(ask("a.example", Outcome::Allowed, 0));
        assert!(!ask("a.example", Outcome::Allowed, 4), "the AAAA question of the same visit");
        assert!(ask("a.example", Outcome::Blocked, 4), "a new outcome is news");
        assert!(ask("b.example", Outcome::Allowed, 4));
        assert!(ask("a.example", Outcome::Allowed, 5));
    }
}
