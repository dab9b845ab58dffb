//! Removes closed incidents, agreements nobody relies on any more, and records of training, each when the policy in force says
//! that its time is over. Visits, alerts, requests and their reasons are `purge_activity`'s, sessions `expire_sessions`'.

use super::{JobFailure, Run};
use belisha_policy::{Policy, RecordKind, compile};
use belisha_records::{Actor, PersonId, Signature, SignatureId, SignatureKind, is_at_school};
use belisha_store::{StoreError, Tx, duties, incidents, people, policies, register_entries, schools, signatures};
use jiff::{SignedDuration, Timestamp, civil::Date};
use std::collections::HashSet;

const ACTOR: Actor = Actor::Job("purge-records");
/// The register of training; entries and duties about it begin with this word.
const TRAINING: &str = "training";

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let Some(policy) = run.policy().await? else {
        return Ok("no policy is in force, so nothing says how long to keep records; nothing was removed".into());
    };
    let before = |kind: RecordKind| {
        let days = policy.retention_days(kind)?;
        run.now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok()
    };
    let mut said = Vec::new();
    let removed = match before(RecordKind::Incidents) {
        Some(before) => Some(remove_incidents(run, before).await?),
        None => None,
    };
    said.push(sentence("closed incidents", removed));
    let mut tx = run.context.store.begin(&ACTOR, run.school, run.now).await?;
    let Some(school) = schools::find(&mut tx, run.school).await? else { return Ok("the school is gone".into()) };
    let removed = match before(RecordKind::Agreements) {
        Some(before) => Some(remove_signatures(&mut tx, school.calendar.day_of(run.now), before).await?),
        None => None,
    };
    said.push(sentence("acts of signing", removed));
    let removed = match before(RecordKind::Training) {
        Some(before) => {
            let entries = register_entries::purge(&mut tx, TRAINING, before).await?;
            Some(
                entries
                    + remove_training_done(
                        &mut tx,
                        &policy,
                        school.calendar.day_of(run.now),
                        school.calendar.day_of(before),
                    )
                    .await?,
            )
        }
        None => None,
    };
    said.push(sentence("records of training", removed));
    tx.commit().await?;
    Ok(said.join(", "))
}

fn sentence(what: &str, removed: Option<u64>) -> String {
    match removed {
        Some(removed) => format!("{removed} {what} removed"),
        None => format!("{what} kept: the policy names no time"),
    }
}

/// One transaction an incident, so that nobody waits long behind it.
async fn remove_incidents(run: &Run<'_>, before: Timestamp) -> Result<u64, StoreError> {
    let mut tx = run.context.store.read(run.school).await?;
    let over = incidents::list_closed_before(&mut tx, before).await?;
    drop(tx);
    let mut removed = 0;
    for incident in over {
        let mut tx = run.context.store.begin(&ACTOR, run.school, run.now).await?;
        // It may have been opened again since it was listed.
        if incidents::list_closed_before(&mut tx, before).await?.contains(&incident) {
            incidents::remove(&mut tx, incident).await?;
            removed += 1;
        }
        tx.commit().await?;
    }
    Ok(removed)
}

async fn remove_signatures(tx: &mut Tx, today: Date, before: Timestamp) -> Result<u64, StoreError> {
    let here: HashSet<PersonId> =
        people::list(tx).await?.iter().filter(|person| is_at_school(person, today)).map(|person| person.id).collect();
    let over = signatures_over(&signatures::list(tx).await?, &here, before);
    for signature in &over {
        signatures::remove(tx, *signature).await?;
    }
    Ok(over.len() as u64)
}

/// Old acts that are about nobody at school, or that a later act has taken the place of.
fn signatures_over(all: &[Signature], here: &HashSet<PersonId>, before: Timestamp) -> Vec<SignatureId> {
    let over = |act: &&Signature| {
        act.at < before && (!here.contains(&act.about) || all.iter().any(|later| takes_the_place_of(later, act)))
    };
    all.iter().filter(over).map(|act| act.id).collect()
}

/// Whether a later act leaves nothing of an earlier one to rely on: any act undoes a refusal, and a signature is undone by a
/// refusal or by one that signs all of its lines. One that signs a changed line only leaves the others standing.
fn takes_the_place_of(later: &Signature, earlier: &Signature) -> bool {
    let declines = |act: &Signature| matches!(act.kind, SignatureKind::Refused | SignatureKind::CounterRefused);
    let same = later.about == earlier.about && later.by == earlier.by && later.agreement == earlier.agreement;
    let covers = || earlier.lines.iter().all(|line| later.lines.iter().any(|newer| newer.id == line.id));
    same && (later.at, later.id) > (earlier.at, earlier.id) && (declines(later) || declines(earlier) || covers())
}

/// Training that was done is kept as a duty; which duties are training, the versions of the policy say that ever bound.
async fn remove_training_done(tx: &mut Tx, policy: &Policy, today: Date, before: Date) -> Result<u64, StoreError> {
    let mut clauses = training_clauses(policy);
    for version in policies::list(tx).await? {
        clauses.extend(compile(&version.source, today).policy.iter().flat_map(training_clauses));
    }
    let mut removed = 0;
    for clause in clauses {
        removed += duties::purge_done(tx, &clause, before).await?;
    }
    Ok(removed)
}

fn training_clauses(policy: &Policy) -> HashSet<String> {
    let training = policy.duties().filter(|(_, duty)| duty.what.split(':').next() == Some(TRAINING));
    training.map(|(clause, _)| clause.id.0.clone()).collect()
}
