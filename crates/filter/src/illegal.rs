//! The list of illegal content: addresses that no one may reach and no one may read (ECOSYSTEM A9). Entries are kept as
//! keyed hashes under a key of this installation, so that neither the memory nor the file gives a name back. There is
//! deliberately no way to read an entry back and no way to make a rule set without the list.

use crate::host_names::{domain_hash, fold};
use crate::page_address::PageAddress;
use core::net::IpAddr;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::borrow::Cow;
use std::collections::HashMap;

/// An entry every list holds, to test that the list works without touching real content.
pub const ILLEGAL_TEST_ENTRY: &str = "illegal-test.example";

const MAGIC: &[u8; 8] = b"BELILL02";
/// Bytes of a keyed hash: one finds an entry, and one at the end of the file tells a changed one.
const HASH_BYTES: usize = 16;
/// What is hashed to tell that some entry is a host written as numbers. No host has a space.
const WITH_NUMBERS: &[u8] = b"a host of numbers";
/// A hash, and the mark of its host.
const ENTRY_BYTES: usize = HASH_BYTES + 8;

/// The bytes are not a stored list, or the key is another installation's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stored list of illegal content cannot be read with this installation's key; load the list again from its provider"
)]
pub struct IllegalListError;

/// Keyed hashes of illegal addresses: whole hosts, and single pages. Beside each stands a mark of its host, made under
/// the key from the hash every table shares, so that a host nobody listed costs a decision no keyed hash.
#[derive(Clone)]
pub struct IllegalList {
    key: [u8; 16],
    mark_key: u64,
    entries: HashMap<u128, u64>,
    /// Whether any entry is a whole host written as numbers.
    numbers: bool,
}

impl std::fmt::Debug for IllegalList {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("IllegalList(not shown)")
    }
}

impl IllegalList {
    /// A list that holds the test entry alone, under a key of this installation (16 random bytes, kept secret).
    pub fn new(key: [u8; 16]) -> Self {
        let mut list = Self { key, mark_key: 0, entries: HashMap::new(), numbers: false };
        list.mark_key = list.hash(&[b"key of the marks"]) as u64 | 1;
        list.insert(ILLEGAL_TEST_ENTRY);
        list
    }

    /// Adds an address as the provider writes it: a host (its subdomains too), or host and path of one page. A scheme, a
    /// user, a port and a fragment are left out. Says whether it was taken.
    pub fn insert(&mut self, address: &str) -> bool {
        let address = address.trim();
        let address = address.split_once("://").map_or(address, |(_, rest)| rest);
        let (authority, page) = address.split_at(address.find(['/', '\\', '?', '#']).unwrap_or(address.len()));
        let Some(host) = host_of(authority) else {
            return false;
        };
        let page = PageAddress::read(page);
        if page.is_first() && host.parse::<IpAddr>().is_ok() {
            let told = self.hash(&[WITH_NUMBERS]);
            self.entries.insert(told, fold(told as u64, self.mark_key));
            self.numbers = true;
        }
        let hash =
            if page.is_first() { self.hash(&[host.as_bytes()]) } else { self.page(&host, &page.path, &page.query) };
        self.entries.insert(hash, fold(domain_hash(&host), self.mark_key)).is_none()
    }

    /// Whether any entry is a whole host written as numbers: only then can an answer's address be listed.
    pub fn lists_numbers(&self) -> bool {
        self.numbers
    }

    /// Whether exactly this address, as the provider writes it, was added. An entry below a listed host may be.
    pub fn holds(&self, address: &str) -> bool {
        let mut list = Self { key: self.key, mark_key: self.mark_key, entries: HashMap::new(), numbers: false };
        list.insert(address) && list.entries.keys().all(|hash| self.entries.contains_key(hash))
    }

    /// Takes in the entries of another list of the same installation.
    pub fn join(&mut self, other: Self) {
        self.entries.extend(other.entries);
        self.numbers |= other.numbers;
    }

    /// Whether a host, one of its parents, or this page of it is listed. Lower-case host without a final dot; `path`
    /// with its query, as requested.
    pub fn contains(&self, host: &str, path: Option<&str>) -> bool {
        let listed_host = parents(host).any(|name| self.entries.contains_key(&self.hash(&[name.as_bytes()])));
        listed_host || path.is_some_and(|path| self.contains_page(host, &PageAddress::read(path)))
    }

    fn contains_page(&self, host: &str, page: &PageAddress) -> bool {
        let listed = |query: &[u8]| self.entries.contains_key(&self.page(host, &page.path, query));
        listed(&page.query) || listed(&[])
    }

    /// The key that marks are made under.
    pub(crate) fn mark_key(&self) -> u64 {
        self.mark_key
    }

    /// The mark of each entry's host: without the key it says nothing.
    pub(crate) fn marks(&self) -> impl ExactSizeIterator<Item = u64> {
        self.entries.values().copied()
    }

    /// The list as bytes for the gateway's disk; of no use without the key, which is not in them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut entries: Vec<(u128, u64)> = self.entries.iter().map(|(hash, mark)| (*hash, *mark)).collect();
        entries.sort_unstable();
        let mut bytes = MAGIC.to_vec();
        for (hash, mark) in entries {
            bytes.extend_from_slice(&hash.to_le_bytes());
            bytes.extend_from_slice(&(mark ^ self.mask(hash)).to_le_bytes());
        }
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
        let (body, seal) = bytes.split_last_chunk::<HASH_BYTES>().ok_or(IllegalListError)?;
        let entries = body.strip_prefix(MAGIC).ok_or(IllegalListError)?;
        let (entries, rest) = entries.as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() || list.hash(&[body]) != u128::from_le_bytes(*seal) {
            return Err(IllegalListError);
        }
        for entry in entries {
            let (hash, mark) = entry.split_first_chunk::<HASH_BYTES>().ok_or(IllegalListError)?;
            let (hash, mark) = (u128::from_le_bytes(*hash), mark.first_chunk::<8>().ok_or(IllegalListError)?);
            list.entries.insert(hash, u64::from_le_bytes(*mark) ^ list.mask(hash));
        }
        list.numbers = list.entries.contains_key(&list.hash(&[WITH_NUMBERS]));
        Ok(list)
    }

    /// Hides a mark on disk: a mark alone would show which entries are of one host.
    fn mask(&self, hash: u128) -> u64 {
        self.hash(&[b"mask of a mark", &hash.to_le_bytes()]) as u64
    }

    /// A page's hash. What is between the parts is in no host, and in no path or query that is not listed with it.
    fn page(&self, host: &str, path: &[u8], query: &[u8]) -> u128 {
        let length = (path.len() as u64).to_le_bytes();
        self.hash(&[host.as_bytes(), b"/", &length, path, query])
    }

    fn hash(&self, parts: &[&[u8]]) -> u128 {
        use std::hash::Hasher;
        let mut hasher = SipHasher24::new_with_key(&self.key);
        parts.iter().for_each(|part| hasher.write(part));
        hasher.finish128().as_u128()
    }
}

/// The host of `user@host:port`, as requests have it: lower case, no final dot, an address in its usual form.
fn host_of(authority: &str) -> Option<Cow<'_, str>> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some((address, _)) = host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        return address.parse::<core::net::Ipv6Addr>().ok().map(|address| Cow::Owned(address.to_string()));
    }
    let host = host.split(':').next().unwrap_or_default();
    match host.parse::<core::net::Ipv4Addr>() {
        Ok(address) => Some(Cow::Owned(address.to_string())),
        Err(_) => crate::names::normalise(host).ok(),
    }
}

/// The host and each of its parents that has a dot.
fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |name| name.split_once('.').map(|(_, parent)| parent))
        .take_while(move |name| name.len() == host.len() || name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> IllegalList {
        let mut list = IllegalList::new([7; 16]);
        assert!(list.insert("http://bad.example/one/page.html?id=4"));
        assert!(list.insert("worse.example"));
        assert!(list.insert("https://pages.example/whole/page"));
        assert!(list.insert("http://somebody@Ports.Example.:8080/page#here"));
        assert!(list.insert("http://192.0.2.7/shown"));
        assert!(list.insert("http://[2001:0db8::0007]:80/shown"));
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
            ("bad.example", Some("//%6fne/./page%2Ehtml?%69d=4"), true),
            ("bad.example", Some("/one/page.html?id=4#part"), true),
            ("bad.example", Some("/one/page.html?id=5"), false),
            ("pages.example", Some("/other/../whole//page/?a=1"), true),
            ("pages.example", Some("/Whole/page"), false),
            ("www.pages.example", Some("/whole/page"), false),
            ("ports.example", Some("/page"), true),
            ("192.0.2.7", Some("/shown"), true),
            ("192.0.2.7", None, false),
            ("2001:db8::7", Some("/shown"), true),
            ("example", None, false),
        ] {
            assert_eq!(list.contains(host, path), expected, "{host} {path:?}");
        }
    }

    #[test]
    fn it_is_known_whether_a_host_of_numbers_is_listed() {
        let mut list = list();
        assert!(!list.lists_numbers(), "a page of one is no host");
        assert!(list.insert("http://198.51.100.9/") && list.lists_numbers());
        let again = IllegalList::read_from([7; 16], &list.to_bytes()).unwrap();
        assert!(again.lists_numbers() && again.contains("198.51.100.9", None));
    }

    #[test]
    fn the_stored_list_holds_no_names_and_needs_its_key() {
        let bytes = list().to_bytes();
        assert!(!String::from_utf8_lossy(&bytes).contains("example"));
        let again = IllegalList::read_from([7; 16], &bytes).unwrap();
        assert!(again.contains("worse.example", None));
        let marks = |list: &IllegalList| list.marks().collect::<std::collections::BTreeSet<u64>>();
        assert_eq!(marks(&again), marks(&list()));
        for name in ["worse.example", ILLEGAL_TEST_ENTRY] {
            let (plain, mark) = (domain_hash(name), fold(domain_hash(name), again.mark_key()));
            assert!(marks(&again).contains(&mark));
            for number in [plain, mark] {
                assert!(
                    !bytes.windows(8).any(|bytes| bytes == number.to_le_bytes()),
                    "a hash without its key is on disk"
                );
            }
        }
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
