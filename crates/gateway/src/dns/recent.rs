//! Names a device asked for a moment ago, so that the several questions of one visit make one observation. A table of fixed
//! size, without a lock: a question costs one look at one line of memory.

use crate::observe::Outcome;
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use super::hash::NameHash;

/// Questions within this time are one visit, in sixteenths of a second.
const ONE_VISIT: u32 = 5 * 16;
/// Places looked at for one question: what one line of a processor's cache holds.
const PLACES: usize = 8;
/// Sets of places; with [`PLACES`], what a large school asks for within one visit many times over, in two megabytes.
const SETS: usize = 1 << 15;

/// Some names share a set. In one place stand a part of the hash, and when the name was asked for.
#[repr(align(64))]
#[derive(Default)]
struct Set([AtomicU64; PLACES]);

/// A device and a name, as a hash.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Visit(u64);

/// Device, name and outcome, as a hash alone. Should two be alike (one in five hundred million), one visit is not written.
pub(crate) struct RecentNames {
    hash: NameHash,
    sets: Box<[Set]>,
}

impl Default for RecentNames {
    fn default() -> Self {
        Self { hash: NameHash::default(), sets: std::iter::repeat_with(Set::default).take(SETS).collect() }
    }
}

impl RecentNames {
    /// Whether this is the first question of a visit; it is remembered.
    pub(crate) fn first_time(&self, device: IpAddr, host: &str, outcome: Outcome, at: Timestamp) -> bool {
        self.first(self.visit(device, host), outcome, at)
    }

    /// A device and a name, as a hash.
    pub(crate) fn visit(&self, device: IpAddr, host: &str) -> Visit {
        let who = match device {
            IpAddr::V4(v4) => u64::from(v4.to_bits()),
            IpAddr::V6(v6) => self.hash.of(&v6.octets()),
        };
        Visit(self.hash.with(self.hash.of(host.as_bytes()), who))
    }

    /// Fetches what [`RecentNames::first`] will look at, so that several questions wait for memory together.
    pub(crate) fn fetch(&self, visit: Visit) -> u64 {
        self.places(visit).and_then(|places| places.first()).map_or(0, |place| place.load(Ordering::Relaxed))
    }

    /// As [`RecentNames::first_time`].
    pub(crate) fn first(&self, visit: Visit, outcome: Outcome, at: Timestamp) -> bool {
        let Some(places) = self.places(visit) else { return true };
        let (tag, now) = (self.hash.with(visit.0, outcome as u64) >> 32, ticks(at));
        let age = |held: u64| now.wrapping_sub(held as u32);
        let mut oldest = places.first();
        let mut greatest = 0;
        for place in places {
            let held = place.load(Ordering::Relaxed);
            if held >> 32 == tag && held != 0 {
                if age(held) < ONE_VISIT {
                    return false;
                }
                oldest = Some(place);
                break;
            }
            let age = if held == 0 { u32::MAX } else { age(held) };
            if age > greatest {
                (oldest, greatest) = (Some(place), age);
            }
        }
        if let Some(place) = oldest {
            place.store(tag << 32 | u64::from(now), Ordering::Relaxed);
        }
        true
    }

    fn places(&self, visit: Visit) -> Option<&[AtomicU64; PLACES]> {
        self.sets.get(visit.0 as usize % SETS).map(|set| &set.0)
    }
}

/// Sixteenths of a second, round and round every eight years.
fn ticks(at: Timestamp) -> u32 {
    (at.as_second() as u32).wrapping_mul(16).wrapping_add(at.subsec_nanosecond().unsigned_abs() / 62_500_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }
    const DEVICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    #[test]
    fn the_questions_of_one_visit_are_one_observation() {
        let names = RecentNames::default();
        let ask = |host, outcome, second| names.first_time(DEVICE, host, outcome, at(second));
        assert!(ask("a.example", Outcome::Allowed, 0));
        assert!(!ask("a.example", Outcome::Allowed, 4), "the AAAA question of the same visit");
        assert!(ask("a.example", Outcome::Blocked, 4), "a new outcome is news");
        assert!(ask("b.example", Outcome::Allowed, 4));
        assert!(ask("a.example", Outcome::Allowed, 5));
        let neighbour = IpAddr::from([10, 0, 0, 2]);
        assert!(names.first_time(neighbour, "a.example", Outcome::Allowed, at(5)));
        assert!(names.first_time("2001:db8::1".parse().unwrap(), "a.example", Outcome::Allowed, at(5)));
    }

    #[test]
    fn names_without_end_push_out_old_ones_and_take_no_more_room() {
        let names = RecentNames::default();
        let hosts = SETS * PLACES * 2;
        let first = (0..hosts).filter(|host| names.first_time(DEVICE, &host.to_string(), Outcome::Allowed, at(0)));
        assert!(first.count() > hosts - 8, "every new name is news");
        assert!(!names.first_time(DEVICE, &(hosts - 1).to_string(), Outcome::Allowed, at(1)), "the newest is known");
        assert!(names.first_time(DEVICE, &(hosts - 1).to_string(), Outcome::Allowed, at(6)));
    }
}
