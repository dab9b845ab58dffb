//! The school's own calendar: time zone, terms, closed days, the periods of a school day. Deadlines are counted in it.

use belisha_policy::{Period, Within};
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
    /// When pupils who board are in the boarding house, on days of a term; a part of the school day comes before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub boarding: Vec<BoardingHours>,
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

/// Hours that count as boarding time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardingHours {
    /// On Saturdays and Sundays (`true`), or on the other days of the week.
    pub weekend: bool,
    /// From, included.
    pub from: Time,
    /// Until, excluded; midnight is the end of the day.
    pub until: Time,
}

impl BoardingHours {
    /// Whether they cover a time of a day of the week.
    fn cover(&self, local: DateTime) -> bool {
        self.weekend == is_weekend(local.date())
            && self.from <= local.time()
            && (local.time() < self.until || self.until == Time::midnight())
    }
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
        let first_term = self
            .terms
            .iter()
            .map(|term| term.first)
            .filter(|first| first.year() == year && (8..=10).contains(&first.month()))
            .min();
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

impl SchoolCalendar {
    /// Which period of the school's day a moment falls in. Days the school is closed, and times outside the parts of its day, are out of school.
    pub fn period_at(&self, moment: Timestamp) -> Period {
        let local = self.local(moment);
        match self.part_at(local) {
            Some(part) => part.period,
            None if self.boards_at(local) => Period::Boarding,
            None => Period::OutOfSchool,
        }
    }

    fn boards_at(&self, local: DateTime) -> bool {
        let day = local.date();
        self.boarding.iter().any(|hours| hours.cover(local))
            && self.terms.iter().any(|term| term.first <= day && day <= term.last)
            && !self.closed.iter().any(|closed| closed.first <= day && day <= closed.last)
    }

    fn part_at(&self, local: DateTime) -> Option<&DayPart> {
        if !self.is_school_day(local.date()) {
            return None;
        }
        self.day.iter().find(|part| part.from <= local.time() && local.time() < part.until)
    }

    /// When the present period may end: the end of its part of the day, or out of school the start of the next part; and
    /// no later than boarding time begins or ends.
    pub fn period_ends(&self, moment: Timestamp) -> Timestamp {
        let local = self.local(moment);
        let ends = self.part_ends(local);
        self.next_boarding_edge(local).map_or(ends, |edge| ends.min(edge))
    }

    /// The next time, within eight days, at which boarding hours begin or end.
    fn next_boarding_edge(&self, local: DateTime) -> Option<Timestamp> {
        let mut day = local.date();
        for _ in 0..=7 {
            let next = day.tomorrow().ok()?;
            let hours = self.boarding.iter().filter(|hours| hours.weekend == is_weekend(day));
            let until = |hours: &BoardingHours| match hours.until == Time::midnight() {
                true => next.to_datetime(hours.until),
                false => day.to_datetime(hours.until),
            };
            let edges = hours.flat_map(|hours| [day.to_datetime(hours.from), until(hours)]);
            if let Some(edge) = edges.filter(|edge| *edge > local).min() {
                return Some(self.moment(edge));
            }
            day = next;
        }
        None
    }

    fn part_ends(&self, local: DateTime) -> Timestamp {
        let today = local.date();
        if let Some(part) = self.part_at(local) {
            return self.moment(today.to_datetime(part.until));
        }
        let later = self
            .day
            .iter()
            .filter(|part| self.is_school_day(today) && part.from > local.time())
            .map(|part| part.from)
            .min();
        match later {
            Some(from) => self.moment(today.to_datetime(from)),
            None => self.moment(
                self.next_school_day(today)
                    .to_datetime(self.day.iter().map(|part| part.from).min().unwrap_or(Time::midnight())),
            ),
        }
    }

    /// By when something must be done that was set off at a moment. Hours run through holidays; what comes in or falls due at a weekend is due
    /// by the end of Monday (M85). "As soon as possible" has no deadline of its own and is chased after one school day.
    pub fn deadline(&self, within: Within, since: Timestamp) -> Timestamp {
        match within {
            Within::Immediately => since,
            Within::AsSoonAsPossible => self.end_of_school_day_after(since, 1),
            Within::SchoolDays(days) => self.end_of_school_day_after(since, days),
            Within::Hours(hours) => {
                let due =
                    since.checked_add(jiff::SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MAX);
                let (from, until) = (self.day_of(since), self.day_of(due));
                if is_weekend(until) || (is_weekend(from) && hours <= 48) {
                    self.end_of_day(monday_after(until.max(from))).max(due)
                } else {
                    due
                }
            }
        }
    }

    /// The last school day between two days, both included.
    pub fn last_school_day(&self, from: Date, until: Date) -> Option<Date> {
        let mut day = until;
        while day >= from {
            if self.is_school_day(day) {
                return Some(day);
            }
            day = day.yesterday().ok()?;
        }
        None
    }

    /// The halves of each term, parted by the longest closed week inside it; a term without one is parted in the middle.
    pub fn half_terms(&self) -> Vec<(Date, Date)> {
        let mut halves = Vec::new();
        for term in &self.terms {
            let inside = self.closed.iter().filter(|closed| closed.first > term.first && closed.last < term.last);
            let longest = inside
                .max_by_key(|closed| days_between(closed.first, closed.last))
                .filter(|closed| days_between(closed.first, closed.last) >= 3);
            let (first_ends, second_begins) = match longest {
                Some(closed) => {
                    (closed.first.yesterday().unwrap_or(closed.first), closed.last.tomorrow().unwrap_or(closed.last))
                }
                None => {
                    let middle = add_days(term.first, days_between(term.first, term.last) / 2);
                    (middle, add_days(middle, 1))
                }
            };
            halves.push((term.first, first_ends));
            if second_begins <= term.last {
                halves.push((second_begins, term.last));
            }
        }
        halves
    }
}

/// Whole days from one day to another.
pub(crate) fn days_between(from: Date, until: Date) -> i32 {
    from.until(until).map_or(0, |span| span.get_days())
}

/// A day some days later, or the last one there is.
pub(crate) fn add_days(day: Date, days: i32) -> Date {
    day.checked_add(jiff::Span::new().days(days)).unwrap_or(Date::MAX)
}

fn monday_after(day: Date) -> Date {
    // A weekday stays itself: only what comes in or ends at a weekend moves.
    match day.weekday() {
        Weekday::Saturday => add_days(day, 2),
        Weekday::Sunday => add_days(day, 1),
        _ => day,
    }
}
