//! The receipt of something told: twelve letters that only the person who told holds. The record's id is made from their
//! digest, so that the receipt itself is kept nowhere.

use belisha_records::ConcernId;
use sha2::{Digest, Sha256};

/// No vowels, so that no word appears by chance; nothing that looks like something else.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// A receipt from random bytes: `BCDF-GHJK-LMNP`, about 51 bits.
pub(crate) fn make(random: [u8; 12]) -> String {
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map_or('B', char::from);
    random.chunks(4).map(|four| four.iter().map(letter).collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The record that a receipt belongs to, however it was typed; a UUID of version 8 (RFC 9562 section 5.8).
pub(crate) fn record(typed: &str) -> Option<ConcernId> {
    let letters: String =
        typed.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_uppercase()).collect();
    if letters.len() != 12 {
        return None;
    }
    let digest = Sha256::digest(letters.as_bytes());
    let mut digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    digits.replace_range(12..13, "8");
    digits.replace_range(16..17, "a");
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_leads_to_its_record_however_it_is_typed() {
        let receipt = make([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255]);
        assert_eq!(receipt, "BCDF-GHJK-LMNT");
        assert!(record(&receipt).is_some());
        assert_eq!(record(&receipt), record(" bcdf ghjk lmnt"));
        assert_ne!(record(&receipt), record("BCDF-GHJK-LMNP"));
        assert_eq!(record("BCDF"), None);
    }
}
