//! How a list is kept up to date: how often its address is asked, and how much of it may vanish before a person is asked. Asking
//! is `refresh`'s business.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often an address is asked for a newer list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Every hour: for lists of what is dangerous today.
    Hourly,
    /// Once a night.
    #[default]
    Daily,
    /// One night a week.
    Weekly,
    /// Only when somebody adds it again.
    Never,
}

impl Schedule {
    /// What people read.
    pub const fn words(self) -> &'static str {
        match self {
            Schedule::Hourly => "every hour",
            Schedule::Daily => "every night",
            Schedule::Weekly => "once a week",
            Schedule::Never => "only by hand",
        }
    }

    /// Whether the address should be asked at `now`, having been asked last at `asked`. A list that is asked by night waits for
    /// the night, between one and five by the school's clock, unless it has missed one.
    pub fn is_due(self, asked: Timestamp, now: Timestamp, zone: &TimeZone) -> bool {
        let waited = now.duration_since(asked);
        let by_night = (1..5).contains(&now.to_zoned(zone.clone()).hour());
        let nightly = |hours: i64| {
            let (night, missed) = (SignedDuration::from_hours(hours - 14), SignedDuration::from_hours(hours + 4));
            waited >= missed || by_night && waited >= night
        };
        match self {
            Schedule::Hourly => waited >= SignedDuration::from_mins(50),
            Schedule::Daily => nightly(24),
            Schedule::Weekly => nightly(7 * 24),
            Schedule::Never => false,
        }
    }
}

/// How a list is kept up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upkeep {
    /// How often its address is asked.
    pub every: Schedule,
    /// Per cent of a category that may vanish at once before a person is asked.
    pub may_lose: u8,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self { every: Schedule::default(), may_lose: 20 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_asked_for_by_night_and_a_missed_night_is_made_up_for() {
        let zone = TimeZone::get("Europe/London").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        for (every, asked, now, due) in [
            (Schedule::Daily, "2026-11-20T10:00:00Z", "2026-11-20T23:00:00Z", false),
            (Schedule::Daily, "2026-11-20T10:00:00Z", "2026-11-21T02:15:00Z", true),
            (Schedule::Daily, "2026-11-20T02:15:00Z", "2026-11-21T02:15:00Z", true),
            (Schedule::Daily, "2026-11-20T02:15:00Z", "2026-11-20T03:15:00Z", false),
            (Schedule::Daily, "2026-11-20T02:15:00Z", "2026-11-21T07:15:00Z", true),
            (Schedule::Weekly, "2026-11-14T02:15:00Z", "2026-11-20T02:15:00Z", false),
            (Schedule::Weekly, "2026-11-14T02:15:00Z", "2026-11-21T02:15:00Z", true),
            (Schedule::Hourly, "2026-11-20T10:15:00Z", "2026-11-20T11:15:00Z", true),
            (Schedule::Hourly, "2026-11-20T10:15:00Z", "2026-11-20T10:45:00Z", false),
            (Schedule::Never, "2020-11-20T10:15:00Z", "2026-11-20T10:45:00Z", false),
            // Summer time: one o'clock in London is midnight UTC.
            (Schedule::Daily, "2026-06-20T02:15:00Z", "2026-06-21T00:15:00Z", true),
        ] {
            assert_eq!(every.is_due(at(asked), at(now), &zone), due, "{every:?} from {asked} to {now}");
        }
    }
}
