//! What happens at the two example schools in a term: incidents, alerts, concerns, requests for sites. Made up, in the words such
//! records are written in. `term` puts them into the records.

mod inverbrae;
mod marlowe_bridge;

pub use inverbrae::INVERBRAE_TERM;
pub use marlowe_bridge::MARLOWE_BRIDGE_TERM;

use belisha_policy::ActionSubject;
use belisha_records::{Danger, Finding, Part, RiskArea};

/// Somebody in an event: a person by full name, or words for somebody who is not on the roster.
#[derive(Clone, Copy)]
pub enum Somebody {
    /// On the roster.
    Named(&'static str),
    /// Not on it.
    Described(&'static str),
}

/// An incident.
pub struct ExampleIncident {
    /// School days before today.
    pub days_ago: i32,
    /// Hour and minute of the day.
    pub at: (i8, i8),
    /// Where.
    pub place: &'static str,
    /// What happened.
    pub description: &'static str,
    /// What was done at once.
    pub action_taken: &'static str,
    /// Who recorded it.
    pub recorded_by: &'static str,
    /// Whose conduct, and the row of that action table (its position).
    pub row: Option<(ActionSubject, usize)>,
    /// Risk areas.
    pub risk_areas: &'static [RiskArea],
    /// Bullying?
    pub bullying: bool,
    /// Who was involved.
    pub involved: &'static [(Part, Somebody)],
    /// How it ended, if it did.
    pub closed: Option<(Finding, &'static str)>,
}

/// An alert of the monitoring.
pub struct ExampleAlert {
    /// School days before today.
    pub days_ago: i32,
    /// Hour and minute.
    pub at: (i8, i8),
    /// Person, if a device was known to be theirs.
    pub person: Option<&'static str>,
    /// Theme.
    pub theme: &'static str,
    /// How dangerous.
    pub danger: Danger,
    /// Host.
    pub host: &'static str,
    /// Words that raised it.
    pub excerpt: &'static str,
    /// Why it was dismissed, if it was.
    pub dismissed: Option<&'static str>,
}

/// A request for a site.
pub struct ExampleRequest {
    /// School days before today.
    pub days_ago: i32,
    /// Who asks.
    pub by: &'static str,
    /// Host.
    pub host: &'static str,
    /// Category that closes it.
    pub category: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Answer: granted for days, or refused; and why.
    pub decision: Option<(Option<i64>, &'static str)>,
}

/// Something a pupil told.
pub struct ExampleConcern {
    /// School days before today.
    pub days_ago: i32,
    /// Who told; `None` = without a name.
    pub by: Option<&'static str>,
    /// Choice pressed.
    pub choice: &'static str,
    /// Words.
    pub words: &'static str,
    /// Whether an adult has read it.
    pub read: bool,
}

/// A term at one school.
pub struct ExampleTerm {
    /// Incidents, oldest first.
    pub incidents: &'static [ExampleIncident],
    /// Alerts, oldest first.
    pub alerts: &'static [ExampleAlert],
    /// Requests for sites, oldest first.
    pub requests: &'static [ExampleRequest],
    /// Concerns, oldest first.
    pub concerns: &'static [ExampleConcern],
    /// Pupils whose agreement nobody has signed yet.
    pub unsigned: &'static [&'static str],
    /// Pupils who signed and whose parent has not.
    pub waiting_for_parent: &'static [&'static str],
    /// A pupil whose parent declined.
    pub declined: &'static [&'static str],
}
