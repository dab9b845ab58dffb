//! Who and what is at which address, and since when. A request is given a name only if exactly one person's mapping covers
//! that second (ECOSYSTEM A5); two people at one address are nobody. What is told of an address is brought here by the
//! portal, RADIUS, leases, neighbours and the directory; groups, gates and passwords are in `rules.rs`.

use super::counters::Counters;
use super::register::{KnownDevice, Lookup, number};
use super::seat::{DeviceMapping, Mapping, Presence, Seat};
use super::source::{DeviceSource, IdentitySource};
use belisha_records::MacAddress;
use belisha_records::{PersonId, RegisteredDeviceId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Most addresses remembered; a school has fewer devices, and a forger no more room than this.
const ADDRESSES: usize = 65_536;
/// Most addresses that one device is followed to: IPv6 gives a device several, and new ones each day.
const ADDRESSES_PER_DEVICE: usize = 32;
/// Most devices that are remembered as seen in locker hours on one day.
const NOTICED: usize = 16_384;

/// Who and what is at an address at one second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// The one person whose mapping covers the second.
    pub mapping: Option<Mapping>,
    /// The registered device.
    pub device: Option<KnownDevice>,
}

/// One RADIUS session: a device that the network let on, for a person if the user name is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session<'a> {
    /// Number of the session, the same after a restart.
    pub(crate) key: u64,
    pub(crate) device: Option<MacAddress>,
    pub(crate) person: Option<PersonId>,
    pub(crate) addresses: &'a [IpAddr],
    /// Addresses it had and has no more.
    pub(crate) left: &'a [IpAddr],
}

/// What a gateway keeps over a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Kept {
    seats: Vec<(IpAddr, Seat)>,
    noticed: Vec<(RegisteredDeviceId, Date)>,
}

#[derive(Debug, Default)]
struct Inner {
    seats: HashMap<u128, Seat>,
    /// Addresses a device was last said to have.
    addresses_of: HashMap<MacAddress, Vec<u128>>,
    /// Addresses a session names somebody at.
    addresses_of_session: HashMap<u64, Vec<u128>>,
    /// The session that a device is on the network with, the person, and until when that holds unless it is renewed.
    stations: HashMap<MacAddress, (u64, PersonId, Timestamp)>,
    noticed: HashMap<RegisteredDeviceId, Date>,
    register: Arc<Lookup>,
}

/// All mappings of one gateway. Shared with the web server, which signs people in and out.
#[derive(Debug, Default)]
pub struct IdentityTable {
    inner: RwLock<Inner>,
    changes: AtomicU64,
    counters: Counters,
}

impl IdentityTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Somebody signed in at the portal from an address. Signing in again makes the mapping longer, never shorter.
    /// IPv4 addresses written as IPv6 are one address.
    pub fn sign_in(&self, address: IpAddr, person: PersonId, now: Timestamp, until: Timestamp) {
        self.add(address, person, now, until, IdentitySource::PortalSignIn);
    }

    /// Somebody signed out: the mapping ends now, so that the next person at the device is not taken for them.
    pub fn sign_out(&self, address: IpAddr, person: PersonId, now: Timestamp) {
        self.at(address, |seat| seat.end(now, |held| held.mapping.person == person));
    }

    /// These and no others are signed in at the portal: for a gateway that was away from its server and does not know what it
    /// missed. What other sources say stays.
    pub fn signed_in_are(&self, people: &[(IpAddr, PersonId, Timestamp)], now: Timestamp) {
        let there: HashSet<_> = people.iter().map(|(address, person, _)| (number(*address), *person)).collect();
        let mut inner = self.write();
        for (address, seat) in &mut inner.seats {
            seat.end(now, |held| {
                held.mapping.source == IdentitySource::PortalSignIn && !there.contains(&(*address, held.mapping.person))
            });
        }
        drop(inner);
        for (address, person, until) in people {
            self.sign_in(*address, *person, now, *until);
        }
    }

    /// Somebody logged on to a computer of the school's directory.
    pub fn log_on(&self, address: IpAddr, person: PersonId, now: Timestamp, until: Timestamp) {
        self.add(address, person, now, until, IdentitySource::DirectoryLogOn);
    }

    /// Somebody logged off a computer: they have gone, and so has whoever signed in at the portal in their browser.
    pub fn log_off(&self, address: IpAddr, person: PersonId, now: Timestamp) {
        self.at(address, |seat| {
            seat.end(now, |held| held.mapping.person == person || held.mapping.source == IdentitySource::PortalSignIn);
        });
    }

    /// Ends every mapping of an address: whoever was there has gone, and the next sign-in speaks for the device alone.
    pub fn clear(&self, address: IpAddr, now: Timestamp) {
        self.at(address, |seat| seat.clear(now));
    }

    /// Ends every mapping of a person: they left, or asked for it.
    pub fn forget(&self, person: PersonId, now: Timestamp) {
        let mut inner = self.write();
        inner.seats.values_mut().for_each(|seat| seat.end(now, |held| held.mapping.person == person));
        inner.stations.retain(|_, (_, named, _)| *named != person);
        self.changed(inner);
    }

    /// Who was at an address at a time: a mapping covered that second and no other person's did. Where nobody is mapped, the
    /// owner of a registered device, if the school lets devices name their owners.
    pub fn who(&self, address: IpAddr, at: Timestamp) -> Option<Mapping> {
        self.known(address, at).mapping
    }

    /// The registered device that was at an address at a time; `None` for unknown ones, and where the sources differ.
    pub fn device(&self, address: IpAddr, at: Timestamp) -> Option<KnownDevice> {
        self.known(address, at).device
    }

    /// Person and device in one look.
    pub fn known(&self, address: IpAddr, at: Timestamp) -> Known {
        let inner = self.read();
        let Some(seat) = inner.seats.get(&number(address)) else { return Known::default() };
        let stated = seat.device(at);
        let device = stated.and_then(|stated| inner.register.device(stated.device));
        let mapping = match (seat.who(at), stated) {
            (Presence::One(mapping), _) => Some(mapping),
            (Presence::Nobody, Some(stated)) => inner.register.owner(stated.device).map(|person| Mapping {
                person,
                from: stated.from,
                until: stated.until,
                source: IdentitySource::RegisteredDevice,
                confidence: IdentitySource::RegisteredDevice.confidence(),
            }),
            _ => None,
        };
        Known { mapping, device }
    }

    /// Network card address of the device that was at an address at a time.
    pub fn mac_address(&self, address: IpAddr, at: Timestamp) -> Option<MacAddress> {
        self.read().seats.get(&number(address))?.device(at).map(|stated| stated.device)
    }

    /// How many addresses have somebody at a time.
    pub fn addresses_known(&self, at: Timestamp) -> usize {
        let inner = self.read();
        inner.seats.values().filter(|seat| !matches!(seat.who(at), Presence::Nobody)).count()
    }

    /// How much each source told, and what was refused. The counts name nobody.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A lease or a neighbour says which device has an address.
    pub(crate) fn device_seen(
        &self,
        address: IpAddr,
        device: MacAddress,
        source: DeviceSource,
        now: Timestamp,
        until: Timestamp,
    ) {
        if until <= now {
            return;
        }
        let mut inner = self.write();
        let stated = DeviceMapping { device, from: now, until, source };
        // Most statements only repeat what is known; they must not make others look again.
        if inner.state_device(number(address), stated, false) {
            self.changed(inner);
        }
    }

    /// A source says that a device has an address no more.
    pub(crate) fn device_left(&self, address: IpAddr, device: MacAddress, source: DeviceSource, now: Timestamp) {
        self.at(address, |seat| seat.device_left(device, source, now));
    }

    /// A session runs: `begins` when it was not known before. A device has one session; a new one ends the old.
    pub(crate) fn session_runs(&self, session: &Session<'_>, begins: bool, now: Timestamp, until: Timestamp) {
        if until <= now {
            return;
        }
        let mut inner = self.write();
        if let Some(device) = session.device {
            if let Some((older, _, _)) = inner.stations.get(&device).filter(|(key, _, _)| *key != session.key).copied()
            {
                inner.end_session(older, now);
            }
            inner.stations.remove(&device);
            if let Some(person) = session.person.filter(|_| inner.room_for_station(now)) {
                inner.stations.insert(device, (session.key, person, until));
            }
        }
        for address in session.left.iter().map(|address| number(*address)) {
            inner.session_left(address, session, now);
        }
        for address in session.addresses.iter().map(|address| number(*address)) {
            inner.session_at(address, session, begins, now, until);
        }
        if let (Some(device), Some(person)) = (session.device, session.person) {
            for address in inner.addresses_of.get(&device).cloned().unwrap_or_default() {
                let is_there = |seat: &Seat| seat.device(now).is_some_and(|stated| stated.device == device);
                if inner.seats.get(&address).is_some_and(is_there) {
                    inner.name_by_session(address, (session.key, person), Some(device), now, until);
                }
            }
        }
        self.changed(inner);
    }

    /// A session ended: the device left the network, so weaker mappings of it end as well.
    pub(crate) fn session_ends(&self, session: &Session<'_>, now: Timestamp) {
        let mut inner = self.write();
        let mut addresses: Vec<u128> = session.addresses.iter().map(|address| number(*address)).collect();
        addresses.extend(inner.end_session(session.key, now));
        if let Some(device) = session.device {
            addresses.extend(inner.addresses_of.get(&device).into_iter().flatten());
            if inner.stations.get(&device).is_some_and(|(key, _, _)| *key == session.key) {
                inner.stations.remove(&device);
            }
        }
        for address in addresses {
            inner.session_left(address, session, now);
        }
        self.changed(inner);
    }

    /// Takes other registers into use.
    pub(crate) fn take_register(&self, register: Arc<Lookup>) {
        let mut inner = self.write();
        inner.register = register;
        self.changed(inner);
    }

    /// Whether a device is seen for the first time on a day; it is remembered.
    pub(crate) fn first_seen_on(&self, device: RegisteredDeviceId, day: Date) -> bool {
        if self.read().noticed.get(&device) == Some(&day) {
            return false;
        }
        let mut inner = self.write();
        if inner.noticed.len() >= NOTICED {
            inner.noticed.retain(|_, noticed| *noticed == day);
        }
        if inner.noticed.len() >= NOTICED || inner.noticed.insert(device, day) == Some(day) {
            return false;
        }
        self.changed(inner);
        true
    }

    fn add(&self, address: IpAddr, person: PersonId, now: Timestamp, until: Timestamp, source: IdentitySource) {
        if until <= now {
            return;
        }
        let mut inner = self.write();
        if let Some(seat) = inner.seat(number(address), now) {
            seat.add(Mapping { person, from: now, until, source, confidence: source.confidence() }, None, None);
        }
        self.changed(inner);
    }

    fn at(&self, address: IpAddr, change: impl FnOnce(&mut Seat)) {
        let mut inner = self.write();
        if let Some(seat) = inner.seats.get_mut(&number(address)) {
            change(seat);
        }
        self.changed(inner);
    }

    /// What still runs, for the snapshot on disk.
    pub(crate) fn running(&self, now: Timestamp) -> Kept {
        let inner = self.read();
        let address = |number| IpAddr::V6(Ipv6Addr::from_bits(number)).to_canonical();
        let seats = inner.seats.iter().filter_map(|(place, seat)| Some((address(*place), seat.running(now)?)));
        Kept { seats: seats.collect(), noticed: inner.noticed.iter().map(|(device, day)| (*device, *day)).collect() }
    }

    /// Puts what was kept in a snapshot back.
    pub(crate) fn restore(&self, kept: Kept, now: Timestamp) {
        let mut inner = self.write();
        for (address, seat) in kept.seats.into_iter().take(ADDRESSES) {
            if let Some(seat) = seat.running(now) {
                inner.restore_seat(number(address), seat, now);
            }
        }
        inner.noticed = kept.noticed.into_iter().take(NOTICED).collect();
    }

    /// Number that changes whenever the table does.
    pub(crate) fn change(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Counts a change before the lock is let go, so that whoever sees the new number sees the new table.
    fn changed(&self, inner: RwLockWriteGuard<'_, Inner>) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        drop(inner);
    }

    fn read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The seat of an address; `None` when no more addresses fit.
    fn seat(&mut self, address: u128, now: Timestamp) -> Option<&mut Seat> {
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
    fn room_for_station(&mut self, now: Timestamp) -> bool {
        if self.stations.len() >= ADDRESSES {
            self.stations.retain(|_, (_, _, until)| *until > now);
        }
        self.stations.len() < ADDRESSES
    }

    /// A device has an address; if it is on the network with a session, the session's person is there too. Says whether that
    /// was news.
    fn state_device(&mut self, address: u128, stated: DeviceMapping, fresh: bool) -> bool {
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
    fn session_at(&mut self, address: u128, session: &Session<'_>, begins: bool, now: Timestamp, until: Timestamp) {
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
    fn session_left(&mut self, address: u128, session: &Session<'_>, now: Timestamp) {
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

    fn name_by_session(
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

    fn room_for_session(&mut self, key: u64, now: Timestamp) -> bool {
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
    fn remember_device(&mut self, device: MacAddress, address: u128, now: Timestamp) {
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
    fn end_session(&mut self, key: u64, now: Timestamp) -> Vec<u128> {
        let addresses = self.addresses_of_session.remove(&key).unwrap_or_default();
        for address in &addresses {
            if let Some(seat) = self.seats.get_mut(address) {
                seat.end(now, |held| held.session == Some(key));
            }
        }
        addresses
    }

    fn restore_seat(&mut self, address: u128, seat: Seat, now: Timestamp) {
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

#[cfg(test)]
mod any_order;
#[cfg(test)]
mod tests;
