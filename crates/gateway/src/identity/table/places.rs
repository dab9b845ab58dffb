//! What was said of addresses, devices and sessions, and how one statement changes what is known of the others, within bounds.
//! Locks, and what the rest of the gateway may ask, are `table.rs`'s; one address is `seat.rs`'s.

use super::Session;
use crate::dns::hash::NameHash;
use crate::identity::register::Lookup;
use crate::identity::seat::{DeviceMapping, Mapping, Seat};
use crate::identity::source::{DeviceSource, IdentitySource};
use belisha_records::{MacAddress, PersonId, RegisteredDeviceId};
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// Most addresses remembered; a school has fewer devices, and a forger no more room than this.
pub(super) const ADDRESSES: usize = 65_536;
/// Most addresses that one device is followed to: IPv6 gives a device several, and new ones each day.
const ADDRESSES_PER_DEVICE: usize = 32;
/// Hashes addresses quickly, under keys of one table: a device chooses addresses of its own, and must not make them fall
/// together.
#[derive(Debug, Default)]
pub(super) struct AddressHash(NameHash);

/// An address while it is hashed.
pub(super) struct HashedAddress {
    keys: NameHash,
    state: u64,
}

impl BuildHasher for AddressHash {
    type Hasher = HashedAddress;

    fn build_hasher(&self) -> HashedAddress {
        HashedAddress { keys: self.0, state: 0 }
    }
}

impl Hasher for HashedAddress {
    fn finish(&self) -> u64 {
        self.state
    }
    fn write(&mut self, bytes: &[u8]) {
        self.state = self.keys.with(self.keys.of(bytes), self.state);
    }
    fn write_u128(&mut self, address: u128) {
        self.state = self.keys.with(self.keys.with(address as u64, self.state), (address >> 64) as u64);
    }
}

/// What was said, by address, by device and by session.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) seats: HashMap<u128, Seat, AddressHash>,
    /// Addresses a device was last said to have.
    pub(super) addresses_of: HashMap<MacAddress, Vec<u128>>,
    /// Addresses a session names somebody at.
    pub(super) addresses_of_session: HashMap<u64, Vec<u128>>,
    /// The session that a device is on the network with, the person, and until when that holds unless it is renewed.
    pub(super) stations: HashMap<MacAddress, (u64, PersonId, Timestamp)>,
    pub(super) noticed: HashMap<RegisteredDeviceId, Date>,
    pub(super) register: Arc<Lookup>,
}

impl Places {
    /// The seat of an address; `None` when no more addresses fit.
    pub(super) fn seat(&mut self, address: u128, now: Timestamp) -> Option<&mut Seat> {
        if self.seats.len() >= ADDRESSES && !self.seats.contains_key(&address) {
            self.seats.retain(|_, seat| seat.runs(now));
            let seats = &self.seats;
            let is_kept = |place: &u128| seats.contains_key(place);
            for addresses in self.addresses_of.values_mut().chain(self.addresses_of_session.values_mut()) {
                addresses.retain(is_kept);
            }
            self.addresses_of.retain(|_, addresses| !addresses.is_empty());
            self.addresses_of_session.retain(|_, addresses| !addresses.is_empty());
            if self.seats.len() >= ADDRESSES {
                return None;
            }
        }
        Some(self.seats.entry(address).or_default())
    }

    /// Whether one more device with a session fits; those that were not renewed make room.
    pub(super) fn room_for_station(&mut self, now: Timestamp) -> bool {
        if self.stations.len() >= ADDRESSES {
            self.stations.retain(|_, (_, _, until)| *until > now);
        }
        self.stations.len() < ADDRESSES
    }

    /// A device has an address; if it is on the network with a session, the session's person is there too. Says whether that
    /// was news.
    pub(super) fn state_device(&mut self, address: u128, stated: DeviceMapping, fresh: bool) -> bool {
        let Some(seat) = self.seat(address, stated.from) else { return false };
        let news = seat.state_device(stated, fresh);
        if news {
            self.remember_device(stated.device, address, stated.from);
            if let Some((key, person, until)) = self.stations.get(&stated.device).copied() {
                self.name_by_session(address, (key, person), Some(stated.device), stated.from, until);
            }
        }
        news
    }

    /// A session's own statement about one of its addresses.
    pub(super) fn session_at(
        &mut self,
        address: u128,
        session: &Session<'_>,
        begins: bool,
        now: Timestamp,
        until: Timestamp,
    ) {
        if let Some(device) = session.device {
            let source = DeviceSource::RadiusAccounting;
            self.state_device(address, DeviceMapping { device, from: now, until, source }, begins);
        } else if begins && let Some(seat) = self.seat(address, now) {
            // Somebody came on just now, and nobody says with which device: whoever was there was there before.
            seat.end(now, |held| held.session != Some(session.key));
        }
        if let Some(person) = session.person {
            self.name_by_session(address, (session.key, person), session.device, now, until);
        }
    }

    /// A session's device left an address: its own mapping ends, and every weaker one that may be the device's.
    pub(super) fn session_left(&mut self, address: u128, session: &Session<'_>, now: Timestamp) {
        let Some(seat) = self.seats.get_mut(&address) else { return };
        seat.end(now, |held| match (held.session, session.device) {
            (Some(key), _) => key == session.key,
            (None, Some(device)) => held.device.is_none_or(|known| known == device),
            (None, None) => true,
        });
        if let Some(device) = session.device {
            seat.device_left(device, DeviceSource::RadiusAccounting, now);
        }
    }

    pub(super) fn name_by_session(
        &mut self,
        address: u128,
        (key, person): (u64, PersonId),
        device: Option<MacAddress>,
        now: Timestamp,
        until: Timestamp,
    ) {
        if until <= now || !self.room_for_session(key, now) {
            return;
        }
        // What cannot be remembered could not be ended: rather nobody is named there.
        if !remember(self.addresses_of_session.entry(key).or_default(), address) {
            return;
        }
        let source = IdentitySource::RadiusAccounting;
        let mapping = Mapping { person, from: now, until, source, confidence: source.confidence() };
        if let Some(seat) = self.seat(address, now) {
            seat.add(mapping, device, Some(key));
        }
    }

    pub(super) fn room_for_session(&mut self, key: u64, now: Timestamp) -> bool {
        if self.addresses_of_session.len() >= ADDRESSES && !self.addresses_of_session.contains_key(&key) {
            let seats = &self.seats;
            self.addresses_of_session.retain(|key, addresses| {
                let mut there = addresses.iter().filter_map(|address| seats.get(address));
                there.any(|seat| seat.sessions(now).any(|held| held.session == Some(*key)))
            });
            return self.addresses_of_session.len() < ADDRESSES;
        }
        true
    }

    /// Remembers that a device has an address, so that its sessions name it there. Devices that have moved on make room.
    pub(super) fn remember_device(&mut self, device: MacAddress, address: u128, now: Timestamp) {
        if self.addresses_of.len() >= ADDRESSES && !self.addresses_of.contains_key(&device) {
            let seats = &self.seats;
            self.addresses_of.retain(|device, addresses| {
                let mut there = addresses.iter().filter_map(|address| seats.get(address)?.device(now));
                there.any(|stated| stated.device == *device)
            });
            if self.addresses_of.len() >= ADDRESSES {
                return;
            }
        }
        let known = self.addresses_of.entry(device).or_default();
        if !remember(known, address) {
            known.remove(0);
            known.push(address);
        }
    }

    /// Ends what a session named; answers where that was.
    pub(super) fn end_session(&mut self, key: u64, now: Timestamp) -> Vec<u128> {
        let addresses = self.addresses_of_session.remove(&key).unwrap_or_default();
        for address in &addresses {
            if let Some(seat) = self.seats.get_mut(address) {
                seat.end(now, |held| held.session == Some(key));
            }
        }
        addresses
    }

    pub(super) fn restore_seat(&mut self, address: u128, seat: Seat, now: Timestamp) {
        for held in seat.sessions(now) {
            if let Some(key) = held.session {
                remember(self.addresses_of_session.entry(key).or_default(), address);
                if let Some(device) = held.device {
                    self.stations.insert(device, (key, held.mapping.person, held.mapping.until));
                }
            }
        }
        let device = seat.device(now).map(|stated| stated.device);
        self.seats.insert(address, seat);
        if let Some(device) = device {
            self.remember_device(device, address, now);
        }
    }
}

/// Adds an address to a few; `false` when there is no room.
fn remember(addresses: &mut Vec<u128>, address: u128) -> bool {
    if addresses.contains(&address) {
        return true;
    }
    let room = addresses.len() < ADDRESSES_PER_DEVICE;
    if room {
        addresses.push(address);
    }
    room
}
