//! Who and what is at which address, and since when. A request is given a name only if exactly one person's mapping covers
//! that second (ECOSYSTEM A5); two people at one address are nobody. What is told of an address is brought here by the
//! portal, RADIUS, leases, neighbours and the directory; groups, gates and passwords are in `rules.rs`.

mod places;

use super::counters::Counters;
use super::register::{KnownDevice, Lookup, number};
use super::seat::{DeviceMapping, Mapping, Presence, Seat};
use super::source::{DeviceSource, IdentitySource};
use belisha_records::{MacAddress, PersonId, RegisteredDeviceId};
use jiff::Timestamp;
use jiff::civil::Date;
use places::{ADDRESSES, Places};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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

/// All mappings of one gateway. Shared with the web server, which signs people in and out.
#[derive(Debug, Default)]
pub struct IdentityTable {
    places: RwLock<Places>,
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
        let mut places = self.write();
        for (address, seat) in &mut places.seats {
            seat.end(now, |held| {
                held.mapping.source == IdentitySource::PortalSignIn && !there.contains(&(*address, held.mapping.person))
            });
        }
        self.changed(places);
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
        let mut places = self.write();
        places.seats.values_mut().for_each(|seat| seat.end(now, |held| held.mapping.person == person));
        places.stations.retain(|_, (_, named, _)| *named != person);
        self.changed(places);
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
        let places = self.read();
        let Some(seat) = places.seats.get(&number(address)) else { return Known::default() };
        let stated = seat.device(at);
        let device = stated.and_then(|stated| places.register.device(stated.device));
        let mapping = match (seat.who(at), stated) {
            (Presence::One(mapping), _) => Some(mapping),
            (Presence::Nobody, Some(stated)) => places.register.owner(stated.device).map(|person| Mapping {
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
        let places = self.read();
        places.seats.values().filter(|seat| !matches!(seat.who(at), Presence::Nobody)).count()
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
        let mut places = self.write();
        let stated = DeviceMapping { device, from: now, until, source };
        // Most statements only repeat what is known; they must not make others look again.
        if places.state_device(number(address), stated, false) {
            self.changed(places);
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
        let mut places = self.write();
        if let Some(device) = session.device {
            if let Some((older, _, _)) = places.stations.get(&device).filter(|(key, _, _)| *key != session.key).copied()
            {
                places.end_session(older, now);
            }
            places.stations.remove(&device);
            if let Some(person) = session.person.filter(|_| places.room_for_station(now)) {
                places.stations.insert(device, (session.key, person, until));
            }
        }
        for address in session.left.iter().map(|address| number(*address)) {
            places.session_left(address, session, now);
        }
        for address in session.addresses.iter().map(|address| number(*address)) {
            places.session_at(address, session, begins, now, until);
        }
        if let (Some(device), Some(person)) = (session.device, session.person) {
            for address in places.addresses_of.get(&device).cloned().unwrap_or_default() {
                let is_there = |seat: &Seat| seat.device(now).is_some_and(|stated| stated.device == device);
                if places.seats.get(&address).is_some_and(is_there) {
                    places.name_by_session(address, (session.key, person), Some(device), now, until);
                }
            }
        }
        self.changed(places);
    }

    /// A session ended: the device left the network, so weaker mappings of it end as well.
    pub(crate) fn session_ends(&self, session: &Session<'_>, now: Timestamp) {
        let mut places = self.write();
        let mut addresses: Vec<u128> = session.addresses.iter().map(|address| number(*address)).collect();
        addresses.extend(places.end_session(session.key, now));
        if let Some(device) = session.device {
            addresses.extend(places.addresses_of.get(&device).into_iter().flatten());
            if places.stations.get(&device).is_some_and(|(key, _, _)| *key == session.key) {
                places.stations.remove(&device);
            }
        }
        for address in addresses {
            places.session_left(address, session, now);
        }
        self.changed(places);
    }

    /// Takes other registers into use.
    pub(crate) fn take_register(&self, register: Arc<Lookup>) {
        let mut places = self.write();
        places.register = register;
        self.changed(places);
    }

    /// Whether a device is seen for the first time on a day; it is remembered.
    pub(crate) fn first_seen_on(&self, device: RegisteredDeviceId, day: Date) -> bool {
        if self.read().noticed.get(&device) == Some(&day) {
            return false;
        }
        let mut places = self.write();
        if places.noticed.len() >= NOTICED {
            places.noticed.retain(|_, noticed| *noticed == day);
        }
        if places.noticed.len() >= NOTICED || places.noticed.insert(device, day) == Some(day) {
            return false;
        }
        self.changed(places);
        true
    }

    fn add(&self, address: IpAddr, person: PersonId, now: Timestamp, until: Timestamp, source: IdentitySource) {
        if until <= now {
            return;
        }
        let mut places = self.write();
        if let Some(seat) = places.seat(number(address), now) {
            seat.add(Mapping { person, from: now, until, source, confidence: source.confidence() }, None, None);
        }
        self.changed(places);
    }

    fn at(&self, address: IpAddr, change: impl FnOnce(&mut Seat)) {
        let mut places = self.write();
        if let Some(seat) = places.seats.get_mut(&number(address)) {
            change(seat);
        }
        self.changed(places);
    }

    /// What still runs, for the snapshot on disk.
    pub(crate) fn running(&self, now: Timestamp) -> Kept {
        let places = self.read();
        let address = |number| IpAddr::V6(Ipv6Addr::from_bits(number)).to_canonical();
        let seats = places.seats.iter().filter_map(|(place, seat)| Some((address(*place), seat.running(now)?)));
        Kept { seats: seats.collect(), noticed: places.noticed.iter().map(|(device, day)| (*device, *day)).collect() }
    }

    /// Puts what was kept in a snapshot back.
    pub(crate) fn restore(&self, kept: Kept, now: Timestamp) {
        let mut places = self.write();
        for (address, seat) in kept.seats.into_iter().take(ADDRESSES) {
            if let Some(seat) = seat.running(now) {
                places.restore_seat(number(address), seat, now);
            }
        }
        places.noticed = kept.noticed.into_iter().take(NOTICED).collect();
    }

    /// Number that changes whenever the table does.
    pub(crate) fn change(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// Counts a change before the lock is let go, so that whoever sees the new number sees the new table.
    fn changed(&self, places: RwLockWriteGuard<'_, Places>) {
        self.changes.fetch_add(1, Ordering::AcqRel);
        drop(places);
    }

    fn read(&self) -> RwLockReadGuard<'_, Places> {
        self.places.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Places> {
        self.places.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod any_order;
#[cfg(test)]
mod tests;
