//! Looking one person up: never without a reason, and never without a trace of who looked. Who may look at all is
//! `records::PERMISSIONS`' business and asked before.

use belisha_records::{Actor, PersonId, SchoolId};
use belisha_store::{Store, StoreError, activity, look_ups};
use jiff::Timestamp;

/// The fewest letters of a reason.
const SHORTEST_REASON: usize = 12;
/// The most rows of one look-up; the newest come first.
pub const MOST_ROWS: u32 = 5_000;

/// Why a look-up was refused. Each message fits beside the form's field.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// The reason says too little.
    #[error("the reason says too little; write in a sentence what you are worried about, since it is kept and counted")]
    Reason,
    /// The range is empty or turned round.
    #[error("the end of the range is not after its start; choose a later end")]
    Range,
    /// Somebody looked for their own activity in this way.
    #[error("this is you; your own activity is on your own page and needs no reason")]
    Oneself,
    /// The database would not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a reason is one: a few words, and not one key held down.
pub fn is_reason(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let mut letters: Vec<char> = text.to_lowercase().chars().filter(|letter| letter.is_alphabetic()).collect();
    let enough = letters.len() >= SHORTEST_REASON;
    letters.sort_unstable();
    letters.dedup();
    words >= 3 && enough && letters.len() >= 5
}

/// What a person visited from `range.0` (included) until `range.1` (excluded), newest first and at most [`MOST_ROWS`]. That
/// `actor` looked, at whom and why, is written in the same transaction: without it there is no answer.
///
/// # Errors
/// See [`LookUpError`]. On any of them nothing was shown and nothing written.
pub async fn look_up(
    store: &Store,
    school: SchoolId,
    actor: PersonId,
    person: PersonId,
    why: &str,
    range: (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Vec<activity::Visit>, LookUpError> {
    if actor == person {
        return Err(LookUpError::Oneself);
    }
    if !is_reason(why) {
        return Err(LookUpError::Reason);
    }
    if range.1 <= range.0 {
        return Err(LookUpError::Range);
    }
    let mut tx = store.begin(&Actor::Person(actor), school, now).await?;
    look_ups::insert(&mut tx, actor, person, why.trim(), range).await?;
    let rows = activity::list_of(&mut tx, person, range.0, range.1, MOST_ROWS).await?;
    tx.commit().await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::is_reason;

    #[test]
    fn a_reason_is_a_few_words_that_say_something() {
        for reason in ["Worried after an alert about self-harm", "Parent asked what she saw on Tuesday", "Poziom niepokoju po zgłoszeniu"] {
            assert!(is_reason(reason), "{reason}");
        }
        for none in ["", "   ", "checking", "aaaaaaaaaaaaaaaaaaaaaa", "aaa aaa aaa aaa aaa", "1234 5678 9012 3456", "a b c d e f", "because because"] {
            assert!(!is_reason(none), "{none}");
        }
    }
}
