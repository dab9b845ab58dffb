//! Small tables of hosts: helplines, the school's own rules, exceptions. Big lists are in `index`, which keeps no names;
//! this keeps them, so an entry found is certainly the one meant.

use crate::host_names::{HostNames, domain_hash};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Takes a hash as it is. Only the school fills these tables, so nobody can crowd them with names chosen to collide.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Entries whose hosts have the same hash: host and position.
type Entries = Vec<(Box<str>, usize)>;

/// Positions of entries by host, found by the host asked for and its parents.
#[derive(Debug, Default)]
pub(crate) struct HostTable(HashMap<u64, Entries, BuildHasherDefault<AlreadyHashed>>);

impl HostTable {
    /// A table of hosts in the order of the entries they stand for.
    pub fn new<'a>(hosts: impl Iterator<Item = &'a str>) -> Self {
        let mut table = Self::default();
        for (position, host) in hosts.enumerate() {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            table.0.entry(domain_hash(&host)).or_default().push((host.into_boxed_str(), position));
        }
        table
    }

    /// The hash of every host in it.
    pub fn hashes(&self) -> impl Iterator<Item = u64> {
        self.0.keys().copied()
    }

    /// Positions of the entries for a host and its parents, general before specific. Lower case. Allocates nothing.
    pub fn matching<'a>(&'a self, host: &'a str) -> impl Iterator<Item = usize> + 'a {
        let named = (!self.0.is_empty()).then(|| HostNames::of(host).into_texts());
        named.into_iter().flatten().flat_map(move |(name, hash)| {
            let entries = self.0.get(&hash).into_iter().flatten();
            entries.filter(move |(entry, _)| &**entry == name).map(|(_, position)| *position)
        })
    }
}
