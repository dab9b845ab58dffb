//! How numbers and days are said: `1 day`, `43 days`, `3 November 2026`. Glossary entries live in `glossary`.

use jiff::civil::Date;

/// A number with its noun.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The months in order.
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A day as people write it: `3 November 2026`.
pub fn day_in_words(day: Date) -> String {
    let month = usize::try_from(day.month())
        .ok()
        .and_then(|month| MONTHS.get(month.wrapping_sub(1)))
        .copied()
        .unwrap_or_default();
    format!("{} {month} {}", day.day(), day.year())
}
