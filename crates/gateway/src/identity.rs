//! Who sits at which address, and since when. A request is given a name only if exactly one person's mapping covers that
//! second (ECOSYSTEM A5); two people at one address are nobody. Groups, gates and passwords are in `rules.rs`.

use belisha_records::PersonId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{PoisonError, RwLock};

/// Most addresses remembered; a school has fewer devices, and a forger no more room than this.
const ADDRESSES: usize = 65_536;
/// Most mappings remembered for one address.
const MAPPINGS_PER_ADDRESS: usize = 16;

/// What told us who sits at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentitySource {
    /// Somebody signed in at the portal from there.
    PortalSignIn,
    /// The request itself carried the person's proxy password.
    ProxyCredential,
}

impl IdentitySource {
    /// Key for records.
    pub const fn key(self) -> &'static str {
        match self {
            IdentitySource::PortalSignIn => "portal-sign-in",
            IdentitySource::ProxyCredential => "proxy-credential",
        }
    }

    /// How far the naming can be relied on.
    pub const fn confidence(self) -> Confidence {
        match self {
            IdentitySource::PortalSignIn => Confidence::Address,
            IdentitySource::ProxyCredential => Confidence::Request,
        }
    }
}

/// How far a naming can be relied on; a report that names somebody says which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The person's device address: somebody else may have used the device.
    Address,
    /// The request itself was signed with the person's secret.
    Request,
}

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

impl Mapping {
    fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// All mappings of one gateway. Shared with the web server, which signs people in and out.
#[derive(Debug, Default)]
pub struct IdentityTable {
    by_address: RwLock<HashMap<IpAddr, Vec<Mapping>>>,
    changes: std::sync::atomic::AtomicU64,
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
        let mut table = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(mappings) = table.get_mut(&address.to_canonical()) {
            for mapping in mappings.iter_mut().filter(|mapping| mapping.person == person && mapping.until > now) {
                mapping.until = now.max(mapping.from);
            }
        }
        self.changed();
    }

    /// Ends every mapping of an address: whoever was there has gone, and the next sign-in speaks for the device alone.
    pub fn clear(&self, address: IpAddr, now: Timestamp) {
        let mut table = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        for mapping in
            table.get_mut(&address.to_canonical()).into_iter().flatten().filter(|mapping| mapping.until > now)
        {
            mapping.until = now.max(mapping.from);
        }
        drop(table);
        self.changed();
    }

    /// Ends every mapping of a person: they left, or asked for it.
    pub fn forget(&self, person: PersonId, now: Timestamp) {
        let mut table = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        for mapping in table.values_mut().flatten().filter(|mapping| mapping.person == person && mapping.until > now) {
            mapping.until = now.max(mapping.from);
        }
        self.changed();
    }

    /// Who was at an address at a time: a mapping covered that second and no other person's did.
    pub fn who(&self, address: IpAddr, at: Timestamp) -> Option<Mapping> {
        let table = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        let mut covering = table.get(&address.to_canonical())?.iter().filter(|mapping| mapping.covers(at));
        let first = covering.next()?;
        covering.all(|other| other.person == first.person).then_some(*first)
    }

    /// How many addresses have somebody at a time.
    pub fn addresses_known(&self, at: Timestamp) -> usize {
        let table = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        table.values().filter(|mappings| mappings.iter().any(|mapping| mapping.covers(at))).count()
    }

    fn add(&self, address: IpAddr, person: PersonId, now: Timestamp, until: Timestamp, source: IdentitySource) {
        if until <= now {
            return;
        }
        let mut table = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        let address = address.to_canonical();
        if table.len() >= ADDRESSES && !table.contains_key(&address) {
            table.retain(|_, mappings| mappings.iter().any(|mapping| mapping.until > now));
            if table.len() >= ADDRESSES {
                return;
            }
        }
        let mappings = table.entry(address).or_default();
        if let Some(running) = mappings.iter_mut().find(|mapping| mapping.person == person && mapping.covers(now)) {
            running.until = running.until.max(until);
        } else {
            if mappings.len() >= MAPPINGS_PER_ADDRESS {
                mappings.retain(|mapping| mapping.until > now);
            }
            // With so many people at one address at once it is nobody's already; one more changes nothing.
            if mappings.len() < MAPPINGS_PER_ADDRESS {
                mappings.push(Mapping { person, from: now, until, source, confidence: source.confidence() });
            }
        }
        self.changed();
    }

    /// Mappings that still run, for the snapshot on disk.
    pub(crate) fn running(&self, now: Timestamp) -> Vec<(IpAddr, Mapping)> {
        let table = self.by_address.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = table.iter().flat_map(|(address, mappings)| mappings.iter().map(|mapping| (*address, *mapping)));
        pairs.filter(|(_, mapping)| mapping.until > now).collect()
    }

    /// Puts mappings from a snapshot back.
    pub(crate) fn restore(&self, mappings: Vec<(IpAddr, Mapping)>, now: Timestamp) {
        let mut table = self.by_address.write().unwrap_or_else(PoisonError::into_inner);
        for (address, mapping) in mappings.into_iter().take(ADDRESSES) {
            if mapping.until > now {
                table.entry(address.to_canonical()).or_default().push(mapping);
            }
        }
    }

    /// Number that changes whenever the table does.
    pub(crate) fn change(&self) -> u64 {
        self.changes.load(std::sync::atomic::Ordering::Acquire)
    }

    fn changed(&self) {
        self.changes.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::Identifier;

    fn person(number: u8) -> PersonId {
        PersonId::make(i64::from(number), [number; 10])
    }
    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }
    const DESK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));

    #[test]
    fn a_mapping_names_its_seconds_and_no_others() {
        let table = IdentityTable::new();
        table.sign_in(DESK, person(1), at(10), at(20));
        let who = |second| table.who(DESK, at(second)).map(|mapping| mapping.person);
        assert_eq!([who(9), who(10), who(19), who(20)], [None, Some(person(1)), Some(person(1)), None]);
        assert_eq!(table.who("10.1.2.4".parse().unwrap(), at(15)), None);
    }

    #[test]
    fn two_people_at_one_address_are_nobody_while_both_are_there() {
        let table = IdentityTable::new();
        table.sign_in(DESK, person(1), at(0), at(100));
        table.sign_in(DESK, person(2), at(50), at(150));
        let who = |second| table.who(DESK, at(second)).map(|mapping| mapping.person);
        assert_eq!([who(49), who(50), who(99), who(100)], [Some(person(1)), None, None, Some(person(2))]);
    }

    #[test]
    fn signing_out_makes_room_for_the_next_person() {
        let table = IdentityTable::new();
        table.sign_in(DESK, person(1), at(0), at(100));
        table.sign_out(DESK, person(1), at(40));
        table.sign_in(DESK, person(2), at(45), at(90));
        let who = |second| table.who(DESK, at(second)).map(|mapping| mapping.person);
        assert_eq!([who(39), who(40), who(44), who(45)], [Some(person(1)), None, None, Some(person(2))]);
    }

    #[test]
    fn clearing_a_device_ends_whoever_was_there_and_nobody_elsewhere() {
        let table = IdentityTable::new();
        let elsewhere = "10.1.2.4".parse().unwrap();
        table.sign_in(DESK, person(1), at(0), at(100));
        table.sign_in(DESK, person(2), at(0), at(100));
        table.sign_in(elsewhere, person(1), at(0), at(100));
        table.clear(DESK, at(10));
        table.sign_in(DESK, person(3), at(10), at(100));
        assert_eq!(table.who(DESK, at(11)).map(|mapping| mapping.person), Some(person(3)));
        assert!(table.who(elsewhere, at(11)).is_some());
    }

    #[test]
    fn an_ipv4_address_written_as_ipv6_is_the_same_device() {
        let table = IdentityTable::new();
        table.sign_in("::ffff:10.1.2.3".parse().unwrap(), person(1), at(0), at(100));
        assert!(table.who(DESK, at(1)).is_some());
    }

    #[test]
    fn signing_in_again_makes_a_mapping_longer_not_shorter() {
        let table = IdentityTable::new();
        table.sign_in(DESK, person(1), at(0), at(100));
        table.sign_in(DESK, person(1), at(10), at(50));
        assert!(table.who(DESK, at(99)).is_some());
    }

    #[test]
    fn an_address_with_very_many_people_stays_nobody_and_bounded() {
        let table = IdentityTable::new();
        for number in 0..100 {
            table.sign_in(DESK, person(number), at(0), at(100));
        }
        assert_eq!(table.who(DESK, at(1)), None);
        assert_eq!(table.running(at(1)).len(), MAPPINGS_PER_ADDRESS);
    }
}
