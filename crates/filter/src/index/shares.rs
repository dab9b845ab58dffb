//! Names on their way into an index, put by in shares of their hashes: however many there are, little of them is in memory at
//! one time. What is made of them is `build`'s affair; where they are put by, the caller's.

use super::{IndexError, Member};
use std::fmt::Debug;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Where names are put by while an index is built: an empty file that nobody else uses, or bytes in memory.
pub trait Scratch: Read + Write + Seek + Debug + Send {}

impl<T: Read + Write + Seek + Debug + Send> Scratch for T {}

/// A name's hash, and what one list says of it.
pub(super) type Entry = (u64, Member);

/// How many shares there are: one for each first byte of a hash.
const SHARES: usize = 256;
/// Entries of one share that wait in memory until they are put by together.
const PIECE: usize = 256;
/// Bytes of an entry: hash, source, mark.
const ENTRY: usize = 11;
const PIECE_BYTES: usize = PIECE * ENTRY;

/// The entries of all shares.
#[derive(Debug)]
pub(super) struct Shares {
    scratch: Box<dyn Scratch>,
    shares: Vec<Share>,
    /// Pieces in the scratch.
    pieces: u64,
    held: usize,
    /// Why the scratch took no more: said when the entries are asked for.
    failed: Option<io::Error>,
}

#[derive(Debug, Default)]
struct Share {
    waiting: Vec<Entry>,
    /// Its pieces in the scratch, by number.
    put_by: Vec<u64>,
}

impl Shares {
    pub fn new(scratch: Box<dyn Scratch>) -> Self {
        let shares = std::iter::repeat_with(Share::default).take(SHARES).collect();
        Self { scratch, shares, pieces: 0, held: 0, failed: None }
    }

    /// How many entries there are, repeated ones included.
    pub fn len(&self) -> usize {
        self.held
    }

    pub fn add(&mut self, (hash, member): Entry) {
        let Some(share) = self.shares.get_mut((hash >> 56) as usize) else { return };
        share.waiting.push((hash, member));
        self.held += 1;
        if share.waiting.len() < PIECE {
            return;
        }
        let mut bytes = Vec::with_capacity(PIECE_BYTES);
        for (hash, member) in share.waiting.drain(..) {
            bytes.extend_from_slice(&hash.to_le_bytes());
            bytes.extend_from_slice(&member.to_bytes());
        }
        share.put_by.push(self.pieces);
        self.pieces += 1;
        if self.failed.is_none() {
            self.failed = self.scratch.write_all(&bytes).err();
        }
    }

    /// Gives every entry once, in the order of the hashes, a share at a time.
    ///
    /// # Errors
    /// The scratch did not take or does not give back an entry, or what `take` says.
    pub fn each(&mut self, mut take: impl FnMut(&[Entry]) -> Result<(), IndexError>) -> Result<(), IndexError> {
        let unusable = |error: &io::Error| IndexError::Unwritable(error.to_string());
        if let Some(error) = &self.failed {
            return Err(unusable(error));
        }
        let mut entries = Vec::new();
        for share in &self.shares {
            entries.clear();
            entries.extend_from_slice(&share.waiting);
            for piece in &share.put_by {
                read(&mut self.scratch, *piece, &mut entries).map_err(|error| unusable(&error))?;
            }
            entries.sort_unstable();
            entries.dedup();
            take(&entries)?;
        }
        Ok(())
    }
}

/// Reads one piece.
fn read(scratch: &mut Box<dyn Scratch>, piece: u64, entries: &mut Vec<Entry>) -> io::Result<()> {
    let mut bytes = [0; PIECE_BYTES];
    scratch.seek(SeekFrom::Start(piece * PIECE_BYTES as u64))?;
    scratch.read_exact(&mut bytes)?;
    let (stored, _) = bytes.as_chunks::<ENTRY>();
    for [hash @ .., low, high, mark] in stored {
        let member = Member::from_bytes([*low, *high, *mark]).ok_or(io::ErrorKind::InvalidData)?;
        entries.push((u64::from_le_bytes(*hash), member));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Mark;
    use proptest::prelude::*;
    use std::io::Cursor;

    /// A disk with room for so many bytes.
    #[derive(Debug)]
    struct Disk(Cursor<Vec<u8>>, usize);

    impl Read for Disk {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            self.0.read(bytes)
        }
    }

    impl Seek for Disk {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.get_ref().len() + bytes.len() > self.1 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn member(number: u64) -> Member {
        let mark = [Mark::Listed, Mark::Important, Mark::Exempt][number as usize % 3];
        Member { source: number as u16, mark }
    }

    fn given_back(shares: &mut Shares) -> Result<Vec<Entry>, IndexError> {
        let mut all = Vec::new();
        shares.each(|entries| {
            all.extend_from_slice(entries);
            Ok(())
        })?;
        Ok(all)
    }

    proptest! {
        #[test]
        fn what_was_added_comes_back_sorted_and_once(
            few in prop::collection::vec((any::<u64>(), any::<u64>()), 0..400),
            many in prop::collection::vec((0u64..600, 0u64..4), 0..3000),
        ) {
            let mut shares = Shares::new(Box::new(Cursor::new(Vec::new())));
            let mut expected = Vec::new();
            // Those of the second kind are all of one share, so that it is put by in several pieces.
            for (hash, number) in few.into_iter().chain(many) {
                shares.add((hash, member(number)));
                expected.push((hash, member(number)));
            }
            prop_assert_eq!(shares.len(), expected.len());
            expected.sort_unstable();
            expected.dedup();
            prop_assert_eq!(given_back(&mut shares), Ok(expected.clone()));
            prop_assert_eq!(given_back(&mut shares), Ok(expected), "a second time");
        }
    }

    #[test]
    fn a_full_disk_is_said_and_nothing_half_comes_back() {
        let mut shares = Shares::new(Box::new(Disk(Cursor::new(Vec::new()), 3 * PIECE_BYTES)));
        for number in 0..4 * PIECE as u64 {
            shares.add((number, member(number)));
        }
        assert!(matches!(given_back(&mut shares), Err(IndexError::Unwritable(_))));
    }
}
