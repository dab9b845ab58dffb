//! Recording a case, changing it, deciding its actions and closing it.

use super::maybe_word;
use crate::error::{Result, StoreError};
use crate::sql::{bind, json, places, word};
use crate::tables::{ALERTS, CONCERNS, INCIDENT_EVENTS, INCIDENTS, TASKS};
use crate::transaction::Tx;
use belisha_records::{ActionDecision, Closure, Incident, IncidentId, Involvement, SchoolId};
use sea_orm::Value;

/// The highest of the counted numbers so far (those below 100,000), 0 when there is none. Nobody else gets a number until
/// this transaction ends, so that two cases never get the same.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn highest_number(tx: &mut Tx) -> Result<i64> {
    crate::counters::next(tx, "incident numbers asked for").await?;
    let text = "SELECT MAX(number) AS highest FROM incidents WHERE school_id = $1 AND number < 100000";
    let row = tx.one(text, bind![tx.school()?]).await?;
    Ok(row.map(|row| row.maybe_number("highest")).transpose()?.flatten().unwrap_or(0))
}

/// Records a case under the number it carries.
///
/// # Errors
/// `Conflict` when the number is taken; `ReadOnly`.
pub async fn insert(tx: &mut Tx, incident: &Incident) -> Result<()> {
    let school = own(tx, incident)?;
    let text = format!("INSERT INTO incidents (school_id, id, number, {CHANGEABLE}) VALUES {}", places(1, 23));
    tx.execute(&text, values(school, incident)?).await?;
    add_involved(tx, school, incident.id, &incident.involved).await?;
    add_actions(tx, school, incident.id, &incident.actions).await?;
    tx.wrote(&INCIDENTS, incident.id, "recorded");
    Ok(())
}

const CHANGEABLE: &str = "occurred, place, description, action_taken, recorded_by, signed_as, recorded_at, about, table_row, row_label, \
    policy_version, risk_areas, bullying, may_involve_indecent_images, status, from_alert, finding, outcome, closed_by, closed_at";

/// Puts a changed case in the place of the one recorded. Its number stays; the ledger keeps that it was changed, when and by whom.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn update(tx: &mut Tx, incident: &Incident) -> Result<()> {
    let school = own(tx, incident)?;
    let set = CHANGEABLE
        .split(", ")
        .enumerate()
        .map(|(place, column)| format!("{column} = ${}", place + 4))
        .collect::<Vec<_>>()
        .join(", ");
    let text = format!("UPDATE incidents SET {set} WHERE school_id = $1 AND id = $2 AND number = $3");
    if tx.execute(&text, values(school, incident)?).await? == 0 {
        return Err(StoreError::Missing("incident"));
    }
    tx.execute("DELETE FROM involvements WHERE school_id = $1 AND incident_id = $2", bind![school, incident.id])
        .await?;
    add_involved(tx, school, incident.id, &incident.involved).await?;
    replace_actions(tx, school, incident.id, &incident.actions).await?;
    tx.wrote(&INCIDENTS, incident.id, "changed");
    Ok(())
}

/// Decides the actions anew: done, dropped with a reason, added with a reason.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn set_actions(tx: &mut Tx, incident: IncidentId, actions: &[ActionDecision]) -> Result<()> {
    let school = tx.writes("incidents")?;
    if tx.one("SELECT id FROM incidents WHERE school_id = $1 AND id = $2", bind![school, incident]).await?.is_none() {
        return Err(StoreError::Missing("incident"));
    }
    replace_actions(tx, school, incident, actions).await?;
    tx.wrote(&INCIDENTS, incident, "actions-decided");
    Ok(())
}

/// Closes an open case.
///
/// # Errors
/// `Missing` when it is not open; `ReadOnly`.
pub async fn close(tx: &mut Tx, incident: IncidentId, closure: &Closure) -> Result<()> {
    let school = tx.writes("incidents")?;
    let text = "UPDATE incidents SET status = 'closed', finding = $3, outcome = $4, closed_by = $5, closed_at = $6
        WHERE school_id = $1 AND id = $2 AND status = 'open'";
    let values = bind![school, incident, word(&closure.finding)?, &closure.outcome, closure.by, closure.at];
    if tx.execute(text, values).await? == 0 {
        return Err(StoreError::Missing("open incident"));
    }
    tx.wrote(&INCIDENTS, incident, "closed");
    Ok(())
}

/// Removes a case whose time is over, with its events and tasks and what it came from: the alert, and what somebody told. The ledger keeps that there was one, and no word of it.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn remove(tx: &mut Tx, incident: IncidentId) -> Result<()> {
    let school = tx.writes("incidents")?;
    let text = "DELETE FROM alerts WHERE school_id = $1 AND id IN (SELECT from_alert FROM incidents WHERE school_id = $1 AND id = $2) RETURNING id";
    for row in tx.all(text, bind![school, incident]).await? {
        tx.wrote(&ALERTS, row.text("id")?, "removed");
    }
    for (table, owner) in [(&INCIDENT_EVENTS, "incident_events"), (&TASKS, "tasks"), (&CONCERNS, "concerns")] {
        let text = format!("DELETE FROM {owner} WHERE school_id = $1 AND incident_id = $2 RETURNING id");
        for row in tx.all(&text, bind![school, incident]).await? {
            tx.wrote(table, row.text("id")?, "removed");
        }
    }
    for child in ["involvements", "incident_actions"] {
        tx.execute(&format!("DELETE FROM {child} WHERE school_id = $1 AND incident_id = $2"), bind![school, incident])
            .await?;
    }
    if tx.execute("DELETE FROM incidents WHERE school_id = $1 AND id = $2", bind![school, incident]).await? > 0 {
        tx.wrote(&INCIDENTS, incident, "removed");
    }
    Ok(())
}

fn own(tx: &Tx, incident: &Incident) -> Result<SchoolId> {
    let school = tx.writes("incidents")?;
    if incident.school == school { Ok(school) } else { Err(StoreError::ReadOnly("an incident of another school")) }
}

async fn replace_actions(
    tx: &mut Tx,
    school: SchoolId,
    incident: IncidentId,
    actions: &[ActionDecision],
) -> Result<()> {
    tx.execute("DELETE FROM incident_actions WHERE school_id = $1 AND incident_id = $2", bind![school, incident])
        .await?;
    add_actions(tx, school, incident, actions).await
}

async fn add_involved(tx: &mut Tx, school: SchoolId, incident: IncidentId, involved: &[Involvement]) -> Result<()> {
    for (position, one) in (0_i64..).zip(involved) {
        let text = "INSERT INTO involvements (school_id, incident_id, position, person_id, described_as, part) VALUES ($1, $2, $3, $4, $5, $6)";
        tx.execute(text, bind![school, incident, position, one.person, &one.described_as, word(&one.part)?]).await?;
    }
    Ok(())
}

async fn add_actions(tx: &mut Tx, school: SchoolId, incident: IncidentId, actions: &[ActionDecision]) -> Result<()> {
    for (position, one) in (0_i64..).zip(actions) {
        let text = "INSERT INTO incident_actions (school_id, incident_id, position, action_column, label, by_policy, taken, reason, done_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let values = bind![
            school,
            incident,
            position,
            &one.column,
            &one.label,
            one.by_policy,
            one.taken,
            &one.reason,
            one.done_at
        ];
        tx.execute(text, values).await?;
    }
    Ok(())
}

fn values(school: SchoolId, incident: &Incident) -> Result<Vec<Value>> {
    let closure = incident.closure.as_ref();
    Ok(bind![
        school,
        incident.id,
        incident.number,
        incident.occurred,
        &incident.place,
        &incident.description,
        &incident.action_taken,
        incident.recorded_by,
        incident.signed_as.reveal(),
        incident.recorded_at,
        maybe_word(incident.about.as_ref())?,
        &incident.row,
        &incident.row_label,
        incident.policy_version,
        json(&incident.risk_areas)?,
        incident.bullying,
        incident.may_involve_indecent_images,
        word(&incident.status)?,
        incident.from_alert,
        maybe_word(closure.map(|closure| &closure.finding))?,
        closure.map(|closure| closure.outcome.as_str()),
        closure.map(|closure| closure.by),
        closure.map(|closure| closure.at)
    ])
}
