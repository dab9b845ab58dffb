//! Incidents: five facts, who was involved and how, the actions the policy demands, tasks, an outcome (MISSION 1D, M39, M50, M51).
//! Pure rules: what must be done, what may be left out and why, who may see a case and who must not.

use crate::identifiers::*;
use belisha_policy::ActionSubject;
use jiff::{Timestamp, civil::DateTime};
use serde::{Deserialize, Serialize};

/// The part a person had in an incident. A person may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Was harmed, or may have been.
    Harmed,
    /// Is said to have done it. Never sees the case.
    Alleged,
    /// Saw it.
    Witness,
    /// Told us.
    Reporter,
}

/// Somebody involved: a person on the roster, or words where they are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Involvement {
    /// On the roster.
    pub person: Option<PersonId>,
    /// Words for somebody who is not ("a pupil of another school").
    pub described_as: Option<String>,
    /// Part.
    pub part: Part,
}

/// One of the four Cs of KCSIE 2026 (content, contact, conduct, commerce).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RiskArea {
    /// Being exposed to illegal, inappropriate or harmful content.
    Content,
    /// Harmful interaction with others or with software that simulates them.
    Contact,
    /// Own behaviour that causes harm.
    Conduct,
    /// Gambling, advertising, phishing, scams.
    Commerce,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IncidentStatus {
    /// Recorded and being dealt with.
    Open,
    /// Closed with an outcome.
    Closed,
}

/// What was found in the end. Unfounded is said as plainly as founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// It happened as recorded.
    Founded,
    /// It did not.
    Unfounded,
    /// It could not be settled.
    NotEstablished,
}

/// One action of the policy's table as decided for this case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionDecision {
    /// Column id of the table.
    pub column: String,
    /// Label as it stood.
    pub label: String,
    /// Whether the policy marks it for this row.
    pub by_policy: bool,
    /// Whether it is being taken.
    pub taken: bool,
    /// Why it departs from the policy; required exactly when `by_policy != taken`.
    pub reason: Option<String>,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Id.
    pub id: IncidentId,
    /// School.
    pub school: SchoolId,
    /// Number people cite, from 1 in each school.
    pub number: i64,
    /// When it took place, in the school's time.
    pub occurred: DateTime,
    /// Where it took place.
    pub place: String,
    /// What happened.
    pub description: String,
    /// What was done at once.
    pub action_taken: String,
    /// Who recorded it; typing one's name is the signature.
    pub recorded_by: PersonId,
    /// Name typed as signature.
    pub signed_as: crate::PersonName,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Whose conduct, which picks the action table; `None` where nobody's is in question.
    pub about: Option<ActionSubject>,
    /// Row of that table.
    pub row: Option<String>,
    /// Label of the row as it stood.
    pub row_label: Option<String>,
    /// Policy version whose table was used.
    pub policy_version: Option<PolicyVersionId>,
    /// Risk areas; at least one.
    pub risk_areas: Vec<RiskArea>,
    /// Whether it is (cyber-)bullying, so that the nation's log asks for it.
    pub bullying: bool,
    /// The question asked before anything could be attached: could it show someone under 18 undressed or sexual?
    /// `true` closes every way of adding a file, a link or a picture (UKCIS; MISSION 2.6).
    pub may_involve_indecent_images: bool,
    /// Who was involved.
    pub involved: Vec<Involvement>,
    /// Actions.
    pub actions: Vec<ActionDecision>,
    /// Status.
    pub status: IncidentStatus,
    /// Alert it came from.
    pub from_alert: Option<AlertId>,
    /// Set at closing.
    pub closure: Option<Closure>,
}

/// How a case ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// What was found.
    pub finding: Finding,
    /// Outcome in words.
    pub outcome: String,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// Something a named person has to do for a case or a duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Id.
    pub id: TaskId,
    /// Case.
    pub incident: Option<IncidentId>,
    /// Whom it waits for.
    pub assignee: PersonId,
    /// What to do, without names.
    pub what: String,
    /// When it is due.
    pub due: Option<Timestamp>,
    /// When it was done.
    pub done_at: Option<Timestamp>,
}

mod actions;
mod closing;
mod form;
mod nation;
mod visibility;

pub use actions::*;
pub use closing::*;
pub use form::*;
pub use nation::*;
pub use visibility::*;
