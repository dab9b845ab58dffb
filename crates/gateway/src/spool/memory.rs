//! What the disk would not take: records in memory, oldest first, up to so many bytes. When they are brought to the disk after all,
//! or sent from here, is `mod.rs`'s.

use std::collections::VecDeque;

/// Records in memory.
#[derive(Debug)]
pub(super) struct Memory {
    records: VecDeque<Vec<u8>>,
    bytes: usize,
    limit: usize,
    /// The number of the first record. Each has the next number, so that one is told from another that took its place.
    first: u64,
    /// Records that went because there was no room.
    pub(super) lost: u64,
}

impl Memory {
    /// Room for so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { records: VecDeque::new(), bytes: 0, limit, first: 0, lost: 0 }
    }

    /// Takes a record, the newest; the oldest go where there is no room. Says how many.
    pub(super) fn take(&mut self, record: Vec<u8>) -> u64 {
        self.bytes += record.len();
        self.records.push_back(record);
        let before = self.lost;
        while self.bytes > self.limit && self.remove_first().is_some() {
            self.lost += 1;
        }
        self.lost - before
    }

    /// The oldest record and its number.
    pub(super) fn first(&self) -> Option<(u64, &[u8])> {
        self.records.front().map(|record| (self.first, record.as_slice()))
    }

    /// Lets the oldest record go, if it still is the one with this number.
    pub(super) fn remove(&mut self, number: u64) {
        if self.first == number {
            self.remove_first();
        }
    }

    fn remove_first(&mut self) -> Option<Vec<u8>> {
        let record = self.records.pop_front()?;
        self.bytes -= record.len();
        self.first += 1;
        Some(record)
    }

    /// Every record, oldest first; none is left.
    pub(super) fn take_all(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.remove_first()).collect()
    }

    /// How many records, and their bytes.
    pub(super) fn size(&self) -> (u64, u64) {
        (self.records.len() as u64, self.bytes as u64)
    }
}
