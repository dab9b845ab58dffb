//! The timeline of a case: who opened it, who did what. Opening a case to read it is an event of its own.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::INCIDENT_EVENTS;
use crate::transaction::Tx;
use belisha_records::{Actor, IncidentId, PersonId};
use jiff::Timestamp;

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentEvent {
    /// Case.
    pub incident: IncidentId,
    /// When.
    pub at: Timestamp,
    /// Who; `None` when a job of the product did.
    pub person: Option<PersonId>,
    /// What: `viewed`, `recorded`, `note`, `printed`, …
    pub verb: String,
    /// More words, if any.
    pub note: String,
}

/// Adds an event by the transaction's actor, now.
///
/// # Errors
/// `Conflict` when there is no such case; `ReadOnly`.
pub async fn add_event(tx: &mut Tx, incident: IncidentId, verb: &str, note: &str) -> Result<()> {
    let school = tx.writes("incident events")?;
    let (actor, person) = match tx.actor() {
        Some(Actor::Person(person)) => ("person".to_owned(), Some(*person)),
        Some(Actor::Job(name)) => (format!("job:{name}"), None),
        Some(Actor::Command(name)) => (format!("command:{name}"), None),
        None => return Err(StoreError::ReadOnly("incident events")),
    };
    let id = tx.new_key();
    let text = "INSERT INTO incident_events (school_id, id, incident_id, at, actor, person_id, verb, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.execute(text, bind![school, &id, incident, tx.now(), actor, person, verb, note]).await?;
    tx.wrote(&INCIDENT_EVENTS, id, if verb == "viewed" { "viewed" } else { "added" });
    Ok(())
}

/// Notes that the actor opened a case to read it.
///
/// # Errors
/// `Conflict` when there is no such case; `ReadOnly`.
pub async fn note_viewed(tx: &mut Tx, incident: IncidentId) -> Result<()> {
    add_event(tx, incident, "viewed", "").await
}

/// The timeline, oldest first. Whether the reader may see the case is asked before.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_events(tx: &mut Tx, incident: IncidentId) -> Result<Vec<IncidentEvent>> {
    let text = "SELECT incident_id, at, person_id, verb, note FROM incident_events WHERE school_id = $1 AND incident_id = $2 ORDER BY at, id";
    tx.all(text, bind![tx.school()?, incident]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<IncidentEvent> {
    Ok(IncidentEvent {
        incident: row.parsed("incident_id")?,
        at: row.time("at")?,
        person: row.maybe_parsed("person_id")?,
        verb: row.text("verb")?,
        note: row.text("note")?,
    })
}
