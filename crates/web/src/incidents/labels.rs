//! What the pages of cases call things: parts, risks, findings, events, and how long something has waited.

use belisha_policy::ActionSubject;
use belisha_records::{CaseRoute, Finding, IncidentStatus, Part, RiskArea};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The parts somebody can have, with the key of the form and the question asked for each.
pub(crate) const PARTS: [(Part, &str, &str, &str); 4] = [
    (Part::Harmed, "harmed", "Who was harmed, or may have been?", ""),
    (
        Part::Alleged,
        "alleged",
        "Who is said to have done it?",
        "They will never see this record. Leave it empty if it was nobody",
    ),
    (Part::Witness, "witness", "Who saw or heard it?", ""),
    (Part::Reporter, "reporter", "Who told you?", "Leave it empty if you saw it yourself"),
];

/// A part as a page about the case says it.
pub(crate) const fn part(part: Part) -> &'static str {
    match part {
        Part::Harmed => "Was harmed, or may have been",
        Part::Alleged => "Is said to have done it",
        Part::Witness => "Saw or heard it",
        Part::Reporter => "Told the school",
    }
}

/// The four Cs, with the key of the form and what each means.
pub(crate) const RISK_AREAS: [(RiskArea, &str, &str, &str); 4] = [
    (RiskArea::Content, "content", "Content", "Something seen or read that was illegal, harmful or not for their age"),
    (
        RiskArea::Contact,
        "contact",
        "Contact",
        "Somebody, or a program posing as somebody, who got in touch in a harmful way",
    ),
    (RiskArea::Conduct, "conduct", "Conduct", "What somebody themselves did, said or shared"),
    (RiskArea::Commerce, "commerce", "Commerce", "Gambling, advertising, tricks and scams for money"),
];

/// A risk area's name.
pub(crate) fn risk_area(area: RiskArea) -> &'static str {
    RISK_AREAS.iter().find(|(known, ..)| *known == area).map_or("", |(_, _, label, _)| label)
}

/// The findings, with the key of the form.
pub(crate) const FINDINGS: [(Finding, &str, &str, &str); 3] = [
    (Finding::Founded, "founded", "Founded", "It happened as it was recorded"),
    (Finding::Unfounded, "unfounded", "Unfounded", "It did not happen. The record says so as plainly"),
    (Finding::NotEstablished, "not-established", "Not established", "It could not be settled either way"),
];

/// A finding's name.
pub(crate) fn finding(finding: Finding) -> &'static str {
    FINDINGS.iter().find(|(known, ..)| *known == finding).map_or("", |(_, _, label, _)| label)
}

/// Whose conduct a case is about.
pub(crate) const fn about(about: Option<ActionSubject>, route: CaseRoute) -> &'static str {
    match (about, route) {
        (Some(ActionSubject::Staff), _) | (_, CaseRoute::Adult | CaseRoute::Head | CaseRoute::Chair) => {
            "About an adult’s conduct"
        }
        (Some(ActionSubject::Pupil), _) => "About a pupil’s conduct",
        (None, _) => "Nobody’s conduct is in question",
    }
}

/// Kind and word of a status.
pub(crate) const fn status(status: IncidentStatus) -> (&'static str, &'static str) {
    match status {
        IncidentStatus::Open => ("open", "Open"),
        IncidentStatus::Closed => ("done", "Closed"),
    }
}

/// What happened to a case, from the verb kept with the event.
pub(crate) fn event(verb: &str) -> &str {
    match verb {
        "recorded" => "Recorded",
        "viewed" => "Opened to read",
        "printed" => "Printed",
        "actions-decided" => "Actions changed",
        "action-done" => "An action was done",
        "task-done" => "A task was done",
        "note" => "Note",
        "closed" => "Closed",
        other => other,
    }
}

/// How long something has waited: `12 minutes`, `3 hours`, `2 days`.
pub(crate) fn waited(since: Timestamp, now: Timestamp) -> String {
    let minutes = usize::try_from((now.as_second() - since.as_second()).max(0) / 60).unwrap_or(0);
    match minutes {
        0 => "less than a minute".to_owned(),
        1..=59 => crate::words::count(minutes, "minute", "minutes"),
        60..=1439 => crate::words::count(minutes / 60, "hour", "hours"),
        _ => crate::words::count(minutes / 1440, "day", "days"),
    }
}

/// When something is due: the moment, or the end of the day where that is what is meant.
pub(crate) fn by(due: Timestamp, zone: &TimeZone) -> String {
    let due = due.to_zoned(zone.clone());
    if (due.hour(), due.minute()) == (23, 59) {
        due.strftime("by the end of %A %-d %B %Y").to_string()
    } else {
        due.strftime("by %H:%M on %A %-d %B %Y").to_string()
    }
}
