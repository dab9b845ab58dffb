//! How often somebody failed to sign in lately: by account and by address, ten times in five minutes each (M62).
//! Kept in memory: it holds addresses and typed names no longer than it needs them.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Failures allowed.
const ALLOWED: usize = 10;
/// Within this time.
const WINDOW: SignedDuration = SignedDuration::from_mins(5);
/// Entries kept at most; beyond it the spent ones are swept.
const MANY: usize = 10_000;

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    Address(IpAddr),
}

/// The failures of the last five minutes.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<Key, Vec<Timestamp>>>);

impl Attempts {
    /// When somebody may try again, if they must wait.
    pub fn wait_until(&self, account: &str, address: IpAddr, now: Timestamp) -> Option<Timestamp> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut until = None;
        for key in [Key::Account(account.to_owned()), Key::Address(address)] {
            let Some(times) = failures.get_mut(&key) else { continue };
            times.retain(|at| *at + WINDOW > now);
            // The tenth failure from the end decides: once it is five minutes old, fewer than ten are left.
            let deciding = times.len().checked_sub(ALLOWED).and_then(|index| times.get(index));
            until = until.max(deciding.map(|at| *at + WINDOW));
        }
        until
    }

    /// Notes a failure.
    pub fn failed(&self, account: &str, address: IpAddr, now: Timestamp) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() > MANY {
            failures.retain(|_, times| times.last().is_some_and(|at| *at + WINDOW > now));
        }
        for key in [Key::Account(account.to_owned()), Key::Address(address)] {
            failures.entry(key).or_default().push(now);
        }
    }

    /// Forgets an account's failures once its owner is in, and gives the address back the try taken at `at`: a school
    /// behind one address signs in by the classful.
    pub fn succeeded(&self, account: &str, address: IpAddr, at: Timestamp) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(&Key::Account(account.to_owned()));
        if let Some(times) = failures.get_mut(&Key::Address(address))
            && let Some(index) = times.iter().position(|time| *time == at)
        {
            times.remove(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 8));

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    #[test]
    fn the_eleventh_try_in_five_minutes_waits() {
        let attempts = Attempts::default();
        for second in 0..10 {
            assert_eq!(attempts.wait_until("a.reed", HERE, at(second)), None);
            attempts.failed("a.reed", HERE, at(second));
        }
        assert_eq!(
            attempts.wait_until("a.reed", HERE, at(10)),
            Some(at(300)),
            "the first failure is spent after five minutes"
        );
        assert_eq!(attempts.wait_until("a.reed", THERE, at(10)), Some(at(300)), "the account waits from any address");
        assert_eq!(attempts.wait_until("b.reed", HERE, at(10)), Some(at(300)), "the address waits for any account");
        assert_eq!(attempts.wait_until("b.reed", THERE, at(10)), None);
        assert_eq!(attempts.wait_until("a.reed", HERE, at(300)), None);
    }

    #[test]
    fn signing_in_clears_the_account_but_not_the_address() {
        let attempts = Attempts::default();
        (0..11).for_each(|second| attempts.failed("a.reed", HERE, at(second)));
        attempts.succeeded("a.reed", HERE, at(10));
        assert_eq!(attempts.wait_until("a.reed", THERE, at(20)), None);
        assert!(attempts.wait_until("b.reed", HERE, at(20)).is_some());
    }
}
