//! The index as bytes, on disk and in memory the same, used where they lie. An opening of 64 bytes, the lines, the
//! sieve, the head (categories, lists, sets), and 64 bytes at the end that say how much there is of each, with a checksum over all.
//! Little-endian; every number is checked before it is believed.

use super::checksum::{Checksum, index_checksum};
use super::lines::{self, LINE};
use super::sieve;
use super::{DomainIndex, IndexError, Member, Source};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// First bytes of a stored index: name and version of the format.
pub(super) const MAGIC: &[u8; 8] = b"BELIDX02";
/// Bytes of the checksum, the last of all.
const SUM: usize = 8;
/// Longer texts are cut.
const LONGEST_TEXT: usize = 1 << 12;
/// Bytes checked at a time.
const PIECE: usize = 256 * 1024;

const SHORT: IndexError = IndexError::Unreadable("it is cut short");
const DAMAGED: IndexError = IndexError::Unreadable("its checksum does not match");
const UNFIT: IndexError = IndexError::Unreadable("its parts do not fit together");

/// Where an index lies: in memory, or a file mapped into it that nobody changes.
pub type IndexBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// What an index says besides its lines.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub built_from: Arc<str>,
    pub categories: Vec<Arc<str>>,
    pub sources: Vec<Source>,
    pub sets: Vec<Box<[Member]>>,
}

/// The last 64 bytes.
#[derive(Debug, Clone, Copy)]
struct End {
    names: u64,
    homes: u64,
    lines: u64,
    sieve: u64,
    head: u64,
    /// 1 if a name of one label is in it.
    single_labels: u64,
    sum: u64,
}

impl DomainIndex {
    /// Opens an index whose bytes are in memory.
    ///
    /// # Errors
    /// The bytes are not an index, are cut short, or were changed.
    pub fn open(bytes: IndexBytes) -> Result<Self, IndexError> {
        let whole = (*bytes).as_ref();
        let sum = index_checksum(whole.get(..whole.len().saturating_sub(SUM)).unwrap_or_default());
        Self::parse(bytes, sum)
    }

    /// Opens an index whose bytes are a file mapped into memory, and checks them by reading the file: so that checking
    /// does not bring every page of the mapping into memory at once.
    ///
    /// # Errors
    /// As [`DomainIndex::open`], or the file cannot be read.
    pub fn open_mapped(bytes: IndexBytes, file: &mut impl Read) -> Result<Self, IndexError> {
        let mut left = (*bytes).as_ref().len().saturating_sub(SUM);
        let (mut sum, mut piece) = (Checksum::default(), vec![0; PIECE.min(left)]);
        while left > 0 {
            let taken = piece.get_mut(..PIECE.min(left)).unwrap_or_default();
            file.read_exact(taken).map_err(|_| IndexError::Unreadable("the disk does not give it back"))?;
            sum.add(taken);
            left -= taken.len();
        }
        Self::parse(bytes, sum.value())
    }

    /// Copies a stored index into memory.
    ///
    /// # Errors
    /// As [`DomainIndex::open`].
    pub fn read_from(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut aligned = Aligned::with_room_for(bytes.len());
        aligned.bytes.extend_from_slice(bytes);
        Self::open(Arc::new(aligned))
    }

    fn parse(bytes: IndexBytes, sum: u64) -> Result<Self, IndexError> {
        let whole = (*bytes).as_ref();
        let (body, end) = whole.split_last_chunk::<LINE>().ok_or(SHORT)?;
        if !body.starts_with(MAGIC) {
            return Err(IndexError::Unreadable("it was not written by this version"));
        }
        let end = End::read(end);
        if end.sum != sum {
            return Err(DAMAGED);
        }
        let number = |number: u64| usize::try_from(number).map_err(|_| UNFIT);
        let (lines, homes) = (number(end.lines)?, number(end.homes)?);
        let lines_end = lines.checked_add(1).and_then(|lines| lines.checked_mul(LINE)).ok_or(UNFIT)?;
        let sieve_end =
            number(end.sieve)?.checked_mul(8).and_then(|sieve| sieve.checked_add(lines_end)).ok_or(UNFIT)?;
        let head = body.get(sieve_end..).ok_or(SHORT)?;
        if head.len() as u64 != end.head || homes > lines || u32::try_from(homes).is_err() {
            return Err(UNFIT);
        }
        let head = Head::read(head)?;
        Ok(Self {
            names: number(end.names)?,
            homes,
            lines_end,
            sieve_end,
            single_labels: end.single_labels != 0,
            checksum: end.sum,
            head,
            bytes,
        })
    }

    /// The bytes, as they are stored.
    pub fn as_bytes(&self) -> &[u8] {
        (*self.bytes).as_ref()
    }

    /// The sieve and the lines.
    pub(super) fn parts(&self) -> (&sieve::Words, &[[u8; LINE]]) {
        let bytes = self.as_bytes();
        let part = |from, until| bytes.get(from..until).unwrap_or_default();
        (part(self.lines_end, self.sieve_end).as_chunks().0, part(LINE, self.lines_end).as_chunks().0)
    }
}

/// Bytes in memory of which the first begins a line of the processor's cache, as long as there is room for the rest.
#[derive(Debug)]
pub(super) struct Aligned {
    bytes: Vec<u8>,
    from: usize,
}

impl Aligned {
    pub fn with_room_for(length: usize) -> Self {
        let mut bytes: Vec<u8> = Vec::with_capacity(length + LINE);
        let from = bytes.as_ptr().align_offset(LINE).min(LINE);
        bytes.resize(from, 0);
        Self { bytes, from }
    }
}

impl AsRef<[u8]> for Aligned {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.from..).unwrap_or_default()
    }
}

impl Write for Aligned {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many bytes an index of so many names takes, about.
pub(super) fn expected_length(names: usize) -> usize {
    (lines::homes(names) + 1024) * LINE + names
}

/// What stands behind the sieve, and how much there is of each part.
pub(super) struct Parts<'a> {
    pub names: usize,
    pub homes: usize,
    pub lines: usize,
    /// Words of the sieve.
    pub sieve: usize,
    pub head: &'a Head,
    pub single_labels: bool,
}

/// Writes an index from start to end, keeping the checksum.
pub(super) struct Stored<'a, W: Write> {
    out: &'a mut W,
    sum: Checksum,
}

impl<'a, W: Write> Stored<'a, W> {
    /// Begins with the opening.
    pub fn begin(out: &'a mut W) -> io::Result<Self> {
        let mut stored = Self { out, sum: Checksum::default() };
        let mut opening = [0; LINE];
        opening.iter_mut().zip(MAGIC).for_each(|(byte, magic)| *byte = *magic);
        stored.write_all(&opening)?;
        Ok(stored)
    }

    /// Writes what stands behind the sieve.
    pub fn finish(mut self, parts: &Parts<'_>) -> io::Result<()> {
        let head = parts.head.to_bytes();
        self.write_all(&head)?;
        let single_labels = usize::from(parts.single_labels);
        let numbers = [parts.names, parts.homes, parts.lines, parts.sieve, head.len(), single_labels, 0];
        for number in numbers {
            self.write_all(&(number as u64).to_le_bytes())?;
        }
        let sum = self.sum.value();
        self.out.write_all(&sum.to_le_bytes())
    }
}

impl<W: Write> Write for Stored<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.sum.add(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl End {
    fn read(bytes: &[u8; LINE]) -> Self {
        let (numbers, _) = bytes.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|number| u64::from_le_bytes(*number));
        let mut next = || numbers.next().unwrap_or(0);
        let [names, homes, lines, sieve, head, single_labels, _, sum] = std::array::from_fn(|_| next());
        Self { names, homes, lines, sieve, head, single_labels, sum }
    }
}

impl Head {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        text(&mut bytes, &self.built_from);
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
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut reader = Reader(bytes);
        let head = Self {
            built_from: reader.text()?,
            categories: reader.several(Reader::text)?,
            sources: reader
                .several(|reader| Ok(Source { category: u16::from_le_bytes(reader.chunk()?), list: reader.text()? }))?,
            sets: reader.several(|reader| Ok(reader.several(Reader::member)?.into_boxed_slice()))?,
        };
        let sources_fit = head.sources.iter().all(|source| usize::from(source.category) < head.categories.len());
        let sets_fit = head.sets.iter().flatten().all(|member| usize::from(member.source) < head.sources.len());
        if reader.0.is_empty() && sources_fit && sets_fit { Ok(head) } else { Err(UNFIT) }
    }

    /// Bytes of memory held, about.
    pub fn memory(&self) -> usize {
        self.sets.iter().map(|set| size_of_val(&**set) + size_of::<Box<[Member]>>()).sum()
    }
}

fn number(bytes: &mut Vec<u8>, number: usize) {
    bytes.extend_from_slice(&(number as u32).to_le_bytes());
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    let text = text.get(..text.floor_char_boundary(LONGEST_TEXT)).unwrap_or_default();
    number(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], IndexError> {
        let (chunk, rest) = self.0.split_first_chunk::<N>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*chunk)
    }

    fn number(&mut self) -> Result<usize, IndexError> {
        Ok(u32::from_le_bytes(self.chunk()?) as usize)
    }

    fn text(&mut self) -> Result<Arc<str>, IndexError> {
        let length = self.number()?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(SHORT)?;
        self.0 = rest;
        std::str::from_utf8(bytes).map(Arc::from).map_err(|_| IndexError::Unreadable("a name in it is not text"))
    }

    fn member(&mut self) -> Result<Member, IndexError> {
        Member::from_bytes(self.chunk()?).ok_or(IndexError::Unreadable("a mark in it is unknown"))
    }

    /// A damaged count ends with the bytes: nothing is taken that is smaller than a byte, and no room is made ahead.
    fn several<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, IndexError>) -> Result<Vec<T>, IndexError> {
        let count = self.number()?;
        let mut all = Vec::new();
        for _ in 0..count {
            all.push(one(self)?);
        }
        Ok(all)
    }
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
        builder.build().unwrap().as_bytes().to_vec()
    }

    /// Whatever was changed, the checksum is right: only the checks behind it stand between the bytes and the look-ups.
    fn check(mut body: Vec<u8>) {
        let sum = index_checksum(&body);
        body.extend_from_slice(&sum.to_le_bytes());
        let Ok(index) = DomainIndex::read_from(&body) else {
            return;
        };
        for host in ["good.games-7.example", "www.games-39.example", "nothing.example", "", "example"] {
            let _ = index.lookup(host).listings().count();
        }
        assert_eq!(index.as_bytes(), body);
    }

    proptest! {
        #[test]
        fn changed_bytes_under_a_right_checksum_are_refused_or_sound(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
            cut in proptest::option::of(any::<prop::sample::Index>()),
        ) {
            let mut body = stored();
            body.truncate(body.len() - SUM);
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
        fn changed_numbers_at_the_end_are_refused_or_sound(at in 0usize..7, number in any::<u64>(), small in 0u64..200) {
            for number in [number, small] {
                let mut body = stored();
                let from = body.len() - LINE + at * 8;
                body[from..from + 8].copy_from_slice(&number.to_le_bytes());
                body.truncate(body.len() - SUM);
                check(body);
            }
        }

        #[test]
        fn any_bytes_behind_the_first_ones_are_refused_or_sound(rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            check([MAGIC.as_slice(), &rest].concat());
        }

        #[test]
        fn a_checksum_does_not_depend_on_the_pieces(bytes in prop::collection::vec(any::<u8>(), 0..10_000), piece in 1usize..6000) {
            let (mut whole, mut pieces) = (Checksum::default(), Checksum::default());
            whole.add(&bytes);
            bytes.chunks(piece).for_each(|piece| pieces.add(piece));
            prop_assert_eq!(whole.value(), pieces.value());
        }
    }

    #[test]
    fn a_mapped_index_is_checked_by_reading_its_file() {
        let bytes = stored();
        let open = |file: &[u8]| DomainIndex::open_mapped(Arc::new(bytes.clone()), &mut &*file);
        assert_eq!(open(&bytes).unwrap(), DomainIndex::read_from(&bytes).unwrap());
        assert!(open(&bytes[..70]).is_err());
        let mut changed = bytes.clone();
        changed[100] ^= 1;
        assert_eq!(open(&changed), Err(DAMAGED));
    }
}
