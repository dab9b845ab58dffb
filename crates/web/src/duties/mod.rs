//! Duties of the policy as they fall due: mine, everybody's for those who lead, saying that one is done and what shows it, and
//! starting one that an event sets off. What falls due when is in `belisha_records::duties`.

mod all;
mod finish;
mod mine;
mod raise;

pub(crate) use mine::needs;

use crate::app::App;
use crate::session::SignedIn;
use crate::{urls, words};
use axum::Router;
use axum::routing::get;
use belisha_policy::{Clause, Due, Duty, Event, Policy};
use belisha_records::{DutyOccurrence, DutyStatus, Permission, duty_status};
use jiff::civil::Date;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::DUTIES, get(mine::page))
        .route("/duties/all", get(all::page))
        .route("/duties/of/{clause}/{period}", get(all::one))
        .route(urls::RAISE_DUTY, get(raise::page).post(raise::submit))
        .route("/duties/{duty}", get(finish::page).post(finish::submit))
}

/// What the pages say after a form of this area.
const DONE: &[(&str, &str)] = &[
    ("kept", "Kept. It shows on the board as done, with what you wrote as its proof."),
    ("raised", "Started. It stands with whoever answers for it."),
];

/// Whether the reader leads, and so sees everybody's duties with names.
fn leads(reader: &SignedIn) -> bool {
    reader.can(Permission::IssueReport)
}

/// Whether a duty is the reader's: theirs to answer for or, without an owner, about them.
fn is_mine(duty: &DutyOccurrence, reader: &SignedIn) -> bool {
    duty.owner.or(duty.person) == Some(reader.person.id)
}

/// Clauses whose duty an incident sets off belong to the case and are shown on it: in a list, they would tell of one.
fn tells_of_a_case(event: Event) -> bool {
    use Event::*;
    matches!(
        event,
        UpsettingMaterialSeen
            | WorryingCommunication
            | RoleConflict
            | IllegalMaterialSuspected
            | SeriousIncident
            | IncidentRecorded
            | UnacceptableConduct
    )
}

/// Whether an occurrence may stand in a list that others than its owner read.
fn may_be_listed(policy: &Policy, occurrence: &DutyOccurrence) -> bool {
    let told = |duty: &Duty| matches!(&duty.due, Due::On { event, .. } if tells_of_a_case(*event));
    !clause_of(policy, occurrence).is_some_and(|(_, duty)| told(duty))
}

fn clause_of<'a>(policy: &'a Policy, occurrence: &DutyOccurrence) -> Option<(&'a Clause, &'a Duty)> {
    policy.duties().find(|(clause, _)| clause.id.0 == occurrence.clause)
}

/// What a duty asks, in the clause's first words; its section where the clause has no words.
fn what(policy: &Policy, occurrence: &DutyOccurrence) -> String {
    match clause_of(policy, occurrence) {
        Some((clause, _)) if clause.text.trim().is_empty() => clause.section.clone(),
        Some((clause, _)) => crate::board::shorten(&clause.text),
        None => "A duty of an earlier version of the policy".to_owned(),
    }
}

/// Days from one day to another; negative when the other is earlier.
fn days_between(from: Date, until: Date) -> i32 {
    from.until(until).map_or(0, |span| span.get_days())
}

/// Kind, word and clock of an occurrence.
fn stand(occurrence: &DutyOccurrence, today: Date) -> (&'static str, &'static str, String) {
    let days = days_between(occurrence.due, today);
    let count = |days: i32| words::count(usize::try_from(days.unsigned_abs()).unwrap_or(usize::MAX), "day", "days");
    match (duty_status(occurrence, today), &occurrence.done) {
        (DutyStatus::Kept, Some(done)) => ("kept", "Kept", format!("done on {}", words::day(done.on))),
        (DutyStatus::Overdue, _) => {
            ("overdue", "Overdue", format!("was due on {}, {} ago", words::day(occurrence.due), count(days)))
        }
        _ if days == 0 => ("due", "Due", "due today".to_owned()),
        _ => ("due", "Due", format!("due by {}, in {}", words::day(occurrence.due), count(days))),
    }
}
