//! The inbox: what is shown first, who may settle what, and how an alert becomes nothing or an incident. A flag is not a judgement.

use crate::identifiers::*;
use crate::incidents::{IncidentForm, InvolvementForm, Part, RiskArea};
use crate::monitoring::{Alert, Settlement};
use crate::{FieldErrors, SchoolCalendar};
use jiff::Timestamp;
use std::cmp::Reverse;

/// The fewest characters of a reason that says something.
pub const SHORTEST_REASON: usize = 5;

/// Puts alerts in the order they are worked through: unsettled before settled, the most dangerous first, then the one that waits longest.
pub fn sort_inbox(alerts: &mut [Alert]) {
    alerts.sort_by_key(|alert| (alert.settled.is_some(), Reverse(alert.danger), alert.seen_at, alert.id));
}

/// Whether somebody may see and settle an alert: not one about themselves.
pub fn may_triage(viewer: PersonId, alert: &Alert) -> bool {
    alert.person != Some(viewer)
}

/// A reason, if it says something.
pub(super) fn reason_given(reason: &str, field: &str, errors: &mut FieldErrors) -> String {
    let reason = reason.trim();
    if reason.chars().filter(|character| character.is_alphanumeric()).count() < SHORTEST_REASON {
        errors.add(field, "the reason is too short: say in a few words why");
    }
    reason.to_owned()
}

/// The alert settled as not a concern.
///
/// # Errors
/// Under `reason` when it says nothing, under `alert` when it is settled already.
pub fn dismiss_alert(alert: &Alert, reason: &str, by: PersonId, at: Timestamp) -> Result<Alert, FieldErrors> {
    let mut errors = FieldErrors::new();
    let reason = reason_given(reason, "reason", &mut errors);
    unsettled(alert, &mut errors);
    errors.into_result(Alert { settled: Some(Settlement::Dismissed { reason, by, at }), ..alert.clone() })
}

/// The alert settled as an incident.
///
/// # Errors
/// Under `alert` when it is settled already.
pub fn escalate_alert(alert: &Alert, incident: IncidentId, by: PersonId, at: Timestamp) -> Result<Alert, FieldErrors> {
    let mut errors = FieldErrors::new();
    unsettled(alert, &mut errors);
    errors.into_result(Alert { settled: Some(Settlement::Incident { incident, by, at }), ..alert.clone() })
}

fn unsettled(alert: &Alert, errors: &mut FieldErrors) {
    if alert.settled.is_some() {
        errors.add("alert", "somebody has settled this alert already: open it to see how");
    }
}

/// Risk areas by theme of an alert; a theme that is not here counts as content.
pub const THEME_RISKS: &[(&str, RiskArea)] = &[
    ("self-harm", RiskArea::Content),
    ("violence", RiskArea::Content),
    ("extremism", RiskArea::Content),
    ("drugs", RiskArea::Content),
    ("sexual", RiskArea::Content),
    ("grooming", RiskArea::Contact),
    ("bullying", RiskArea::Conduct),
    ("gambling", RiskArea::Commerce),
];

/// The incident form filled from an alert, for a person to correct. What was searched for is not copied: it is one click away on the alert, and a
/// form travels further. The person seen is put down as somebody who may have been harmed, since an alert accuses nobody; the
/// question on indecent images stays unanswered, since only a person may answer it.
pub fn incident_form_from_alert(alert: &Alert, calendar: &SchoolCalendar) -> IncidentForm {
    let seen = calendar.local(alert.seen_at);
    let risk = THEME_RISKS.iter().find(|(theme, _)| *theme == alert.theme).map_or(RiskArea::Content, |(_, risk)| *risk);
    IncidentForm {
        occurred_date: seen.date().to_string(),
        occurred_time: format!("{:02}:{:02}", seen.hour(), seen.minute()),
        place: "on the school's network".to_owned(),
        description: format!(
            "The monitoring noticed a worry about {}. See the alert for what it saw.",
            alert.theme.replace('-', " ")
        ),
        risk_areas: vec![risk],
        bullying: alert.theme == "bullying",
        involved: alert
            .person
            .map(|person| InvolvementForm { person: Some(person), described_as: String::new(), part: Part::Harmed })
            .into_iter()
            .collect(),
        ..IncidentForm::default()
    }
}
