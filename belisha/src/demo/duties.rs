//! Duties of the term at an example school: each occurrence that fell due is there, most were kept, some late, a few not.

use super::term::Living;
use crate::commands::Failure;
use belisha_policy::Binding;
use belisha_records::{Actor, DutyDone, DutyOccurrence, PersonId, duties_falling_due, holders};
use belisha_store::{duties, offices, people};
use jiff::{SignedDuration, ToSpan};

/// Opens and keeps the duties.
///
/// # Errors
/// When the records cannot be written.
pub async fn keep(living: &Living<'_>) -> Result<(), Failure> {
    let school = living.school;
    let today = school.calendar.day_of(living.now);
    let began = school.calendar.terms.first().map_or(today, |term| term.first);
    let mut tx = living.installation.store.read(school.id).await?;
    let (everyone, offices) = (people::list(&mut tx).await?, offices::list(&mut tx).await?);
    drop(tx);
    let mut tx = living
        .installation
        .store
        .begin(&Actor::Job("open-duties"), school.id, living.now - SignedDuration::from_hours(1))
        .await?;
    let mut kept = Vec::new();
    for (place, falling) in
        duties_falling_due(&living.policy, &everyone, &school.calendar, began, today.saturating_add(21.days()))
            .into_iter()
            .enumerate()
    {
        let owners = living.policy.clause(&falling.clause).map(|clause| match &clause.binding {
            Binding::Duty(duty) => duty.owners.clone(),
            _ => Vec::new(),
        });
        let owner = owners.unwrap_or_default().iter().find_map(|role| holders(*role, &offices, today).first().copied());
        let occurrence = DutyOccurrence {
            id: tx.new_id(),
            school: school.id,
            clause: falling.clause,
            period: falling.period.key,
            person: falling.person,
            owner,
            due: falling.period.due,
            done: None,
            chasers: 0,
        };
        duties::insert_new(&mut tx, &occurrence).await?;
        // One in eleven was forgotten, and what is still to come is not done yet.
        if occurrence.due < today
            && place % 11 != 7
            && let Some(by) = owner.or(occurrence.person)
        {
            kept.push((occurrence, by));
        }
    }
    for (occurrence, by) in kept {
        let done = done(living, &occurrence, by);
        duties::finish(&mut tx, occurrence.id, &done).await?;
    }
    Ok(tx.commit().await?)
}

fn done(living: &Living<'_>, occurrence: &DutyOccurrence, by: PersonId) -> DutyDone {
    let on = occurrence.due.saturating_sub(1.day());
    let at = living
        .school
        .calendar
        .moment(on.to_datetime(jiff::civil::time(15, 30, 0, 0)))
        .min(living.now - SignedDuration::from_hours(2));
    DutyDone { by, at, on, evidence: "Done and noted in the minutes.".into() }
}
