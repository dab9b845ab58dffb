//! The parsers of strangers' bytes as plain functions, for the fuzz targets in `fuzz/`. Nothing else calls them here.

use crate::dns::message::{self, Packet};
use crate::dns::quick::QuickQuestion;

/// Reads a DNS packet both ways. What the quick way reads, the other reads as the same question.
///
/// # Panics
/// When the two disagree, which is what is looked for.
pub fn dns_question(bytes: &[u8]) {
    let slow = message::read(bytes);
    let Some(quick) = QuickQuestion::read(bytes) else { return };
    let Packet::Question(question) = slow else {
        panic!("a question to the quick way and none to the other: {bytes:?}");
    };
    assert_eq!(question.host.as_deref(), Some(quick.host()), "{bytes:?}");
}
