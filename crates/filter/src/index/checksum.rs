//! A checksum that tells a damaged file. It keeps nobody out who means harm.

use crate::host_names::mix;

/// Bytes mixed in at a time.
const BLOCK: usize = 4096;

/// A checksum of bytes that come in pieces of any length.
#[derive(Debug, Default)]
pub(super) struct Checksum {
    state: u64,
    /// The start of a block.
    begun: Vec<u8>,
}

impl Checksum {
    pub fn add(&mut self, mut bytes: &[u8]) {
        if !self.begun.is_empty() {
            let missing = (BLOCK - self.begun.len()).min(bytes.len());
            let (first, rest) = bytes.split_at(missing);
            self.begun.extend_from_slice(first);
            bytes = rest;
            if self.begun.len() < BLOCK {
                return;
            }
            self.state = mix(self.state, &self.begun);
            self.begun.clear();
        }
        let (blocks, rest) = bytes.as_chunks::<BLOCK>();
        self.state = blocks.iter().fold(self.state, |state, block| mix(state, block));
        self.begun.extend_from_slice(rest);
    }

    pub fn value(&self) -> u64 {
        mix(self.state, &self.begun)
    }
}

/// The checksum that stands in the last eight bytes of a stored index, of all bytes before them: for whoever checks a file
/// without opening it.
pub fn index_checksum(bytes: &[u8]) -> u64 {
    let mut sum = Checksum::default();
    sum.add(bytes);
    sum.value()
}
