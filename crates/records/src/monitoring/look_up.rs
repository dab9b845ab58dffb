//! Looking a person up: what a look-up must say before anything is shown. Who may look at all is the permission table's.

use crate::FieldErrors;
use crate::identifiers::*;
use jiff::Timestamp;

/// The fewest letters of a reason for a look-up: it is kept, and counted for the governors.
const FEWEST_LETTERS: usize = 12;
/// The fewest words of one.
const FEWEST_WORDS: usize = 3;
/// The fewest different letters of one, so that a key held down says nothing.
const FEWEST_DIFFERENT: usize = 5;

/// Whether a reason for a look-up is one: a few words, and not one key held down.
pub fn is_look_up_reason(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let mut letters: Vec<char> = text.to_lowercase().chars().filter(|letter| letter.is_alphabetic()).collect();
    let enough = letters.len() >= FEWEST_LETTERS;
    letters.sort_unstable();
    letters.dedup();
    words >= FEWEST_WORDS && enough && letters.len() >= FEWEST_DIFFERENT
}

/// The reason of a look-up, as it is kept.
///
/// # Errors
/// Under `reason` when it says too little, `person` when somebody looks for themselves, `until` when the range is empty or turned round.
pub fn check_look_up(
    by: PersonId,
    about: PersonId,
    reason: &str,
    range: (Timestamp, Timestamp),
) -> Result<String, FieldErrors> {
    let mut errors = FieldErrors::new();
    if !is_look_up_reason(reason) {
        errors.add(
            "reason",
            "the reason says too little; write in a sentence what you are worried about, since it is kept and counted",
        );
    }
    if by == about {
        errors.add("person", "this is you; your own activity is on your own page and needs no reason");
    }
    if range.1 <= range.0 {
        errors.add("until", "the last day is before the first; choose a later one");
    }
    errors.into_result(reason.trim().to_owned())
}
