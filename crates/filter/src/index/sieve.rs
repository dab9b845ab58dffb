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

/// A sieve being made.
#[derive(Debug)]
pub(super) struct Sieve(Vec<u64>);

impl Sieve {
    pub fn new(names: usize) -> Self {
        Self(vec![0; words(names)])
    }

    /// How many words it has.
    pub fn words(&self) -> usize {
        self.0.len()
    }

    /// Lets a name pass.
    pub fn insert(&mut self, hash: u64) {
        let place = place(hash, self.0.len());
        if let Some(word) = self.0.get_mut(place) {
            *word |= bits(hash);
        }
    }

    pub fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        self.0.iter().try_for_each(|word| out.write_all(&word.to_le_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_names::domain_hash;

    #[test]
    fn every_name_passes_and_few_others() {
        let hashes: Vec<u64> = (0..20_000).map(|number| domain_hash(&format!("site-{number}.example"))).collect();
        let mut sieve = Sieve::new(hashes.len());
        hashes.iter().for_each(|hash| sieve.insert(*hash));
        let mut bytes = Vec::new();
        sieve.write_to(&mut bytes).unwrap();
        let (words, _) = bytes.as_chunks();
        assert!(hashes.iter().all(|hash| passes(words, *hash)));
        let others = (0..20_000).filter(|number| passes(words, domain_hash(&format!("other-{number}.test")))).count();
        assert!(others < 1000, "{others} of 20000");
    }
}
