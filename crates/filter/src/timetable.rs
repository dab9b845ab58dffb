//! The school's day as the filter needs it: which period of the day it is, and when that changes. The school's whole
//! calendar belongs to `belisha-records`; the binary turns one into the other.

use belisha_policy::Period;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// How far ahead a change of period is looked for, in days: longer than a summer holiday.
const LOOK_AHEAD_DAYS: usize = 100;

/// A part of the school day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimetablePart {
    /// What it is.
    pub period: Period,
    /// From, included.
    pub from: Time,
    /// Until, excluded.
    pub until: Time,
}

/// Hours that count as boarding time, on days of a term that are not closed. Parts of a school day come before them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardingTime {
    /// On Saturdays and Sundays (`true`), or on the other days of the week.
    pub weekend: bool,
    /// From, included.
    pub from: Time,
    /// Until, excluded; midnight is the end of the day.
    pub until: Time,
}

impl BoardingTime {
    fn covers(&self, date: Date, time: Time) -> bool {
        self.weekend == is_weekend(date) && self.from <= time && (time < self.until || self.until == Time::midnight())
    }
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// When the school is open, in its own time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Timetable {
    written: Written,
    zone: TimeZone,
}

/// A timetable as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    time_zone: String,
    terms: Vec<(Date, Date)>,
    closed: Vec<(Date, Date)>,
    day: Vec<TimetablePart>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    boarding: Vec<BoardingTime>,
}

/// The time zone is not one that the program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called `{0}`; write one such as `Europe/London`")]
pub struct TimetableError(pub String);

impl TryFrom<Written> for Timetable {
    type Error = TimetableError;

    fn try_from(written: Written) -> Result<Self, TimetableError> {
        let zone = TimeZone::get(&written.time_zone).map_err(|_| TimetableError(written.time_zone.clone()))?;
        Ok(Self { written, zone })
    }
}

impl From<Timetable> for Written {
    fn from(timetable: Timetable) -> Self {
        timetable.written
    }
}

impl Timetable {
    /// A timetable from an IANA time zone, terms and closed days (first and last day, both included), and the parts of
    /// a school day in order. Saturdays and Sundays are closed.
    ///
    /// # Errors
    /// The time zone is unknown.
    pub fn new(
        time_zone: &str,
        terms: Vec<(Date, Date)>,
        closed: Vec<(Date, Date)>,
        day: Vec<TimetablePart>,
    ) -> Result<Self, TimetableError> {
        Written { time_zone: time_zone.to_owned(), terms, closed, day, boarding: Vec::new() }.try_into()
    }

    /// The same with boarding hours.
    #[must_use]
    pub fn with_boarding(mut self, boarding: Vec<BoardingTime>) -> Self {
        self.written.boarding = boarding;
        self
    }

    /// The school's time zone, for pages that say when something opens.
    pub fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether pupils are in school on a day.
    pub fn is_school_day(&self, date: Date) -> bool {
        !is_weekend(date) && self.is_term_day(date)
    }

    /// Whether a day, of the week or a weekend, lies in a term and is not closed.
    fn is_term_day(&self, date: Date) -> bool {
        let within = |spans: &[(Date, Date)]| spans.iter().any(|(first, last)| (*first..=*last).contains(&date));
        within(&self.written.terms) && !within(&self.written.closed)
    }

    /// The period at a time; outside the parts of a school day and boarding hours it is [`Period::OutOfSchool`].
    pub fn period_at(&self, now: Timestamp) -> Period {
        let local = self.zone.to_datetime(now);
        let (date, time) = (local.date(), local.time());
        if !self.is_term_day(date) {
            return Period::OutOfSchool;
        }
        let part = self.written.day.iter().find(|part| part.from <= time && time < part.until);
        match part.filter(|_| !is_weekend(date)) {
            Some(part) => part.period,
            None if self.written.boarding.iter().any(|hours| hours.covers(date, time)) => Period::Boarding,
            None => Period::OutOfSchool,
        }
    }

    /// The next time, after `now`, at which `wanted` holds for the period; `None` when that is further off than a
    /// summer holiday, or never.
    pub fn next_when(&self, now: Timestamp, wanted: impl Fn(Period) -> bool) -> Option<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        for days in 0..LOOK_AHEAD_DAYS {
            let date = today.checked_add(i64::try_from(days).ok()?.days()).ok()?;
            for time in self.boundaries(date) {
                let Ok(moment) = self.zone.to_timestamp(date.to_datetime(time)) else {
                    continue;
                };
                if moment > now && wanted(self.period_at(moment)) {
                    return Some(moment);
                }
            }
        }
        None
    }

    /// The times of a day at which the period may change, in order.
    fn boundaries(&self, date: Date) -> Vec<Time> {
        let mut times = vec![Time::midnight()];
        if self.is_school_day(date) {
            times.extend(self.written.day.iter().flat_map(|part| [part.from, part.until]));
        }
        if self.is_term_day(date) {
            let hours = self.written.boarding.iter().filter(|hours| hours.weekend == is_weekend(date));
            times.extend(hours.flat_map(|hours| [hours.from, hours.until]));
        }
        times.sort_unstable();
        times.dedup();
        times
    }
}
