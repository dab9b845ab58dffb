//! How the pages say things: dates, times, counts, and messages made into sentences.

use belisha_policy::Audience;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use std::borrow::Borrow;

/// A message of the rules (lower case, no full stop) as a sentence on a page: `enter a date` becomes `Enter a date`.
/// Backticks become quotation marks, which is what people outside computing read.
pub fn sentence(message: &str) -> String {
    let mut open = false;
    let mut letters = message.chars().map(|letter| match letter {
        '`' => {
            open = !open;
            if open { '‘' } else { '’' }
        }
        other => other,
    });
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    first + &letters.collect::<String>()
}

/// `3 November 2026`.
pub fn day(date: impl Borrow<Date>) -> String {
    date.borrow().strftime("%-d %B %Y").to_string()
}

/// `Tuesday 3 November 2026, 10:45`, in the school's time zone.
pub fn moment(at: impl Borrow<Timestamp>, zone: &TimeZone) -> String {
    at.borrow().to_zoned(zone.clone()).strftime("%A %-d %B %Y, %H:%M").to_string()
}

/// `10:45`, in the school's time zone.
pub fn clock_time(at: impl Borrow<Timestamp>, zone: &TimeZone) -> String {
    at.borrow().to_zoned(zone.clone()).strftime("%H:%M").to_string()
}

/// `1 person`, `2 people`: a count with its word.
pub fn count(number: impl Borrow<usize>, one: &str, many: &str) -> String {
    let number = *number.borrow();
    format!("{number} {}", if number == 1 { one } else { many })
}

/// One of an audience, inside a sentence: `pupil`, `member of staff`.
pub const fn member(audience: Audience) -> &'static str {
    match audience {
        Audience::Pupil | Audience::YoungerPupil => "pupil",
        Audience::Parent => "parent or carer",
        Audience::Staff => "member of staff",
        Audience::Volunteer => "volunteer",
        Audience::Governor => "governor",
        Audience::Visitor => "visitor",
        Audience::CommunityUser => "community user",
    }
}

/// A theme of the monitoring as it stands inside a sentence: `self-harm`, `eating disorders`.
pub fn theme(key: &str) -> String {
    match key {
        "self-harm" => "self-harm".to_owned(),
        "sexual" | "grooming" => "sexual content or contact".to_owned(),
        "eating-disorder" | "eating-disorders" => "eating disorders".to_owned(),
        other => other.replace('-', " "),
    }
}

/// What a tick stands beside: the line and its exact words. Boxes send it, so that nobody signs words they did not see.
pub fn fingerprint(line: &str, text: &str) -> String {
    let digest = Sha256::new().chain_update(line).chain_update([0]).chain_update(text).finalize();
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_becomes_a_sentence_without_backticks() {
        assert_eq!(
            sentence("`7Z` is not a class; choose one of the list"),
            "‘7Z’ is not a class; choose one of the list"
        );
        assert_eq!(sentence("enter a date"), "Enter a date");
        assert_eq!(sentence(""), "");
    }
}
