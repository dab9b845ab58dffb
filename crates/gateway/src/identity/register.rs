//! What the school's registers say of devices, rooms and user names: which device is whose, which addresses are which room,
//! which directory user name is which person. Part of the rules and swapped with them. Registers only describe: that somebody
//! is *there* is said by the mappings in `table.rs`.

use super::locker::LockerHours;
use crate::rules::UNKNOWN_GROUP;
use belisha_policy::DeviceKind;
use belisha_records::MacAddress;
use belisha_records::{PersonId, RegisteredDeviceId};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;

/// Most ranges that are looked at; a school has some dozens.
const MOST_RANGES: usize = 2048;

/// A device in the school's register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredDevice {
    /// Its number in the register.
    pub id: RegisteredDeviceId,
    /// Address of its network card.
    pub mac: MacAddress,
    /// Whose it is: the column of the device table.
    pub kind: DeviceKind,
    /// Whom it was given to, or whose it is.
    pub person: Option<PersonId>,
    /// Whether several people use it. A shared device never names anybody.
    pub shared: bool,
}

/// A device that the register knows, found at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// Its number in the register.
    pub id: RegisteredDeviceId,
    /// Whose it is.
    pub kind: DeviceKind,
    /// Address of its network card.
    pub mac: MacAddress,
}

/// Addresses that are one room, building or network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRange {
    /// The addresses, `10.20.0.0/16`.
    pub network: IpNet,
    /// What people call it: `Room 12`, `Guest Wi-Fi`.
    pub label: String,
    /// Filter group of somebody *unknown* there: `guest` or `younger-pupil`. Anything else is taken as `unknown`, so that a
    /// range can never open what only a person may have.
    pub unknown_group: Option<String>,
}

impl NetworkRange {
    /// Group of somebody unknown in this range.
    pub fn group(&self) -> &'static str {
        match self.unknown_group.as_deref() {
            Some("guest") => "guest",
            Some("younger-pupil") => "younger-pupil",
            _ => UNKNOWN_GROUP,
        }
    }
}

/// What the registers of a school say, as its records hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRegister {
    /// Devices. Of two with one address neither counts.
    pub devices: Vec<RegisteredDevice>,
    /// Whether a device that is one person's names that person while nobody else is known to be there.
    pub owners_are_named: bool,
    /// Rooms and networks; where they overlap the narrowest counts.
    pub ranges: Vec<NetworkRange>,
    /// User names of the directory and of RADIUS. Of two people with one name neither is named by it.
    pub usernames: Vec<(String, PersonId)>,
    /// When pupils' own devices lie in lockers; `None`: the school has no such rule.
    pub locker_hours: Option<LockerHours>,
}

/// The registers, ready to be looked up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    devices: HashMap<MacAddress, RegisteredDevice>,
    owners_are_named: bool,
    usernames: HashMap<String, PersonId>,
    /// First address of each run of addresses that share a range, in order, and which range that is.
    runs: Vec<(u128, Option<usize>)>,
    ranges: Vec<NetworkRange>,
}

impl Lookup {
    pub(crate) fn new(register: &NetworkRegister) -> Self {
        let ranges: Vec<_> = register.ranges.iter().take(MOST_RANGES).cloned().collect();
        Self {
            devices: only_once(register.devices.iter().map(|device| (device.mac, device.clone()))),
            owners_are_named: register.owners_are_named,
            usernames: only_once(register.usernames.iter().map(|(name, person)| (name.to_lowercase(), *person))),
            runs: runs(&ranges),
            ranges,
        }
    }

    /// What the register knows of a device.
    pub(super) fn device(&self, mac: MacAddress) -> Option<KnownDevice> {
        let device = self.devices.get(&mac)?;
        Some(KnownDevice { id: device.id, kind: device.kind, mac })
    }

    /// Whom a device names while nobody else is known to be there.
    pub(super) fn owner(&self, mac: MacAddress) -> Option<PersonId> {
        let device = self.devices.get(&mac).filter(|device| self.owners_are_named && names_its_owner(device))?;
        device.person
    }

    /// The person with a directory user name. `strip_realm`: `SCHOOL\name` and `name@school.example` are `name`.
    pub(crate) fn person_by_username(&self, username: &str, strip_realm: bool) -> Option<PersonId> {
        let name = if strip_realm { without_realm(username) } else { username };
        self.usernames.get(&name.to_lowercase()).copied()
    }

    /// The narrowest range an address lies in.
    pub(crate) fn range(&self, address: IpAddr) -> Option<&NetworkRange> {
        if self.runs.is_empty() {
            return None;
        }
        let number = number(address);
        let after = self.runs.partition_point(|(first, _)| *first <= number);
        let (_, range) = self.runs.get(after.checked_sub(1)?)?;
        self.ranges.get((*range)?)
    }
}

/// Only kinds that are one person's to use; whatever the register says beside it, a shared device is nobody's.
fn names_its_owner(device: &RegisteredDevice) -> bool {
    !device.shared && !matches!(device.kind, DeviceKind::SchoolShared | DeviceKind::VisitorOwned)
}

/// `SCHOOL\name` and `name@school.example` without the part that says where the name is known.
fn without_realm(username: &str) -> &str {
    let name = username.rsplit_once('\\').map_or(username, |(_, name)| name);
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// A map of the keys that come once. A key with two different values is left out: a wrong name is worse than none.
fn only_once<K: std::hash::Hash + Eq, V: PartialEq>(pairs: impl Iterator<Item = (K, V)>) -> HashMap<K, V> {
    let mut found: HashMap<K, Option<V>> = HashMap::new();
    for (key, value) in pairs {
        found
            .entry(key)
            .and_modify(|held| {
                if held.as_ref() != Some(&value) {
                    *held = None;
                }
            })
            .or_insert(Some(value));
    }
    found.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// An address as one number; IPv4 is where IPv6 has it (RFC 4291 section 2.5.5.2), so that both spellings are one address.
pub(super) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// Cuts all addresses into runs at every first and last address of a range; each run has its narrowest range.
fn runs(ranges: &[NetworkRange]) -> Vec<(u128, Option<usize>)> {
    let bounds = |range: &NetworkRange| (number(range.network.network()), number(range.network.broadcast()));
    let mut starts: Vec<u128> =
        ranges.iter().map(bounds).flat_map(|(first, last)| [Some(first), last.checked_add(1)]).flatten().collect();
    starts.sort_unstable();
    starts.dedup();
    let narrowest = |start: u128| {
        let covering = ranges.iter().enumerate().filter(|(_, range)| {
            let (first, last) = bounds(range);
            first <= start && start <= last
        });
        covering.min_by_key(|(_, range)| {
            let (first, last) = bounds(range);
            last - first
        })
    };
    starts.into_iter().map(|start| (start, narrowest(start).map(|(place, _)| place))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::Identifier;
    use proptest::prelude::*;

    fn range(network: &str, label: &str, group: Option<&str>) -> NetworkRange {
        NetworkRange { network: network.parse().unwrap(), label: label.into(), unknown_group: group.map(str::to_owned) }
    }

    #[test]
    fn the_narrowest_range_counts_and_ends_where_it_ends() {
        let ranges = vec![
            range("10.0.0.0/8", "school", None),
            range("10.1.0.0/16", "guests", Some("guest")),
            range("10.1.2.3/32", "kiosk", None),
            range("fd00::/8", "school 6", None),
        ];
        let lookup = Lookup::new(&NetworkRegister { ranges, ..NetworkRegister::default() });
        let label = |address: &str| lookup.range(address.parse().unwrap()).map(|range| range.label.as_str());
        assert_eq!(label("10.1.2.3"), Some("kiosk"));
        assert_eq!(label("::ffff:10.1.2.4"), Some("guests"));
        assert_eq!(label("10.2.0.0"), Some("school"));
        assert_eq!(label("11.0.0.0"), None);
        assert_eq!(label("9.255.255.255"), None);
        assert_eq!(label("fdff::1"), Some("school 6"));
    }

    #[test]
    fn a_range_gives_the_unknown_no_group_that_only_a_person_may_have() {
        for group in ["staff", "pupil", "unknown", "", "head"] {
            assert_eq!(range("10.0.0.0/8", "x", Some(group)).group(), UNKNOWN_GROUP);
        }
        assert_eq!(range("10.0.0.0/8", "x", Some("guest")).group(), "guest");
    }

    #[test]
    fn a_user_name_of_two_people_names_neither_and_realms_go_only_if_wished() {
        let person = |number: u8| PersonId::make(1, [number; 10]);
        let usernames = vec![
            ("Ada".to_owned(), person(1)),
            ("ada".to_owned(), person(1)),
            ("bo".to_owned(), person(2)),
            ("BO".to_owned(), person(3)),
        ];
        let lookup = Lookup::new(&NetworkRegister { usernames, ..NetworkRegister::default() });
        assert_eq!(lookup.person_by_username("ADA", false), Some(person(1)));
        assert_eq!(lookup.person_by_username("bo", false), None);
        assert_eq!(lookup.person_by_username("SCHOOL\\ada@school.example", true), Some(person(1)));
        assert_eq!(lookup.person_by_username("ada@school.example", false), None);
    }

    proptest! {
        #[test]
        fn the_range_found_is_the_longest_prefix_that_contains_the_address(
            networks in proptest::collection::vec((0u32..64, 26u8..=32), 0..12), asked in 0u32..80
        ) {
            let ranges: Vec<_> = networks.iter().map(|(low, length)| {
                let address = std::net::Ipv4Addr::from(0x0a00_0000 + low);
                range(&format!("{address}/{length}"), &format!("{low}/{length}"), None)
            }).collect();
            let lookup = Lookup::new(&NetworkRegister { ranges: ranges.clone(), ..NetworkRegister::default() });
            let address = IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + asked));
            let longest = ranges.iter().filter(|range| range.network.contains(&address)).map(|range| range.network.prefix_len()).max();
            prop_assert_eq!(lookup.range(address).map(|range| range.network.prefix_len()), longest);
        }
    }
}
