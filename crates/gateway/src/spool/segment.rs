//! One file of the spool: a line that says what it is, then records, each after its length and checksum. Records are only ever
//! added. Which file is written and which is read is `mod.rs`'s.

use sha2::{Digest, Sha256};
use std::io::{self, Read as _};

/// How a segment begins.
pub(super) const MAGIC: &[u8; 16] = b"belisha spool 1\n";
/// Bytes of a record's checksum: the beginning of the SHA-256 of its length and content.
const SUM: usize = 16;
/// Bytes before a record's content.
pub(super) const HEADER: usize = 4 + SUM;
/// The longest record that is written, and read.
pub(super) const LONGEST: usize = 4 * 1024 * 1024;

/// The header of a record; `None` where the record is too long.
pub(super) fn header(content: &[u8]) -> Option<[u8; HEADER]> {
    let length = u32::try_from(content.len()).ok().filter(|_| content.len() <= LONGEST)?.to_le_bytes();
    let mut header = [0; HEADER];
    let (start, sum) = header.split_at_mut(4);
    start.copy_from_slice(&length);
    sum.copy_from_slice(&checksum(length, content));
    Some(header)
}

fn checksum(length: [u8; 4], content: &[u8]) -> [u8; SUM] {
    let whole: [u8; 32] = Sha256::new().chain_update(length).chain_update(content).finalize().into();
    whole.first_chunk().copied().unwrap_or_default()
}

/// What lies at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A whole record, and what follows it.
    Record(&'a [u8], &'a [u8]),
    /// A record whose checksum does not fit, and what follows it: damage to the disk.
    Damaged(&'a [u8]),
    /// Nothing whole any more: the end, a record that a kill cut short, or a length that no record has.
    End,
}

/// Reads the next record.
pub(super) fn next(bytes: &[u8]) -> Next<'_> {
    let Some((length, rest)) = bytes.split_first_chunk::<4>() else { return Next::End };
    let long = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let Some((sum, rest)) = rest.split_first_chunk::<SUM>() else { return Next::End };
    if long > LONGEST {
        return Next::End;
    }
    match rest.split_at_checked(long) {
        Some((content, rest)) if checksum(*length, content) == *sum => Next::Record(content, rest),
        Some((_, rest)) => Next::Damaged(rest),
        None => Next::End,
    }
}

/// A record as a file gives it.
#[derive(Debug)]
pub(super) enum Read {
    /// A whole record.
    Record(Vec<u8>),
    /// A record of this length whose checksum does not fit.
    Damaged(usize),
    /// As [`Next::End`].
    End,
}

/// Reads one record of a file, from where the file stands.
pub(super) fn read(file: &mut impl io::Read) -> io::Result<Read> {
    let mut bytes = Vec::new();
    file.by_ref().take(HEADER as u64).read_to_end(&mut bytes)?;
    let Some(length) = bytes.first_chunk::<4>().map(|length| u32::from_le_bytes(*length)) else { return Ok(Read::End) };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Ok(Read::End);
    }
    file.take(length as u64).read_to_end(&mut bytes)?;
    Ok(match next(&bytes) {
        Next::Record(_, _) => Read::Record(bytes.split_off(HEADER)),
        Next::Damaged(_) => Read::Damaged(length),
        Next::End => Read::End,
    })
}

/// Every whole record of a segment, how many were damaged, and where the last whole one ends.
pub(crate) fn records(segment: &[u8]) -> (Vec<&[u8]>, u64, usize) {
    let Some(mut rest) = segment.strip_prefix(MAGIC) else { return (Vec::new(), 0, 0) };
    let (mut found, mut damaged, mut end) = (Vec::new(), 0, MAGIC.len());
    loop {
        match next(rest) {
            Next::Record(content, after) => {
                found.push(content);
                end = segment.len() - after.len();
                rest = after;
            }
            Next::Damaged(after) => {
                damaged += 1;
                rest = after;
            }
            Next::End => return (found, damaged, end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn segment(contents: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for content in contents {
            bytes.extend_from_slice(&header(content).unwrap());
            bytes.extend_from_slice(content);
        }
        bytes
    }

    #[test]
    fn a_record_too_long_is_not_written() {
        assert!(header(&vec![0; LONGEST]).is_some() && header(&vec![0; LONGEST + 1]).is_none());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_and_a_cut_costs_only_what_it_cut(
            contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8), cut in 0usize..600
        ) {
            let whole = segment(&contents);
            let expected: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(records(&whole), (expected.clone(), 0, whole.len()));
            let cut = cut.min(whole.len());
            let (found, damaged, end) = records(&whole[..cut]);
            prop_assert!(damaged == 0 && expected.starts_with(&found) && end <= cut);
            prop_assert_eq!(segment(&contents[..found.len()]).len().min(cut), if cut < MAGIC.len() { cut } else { end });
        }

        #[test]
        fn a_changed_byte_never_makes_another_record(
            contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 1..6), place in 0usize..600, flip in 1u8..
        ) {
            let mut bytes = segment(&contents);
            let place = place % bytes.len();
            bytes[place] ^= flip;
            let (found, _, _) = records(&bytes);
            prop_assert!(found.len() < contents.len());
            prop_assert!(found.iter().all(|record| contents.iter().any(|content| content.as_slice() == *record)));
        }

        #[test]
        fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let (found, _, end) = records(&bytes);
            prop_assert!(found.iter().map(|record| record.len() + HEADER).sum::<usize>() <= bytes.len() && end <= bytes.len());
            let mut framed = MAGIC.to_vec();
            framed.extend_from_slice(&bytes);
            let (_, _, end) = records(&framed);
            prop_assert!(end <= framed.len());
        }
    }
}
