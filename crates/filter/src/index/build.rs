//! Building an index from the entries of many lists. Reading them is `lists`' affair, asking the index is `index`'s.

use super::{DomainIndex, IndexError, Mark, Member, Source, hash};
use std::collections::HashMap;
use std::sync::Arc;

/// Names a bucket holds on average.
const NAMES_IN_A_BUCKET: usize = 8;
/// Bits of the hash that may choose the bucket; the fingerprint has the lower 32.
const MOST_BUCKET_BITS: u32 = 28;
/// Numbers are kept in 16 bits.
const MOST: usize = 1 << 16;

/// A list filling a category, as the builder numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceId(u16);

/// Collects names: 16 bytes each until [`DomainIndexBuilder::build`].
#[derive(Debug, Default)]
pub struct DomainIndexBuilder {
    categories: Vec<Arc<str>>,
    sources: Vec<Source>,
    names: Vec<(u64, Member)>,
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
        self.names.push((crate::host_names::domain_hash(name), Member { source: source.0, mark }));
    }

    /// How many entries were added, repeated ones included.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether none was.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Builds the index.
    ///
    /// # Errors
    /// The lists overlap in more than 65,536 different ways.
    pub fn build(mut self) -> Result<DomainIndex, IndexError> {
        self.names.sort_unstable();
        self.names.dedup();
        let mut sets: HashMap<Box<[Member]>, u16> = HashMap::new();
        let mut numbered: Vec<(u64, u16)> = Vec::with_capacity(self.names.len());
        for same_name in self.names.chunk_by(|(one, _), (other, _)| one == other) {
            let Some((hash, _)) = same_name.first() else { continue };
            let members: Box<[Member]> = same_name.iter().map(|(_, member)| *member).collect();
            let next = sets.len();
            let id = match sets.get(&members) {
                Some(id) => *id,
                None => {
                    let id = u16::try_from(next)
                        .map_err(|_| IndexError::TooMany { what: "combinations of lists", limit: MOST })?;
                    sets.insert(members, id);
                    id
                }
            };
            numbered.push((*hash, id));
        }
        let mut ordered: Vec<(Box<[Member]>, u16)> = sets.into_iter().collect();
        ordered.sort_unstable_by_key(|(_, id)| *id);
        let bucket_bits = bucket_bits(numbered.len());
        Ok(DomainIndex {
            categories: self.categories,
            sources: self.sources,
            sets: ordered.into_iter().map(|(members, _)| members).collect(),
            bucket_bits,
            starts: starts(&numbered, bucket_bits)?,
            fingerprints: numbered.iter().map(|(hash, _)| hash::fingerprint(*hash)).collect(),
            set_ids: numbered.iter().map(|(_, id)| *id).collect(),
        })
    }
}

/// How many bits choose the bucket, for a number of names.
pub(super) fn bucket_bits(names: usize) -> u32 {
    (names / NAMES_IN_A_BUCKET).checked_ilog2().unwrap_or(0).min(MOST_BUCKET_BITS)
}

/// Where each bucket starts among names sorted by hash.
fn starts(sorted: &[(u64, u16)], bits: u32) -> Result<Vec<u32>, IndexError> {
    let too_many = IndexError::TooMany { what: "names", limit: u32::MAX as usize };
    let total = u32::try_from(sorted.len()).map_err(|_| too_many)?;
    let mut starts = Vec::with_capacity((1 << bits) + 1);
    for (at, (hash, _)) in (0u32..).zip(sorted) {
        while starts.len() <= hash::bucket(*hash, bits) {
            starts.push(at);
        }
    }
    starts.resize((1 << bits) + 1, total);
    Ok(starts)
}
