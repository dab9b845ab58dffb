//! The index as bytes, so that a gateway can start from its last snapshot. Little-endian throughout; a checksum at the
//! end tells a damaged file, and every number is checked before it is believed.

use super::{DomainIndex, IndexError, Mark, Member, Source, build, hash};
use std::io::Write;
use std::sync::Arc;

/// First bytes of a stored index: name and version of the format.
const MAGIC: &[u8; 8] = b"BELIDX01";
/// A damaged length must not make us take memory for names that are not there.
const LONGEST_TEXT: usize = 1 << 12;

impl DomainIndex {
    /// Writes the index.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write_to(&self, out: &mut impl Write) -> std::io::Result<()> {
        let bytes = self.to_bytes();
        out.write_all(&bytes)
    }

    /// The index as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.memory() + 4096);
        bytes.extend_from_slice(MAGIC);
        number(&mut bytes, self.categories.len());
        for category in &self.categories {
            text(&mut bytes, category);
        }
        number(&mut bytes, self.sources.len());
        for source in &self.sources {
            bytes.extend_from_slice(&source.category.to_le_bytes());
            text(&mut bytes, &source.list);
        }
        number(&mut bytes, self.sets.len());
        for set in &self.sets {
            number(&mut bytes, set.len());
            for member in set {
                bytes.extend_from_slice(&member.source.to_le_bytes());
                bytes.push(member.mark as u8);
            }
        }
        number(&mut bytes, self.fingerprints.len());
        self.starts.iter().for_each(|start| bytes.extend_from_slice(&start.to_le_bytes()));
        self.fingerprints.iter().for_each(|print| bytes.extend_from_slice(&print.to_le_bytes()));
        self.set_ids.iter().for_each(|id| bytes.extend_from_slice(&id.to_le_bytes()));
        let sum = hash::checksum(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Reads a stored index.
    ///
    /// # Errors
    /// The bytes are not an index, are cut short, or were changed.
    pub fn read_from(bytes: &[u8]) -> Result<Self, IndexError> {
        let (body, sum) = bytes.split_last_chunk::<8>().ok_or(IndexError::Unreadable("it is cut short"))?;
        if !body.starts_with(MAGIC) {
            return Err(IndexError::Unreadable("it was not written by this version"));
        }
        if hash::checksum(body) != u64::from_le_bytes(*sum) {
            return Err(IndexError::Unreadable("its checksum does not match"));
        }
        let mut reader = Reader(body.get(MAGIC.len()..).unwrap_or_default());
        let index = reader.index()?;
        if reader.0.is_empty() { Ok(index) } else { Err(IndexError::Unreadable("it is longer than it says")) }
    }
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&(number as u32).to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    let mut length = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    let text = text.get(..length).unwrap_or_default();
    number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

const SHORT: IndexError = IndexError::Unreadable("it is cut short");

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn index(&mut self) -> Result<DomainIndex, IndexError> {
        let categories = self.several(|reader| reader.text())?;
        let sources =
            self.several(|reader| Ok(Source { category: u16::from_le_bytes(reader.chunk()?), list: reader.text()? }))?;
        let sets = self.several(|reader| Ok(reader.several(Self::member)?.into_boxed_slice()))?;
        let names = self.number()?;
        let bucket_bits = build::bucket_bits(names);
        let index = DomainIndex {
            categories,
            sources,
            sets,
            bucket_bits,
            starts: self.array((1 << bucket_bits) + 1, u32::from_le_bytes)?,
            fingerprints: self.array(names, u32::from_le_bytes)?,
            set_ids: self.array(names, u16::from_le_bytes)?,
        };
        if sound(&index) { Ok(index) } else { Err(IndexError::Unreadable("its parts do not fit together")) }
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], IndexError> {
        let (chunk, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn number(&mut self) -> Result<usize, IndexError> {
        Ok(u32::from_le_bytes(self.chunk()?) as usize)
    }

    fn take(&mut self, length: usize) -> Result<&[u8], IndexError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken)
    }

    fn text(&mut self) -> Result<Arc<str>, IndexError> {
        let length = self.number()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Arc::from).map_err(|_| IndexError::Unreadable("a name in it is not text"))
    }

    fn member(&mut self) -> Result<Member, IndexError> {
        let source = u16::from_le_bytes(self.chunk()?);
        let mark = match self.chunk::<1>()? {
            [0] => Mark::Listed,
            [1] => Mark::Important,
            [2] => Mark::Exempt,
            _ => return Err(IndexError::Unreadable("a mark in it is unknown")),
        };
        Ok(Member { source, mark })
    }

    fn several<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, IndexError>) -> Result<Vec<T>, IndexError> {
        let count = self.number()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn array<const N: usize, T>(&mut self, count: usize, from: impl Fn([u8; N]) -> T) -> Result<Vec<T>, IndexError> {
        let bytes = self.take(count.checked_mul(N).ok_or(SHORT)?)?;
        let (chunks, _) = bytes.as_chunks::<N>();
        Ok(chunks.iter().map(|chunk| from(*chunk)).collect())
    }
}

/// Whether every number points at something that is there.
fn sound(index: &DomainIndex) -> bool {
    let names = index.fingerprints.len();
    index.starts.is_sorted()
        && index.starts.first() == Some(&0)
        && index.starts.last().is_some_and(|end| *end as usize == names)
        && index.set_ids.iter().all(|id| (*id as usize) < index.sets.len())
        && index.sets.iter().flatten().all(|member| (member.source as usize) < index.sources.len())
        && index.sources.iter().all(|source| (source.category as usize) < index.categories.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::DomainIndexBuilder;
    use proptest::prelude::*;

    fn stored() -> Vec<u8> {
        let mut builder = DomainIndexBuilder::new();
        let games = builder.source("one list", "games").unwrap();
        let adverts = builder.source("another list", "adverts").unwrap();
        for number in 0..40 {
            builder.add(games, &format!("games-{number}.example"));
        }
        builder.add(adverts, "games-7.example");
        builder.exempt(adverts, "good.games-7.example");
        builder.build().unwrap().to_bytes()
    }

    /// Whatever was changed, the checksum is right: only the checks behind it stand between the bytes and the look-ups.
    fn check(mut body: Vec<u8>) {
        let sum = hash::checksum(&body);
        body.extend_from_slice(&sum.to_le_bytes());
        let Ok(index) = DomainIndex::read_from(&body) else {
            return;
        };
        for host in ["good.games-7.example", "www.games-39.example", "nothing.example", ""] {
            let _ = index.lookup(host).listings().count();
        }
        assert_eq!(DomainIndex::read_from(&index.to_bytes()), Ok(index));
    }

    proptest! {
        #[test]
        fn changed_bytes_under_a_right_checksum_are_refused_or_sound(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
            cut in proptest::option::of(any::<prop::sample::Index>()),
        ) {
            let mut body = stored();
            body.truncate(body.len() - 8);
            for (at, byte) in changes {
                let at = at.index(body.len());
                body[at] = byte;
            }
            if let Some(cut) = cut {
                body.truncate(cut.index(body.len()));
            }
            check(body);
        }

        #[test]
        fn any_bytes_behind_the_first_ones_are_refused_or_sound(rest in proptest::collection::vec(any::<u8>(), 0..200)) {
            check([MAGIC.as_slice(), &rest].concat());
        }
    }
}
