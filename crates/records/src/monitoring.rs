//! Alerts, requests for sites, and concerns pupils tell: what waits for somebody, and how it is settled (M54, M55, 2.5).

use crate::identifiers::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How dangerous an alert is; the inbox shows the most dangerous first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Danger {
    /// Worth a look.
    Low,
    /// Today.
    Serious,
    /// Now.
    Urgent,
}

/// Something the monitoring noticed. It is not a judgement: filter logs cannot show intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Id.
    pub id: AlertId,
    /// School.
    pub school: SchoolId,
    /// Whom a mapping covered at that second; `None` = unknown, never a guess.
    pub person: Option<PersonId>,
    /// Device address as seen.
    pub device: String,
    /// When it was seen.
    pub seen_at: Timestamp,
    /// What kind of worry: `self-harm`, `violence`, `extremism`, `sexual`, `bullying`, …
    pub theme: String,
    /// How dangerous.
    pub danger: Danger,
    /// Host it was seen on.
    pub host: String,
    /// Search term or phrase that raised it. Shown blurred.
    pub excerpt: String,
    /// How it was settled.
    pub settled: Option<Settlement>,
}

/// How an alert was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settlement {
    /// Not a concern, and why.
    Dismissed {
        /// why
        reason: String,
        /// by whom
        by: PersonId,
        /// when
        at: Timestamp,
    },
    /// Became an incident.
    Incident {
        /// which
        incident: IncidentId,
        /// by whom
        by: PersonId,
        /// when
        at: Timestamp,
    },
}

/// Somebody asks for a site (M54, M55).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRequest {
    /// Id.
    pub id: AccessRequestId,
    /// School.
    pub school: SchoolId,
    /// Who asks.
    pub by: PersonId,
    /// Host asked for, lower case.
    pub host: String,
    /// Category that closes it, when asked.
    pub category: Option<String>,
    /// Why it is needed.
    pub reason: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// Answer.
    pub decision: Option<AccessDecision>,
}

/// Answer to a request for a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessDecision {
    /// Opened?
    pub granted: bool,
    /// Groups it opens for, `pupil`; empty = the asker's own group.
    pub groups: Vec<String>,
    /// When it closes again. Required when granted.
    pub until: Option<Timestamp>,
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
}

/// What somebody told us through "tell someone".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concern {
    /// Id.
    pub id: ConcernId,
    /// School.
    pub school: SchoolId,
    /// Who told; `None` = told without a name.
    pub by: Option<PersonId>,
    /// Which of the big choices was pressed.
    pub choice: String,
    /// Words, if any.
    pub words: String,
    /// When.
    pub told_at: Timestamp,
    /// Read by an adult at.
    pub read_at: Option<Timestamp>,
    /// Incident it became.
    pub incident: Option<IncidentId>,
}

mod look_up;
mod requests;
mod triage;

pub use look_up::*;
pub use requests::*;
pub use triage::*;
