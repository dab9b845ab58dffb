//! What the index does with the hash of a name: which bucket, and what is kept of it. The hash is in `host_names`.

use crate::host_names::mix;

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
    bytes.chunks(4096).fold(0, mix)
}
