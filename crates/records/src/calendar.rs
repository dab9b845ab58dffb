//! The school's own calendar: time zone, terms, closed days, the periods of a school day. Deadlines are counted in it.

use belisha_policy::Period;
use jiff::civil::{Date, Time};
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
