//! Building an index from the entries of many lists. Reading them is `lists`' affair, asking the index is `index`'s.

use super::bytes::{Aligned, Head, Parts, Stored, expected_length};
use super::lines::{self, LineWriter};
use super::shares::{Entry, Scratch, Shares};
use super::sieve::SieveWriter;
use super::{DomainIndex, IndexError, Mark, Member, Source};
use crate::host_names::domain_hash;
use std::collections::HashMap;
use std::io::{self, Cursor, Write};
use std::sync::Arc;

/// Numbers are kept in 16 bits.
const MOST: usize = 1 << 16;

/// A list filling a category, as the builder numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceId(u16);

/// Collects names, and makes an index of them.
#[derive(Debug)]
pub struct DomainIndexBuilder {
    categories: Vec<Arc<str>>,
    sources: Vec<Source>,
    names: Shares,
    single_labels: bool,
}

impl Default for DomainIndexBuilder {
    fn default() -> Self {
        Self::with_scratch(Cursor::new(Vec::new()))
    }
}

impl DomainIndexBuilder {
    /// An empty builder that keeps names in memory: eleven bytes for each time that one is added.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty builder that puts names by outside memory: with [`DomainIndexBuilder::write`] an index of any size takes one or two
    /// megabytes to build. `scratch` is empty, its own alone, and of no use afterwards.
    pub fn with_scratch(scratch: impl Scratch + 'static) -> Self {
        Self {
            categories: Vec::new(),
            sources: Vec::new(),
            names: Shares::new(Box::new(scratch)),
            single_labels: false,
        }
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
        self.single_labels |= !name.contains('.');
        self.names.add((domain_hash(name), Member { source: source.0, mark }));
    }

    /// How many entries are held, repeated ones included.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Builds the index in memory.
    ///
    /// # Errors
    /// As [`DomainIndexBuilder::write`].
    pub fn build(self) -> Result<DomainIndex, IndexError> {
        let mut bytes = Aligned::with_room_for(expected_length(self.len()));
        self.write(&mut bytes, "")?;
        DomainIndex::open(Arc::new(bytes))
    }

    /// Writes the index. `built_from` is kept with it ([`DomainIndex::built_from`]).
    ///
    /// # Errors
    /// The scratch or the writer would not take it, or the lists overlap in more than 65,536 different ways.
    pub fn write(mut self, out: &mut impl Write, built_from: &str) -> Result<(), IndexError> {
        let mut names = 0;
        self.names.each(|entries| {
            names += by_name(entries).count();
            Ok(())
        })?;
        let homes = lines::homes(names);
        if u32::try_from(homes).is_err() {
            return Err(IndexError::TooMany { what: "names", limit: u32::MAX as usize });
        }
        let mut stored = Stored::begin(out).map_err(unwritable)?;
        let mut sets = Sets::default();
        let lines = self.write_lines(homes, &mut sets, &mut stored)?;
        let sieve = self.write_sieve(names, &mut stored)?;
        let single_labels = self.single_labels;
        let (categories, sources, sets) = (self.categories, self.sources, sets.in_order());
        let head = Head { built_from: built_from.into(), categories, sources, sets };
        stored.finish(&Parts { names, homes, lines, sieve, head: &head, single_labels }).map_err(unwritable)
    }

    /// Writes the lines, and numbers the sets of listings that names in them are in; how many lines there are.
    fn write_lines(&mut self, homes: usize, sets: &mut Sets, out: &mut impl Write) -> Result<usize, IndexError> {
        let (mut lines, mut members) = (LineWriter::new(homes), Vec::new());
        self.names.each(|entries| {
            for (hash, listings) in by_name(entries) {
                members.clear();
                members.extend(listings.iter().map(|(_, member)| *member));
                lines.put(hash, sets.number(&members)?, out).map_err(unwritable)?;
            }
            Ok(())
        })?;
        lines.finish(out).map_err(unwritable)
    }

    /// Writes the sieve; how many words it has.
    fn write_sieve(&mut self, names: usize, out: &mut impl Write) -> Result<usize, IndexError> {
        let mut sieve = SieveWriter::new(names);
        self.names
            .each(|entries| by_name(entries).try_for_each(|(hash, _)| sieve.put(hash, out)).map_err(unwritable))?;
        sieve.finish(out).map_err(unwritable)
    }
}

/// What is said of each name, from sorted entries.
fn by_name(sorted: &[Entry]) -> impl Iterator<Item = (u64, &[Entry])> {
    let same_name = sorted.chunk_by(|(one, _), (other, _)| one == other);
    same_name.filter_map(|entries| entries.first().map(|(hash, _)| (*hash, entries)))
}

/// The different sets of listings that names are in, numbered as they come.
#[derive(Debug, Default)]
struct Sets(HashMap<Box<[Member]>, u16>);

impl Sets {
    fn number(&mut self, members: &[Member]) -> Result<u16, IndexError> {
        if let Some(number) = self.0.get(members) {
            return Ok(*number);
        }
        let number = u16::try_from(self.0.len())
            .map_err(|_| IndexError::TooMany { what: "combinations of lists", limit: MOST })?;
        self.0.insert(members.into(), number);
        Ok(number)
    }

    fn in_order(self) -> Vec<Box<[Member]>> {
        let mut sets: Vec<_> = self.0.into_iter().collect();
        sets.sort_unstable_by_key(|(_, number)| *number);
        sets.into_iter().map(|(members, _)| members).collect()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
fn unwritable(error: io::Error) -> IndexError {
    IndexError::Unwritable(error.to_string())
}
