//! What was told through "tell someone".

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::CONCERNS;
use crate::transaction::Tx;
use belisha_records::{Actor, Concern, ConcernId, IncidentId, PersonId};

const COLUMNS: &str = "id, school_id, by_id, choice, words, told_at, read_at, incident_id";

/// Keeps what was told. What is told without a name is told in the name of a job (`Actor::Job`), since the ledger keeps who
/// acted.
///
/// # Errors
/// `Conflict` when it is told without a name in a transaction that names a person; `ReadOnly`.
pub async fn insert(tx: &mut Tx, concern: &Concern) -> Result<()> {
    let school = tx.writes("concerns")?;
    if concern.by.is_none() && matches!(tx.actor(), Some(Actor::Person(_))) {
        return Err(StoreError::Conflict(
            "it is told without a name, and the ledger would name somebody; begin it as a job".into(),
        ));
    }
    let text = "INSERT INTO concerns (school_id, id, by_id, choice, words, told_at, read_at, incident_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let values = bind![
        school,
        concern.id,
        concern.by,
        &concern.choice,
        &concern.words,
        concern.told_at,
        concern.read_at,
        concern.incident
    ];
    tx.execute(text, values).await?;
    tx.wrote(&CONCERNS, concern.id, "told");
    Ok(())
}

/// Notes that an adult read it, the first time.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn note_read(tx: &mut Tx, concern: ConcernId) -> Result<()> {
    let school = tx.writes("concerns")?;
    let text = "UPDATE concerns SET read_at = $3 WHERE school_id = $1 AND id = $2 AND read_at IS NULL";
    if tx.execute(text, bind![school, concern, tx.now()]).await? > 0 {
        tx.wrote(&CONCERNS, concern, "read");
    }
    Ok(())
}

/// Says which incident it became.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn set_incident(tx: &mut Tx, concern: ConcernId, incident: IncidentId) -> Result<()> {
    let school = tx.writes("concerns")?;
    let text = "UPDATE concerns SET incident_id = $3 WHERE school_id = $1 AND id = $2";
    if tx.execute(text, bind![school, concern, incident]).await? == 0 {
        return Err(StoreError::Missing("concern"));
    }
    tx.wrote(&CONCERNS, concern, "became-incident");
    Ok(())
}

/// One of them.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, concern: ConcernId) -> Result<Option<Concern>> {
    let text = format!("SELECT {COLUMNS} FROM concerns WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, concern]).await?.as_ref().map(read).transpose()
}

/// All of them, unread ones first, then the newest.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<Concern>> {
    let text = format!(
        "SELECT {COLUMNS} FROM concerns WHERE school_id = $1 ORDER BY CASE WHEN read_at IS NULL THEN 0 ELSE 1 END, told_at DESC, id"
    );
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// What one person told, the newest first, so that they can see that it was read.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_by(tx: &mut Tx, person: PersonId) -> Result<Vec<Concern>> {
    let text = format!("SELECT {COLUMNS} FROM concerns WHERE school_id = $1 AND by_id = $2 ORDER BY told_at DESC, id");
    tx.all(&text, bind![tx.school()?, person]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Concern> {
    Ok(Concern {
        id: row.parsed("id")?,
        school: row.parsed("school_id")?,
        by: row.maybe_parsed("by_id")?,
        choice: row.text("choice")?,
        words: row.text("words")?,
        told_at: row.time("told_at")?,
        read_at: row.maybe_time("read_at")?,
        incident: row.maybe_parsed("incident_id")?,
    })
}
