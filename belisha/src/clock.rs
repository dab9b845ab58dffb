//! The one place that reads the clock and the system's randomness. Everything else is given them.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "the one place the clock is read")]
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Today in the time zone of the two nations the product knows.
pub fn today() -> Date {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    now().to_zoned(zone).date()
}

/// Fills a buffer with random bytes. Without randomness no key, link or id would be safe, so the process stops.
pub fn fill_with_random_bytes(buffer: &mut [u8]) {
    if let Err(failure) = getrandom::fill(buffer) {
        eprintln!("belisha: the system gives no random bytes ({failure}); start it where /dev/urandom works");
        std::process::exit(70);
    }
}
