//! When a duty falls due: its cadence laid over the school's calendar, once for the school or once per person.

use crate::calendar::{SchoolCalendar, add_days, days_between};
use crate::identifiers::*;
use crate::people::Person;
use belisha_policy::{Audience, Cadence, Due, Duty, Event, Policy};
use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Weekday};

/// One period of a duty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DutyPeriod {
    /// Unique among the periods of one duty: `2026-2027`, `2026-12`, `2026-W47`, `2026-11-03`, `term-2026-09-01`, `half-2026-09-01`.
    pub key: String,
    /// First day it can be done.
    pub first: Date,
    /// Last day it can be done in time.
    pub due: Date,
}

/// A duty that falls due, before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyFallingDue {
    /// Clause of the policy.
    pub clause: String,
    /// Period.
    pub period: DutyPeriod,
    /// Whom it is about, when it is per person.
    pub person: Option<PersonId>,
}

/// School days into the school year by which something due "at the start" of it must be done.
pub const START_OF_YEAR_SCHOOL_DAYS: u16 = 10;

/// The periods of a duty that are due between two days, both included, in order. A duty set off by an event has none until the event
/// ([`duty_for_event`]), save Safer Internet Day, which the calendar knows. A duty of every lesson has none either: lessons are not foreseen.
pub fn duty_periods(duty: &Duty, calendar: &SchoolCalendar, from: Date, until: Date) -> Vec<DutyPeriod> {
    let mut periods = match &duty.due {
        Due::Every { cadence, months } => periods_of(*cadence, months, calendar, from, until),
        Due::On { event: Event::SaferInternetDay, .. } => {
            (from.year()..=until.year()).filter_map(safer_internet_day).collect()
        }
        Due::On { .. } => Vec::new(),
    };
    periods.retain(|period| from <= period.due && period.due <= until);
    periods.sort_by(|one, other| (one.due, &one.key).cmp(&(other.due, &other.key)));
    periods.dedup_by(|one, other| one.key == other.key);
    periods
}

fn periods_of(cadence: Cadence, months: &[i8], calendar: &SchoolCalendar, from: Date, until: Date) -> Vec<DutyPeriod> {
    // A period may begin long before it falls due, and one that is due in the range may have begun before it.
    let years = (from.year() - 2)..=(until.year() + 1);
    match cadence {
        Cadence::Lesson => Vec::new(),
        Cadence::SchoolDay => days(from, until).filter(|day| calendar.is_school_day(*day)).map(one_day).collect(),
        Cadence::Day => days(from, until).map(one_day).collect(),
        Cadence::Week => {
            weeks(from, until, 1).filter_map(|(key, first, last)| school_part(calendar, key, first, last)).collect()
        }
        Cadence::Fortnight => {
            weeks(from, until, 2).filter_map(|(key, first, last)| school_part(calendar, key, first, last)).collect()
        }
        Cadence::Month => years
            .flat_map(|year| (1..=12).filter_map(move |month| month_span(year, month)))
            .filter_map(|(key, first, last)| school_part(calendar, key, first, last))
            .collect(),
        Cadence::HalfTerm => calendar
            .half_terms()
            .into_iter()
            .filter_map(|(first, last)| school_part(calendar, format!("half-{first}"), first, last))
            .collect(),
        Cadence::Term => calendar
            .terms
            .iter()
            .filter_map(|term| school_part(calendar, format!("term-{}", term.first), term.first, term.last))
            .collect(),
        Cadence::TwiceAYear => named_months(if months.is_empty() { &[6, 12] } else { months }, calendar, years),
        Cadence::Year if months.is_empty() => years
            .filter_map(|year| {
                Some(DutyPeriod {
                    key: year.to_string(),
                    first: Date::new(year, 1, 1).ok()?,
                    due: Date::new(year, 12, 31).ok()?,
                })
            })
            .collect(),
        Cadence::Year => named_months(months, calendar, years),
        Cadence::AcademicYear | Cadence::TwoYears | Cadence::StartOfSchoolYear => {
            academic(cadence, months, calendar, years)
        }
    }
}

fn one_day(day: Date) -> DutyPeriod {
    DutyPeriod { key: day.to_string(), first: day, due: day }
}

fn days(from: Date, until: Date) -> impl Iterator<Item = Date> {
    (0..=days_between(from, until).max(-1)).map(move |offset| add_days(from, offset))
}

/// Runs of ISO weeks that touch the range. Runs are counted from a Monday long ago, so that they are the same on every day they are asked for.
fn weeks(from: Date, until: Date, length: i32) -> impl Iterator<Item = (String, Date, Date)> {
    let origin = Date::constant(2001, 1, 1);
    let step = 7 * length;
    let first_run = days_between(origin, from).div_euclid(step);
    let last_run = days_between(origin, until).div_euclid(step);
    (first_run..=last_run).map(move |run| {
        let monday = add_days(origin, run * step);
        let week = ISOWeekDate::from(monday);
        (format!("{}-W{:02}", week.year(), week.week()), monday, add_days(monday, step - 1))
    })
}

fn month_span(year: i16, month: i8) -> Option<(String, Date, Date)> {
    let first = Date::new(year, month, 1).ok()?;
    Some((format!("{year}-{month:02}"), first, first.last_of_month()))
}

/// A span that is due on its last school day; nothing where the school is closed all through it.
fn school_part(calendar: &SchoolCalendar, key: String, first: Date, last: Date) -> Option<DutyPeriod> {
    calendar.last_school_day(first, last).map(|due| DutyPeriod { key, first, due })
}

/// Months the policy names: due on the month's last school day, or its last day where the calendar knows no school day in it.
fn named_months(months: &[i8], calendar: &SchoolCalendar, years: std::ops::RangeInclusive<i16>) -> Vec<DutyPeriod> {
    let mut periods: Vec<DutyPeriod> = years
        .flat_map(|year| months.iter().filter_map(move |month| month_span(year, *month)))
        .map(|(key, first, last)| DutyPeriod { key, first, due: calendar.last_school_day(first, last).unwrap_or(last) })
        .collect();
    periods.sort_by_key(|period| period.due);
    // Each can be done from the day after the one before it.
    for at in (1..periods.len()).rev() {
        periods[at].first = add_days(periods[at - 1].due, 1);
    }
    periods
}

fn academic(
    cadence: Cadence,
    months: &[i8],
    calendar: &SchoolCalendar,
    years: std::ops::RangeInclusive<i16>,
) -> Vec<DutyPeriod> {
    let step = if cadence == Cadence::TwoYears { 2 } else { 1 };
    years
        .filter(|year| cadence != Cadence::TwoYears || year % 2 == 0)
        .map(|year| {
            let first = calendar.academic_year_start(year);
            let last = add_days(calendar.academic_year_start(year + step), -1);
            let due = match cadence {
                Cadence::StartOfSchoolYear => calendar.add_school_days(first, START_OF_YEAR_SCHOOL_DAYS),
                _ => named_months(months, calendar, year..=(year + step))
                    .into_iter()
                    .map(|period| period.due)
                    .find(|due| first <= *due && *due <= last)
                    .or_else(|| {
                        calendar.last_school_day(first, last).filter(|_| {
                            calendar.terms.iter().any(|term| {
                                first <= term.last && term.last <= last && days_between(term.last, last) < 100
                            })
                        })
                    })
                    .unwrap_or(last),
            };
            let key = if cadence == Cadence::StartOfSchoolYear {
                format!("start-{year}-{}", year + 1)
            } else {
                format!("{year}-{}", year + step)
            };
            DutyPeriod { key, first, due }
        })
        .collect()
}

/// Safer Internet Day: the Tuesday of the second week of February.
fn safer_internet_day(year: i16) -> Option<DutyPeriod> {
    let day = Date::new(year, 2, 1).ok()?.nth_weekday_of_month(2, Weekday::Tuesday).ok()?;
    Some(DutyPeriod { key: format!("safer-internet-day-{year}"), first: add_days(day, -7), due: day })
}

/// The period of a duty that an event sets off. `key` tells one event from another: an id or a day, never a name.
pub fn duty_for_event(duty: &Duty, calendar: &SchoolCalendar, key: &str, at: Timestamp) -> Option<DutyPeriod> {
    match &duty.due {
        Due::On { event, within } => Some(DutyPeriod {
            key: format!("{}-{key}", event.key()),
            first: calendar.day_of(at),
            due: calendar.day_of(calendar.deadline(*within, at)),
        }),
        Due::Every { .. } => None,
    }
}

/// Every duty of the policy that falls due between two days, both included: per person of the audience where the clause says so, for those at the
/// school on the day it is due.
pub fn duties_falling_due(
    policy: &Policy,
    people: &[Person],
    calendar: &SchoolCalendar,
    from: Date,
    until: Date,
) -> Vec<DutyFallingDue> {
    let mut falling = Vec::new();
    for (clause, duty) in policy.duties() {
        for period in duty_periods(duty, calendar, from, until) {
            match duty.who {
                None => falling.push(DutyFallingDue { clause: clause.id.0.clone(), period, person: None }),
                Some(audience) => {
                    let concerned = people.iter().filter(|person| {
                        speaks_to(audience, person.audience)
                            && person.joined <= period.due
                            && person.left.is_none_or(|left| period.due <= left)
                    });
                    falling.extend(concerned.map(|person| DutyFallingDue {
                        clause: clause.id.0.clone(),
                        period: period.clone(),
                        person: Some(person.id),
                    }));
                }
            }
        }
    }
    falling
}

/// Duties about pupils are about pupils of every age.
fn speaks_to(duty: Audience, person: Audience) -> bool {
    duty == person || (duty == Audience::Pupil && person == Audience::YoungerPupil)
}
