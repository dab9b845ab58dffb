//! The hash of a name: 64 bits, label by label from the right, so that one walk over a host gives the hash of each of
//! its parents. The seed is fixed because the index is kept on disk. What is done with the hashes is `index`'s affair.

/// Odd constants of random look (digits of the golden ratio and of π); fixed for as long as the format is.
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;
const STEP: u64 = 0xd1b5_4a32_d192_ed03;
const LAST: u64 = 0x2435_08b8_85a3_08d3;

/// Multiplies to 128 bits and folds the halves.
const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

fn label_hash(state: u64, label: &[u8]) -> u64 {
    let (words, rest) = label.as_chunks::<8>();
    let start = state ^ (label.len() as u64).wrapping_mul(LAST);
    let state = words.iter().fold(start, |state, word| fold(state ^ u64::from_le_bytes(*word), STEP));
    fold(state ^ short_word(rest), STEP ^ LAST)
}

/// Fewer than eight bytes as a number; with their count, which `label_hash` mixes in, no two are alike.
fn short_word(bytes: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Each name of a host from the most general (`uk`, `co.uk`) to the host itself, with its hash.
pub(crate) fn hashes(host: &str) -> impl Iterator<Item = (&str, u64)> {
    let mut state = SEED;
    let mut end = Some(host.len());
    std::iter::from_fn(move || {
        let until = end?;
        let before = host.as_bytes().get(..until)?;
        let from = before.iter().rposition(|byte| *byte == b'.').map_or(0, |dot| dot + 1);
        state = label_hash(state, before.get(from..)?);
        end = from.checked_sub(1);
        Some((host.get(from..)?, fold(state, LAST)))
    })
}

/// The hash of one whole name.
pub(crate) fn domain_hash(name: &str) -> u64 {
    hashes(name).last().map_or(SEED, |(_, hash)| hash)
}

/// The bucket of a hash: its top bits.
pub(crate) fn bucket(hash: u64, bits: u32) -> usize {
    if bits == 0 { 0 } else { (hash >> (64 - bits)) as usize }
}

/// The part of a hash that is kept: its low 32 bits, which share nothing with the bucket.
pub(crate) fn fingerprint(hash: u64) -> u32 {
    hash as u32
}

/// A checksum of bytes, to tell a damaged file. It keeps nobody out who means harm.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(4096).fold(SEED, label_hash)
}
