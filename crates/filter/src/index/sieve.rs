//! A first look that tells most names that are in no list: four bits of one word of 64 bits for each name, eight names a
//! word. It is a tenth of the index, so that it stays in the processor's cache where the lines do not. About one name in
//! thirty passes without being listed, and `lines` then says that it is not.

use std::io::{self, Write};

/// Names a word stands for, on average.
const NAMES_A_WORD: usize = 8;

/// The words of a stored sieve.
pub(super) type Words = [[u8; 8]];

/// How many words there are for a number of names.
fn words(names: usize) -> usize {
    names.div_ceil(NAMES_A_WORD).max(1)
}

/// The word of a hash, by its upper half.
fn place(hash: u64, words: usize) -> usize {
    (((hash >> 32) * words as u64) >> 32) as usize
}

/// The four bits of a hash, by its lower half.
fn bits(hash: u64) -> u64 {
    [0, 6, 12, 18].iter().fold(0, |bits, shift| bits | 1 << (hash >> shift & 63))
}

/// Whether a name may be in the index.
#[inline]
pub(super) fn passes(words: &Words, hash: u64) -> bool {
    words.get(place(hash, words.len())).is_some_and(|word| !u64::from_le_bytes(*word) & bits(hash) == 0)
}

/// Writes a sieve from hashes in their order.
#[derive(Debug)]
pub(super) struct SieveWriter {
    words: usize,
    written: usize,
    /// The word that hashes still come to.
    word: u64,
}

impl SieveWriter {
    pub fn new(names: usize) -> Self {
        Self { words: words(names), written: 0, word: 0 }
    }

    /// Lets a name pass.
    pub fn put(&mut self, hash: u64, out: &mut impl Write) -> io::Result<()> {
        self.write_until(place(hash, self.words), out)?;
        self.word |= bits(hash);
        Ok(())
    }

    /// Writes what is left; returns how many words there are.
    pub fn finish(mut self, out: &mut impl Write) -> io::Result<usize> {
        self.write_until(self.words, out)?;
        Ok(self.words)
    }

    fn write_until(&mut self, place: usize, out: &mut impl Write) -> io::Result<()> {
        while self.written < place {
            out.write_all(&self.word.to_le_bytes())?;
            (self.written, self.word) = (self.written + 1, 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_names::domain_hash;

    #[test]
    fn every_name_passes_and_few_others() {
        let mut hashes: Vec<u64> = (0..20_000).map(|number| domain_hash(&format!("site-{number}.example"))).collect();
        hashes.sort_unstable();
        let (mut sieve, mut bytes) = (SieveWriter::new(hashes.len()), Vec::new());
        hashes.iter().for_each(|hash| sieve.put(*hash, &mut bytes).unwrap());
        assert_eq!(sieve.finish(&mut bytes).unwrap() * 8, bytes.len());
        let (words, _) = bytes.as_chunks();
        assert!(hashes.iter().all(|hash| passes(words, *hash)));
        let others = (0..20_000).filter(|number| passes(words, domain_hash(&format!("other-{number}.test")))).count();
        assert!(others < 1000, "{others} of 20000");
    }
}
