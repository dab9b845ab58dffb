//! Duties falling due: occurrences in the school's calendar, chasers, and what shows that one was done (MISSION 1K).

use crate::identifiers::*;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// One occurrence of a duty: this clause, this period, this person if it is per person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyOccurrence {
    /// Id.
    pub id: DutyId,
    /// School.
    pub school: SchoolId,
    /// Clause of the policy.
    pub clause: String,
    /// Key of the period, `2026-2027` or `2026-W47`, unique with clause and person.
    pub period: String,
    /// Whom it is about when the duty is per person.
    pub person: Option<PersonId>,
    /// Who answers for it.
    pub owner: Option<PersonId>,
    /// Last day it can be done in time.
    pub due: Date,
    /// Done, by whom, when, and what shows it.
    pub done: Option<DutyDone>,
    /// Chasers sent so far.
    pub chasers: u8,
}

/// How a duty was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyDone {
    /// By whom.
    pub by: PersonId,
    /// When it was entered.
    pub at: Timestamp,
    /// The day it was really done.
    pub on: Date,
    /// What shows it.
    pub evidence: String,
}

mod chasing;
mod occurrences;

pub use chasing::*;
pub use occurrences::*;
