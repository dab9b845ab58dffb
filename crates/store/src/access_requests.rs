//! Requests for sites and their answers. What a granted request opens is an exception, in `exceptions`.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json};
use crate::tables::ACCESS_REQUESTS;
use crate::transaction::Tx;
use belisha_records::{AccessDecision, AccessRequest, AccessRequestId, PersonId};
use jiff::Timestamp;

const COLUMNS: &str = "id, school_id, by_id, host, category, reason, asked_at, decision";

/// Keeps a request.
///
/// # Errors
/// `Conflict` when the person is not there; `ReadOnly`.
pub async fn insert(tx: &mut Tx, request: &AccessRequest) -> Result<()> {
    let school = tx.writes("access requests")?;
    let text = "INSERT INTO access_requests (school_id, id, by_id, host, category, reason, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values =
        bind![school, request.id, request.by, &request.host, &request.category, &request.reason, request.asked_at];
    tx.execute(text, values).await?;
    tx.wrote(&ACCESS_REQUESTS, request.id, "asked");
    if let Some(decision) = &request.decision {
        decide(tx, request.id, decision).await?;
    }
    Ok(())
}

/// Answers a request that has no answer yet. Opening the site is [`crate::exceptions::insert`], in the same transaction.
///
/// # Errors
/// `Missing` when it is not open; `ReadOnly`.
pub async fn decide(tx: &mut Tx, request: AccessRequestId, decision: &AccessDecision) -> Result<()> {
    let school = tx.writes("access requests")?;
    let text = "UPDATE access_requests SET decided_at = $3, decision = $4 WHERE school_id = $1 AND id = $2 AND decided_at IS NULL";
    if tx.execute(text, bind![school, request, decision.at, json(decision)?]).await? == 0 {
        return Err(StoreError::Missing("open request for a site"));
    }
    tx.wrote(&ACCESS_REQUESTS, request, if decision.granted { "granted" } else { "refused" });
    Ok(())
}

/// One request.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, request: AccessRequestId) -> Result<Option<AccessRequest>> {
    let text = format!("SELECT {COLUMNS} FROM access_requests WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, request]).await?.as_ref().map(read).transpose()
}

/// Requests without an answer, the oldest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open(tx: &mut Tx) -> Result<Vec<AccessRequest>> {
    let text = format!(
        "SELECT {COLUMNS} FROM access_requests WHERE school_id = $1 AND decided_at IS NULL ORDER BY asked_at, id"
    );
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// What a person asked for, the newest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_by(tx: &mut Tx, person: PersonId) -> Result<Vec<AccessRequest>> {
    let text =
        format!("SELECT {COLUMNS} FROM access_requests WHERE school_id = $1 AND by_id = $2 ORDER BY asked_at DESC, id");
    tx.all(&text, bind![tx.school()?, person]).await?.iter().map(read).collect()
}

/// Requests asked between two times, the newest first. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_between(tx: &mut Tx, from: Timestamp, until: Timestamp) -> Result<Vec<AccessRequest>> {
    let text = format!(
        "SELECT {COLUMNS} FROM access_requests WHERE school_id = $1 AND asked_at >= $2 AND asked_at < $3 ORDER BY asked_at DESC, id"
    );
    tx.all(&text, bind![tx.school()?, from, until]).await?.iter().map(read).collect()
}

/// Removes answered requests asked before a time. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let school = tx.writes("access requests")?;
    let text =
        "DELETE FROM access_requests WHERE school_id = $1 AND asked_at < $2 AND decided_at IS NOT NULL RETURNING id";
    let gone = tx.all(text, bind![school, before]).await?;
    for row in &gone {
        tx.wrote(&ACCESS_REQUESTS, row.text("id")?, "removed");
    }
    Ok(gone.len() as u64)
}

fn read(row: &Row) -> Result<AccessRequest> {
    Ok(AccessRequest {
        id: row.parsed("id")?,
        school: row.parsed("school_id")?,
        by: row.parsed("by_id")?,
        host: row.text("host")?,
        category: row.maybe_text("category")?,
        reason: row.text("reason")?,
        asked_at: row.time("asked_at")?,
        decision: row.maybe_json("decision")?,
    })
}
