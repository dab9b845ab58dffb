//! The school's own calendar: time zone, terms, closed days, the periods of a school day. Deadlines are counted in it.

use belisha_policy::Period;
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// A school's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolCalendar {
    /// IANA name, `Europe/London`.
    pub time_zone: String,
    /// Terms in order; days outside them are holidays.
    pub terms: Vec<Term>,
    /// Days inside a term when the school is closed: half-term weeks, bank holidays, training days.
    pub closed: Vec<ClosedDays>,
    /// What a school day is made of, in order; times outside are out of school.
    pub day: Vec<DayPart>,
}

/// A term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// Name, `Autumn 2026`.
    pub name: String,
    /// First school day.
    pub first: Date,
    /// Last school day.
    pub last: Date,
}

/// Days the school is closed inside a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedDays {
    /// Why: `Half term`.
    pub name: String,
    /// First day.
    pub first: Date,
    /// Last day.
    pub last: Date,
}

/// A part of the school day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayPart {
    /// What the filter calls it.
    pub period: Period,
    /// From, included.
    pub from: Time,
    /// Until, excluded.
    pub until: Time,
}

impl SchoolCalendar {
    /// The year in which the academic year of a day began, by the first school day of its first term.
    fn academic_year_began(&self, day: Date) -> i16 {
        if day >= self.academic_year_start(day.year()) { day.year() } else { day.year() - 1 }
    }

    /// First day of the academic year that begins in a calendar year: the first day of the earliest term that starts from August to October,
    /// which is August in Scotland and September in England. 1 September while the terms are not entered.
    pub fn academic_year_start(&self, year: i16) -> Date {
        let first_term = self.terms.iter().map(|term| term.first).filter(|first| first.year() == year && (8..=10).contains(&first.month())).min();
        first_term.unwrap_or(Date::constant(2000, 9, 1).with().year(year).build().unwrap_or(Date::constant(2000, 9, 1)))
    }

    /// The academic year of a day, `2026-2027`. Days of the summer holidays belong to the year that ends.
    pub fn academic_year(&self, day: Date) -> String {
        let began = self.academic_year_began(day);
        format!("{began}-{}", began + 1)
    }

    /// First and last day of the academic year of a day.
    pub fn academic_year_span(&self, day: Date) -> (Date, Date) {
        let began = self.academic_year_began(day);
        let next = self.academic_year_start(began + 1);
        (self.academic_year_start(began), next.yesterday().unwrap_or(next))
    }
}

impl SchoolCalendar {
    /// The school's time zone; London's where the name is not known, which is right for every school of both nations.
    pub fn zone(&self) -> TimeZone {
        TimeZone::get(&self.time_zone).or_else(|_| TimeZone::get("Europe/London")).unwrap_or(TimeZone::UTC)
    }

    /// A moment in the school's time.
    pub fn local(&self, moment: Timestamp) -> DateTime {
        self.zone().to_datetime(moment)
    }

    /// The school's day of a moment.
    pub fn day_of(&self, moment: Timestamp) -> Date {
        self.local(moment).date()
    }

    /// The moment of a time on the school's clock. In the hour that a clock change leaves out or repeats, the earlier reading.
    pub fn moment(&self, local: DateTime) -> Timestamp {
        self.zone().to_ambiguous_timestamp(local).earlier().unwrap_or(Timestamp::MAX)
    }

    /// Whether the school is open on a day: a weekday in a term that no closed days cover.
    pub fn is_school_day(&self, day: Date) -> bool {
        !is_weekend(day)
            && self.terms.iter().any(|term| term.first <= day && day <= term.last)
            && !self.closed.iter().any(|closed| closed.first <= day && day <= closed.last)
    }

    /// The first school day after a day. Where the terms entered end, weekdays count, so that a deadline never vanishes.
    pub fn next_school_day(&self, day: Date) -> Date {
        let entered_until = self.terms.iter().map(|term| term.last).max();
        let mut next = day;
        loop {
            next = match next.tomorrow() {
                Ok(tomorrow) => tomorrow,
                Err(_) => return next,
            };
            if self.is_school_day(next) || (entered_until.is_none_or(|last| next > last) && !is_weekend(next)) {
                return next;
            }
        }
    }

    /// The day that is `days` school days after a day; the day itself for none.
    pub fn add_school_days(&self, day: Date, days: u16) -> Date {
        (0..days).fold(day, |day, _| self.next_school_day(day))
    }

    /// The end of the day, on the school's clock, that is `days` school days after a moment.
    pub fn end_of_school_day_after(&self, now: Timestamp, days: u16) -> Timestamp {
        self.end_of_day(self.add_school_days(self.day_of(now), days))
    }

    /// Last second of a day on the school's clock.
    pub fn end_of_day(&self, day: Date) -> Timestamp {
        self.moment(day.at(23, 59, 59, 0))
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
