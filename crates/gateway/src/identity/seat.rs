//! One address: the people and devices that were said to be there, from when, until when. Ending a mapping ends it from now
//! on and never before; nothing here is back-dated. Which address a statement is about is `table.rs`'s.

use super::source::{Confidence, DeviceSource, IdentitySource};
use belisha_records::MacAddress;
use belisha_records::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Most people remembered for one address.
pub(super) const PEOPLE: usize = 16;
/// Most devices remembered for one address.
const DEVICES: usize = 8;

/// A person at an address, for a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// Who.
    pub person: PersonId,
    /// From, included.
    pub from: Timestamp,
    /// Until, excluded.
    pub until: Timestamp,
    /// What told us.
    pub source: IdentitySource,
    /// How far it can be relied on.
    pub confidence: Confidence,
}

/// A mapping with what it hangs on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Held {
    pub(super) mapping: Mapping,
    /// The device it was said of, once that is known.
    pub(super) device: Option<MacAddress>,
    /// The RADIUS session it came with.
    pub(super) session: Option<u64>,
}

/// A device at an address, for a time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct DeviceMapping {
    pub(super) device: MacAddress,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) source: DeviceSource,
}

/// What is known about one address.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Seat {
    people: Vec<Held>,
    devices: Vec<DeviceMapping>,
    /// More people than can be remembered are here until then, so it is nobody.
    crowded_until: Option<Timestamp>,
    /// What ended before then may have been forgotten, so nobody is named for a second before it.
    forgotten_before: Option<Timestamp>,
}

impl Seat {
    /// The person who covers a second, if it is one; with several mappings of theirs, the most reliable.
    pub(super) fn who(&self, at: Timestamp) -> Presence {
        if self.crowded_until.is_some_and(|until| at < until) || self.forgot(at) {
            return Presence::Several;
        }
        let mut best: Option<&Mapping> = None;
        for held in self.people.iter().filter(|held| held.mapping.from <= at && at < held.mapping.until) {
            match best {
                Some(other) if other.person != held.mapping.person => return Presence::Several,
                Some(other) if other.confidence >= held.mapping.confidence => {}
                _ => best = Some(&held.mapping),
            }
        }
        best.map_or(Presence::Nobody, |mapping| Presence::One(*mapping))
    }

    /// The device that covers a second; `None` where nobody knows, or the sources differ.
    pub(super) fn device(&self, at: Timestamp) -> Option<&DeviceMapping> {
        if self.forgot(at) {
            return None;
        }
        let mut covering = self.devices.iter().filter(|mapping| mapping.from <= at && at < mapping.until);
        let first = covering.next()?;
        covering.all(|other| other.device == first.device).then_some(first)
    }

    /// Somebody is here. Said again, the mapping becomes longer, never shorter.
    pub(super) fn add(&mut self, mapping: Mapping, device: Option<MacAddress>, session: Option<u64>) {
        let now = mapping.from;
        let device = device.or_else(|| self.device(now).map(|known| known.device));
        let same = self.people.iter_mut().find(|held| {
            let running = held.mapping.from <= now && now < held.mapping.until;
            running
                && held.session == session
                && (held.mapping.person, held.mapping.source) == (mapping.person, mapping.source)
        });
        if let Some(running) = same {
            running.mapping.until = running.mapping.until.max(mapping.until);
            running.device = running.device.or(device);
            return;
        }
        if self.people.len() >= PEOPLE {
            self.people.retain(|held| held.mapping.until > now);
            self.forgotten_before = Some(now);
        }
        if self.people.len() >= PEOPLE {
            self.crowded_until = self.crowded_until.max(Some(mapping.until));
        } else {
            self.people.push(Held { mapping, device, session });
        }
    }

    /// Ends the people's mappings that a condition picks.
    pub(super) fn end(&mut self, now: Timestamp, picked: impl Fn(&Held) -> bool) {
        for held in self.people.iter_mut().filter(|held| held.mapping.until > now && picked(held)) {
            held.mapping.until = now.max(held.mapping.from);
        }
    }

    /// Ends everybody's mappings.
    pub(super) fn clear(&mut self, now: Timestamp) {
        self.end(now, |_| true);
        self.crowded_until = self.crowded_until.map(|until| until.min(now));
    }

    /// A device has this address. If that is news, whoever was mapped while another device had it has gone. `fresh`: the
    /// statement is that the device came just now, so whoever was mapped while no device was known has gone as well.
    /// Says whether it was news.
    pub(super) fn state_device(&mut self, stated: DeviceMapping, fresh: bool) -> bool {
        let now = stated.from;
        let running = self.devices.iter_mut().find(|known| known.source == stated.source && known.until > now);
        let news = match running {
            Some(known) if known.device == stated.device => {
                known.until = known.until.max(stated.until);
                false
            }
            other => {
                if let Some(known) = other {
                    known.until = now.max(known.from);
                }
                if self.devices.len() >= DEVICES {
                    self.devices.retain(|known| known.until > now);
                    self.forgotten_before = Some(now);
                }
                self.devices.push(stated);
                true
            }
        };
        if news || fresh {
            self.end(now, |held| match held.device {
                Some(device) => device != stated.device,
                None => fresh,
            });
            for held in self.people.iter_mut().filter(|held| held.mapping.until > now) {
                held.device = held.device.or(Some(stated.device));
            }
        }
        news
    }

    /// A device has left: what this source said of it ends, and so does whoever was mapped with it.
    pub(super) fn device_left(&mut self, device: MacAddress, source: DeviceSource, now: Timestamp) {
        for known in self.devices.iter_mut().filter(|known| known.until > now) {
            if known.source == source && known.device == device {
                known.until = now.max(known.from);
            }
        }
        self.end(now, |held| held.device == Some(device));
    }

    /// Sessions that still name somebody here.
    pub(super) fn sessions(&self, now: Timestamp) -> impl Iterator<Item = &Held> {
        self.people.iter().filter(move |held| held.session.is_some() && held.mapping.until > now)
    }

    fn forgot(&self, at: Timestamp) -> bool {
        self.forgotten_before.is_some_and(|before| at < before)
    }

    /// Whether anything still runs.
    pub(super) fn runs(&self, now: Timestamp) -> bool {
        self.people.iter().any(|held| held.mapping.until > now)
            || self.devices.iter().any(|known| known.until > now)
            || self.crowded_until.is_some_and(|until| until > now)
    }

    /// What still runs, for the disk; no more than the bounds allow.
    pub(super) fn running(&self, now: Timestamp) -> Option<Seat> {
        let people: Vec<_> = self.people.iter().filter(|held| held.mapping.until > now).copied().collect();
        let crowded_until = self.crowded_until.filter(|until| *until > now);
        let kept = Seat {
            crowded_until: crowded_until.max(people.iter().skip(PEOPLE).map(|held| held.mapping.until).max()),
            people: people.into_iter().take(PEOPLE).collect(),
            forgotten_before: Some(now),
            devices: self.devices.iter().filter(|known| known.until > now).take(DEVICES).copied().collect(),
        };
        kept.runs(now).then_some(kept)
    }

    #[cfg(test)]
    pub(super) fn people_held(&self) -> usize {
        self.people.len()
    }
}

/// How many people cover a second.
pub(super) enum Presence {
    /// None.
    Nobody,
    /// One, so that they can be named.
    One(Mapping),
    /// More than one: nobody is named, and no register may name its owner either.
    Several,
}
