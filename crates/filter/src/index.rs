//! Which lists and categories a host is in. A [`DomainIndex`] is built once from many lists and then only read.
//!
//! Layout: names are kept as hashes alone. The top bits of a name's 64-bit hash choose a bucket of about eight names;
//! in it, the low 32 bits are compared, and beside them stands the 16-bit number of a set of listings: 6.5 bytes a
//! name. A name that is in no list is taken for a listed one about once in 2²⁹ names looked up (eight 32-bit
//! comparisons each), that is, 500 million; the cost of such an accident is one site closed until somebody asks for it.
//! The writing on disk is in `bytes`, the hash in `hash`.

mod build;
mod bytes;
mod hash;

pub use build::{DomainIndexBuilder, SourceId};

use crate::host_names::HostNames;
use std::sync::Arc;

/// The most parents of one host that can each be listed; further, more specific ones are not looked at.
const DEEPEST: usize = 12;

/// Why an index could not be built or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Too many lists and categories together.
    #[error("more than {limit} {what}; import fewer lists")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The bytes are not an index, or not a whole one.
    #[error("the stored index of lists cannot be read: {0}; import the lists again")]
    Unreadable(&'static str),
}

/// One list that mentions a host.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Category key.
    pub category: &'a Arc<str>,
    /// Name of the list.
    pub list: &'a Arc<str>,
    /// The part of the host that is listed: the host itself or a parent.
    pub name: &'a str,
    pub(crate) category_id: u16,
}

/// A list filling a category.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Source {
    category: u16,
    list: Arc<str>,
}

/// What a list says about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Mark {
    /// It is in the category.
    Listed = 0,
    /// It is, whatever the same list's exemptions say (`$important`).
    Important = 1,
    /// The list exempts it from its own, more general entries (`@@`).
    Exempt = 2,
}

/// A member of a set of listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Member {
    source: u16,
    mark: Mark,
}

/// Which lists and categories a host is in.
#[derive(Debug, PartialEq, Eq)]
pub struct DomainIndex {
    categories: Vec<Arc<str>>,
    sources: Vec<Source>,
    sets: Vec<Box<[Member]>>,
    /// Bits of the hash that choose the bucket.
    bucket_bits: u32,
    /// Where each bucket starts; one more than there are buckets.
    starts: Vec<u32>,
    fingerprints: Vec<u32>,
    set_ids: Vec<u16>,
}

impl DomainIndex {
    /// Looks a host up: the name itself and each parent. Lower-case host without a final dot. Allocates nothing.
    pub fn lookup<'a>(&'a self, host: &'a str) -> Matches<'a> {
        self.lookup_names(&HostNames::of(host))
    }

    /// Looks a host up whose names are worked out.
    pub(crate) fn lookup_names<'a>(&'a self, names: &HostNames<'a>) -> Matches<'a> {
        let mut matches = Matches { index: self, host: names.host(), found: [(0, 0); DEEPEST], count: 0 };
        if self.fingerprints.is_empty() {
            return matches;
        }
        for name in names.iter() {
            if let Some(set) = self.set_of(name.hash) {
                let Some(free) = matches.found.get_mut(matches.count) else {
                    break;
                };
                *free = (usize::from(name.start), set);
                matches.count += 1;
            }
        }
        matches
    }

    fn set_of(&self, hash: u64) -> Option<u16> {
        let bucket = hash::bucket(hash, self.bucket_bits);
        let from = *self.starts.get(bucket)? as usize;
        let until = *self.starts.get(bucket + 1)? as usize;
        let wanted = hash::fingerprint(hash);
        let within = self.fingerprints.get(from..until)?.iter().position(|print| *print == wanted)?;
        self.set_ids.get(from + within).copied()
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.fingerprints.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.fingerprints.is_empty()
    }

    /// Category keys, in the order of first mention.
    pub fn categories(&self) -> &[Arc<str>] {
        &self.categories
    }

    /// Each list with the category it fills.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources
            .iter()
            .filter_map(|source| Some((&*source.list, &**self.categories.get(source.category as usize)?)))
    }

    /// Bytes of memory held.
    pub fn memory(&self) -> usize {
        let sets: usize = self.sets.iter().map(|set| size_of_val(&**set) + size_of::<Box<[Member]>>()).sum();
        self.starts.len() * 4 + self.fingerprints.len() * 4 + self.set_ids.len() * 2 + sets
    }
}

/// What the lists say about one host.
#[derive(Debug, Clone)]
pub struct Matches<'a> {
    index: &'a DomainIndex,
    host: &'a str,
    /// Where in the host the listed name starts, and its set; from the most general name to the most specific.
    found: [(usize, u16); DEEPEST],
    count: usize,
}

impl<'a> Matches<'a> {
    /// The listings, the most specific name first. An entry that its own list exempts further down is left out.
    pub fn listings(&self) -> impl Iterator<Item = Listing<'a>> + '_ {
        let found = self.found.get(..self.count).unwrap_or_default();
        found.iter().enumerate().rev().flat_map(move |(depth, (start, set))| {
            let name = self.host.get(*start..).unwrap_or_default();
            let nearer = found.get(depth..).unwrap_or_default();
            self.members(*set).iter().filter(move |member| self.counts(**member, nearer)).filter_map(move |member| {
                let source = self.index.sources.get(member.source as usize)?;
                let category = self.index.categories.get(source.category as usize)?;
                Some(Listing { category, list: &source.list, name, category_id: source.category })
            })
        })
    }

    /// Whether no list mentions the host.
    pub fn is_empty(&self) -> bool {
        self.listings().next().is_none()
    }

    fn members(&self, set: u16) -> &'a [Member] {
        self.index.sets.get(set as usize).map(|set| &**set).unwrap_or_default()
    }

    fn counts(&self, member: Member, nearer: &[(usize, u16)]) -> bool {
        match member.mark {
            Mark::Exempt => false,
            Mark::Important => true,
            Mark::Listed => {
                let exemption = Member { mark: Mark::Exempt, ..member };
                !nearer.iter().any(|(_, set)| self.members(*set).contains(&exemption))
            }
        }
    }
}
