//! Hosts that cannot be read: apps that accept only the certificate they were built with, and sites that want the device's
//! own. What is remembered here is carried unread for some hours, where the school's setting says so.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

/// Most entries of each kind.
const MOST: usize = 16_384;
/// Refusals further apart than this are none of a program's but of a person's.
const WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// How long a device that took one of our certificates counts as one that has the school's certificate installed.
const TRUSTS: SignedDuration = SignedDuration::from_hours(24 * 7);

#[derive(Clone, Copy)]
struct Refused {
    times: u32,
    last: Timestamp,
    passed_until: Option<Timestamp>,
}

#[derive(Default)]
struct Book {
    /// By device and host: what one device does opens nothing to another.
    refused: HashMap<(IpAddr, Box<str>), Refused>,
    /// Devices that took a certificate of ours, and when.
    trusting: HashMap<IpAddr, Timestamp>,
    /// Hosts that ask for the device's own certificate.
    own_certificate: HashMap<Box<str>, Timestamp>,
}

/// What is remembered about hosts that cannot be read.
pub(super) struct Refusals {
    /// How often a device must refuse a host's certificate,
    times: u32,
    /// and how long the host is then carried unread.
    hold: SignedDuration,
    book: Mutex<Book>,
}

impl Refusals {
    pub(super) fn new(times: u32, hold: SignedDuration) -> Self {
        Self { times, hold, book: Mutex::default() }
    }

    /// A device took a certificate of ours.
    pub(super) fn taken(&self, device: IpAddr, now: Timestamp) {
        let mut book = self.lock();
        make_room(&mut book.trusting, |at| *at + TRUSTS > now);
        book.trusting.insert(device, now);
    }

    /// A device refused our certificate for a host. Says whether the host is carried unread from now on: only for a device
    /// that takes our certificates for other hosts, because otherwise it lacks the school's and nothing is pinned.
    pub(super) fn refused(&self, device: IpAddr, host: &str, now: Timestamp) -> bool {
        let mut book = self.lock();
        let trusts = book.trusting.get(&device).is_some_and(|at| *at + TRUSTS > now);
        make_room(&mut book.refused, |refused| refused.last + WITHIN > now || refused.passed_until > Some(now));
        let entry =
            book.refused.entry((device, host.into())).or_insert(Refused { times: 0, last: now, passed_until: None });
        let again = entry.last + WITHIN > now;
        entry.times = if again { entry.times.saturating_add(1) } else { 1 };
        entry.last = now;
        if trusts && entry.times >= self.times {
            entry.passed_until = Some(now + self.hold);
            entry.times = 0;
            return true;
        }
        false
    }

    /// A host asked for the device's own certificate, which a reader in between does not have.
    pub(super) fn wants_own_certificate(&self, host: &str, now: Timestamp) {
        let mut book = self.lock();
        make_room(&mut book.own_certificate, |until| *until > now);
        book.own_certificate.insert(host.into(), now + self.hold);
    }

    /// Whether a host is carried unread for a device now.
    pub(super) fn passed_by(&self, device: IpAddr, host: &str, now: Timestamp) -> bool {
        let book = self.lock();
        if book.refused.is_empty() && book.own_certificate.is_empty() {
            return false;
        }
        book.own_certificate.get(host).is_some_and(|until| *until > now)
            || book.refused.get(&(device, Box::from(host))).is_some_and(|refused| refused.passed_until > Some(now))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what is over when there is no room, and everything where that is not enough: it is learnt again.
fn make_room<Key, Value>(kept: &mut HashMap<Key, Value>, holds: impl Fn(&Value) -> bool) {
    if kept.len() >= MOST {
        kept.retain(|_, value| holds(value));
    }
    if kept.len() >= MOST {
        kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: SignedDuration = SignedDuration::from_hours(1);

    fn start() -> (Refusals, [IpAddr; 2], Timestamp) {
        let devices = [IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2])];
        (Refusals::new(3, HOUR * 8), devices, "2026-11-23T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_pinned_app_is_passed_by_on_its_device_for_some_hours() {
        let (refusals, [device, other], now) = start();
        refusals.taken(device, now);
        assert_eq!([0; 3].map(|_| refusals.refused(device, "app.example", now)), [false, false, true]);
        assert!(refusals.passed_by(device, "app.example", now));
        assert!(!refusals.passed_by(device, "lessons.example", now) && !refusals.passed_by(other, "app.example", now));
        assert!(!refusals.passed_by(device, "app.example", now + HOUR * 9));
    }

    #[test]
    fn a_device_without_the_schools_certificate_passes_nothing_by() {
        let (refusals, [device, other], now) = start();
        refusals.taken(other, now);
        for _ in 0..10 {
            assert!(!refusals.refused(device, "app.example", now));
        }
        assert!(!refusals.passed_by(device, "app.example", now));
    }

    #[test]
    fn refusals_hours_apart_do_not_add_up() {
        let (refusals, [device, _], now) = start();
        refusals.taken(device, now);
        for hours in 0..5 {
            assert!(!refusals.refused(device, "app.example", now + HOUR * (2 * hours)));
        }
    }

    #[test]
    fn a_site_that_wants_the_devices_own_certificate_is_passed_by_for_all() {
        let (refusals, [device, other], now) = start();
        refusals.wants_own_certificate("exams.example", now);
        assert!(refusals.passed_by(device, "exams.example", now) && refusals.passed_by(other, "exams.example", now));
        assert!(!refusals.passed_by(device, "exams.example", now + HOUR * 8));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (refusals, [device, _], now) = start();
        for number in 0..MOST + 10 {
            refusals.refused(device, &format!("host-{number}.example"), now);
        }
        assert!(refusals.lock().refused.len() <= MOST);
    }
}
