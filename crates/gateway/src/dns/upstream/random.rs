//! Random bytes in small portions, fetched from the system in large ones: every question needs some.

use crate::config::Entropy;
use std::sync::{Mutex, PoisonError};

/// Bytes fetched at a time.
const PORTION: usize = 1024;

/// A store of random bytes; each is given out once.
pub(crate) struct Random {
    entropy: Entropy,
    store: Mutex<Vec<u8>>,
}

impl Random {
    pub(crate) fn new(entropy: Entropy) -> Self {
        Self { entropy, store: Mutex::default() }
    }

    /// So many random bytes; `N` must be well under a thousand.
    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        if store.len() < N {
            store.resize(PORTION.max(N), 0);
            (self.entropy)(&mut store);
        }
        let rest = store.len() - N;
        for (byte, random) in bytes.iter_mut().zip(store.drain(rest..)) {
            *byte = random;
        }
        bytes
    }

    /// A random number below `most`, which is small.
    pub(crate) fn below(&self, most: usize) -> usize {
        usize::from(u16::from_le_bytes(self.bytes())) % most.max(1)
    }
}
