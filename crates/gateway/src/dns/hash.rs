//! A quick hash of names for the tables that strangers' questions fill: multiply and fold, under keys drawn at the start, so
//! that nobody outside can choose names that fall together.

use std::hash::{BuildHasher, RandomState};

/// Odd, of random look (digits of π).
const STEP: u64 = 0x2435_08b8_85a3_08d3;

/// The keys of one table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameHash {
    start: u64,
    step: u64,
}

impl Default for NameHash {
    fn default() -> Self {
        let random = RandomState::new();
        Self { start: random.hash_one(0_u8), step: random.hash_one(1_u8) | 1 }
    }
}

impl NameHash {
    /// The hash of a name.
    pub(crate) fn of(&self, name: &[u8]) -> u64 {
        let (words, rest) = name.as_chunks::<8>();
        let start = self.start ^ (name.len() as u64).wrapping_mul(STEP);
        let state = words.iter().fold(start, |state, word| fold(state ^ u64::from_le_bytes(*word), self.step));
        let last = rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        fold(state ^ last, self.step ^ STEP)
    }

    /// The hash of a name together with something else about the question.
    pub(crate) fn with(&self, name: u64, other: u64) -> u64 {
        fold(name ^ other.wrapping_mul(STEP), self.step)
    }
}

/// Multiplies to 128 bits and folds the halves.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}
