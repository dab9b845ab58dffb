//! The half-yearly report the example school issued last, in figures that were on paper before the school came to Belisha, and a
//! look-up with its reason.

use super::term::Living;
use crate::commands::Failure;
use belisha_policy::{Nation, Role};
use belisha_records::{Actor, CountTable, PersonId, half_yearly_report, holders};
use belisha_store::reports::{self, IssuedReport};
use belisha_store::{look_ups, offices};
use jiff::SignedDuration;
use jiff::civil::{Date, date};

/// Kinds of incident and how many of each were still open and closed.
const INCIDENTS: &[(&str, u32, u32)] = &[
    ("Unkind messages", 0, 15),
    ("Got round the filter", 0, 10),
    ("Used somebody else’s password", 0, 12),
    ("Phone or watch in lessons", 0, 22),
    ("Looked for material that may be illegal", 0, 0),
];

/// Issues the report of the half-year before this one, and looks one pupil up.
///
/// # Errors
/// When the records cannot be written.
pub async fn issue(living: &Living<'_>) -> Result<(), Failure> {
    let today = living.school.calendar.day_of(living.now);
    let (from, until) = half_year_before(today);
    let mut incidents = CountTable::count("incidents", "Incidents", &[], &["Being dealt with", "Closed"], []);
    let mut blocked = CountTable::count("blocked", "Requests that were closed", &[], &["Requests"], []);
    // A small school has smaller figures.
    let share = if living.policy.head.nation == Nation::Scotland { 2 } else { 1 };
    for (kind, open, closed) in INCIDENTS {
        incidents.add(kind, "Being dealt with", open / share);
        incidents.add(kind, "Closed", closed / share);
    }
    for (category, requests) in [
        ("Games", 812),
        ("Films, television and music", 403),
        ("Messaging and chat", 96),
        ("Gambling", 11),
        ("Ways round the filter", 37),
    ] {
        blocked.add(category, "Requests", requests / share);
    }
    let report = half_yearly_report(from, until, &[incidents, blocked], &[]);
    let began = living.school.calendar.terms.first().map_or(today, |term| term.first);
    let at = living
        .school
        .calendar
        .moment(began.to_datetime(jiff::civil::time(16, 0, 0, 0)))
        .min(living.now - SignedDuration::from_hours(3));
    let Some(head) = holder(living, Role::Headteacher).await? else { return Ok(()) };
    let mut tx = living.installation.store.begin(&Actor::Person(head), living.school.id, at).await?;
    let issued = IssuedReport {
        id: tx.new_id(),
        from,
        until,
        content: serde_json::to_value(&report)?,
        issued_by: Some(head),
        issued_at: at,
    };
    reports::insert(&mut tx, &issued).await?;
    reports::acknowledge(&mut tx, issued.id, head).await?;
    tx.commit().await?;
    look_up(living).await
}

fn half_year_before(today: Date) -> (Date, Date) {
    if today.month() >= 7 {
        (date(today.year(), 1, 1), date(today.year(), 6, 30))
    } else {
        (date(today.year() - 1, 7, 1), date(today.year() - 1, 12, 31))
    }
}

async fn holder(living: &Living<'_>, role: Role) -> Result<Option<PersonId>, Failure> {
    let mut tx = living.installation.store.read(living.school.id).await?;
    let held = offices::list(&mut tx).await?;
    Ok(holders(role, &held, living.school.calendar.day_of(living.now)).first().copied())
}

/// The lead looked at one pupil's week after a worried message from home.
async fn look_up(living: &Living<'_>) -> Result<(), Failure> {
    let Some(lead) = living.lead().ok() else { return Ok(()) };
    let Some(about) = living.school.parents.keys().min().and_then(|name| living.school.people.get(name)).copied()
    else {
        return Ok(());
    };
    let at = living.at(3, (15, 40), 0);
    let mut tx = living.installation.store.begin(&Actor::Person(lead), living.school.id, at).await?;
    look_ups::insert(
        &mut tx,
        lead,
        about,
        "A parent rang, worried about late-night messages; agreed with the head.",
        (at - SignedDuration::from_hours(24 * 7), at),
    )
    .await?;
    Ok(tx.commit().await?)
}
