//! One line of the index: 64 bytes, what a processor fetches at once. Ten names stand in it, each by 35 bits of its hash
//! and the 16-bit number of its set of listings. A name's hash says its home line; what a full line cannot hold is in
//! the next one, and two bits say so, one for names whose hash has a certain bit and one for the others: so a search
//! goes on only where it may find something.
//!
//! Bytes 0 to 39: ten times the low 32 bits of a hash, 0 where no name is; 40 to 59: ten numbers of sets; 60 to 63: three
//! more bits of each hash, then the two that say that names went on. Little-endian.

use std::io::{self, Write};

/// Bytes of a line.
pub(super) const LINE: usize = 64;
/// Names in a full one.
const SLOTS: usize = 10;
/// Names a line holds on average, in halves: the emptier the lines, the fewer searches go on to a second one.
const HALF_NAMES_A_LINE: usize = 13;

/// How many home lines there are for a number of names.
pub(super) fn homes(names: usize) -> usize {
    (names * 2).div_ceil(HALF_NAMES_A_LINE).max(1)
}

/// The home line of a hash. Greater hashes have later homes.
pub(super) fn home(hash: u64, homes: usize) -> usize {
    (((hash >> 32) * homes as u64) >> 32) as usize
}

/// The low 32 bits of a hash; 0 stands for an empty slot.
fn print(hash: u64) -> u32 {
    (hash as u32).max(1)
}

/// Three more bits.
fn more(hash: u64) -> u32 {
    (hash >> 32) as u32 & 7
}

/// Which of the two last bits says that such a name went on.
fn went_on(hash: u64) -> u32 {
    1 << (30 + (hash >> 35 & 1))
}

fn last_word(line: &[u8; LINE]) -> u32 {
    line.last_chunk::<4>().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// Where the low bits of a hash stand in a line: a bit for each slot.
fn trace(line: &[u8; LINE], hash: u64) -> u32 {
    let wanted = print(hash);
    let (words, _) = line.as_chunks::<4>();
    let slots = words.iter().take(SLOTS).zip(0u32..);
    slots.fold(0, |found, (word, slot)| found | u32::from(u32::from_le_bytes(*word) == wanted) << slot)
}

/// The set of a name, by its hash.
pub(super) fn find(lines: &[[u8; LINE]], homes: usize, hash: u64) -> Option<u16> {
    for line in lines.get(home(hash, homes)..)? {
        let (mut trace, last) = (trace(line, hash), last_word(line));
        while trace != 0 {
            let slot = trace.trailing_zeros();
            if last >> (slot * 3) & 7 == more(hash) {
                return set_at(line, slot as usize);
            }
            trace &= trace - 1;
        }
        if last & went_on(hash) == 0 {
            return None;
        }
    }
    None
}

fn set_at(line: &[u8; LINE], slot: usize) -> Option<u16> {
    let (sets, _) = line.get(SLOTS * 4..SLOTS * 6)?.as_chunks::<2>();
    sets.get(slot).map(|set| u16::from_le_bytes(*set))
}

/// Writes lines from names in the order of their hashes.
#[derive(Debug)]
pub(super) struct LineWriter {
    homes: usize,
    written: usize,
    /// Names for the next line, those that found no room earlier first.
    waiting: Vec<(u64, u16)>,
}

impl LineWriter {
    pub fn new(homes: usize) -> Self {
        Self { homes, written: 0, waiting: Vec::new() }
    }

    /// Takes a name's hash and the number of its set.
    pub fn put(&mut self, hash: u64, set: u16, out: &mut impl Write) -> io::Result<()> {
        let home = home(hash, self.homes);
        while self.written < home {
            self.line(out)?;
        }
        self.waiting.push((hash, set));
        Ok(())
    }

    /// Writes what is left; returns how many lines there are. Names of the last homes may need lines behind them.
    pub fn finish(mut self, out: &mut impl Write) -> io::Result<usize> {
        while self.written < self.homes || !self.waiting.is_empty() {
            self.line(out)?;
        }
        Ok(self.written)
    }

    fn line(&mut self, out: &mut impl Write) -> io::Result<()> {
        let held = self.waiting.len().min(SLOTS);
        let (mut prints, mut sets, mut last) = ([0; SLOTS], [0; SLOTS], 0);
        for ((hash, set), slot) in self.waiting.drain(..held).zip(0..) {
            if let (Some(print_here), Some(set_here)) = (prints.get_mut(slot), sets.get_mut(slot)) {
                (*print_here, *set_here) = (print(hash), set);
                last |= more(hash) << (slot * 3);
            }
        }
        let last = self.waiting.iter().fold(last, |last, (hash, _)| last | went_on(*hash));
        let mut line = Vec::with_capacity(LINE);
        prints.iter().for_each(|print| line.extend_from_slice(&print.to_le_bytes()));
        sets.iter().for_each(|set| line.extend_from_slice(&set.to_le_bytes()));
        line.extend_from_slice(&last.to_le_bytes());
        self.written += 1;
        out.write_all(&line)
    }
}
