//! Whether anything but the lists may speak of a host: illegal content, a helpline, the school's own rules, an exception.
//! Almost no host is spoken of, so one look here spares a look into each of those tables. "Perhaps" is answered for a few
//! hosts too many, never "no" for one too few; what the tables then say is `decide`'s affair.

use crate::host_names::{HostNames, fold};

/// Bits set aside for each name: about one host in two hundred is looked up in the tables for nothing.
const BITS_A_NAME: usize = 32;
/// The fewest words of 64 bits.
const FEWEST: usize = 64;

/// Names of which something is said, as bits.
#[derive(Debug)]
pub(crate) struct NamedHosts {
    words: Box<[u64]>,
    /// How far a mark is shifted to give its word.
    shift: u32,
    key: u64,
}

impl NamedHosts {
    /// Room for so many names. Marks are made under `key`, so that nobody can choose names that all look spoken of.
    pub fn new(names: usize, key: u64) -> Self {
        let words = (names * BITS_A_NAME / 64).next_power_of_two().max(FEWEST);
        Self { words: vec![0; words].into_boxed_slice(), shift: 64 - words.ilog2(), key }
    }

    /// Marks a name by its hash.
    pub fn insert(&mut self, hash: u64) {
        self.insert_mark(fold(hash, self.key));
    }

    /// Marks a name by the mark that its hash has under the key.
    pub fn insert_mark(&mut self, mark: u64) {
        let (at, bits) = self.place(mark);
        if let Some(word) = self.words.get_mut(at) {
            *word |= bits;
        }
    }

    /// Whether a host or one of its parents may have been marked.
    pub fn may_name(&self, names: &HostNames<'_>) -> bool {
        names.iter().fold(false, |found, name| found | self.holds(name.hash))
    }

    fn holds(&self, hash: u64) -> bool {
        let (at, bits) = self.place(fold(hash, self.key));
        self.words.get(at).is_some_and(|word| word & bits == bits)
    }

    /// The word of a mark, and its two bits in it.
    fn place(&self, mark: u64) -> (usize, u64) {
        ((mark >> self.shift) as usize, 1 << (mark & 63) | 1 << (mark >> 6 & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_names::domain_hash;

    #[test]
    fn a_marked_name_is_always_found_and_others_hardly_ever() {
        let mut named = NamedHosts::new(1000, 0x1234_5678_9abc_def1);
        for number in 0..1000 {
            named.insert(domain_hash(&format!("site-{number}.example")));
        }
        assert!((0..1000).all(|number| named.may_name(&HostNames::of(&format!("a.b.site-{number}.example")))));
        let others = (0..10_000).filter(|number| named.may_name(&HostNames::of(&format!("other-{number}.test"))));
        assert!(others.count() < 300);
    }
}
