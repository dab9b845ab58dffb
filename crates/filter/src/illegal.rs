//! The list of illegal content: addresses that no one may reach and no one may read (ECOSYSTEM A9). Entries are kept as
//! keyed hashes under a key of this installation, so that neither the memory nor the file gives a name back. There is
//! deliberately no way to go through the entries and no way to make a rule set without the list.

use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::HashSet;

/// An entry every list holds, to test that the list works without touching real content.
pub const ILLEGAL_TEST_ENTRY: &str = "illegal-test.example";

const MAGIC: &[u8; 8] = b"BELILL01";
/// Two hashes of 128 bits: one finds the entry, the other tells a changed file.
const ENTRY_BYTES: usize = 16;

/// The bytes are not a stored list, or the key is another installation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stored list of illegal content cannot be read with this installation's key; load the list again from its provider"
)]
pub struct IllegalListError;

/// Keyed hashes of illegal addresses: whole hosts, and single pages.
#[derive(Clone)]
pub struct IllegalList {
    key: [u8; 16],
    entries: HashSet<u128>,
}

impl std::fmt::Debug for IllegalList {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("IllegalList(not shown)")
    }
}

impl IllegalList {
    /// A list that holds the test entry alone, under a key of this installation (16 random bytes, kept secret).
    pub fn new(key: [u8; 16]) -> Self {
        let mut list = Self { key, entries: HashSet::new() };
        list.insert(ILLEGAL_TEST_ENTRY);
        list
    }

    /// Adds an address as the provider writes it: a host (its subdomains too), or host and path of one page. A scheme, a
    /// port and a fragment are left out. Says whether it was taken.
    pub fn insert(&mut self, address: &str) -> bool {
        let address = address.trim();
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let address = address.split('#').next().unwrap_or_default();
        let (host, path) = address.split_once('/').unwrap_or((address, ""));
        let host = host.split(':').next().unwrap_or_default();
        let Ok(host) = crate::names::normalise(host) else {
            return false;
        };
        let hash = if path.is_empty() {
            self.hash(&[host.as_bytes()])
        } else {
            self.hash(&[host.as_bytes(), b"/", path.as_bytes()])
        };
        self.entries.insert(hash)
    }

    /// Whether a host, one of its parents, or this page of it is listed. Lower-case host without a final dot; `path`
    /// with its query, as requested.
    pub fn contains(&self, host: &str, path: Option<&str>) -> bool {
        let listed_host = parents(host).any(|name| self.entries.contains(&self.hash(&[name.as_bytes()])));
        listed_host || path.is_some_and(|path| self.contains_page(host, path))
    }

    fn contains_page(&self, host: &str, path: &str) -> bool {
        let path = path.trim_start_matches('/').split('#').next().unwrap_or_default();
        let without_query = path.split('?').next().unwrap_or_default();
        let listed = |path: &str| {
            !path.is_empty() && self.entries.contains(&self.hash(&[host.as_bytes(), b"/", path.as_bytes()]))
        };
        listed(path) || listed(without_query)
    }

    /// The list as bytes for the gateway's disk; of no use without the key, which is not in them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut hashes: Vec<u128> = self.entries.iter().copied().collect();
        hashes.sort_unstable();
        let mut bytes = MAGIC.to_vec();
        hashes.iter().for_each(|hash| bytes.extend_from_slice(&hash.to_le_bytes()));
        let seal = self.hash(&[&bytes]);
        bytes.extend_from_slice(&seal.to_le_bytes());
        bytes
    }

    /// Reads a stored list.
    ///
    /// # Errors
    /// The bytes are damaged, or the key is not the one they were written under.
    pub fn read_from(key: [u8; 16], bytes: &[u8]) -> Result<Self, IllegalListError> {
        let mut list = Self::new(key);
        let (body, seal) = bytes.split_last_chunk::<ENTRY_BYTES>().ok_or(IllegalListError)?;
        let hashes = body.strip_prefix(MAGIC).ok_or(IllegalListError)?;
        let (hashes, rest) = hashes.as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() || list.hash(&[body]) != u128::from_le_bytes(*seal) {
            return Err(IllegalListError);
        }
        list.entries.extend(hashes.iter().map(|hash| u128::from_le_bytes(*hash)));
        Ok(list)
    }

    fn hash(&self, parts: &[&[u8]]) -> u128 {
        use std::hash::Hasher;
        let mut hasher = SipHasher24::new_with_key(&self.key);
        parts.iter().for_each(|part| hasher.write(part));
        hasher.finish128().as_u128()
    }
}

/// The host and each of its parents that has a dot.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent))
        .take_while(|name| name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> IllegalList {
        let mut list = IllegalList::new([7; 16]);
        assert!(list.insert("http://bad.example/one/page.html?id=4"));
        assert!(list.insert("worse.example"));
        assert!(list.insert("https://pages.example/whole/page"));
        list
    }

    #[test]
    fn a_host_closes_its_subdomains_and_a_page_closes_itself_alone() {
        let list = list();
        for (host, path, expected) in [
            (ILLEGAL_TEST_ENTRY, None, true),
            ("www.illegal-test.example", None, true),
            ("worse.example", Some("/anything"), true),
            ("a.b.worse.example", None, true),
            ("notworse.example", None, false),
            ("bad.example", None, false),
            ("bad.example", Some("/one/page.html?id=4"), true),
            ("bad.example", Some("/one/page.html"), false),
            ("pages.example", Some("/whole/page?from=elsewhere"), true),
            ("pages.example", Some("/"), false),
            ("example", None, false),
        ] {
            assert_eq!(list.contains(host, path), expected, "{host} {path:?}");
        }
    }

    #[test]
    fn the_stored_list_holds_no_names_and_needs_its_key() {
        let bytes = list().to_bytes();
        assert!(!String::from_utf8_lossy(&bytes).contains("example"));
        let again = IllegalList::read_from([7; 16], &bytes).unwrap();
        assert!(again.contains("worse.example", None));
        assert_eq!(IllegalList::read_from([8; 16], &bytes).unwrap_err(), IllegalListError);
        assert_eq!(format!("{again:?}"), "IllegalList(not shown)");
    }

    #[test]
    fn a_damaged_list_is_refused() {
        let bytes = list().to_bytes();
        for cut in 0..bytes.len() {
            assert!(IllegalList::read_from([7; 16], &bytes[..cut]).is_err());
        }
        let mut changed = bytes;
        changed[20] ^= 1;
        assert!(IllegalList::read_from([7; 16], &changed).is_err());
    }
}
