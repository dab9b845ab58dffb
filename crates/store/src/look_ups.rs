//! Who looked up whose activity, when and why. Every look-up is kept, and counted for the governors.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::LOOK_UPS;
use crate::transaction::Tx;
use belisha_records::{Actor, PersonId};
use jiff::Timestamp;

/// A look-up of a person's activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookUp {
    /// Who looked.
    pub by: PersonId,
    /// At whose activity.
    pub about: PersonId,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// From when on the activity was asked for.
    pub from: Timestamp,
    /// Until when, excluded.
    pub until: Timestamp,
}

/// Keeps that the transaction's actor looks a person up, why, and for which time (the end excluded). Only then does
/// [`crate::activity::list_of`] answer, in the same transaction.
///
/// # Errors
/// `Conflict` without a reason; `ReadOnly` when `by` is not the transaction's actor.
pub async fn insert(
    tx: &mut Tx,
    by: PersonId,
    about: PersonId,
    reason: &str,
    range: (Timestamp, Timestamp),
) -> Result<()> {
    let school = tx.writes("look-ups")?;
    if tx.actor() != Some(&Actor::Person(by)) {
        return Err(StoreError::ReadOnly("a look-up in another's name"));
    }
    if reason.trim().is_empty() {
        return Err(StoreError::Conflict("looking a person up needs a reason; write why".into()));
    }
    let id = tx.new_key();
    let text = "INSERT INTO look_ups (school_id, id, by_id, about_id, reason, at, from_at, until_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.execute(text, bind![school, &id, by, about, reason, tx.now(), range.0, range.1]).await?;
    tx.wrote(&LOOK_UPS, id, "looked-up");
    tx.note_look_up(about);
    Ok(())
}

/// Look-ups made between two times, the newest first. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_between(tx: &mut Tx, from: Timestamp, until: Timestamp) -> Result<Vec<LookUp>> {
    let text = "SELECT by_id, about_id, reason, at, from_at, until_at FROM look_ups WHERE school_id = $1 AND at >= $2 AND at < $3 ORDER BY at DESC, id";
    tx.all(text, bind![tx.school()?, from, until]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<LookUp> {
    Ok(LookUp {
        by: row.parsed("by_id")?,
        about: row.parsed("about_id")?,
        reason: row.text("reason")?,
        at: row.time("at")?,
        from: row.time("from_at")?,
        until: row.time("until_at")?,
    })
}
