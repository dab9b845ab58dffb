//! Which lists and categories a host is in. A [`DomainIndex`] is built once from many lists and then only read; its bytes
//! are used where they lie, in memory or in a mapped file.
//!
//! Names are kept as hashes alone, in lines of 64 bytes, so that a listed name costs one line of the processor's cache, and
//! nearly every other one a look into a small sieve: eleven bytes a name in all. A name that is in no list is taken for a listed one about once in 2³² names looked up (six or seven
//! comparisons of 35 bits each), that is, four thousand million; the cost of such an accident is one site closed until
//! somebody asks for it. A line is described in `lines`, the sieve in `sieve`, the whole in `bytes`, the hash in `host_names`.

mod build;
mod bytes;
mod checksum;
mod lines;
mod shares;
mod sieve;

pub use build::{DomainIndexBuilder, SourceId};
pub use bytes::IndexBytes;
pub use checksum::index_checksum;
pub use shares::Scratch;

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
    /// The writer would not take it.
    #[error("the index of lists cannot be written: {0}; see that the disk has room and can be written to")]
    Unwritable(String),
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

impl Member {
    fn to_bytes(self) -> [u8; 3] {
        let [low, high] = self.source.to_le_bytes();
        [low, high, self.mark as u8]
    }

    /// `None` where the mark is unknown.
    fn from_bytes([low, high, mark]: [u8; 3]) -> Option<Self> {
        let mark = [Mark::Listed, Mark::Important, Mark::Exempt].into_iter().find(|known| *known as u8 == mark)?;
        Some(Self { source: u16::from_le_bytes([low, high]), mark })
    }
}

/// Which lists and categories a host is in.
pub struct DomainIndex {
    bytes: IndexBytes,
    names: usize,
    /// Lines that are a name's home; behind them may be a few more.
    homes: usize,
    /// Where the lines end in the bytes.
    lines_end: usize,
    /// Where the sieve, which follows them, ends.
    sieve_end: usize,
    /// Whether a name of one label is in it; if none is, nobody looks for one.
    single_labels: bool,
    checksum: u64,
    head: bytes::Head,
}

impl std::fmt::Debug for DomainIndex {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "DomainIndex({} names, checksum {:016x})", self.names, self.checksum)
    }
}

impl PartialEq for DomainIndex {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for DomainIndex {}

impl DomainIndex {
    /// Looks a host up: the name itself and each parent. Lower-case host without a final dot. Allocates nothing.
    pub fn lookup<'a>(&'a self, host: &'a str) -> Matches<'a> {
        let names = HostNames::of(host);
        self.lookup_names(&names, self.sieve(&names))
    }

    /// Which of a host's names may be listed. Asked well before [`DomainIndex::lookup_names`], it waits for memory while other
    /// work is done.
    pub(crate) fn sieve(&self, names: &HostNames<'_>) -> Sieved {
        let (sieve, _) = self.parts();
        // Every word of the sieve is asked for before an answer is waited for.
        let passed = names
            .ready()
            .iter()
            .zip(0..)
            .skip(self.shortest())
            .fold(0u32, |passed, (name, at)| passed | u32::from(sieve::passes(sieve, name.hash)) << at);
        Sieved(passed)
    }

    /// Looks a host up whose names are worked out and sieved.
    pub(crate) fn lookup_names<'a>(&'a self, names: &HostNames<'a>, sieved: Sieved) -> Matches<'a> {
        let mut matches = Matches { index: self, host: names.host(), found: [(0, 0); DEEPEST], count: 0 };
        let (_, lines) = self.parts();
        let passed = names.ready().iter().zip(0..).filter(|(_, at)| sieved.0 >> at & 1 == 1).map(|(name, _)| *name);
        for name in passed.chain(names.rest()) {
            if let Some(set) = lines::find(lines, self.homes, name.hash)
                && let Some(free) = matches.found.get_mut(matches.count)
            {
                *free = (name.start, set);
                matches.count += 1;
            }
        }
        matches
    }

    /// How many names of a host are not looked up: the most general has one label.
    fn shortest(&self) -> usize {
        usize::from(!self.single_labels)
    }

    /// Fetches what [`DomainIndex::lookup`] will look at: whoever looks several hosts up lets them wait for memory together.
    /// The number means nothing; it is there so that the look is not left out.
    pub fn fetch(&self, names: &HostNames<'_>) -> u64 {
        let (sieve, lines) = self.parts();
        let ready = names.ready().get(self.shortest()..).unwrap_or_default();
        ready.iter().fold(0, |sum, name| {
            // No branch to guess wrong: for a name that does not pass, the first line stands in.
            let line = lines::home(name.hash, self.homes) * usize::from(sieve::passes(sieve, name.hash));
            sum ^ lines.get(line).and_then(|line| line.last()).map_or(0, |byte| u64::from(*byte))
        })
    }

    /// How many names it holds.
    pub fn len(&self) -> usize {
        self.names
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.names == 0
    }

    /// Category keys, in the order of first mention.
    pub fn categories(&self) -> &[Arc<str>] {
        &self.head.categories
    }

    /// Each list with the category it fills.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.head
            .sources
            .iter()
            .filter_map(|source| Some((&*source.list, &**self.head.categories.get(source.category as usize)?)))
    }

    /// What it was built from, in the words of whoever built it: for telling whether it is still of today's lists.
    pub fn built_from(&self) -> &str {
        &self.head.built_from
    }

    /// The checksum of all its bytes.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }

    /// Bytes it takes, in memory or as a mapped file.
    pub fn memory(&self) -> usize {
        self.as_bytes().len() + self.head.memory()
    }
}

/// Which of a host's names may be listed, a bit for each that is ready.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sieved(u32);

/// What the lists say about one host.
#[derive(Debug, Clone)]
pub struct Matches<'a> {
    index: &'a DomainIndex,
    host: &'a str,
    /// Where in the host the listed name starts, and its set; from the most general name to the most specific.
    found: [(u16, u16); DEEPEST],
    count: usize,
}

impl<'a> Matches<'a> {
    /// The listings, the most specific name first. An entry that its own list exempts further down is left out.
    pub fn listings(&self) -> impl Iterator<Item = Listing<'a>> + '_ {
        let found = self.found.get(..self.count).unwrap_or_default();
        found.iter().enumerate().rev().flat_map(move |(depth, (start, set))| {
            let name = self.host.get(usize::from(*start)..).unwrap_or_default();
            let nearer = found.get(depth..).unwrap_or_default();
            self.members(*set).iter().filter(move |member| self.counts(**member, nearer)).filter_map(move |member| {
                let source = self.index.head.sources.get(member.source as usize)?;
                let category = self.index.head.categories.get(source.category as usize)?;
                Some(Listing { category, list: &source.list, name, category_id: source.category })
            })
        })
    }

    /// Whether no list mentions the host.
    pub fn is_empty(&self) -> bool {
        self.listings().next().is_none()
    }

    fn members(&self, set: u16) -> &'a [Member] {
        self.index.head.sets.get(set as usize).map(|set| &**set).unwrap_or_default()
    }

    fn counts(&self, member: Member, nearer: &[(u16, u16)]) -> bool {
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
