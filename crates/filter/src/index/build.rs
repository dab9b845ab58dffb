//! Building an index from the entries of many lists. Reading them is `lists`' affair, asking the index is `index`'s.

use super::bytes::{Aligned, Head, Parts, Stored, expected_length};
use super::lines::{self, LineWriter};
use super::sieve::Sieve;
use super::{DomainIndex, IndexError, Mark, Member, Source};
use crate::host_names::domain_hash;
use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

/// Numbers are kept in 16 bits.
const MOST: usize = 1 << 16;
/// Names are never taken in more shares than two to this power.
const MOST_HALVINGS: u32 = 12;

/// A list filling a category, as the builder numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceId(u16);

/// Collects names: 16 bytes each until [`DomainIndexBuilder::build`].
#[derive(Debug)]
pub struct DomainIndexBuilder {
    categories: Vec<Arc<str>>,
    sources: Vec<Source>,
    names: Vec<(u64, Member)>,
    single_labels: bool,
    /// The share of all hashes that is collected now.
    share: Share,
    /// More names than this make the share smaller.
    room: usize,
}

/// One of two to the power of `halvings` equal parts of all hashes.
#[derive(Debug, Clone, Copy)]
struct Share {
    number: u64,
    halvings: u32,
}

impl Share {
    const ALL: Share = Share { number: 0, halvings: 0 };

    fn holds(self, hash: u64) -> bool {
        self.halvings == 0 || hash >> (64 - self.halvings) == self.number
    }

    fn count(self) -> u64 {
        1 << self.halvings
    }
}

impl Default for DomainIndexBuilder {
    fn default() -> Self {
        Self {
            categories: Vec::new(),
            sources: Vec::new(),
            names: Vec::new(),
            single_labels: false,
            share: Share::ALL,
            room: usize::MAX,
        }
    }
}

impl DomainIndexBuilder {
    /// An empty builder.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of a list in a category; the same pair has the same number.
    ///
    /// # Errors
    /// There are 65,536 of them already.
    pub fn source(&mut self, list: &str, category: &str) -> Result<SourceId, IndexError> {
        let category = match self.categories.iter().position(|known| **known == *category) {
            Some(at) => at,
            None => {
                self.categories.push(Arc::from(category));
                self.categories.len() - 1
            }
        };
        let category = u16::try_from(category).map_err(|_| IndexError::TooMany { what: "categories", limit: MOST })?;
        let at = match self.sources.iter().position(|known| known.category == category && *known.list == *list) {
            Some(at) => at,
            None => {
                self.sources.push(Source { category, list: Arc::from(list) });
                self.sources.len() - 1
            }
        };
        u16::try_from(at).map(SourceId).map_err(|_| IndexError::TooMany { what: "lists", limit: MOST })
    }

    /// Adds a name (as `lists` gives it: normalised) to a list's category, with its subdomains.
    pub fn add(&mut self, source: SourceId, name: &str) {
        self.push(source, name, Mark::Listed);
    }

    /// Adds a name that the same list's exemptions do not reach (`$important`).
    pub fn add_important(&mut self, source: SourceId, name: &str) {
        self.push(source, name, Mark::Important);
    }

    /// Exempts a name and its subdomains from what the same list says in this category about it and its parents (`@@`).
    pub fn exempt(&mut self, source: SourceId, name: &str) {
        self.push(source, name, Mark::Exempt);
    }

    /// Adds what a parser gave.
    pub fn add_entry(&mut self, source: SourceId, entry: &crate::lists::Entry<'_>) {
        let mark = match (entry.allow, entry.important) {
            (true, _) => Mark::Exempt,
            (false, true) => Mark::Important,
            (false, false) => Mark::Listed,
        };
        self.push(source, entry.name, mark);
    }

    fn push(&mut self, source: SourceId, name: &str, mark: Mark) {
        let hash = domain_hash(name);
        if !self.share.holds(hash) {
            return;
        }
        self.single_labels |= !name.contains('.');
        self.names.push((hash, Member { source: source.0, mark }));
        if self.names.len() > self.room {
            self.make_room();
        }
    }

    /// Leaves repeated entries out; if that is not enough, collects half the share from here on.
    fn make_room(&mut self) {
        self.sort();
        while self.names.len() > self.room / 2 && self.share.halvings < MOST_HALVINGS {
            self.share.halvings += 1;
            let share = self.share;
            self.names.retain(|(hash, _)| share.holds(*hash));
        }
    }

    fn sort(&mut self) {
        self.names.sort_unstable();
        self.names.dedup();
    }

    /// How many entries are held, repeated ones included.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Builds the index in memory.
    ///
    /// # Errors
    /// The lists overlap in more than 65,536 different ways.
    pub fn build(mut self) -> Result<DomainIndex, IndexError> {
        self.sort();
        let mut bytes = Aligned::with_room_for(expected_length(self.names.len()));
        let mut assembly = Assembly::begin(&mut bytes, self.distinct())?;
        assembly.take(&self.names)?;
        assembly.finish(self, "")?;
        DomainIndex::open(Arc::new(bytes))
    }

    /// Writes an index of any size with bounded memory. `read` adds every entry, the same in the same order each time; it
    /// is called once, and again for every further share when there are more than `room` entries (16 bytes each).
    /// `built_from` is kept with the index ([`DomainIndex::built_from`]).
    ///
    /// # Errors
    /// What `read` says, what the writer says, or the lists overlap in more than 65,536 different ways.
    pub fn write<E: From<IndexError>>(
        out: &mut impl Write,
        built_from: &str,
        room: usize,
        mut read: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut builder = Self { room: room.max(2), ..Self::default() };
        read(&mut builder)?;
        builder.sort();
        let shares = builder.share.count();
        // Hashes are spread evenly, so the first share tells how many names there are.
        let names = usize::try_from(shares).unwrap_or(usize::MAX).saturating_mul(builder.distinct());
        let mut assembly = Assembly::begin(out, names)?;
        assembly.take(&builder.names)?;
        builder.room = usize::MAX;
        for number in 1..shares {
            builder.names.clear();
            builder.share.number = number;
            read(&mut builder)?;
            builder.sort();
            assembly.take(&builder.names)?;
        }
        Ok(assembly.finish(builder, built_from)?)
    }

    /// How many different names are held, once they are sorted.
    fn distinct(&self) -> usize {
        self.names.chunk_by(|(one, _), (other, _)| one == other).count()
    }
}

/// An index on its way out.
struct Assembly<'a, W: Write> {
    stored: Stored<'a, W>,
    lines: LineWriter,
    sieve: Sieve,
    homes: usize,
    names: usize,
    sets: HashMap<Box<[Member]>, u16>,
}

impl<'a, W: Write> Assembly<'a, W> {
    fn begin(out: &'a mut W, names: usize) -> Result<Self, IndexError> {
        let homes = lines::homes(names);
        if u32::try_from(homes).is_err() {
            return Err(IndexError::TooMany { what: "names", limit: u32::MAX as usize });
        }
        let stored = Stored::begin(out).map_err(unwritable)?;
        let (lines, sieve) = (LineWriter::new(homes), Sieve::new(names));
        Ok(Self { stored, lines, sieve, homes, names: 0, sets: HashMap::new() })
    }

    /// Takes names sorted by hash, all after those it has.
    fn take(&mut self, sorted: &[(u64, Member)]) -> Result<(), IndexError> {
        let mut members: Vec<Member> = Vec::new();
        for same_name in sorted.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((hash, _)) = same_name.first() else { continue };
            members.clear();
            members.extend(same_name.iter().map(|(_, member)| *member));
            let set = self.set(&members)?;
            self.lines.put(*hash, set, &mut self.stored).map_err(unwritable)?;
            self.sieve.insert(*hash);
            self.names += 1;
        }
        Ok(())
    }

    /// The number of a set of listings.
    fn set(&mut self, members: &[Member]) -> Result<u16, IndexError> {
        if let Some(number) = self.sets.get(members) {
            return Ok(*number);
        }
        let number = u16::try_from(self.sets.len())
            .map_err(|_| IndexError::TooMany { what: "combinations of lists", limit: MOST })?;
        self.sets.insert(members.into(), number);
        Ok(number)
    }

    fn finish(mut self, builder: DomainIndexBuilder, built_from: &str) -> Result<(), IndexError> {
        let lines = self.lines.finish(&mut self.stored).map_err(unwritable)?;
        let mut ordered: Vec<(Box<[Member]>, u16)> = self.sets.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, number)| *number);
        let head = Head {
            built_from: built_from.into(),
            categories: builder.categories,
            sources: builder.sources,
            sets: ordered.into_iter().map(|(members, _)| members).collect(),
        };
        let parts = Parts {
            names: self.names,
            homes: self.homes,
            lines,
            sieve: &self.sieve,
            head: &head,
            single_labels: builder.single_labels,
        };
        self.stored.finish(&parts).map_err(unwritable)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unwritable(error: io::Error) -> IndexError {
    IndexError::Unwritable(error.to_string())
}
