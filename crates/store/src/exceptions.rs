//! Sites opened for some groups or one person until a time: what a granted request, or a lesson, opens. Each ends by itself.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json};
use crate::tables::EXCEPTIONS;
use crate::transaction::Tx;
use belisha_records::{AccessRequestId, PersonId};
use jiff::Timestamp;

/// A time-boxed opening of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedException {
    /// Id; empty before it is stored.
    pub id: String,
    /// Request it answers.
    pub request: Option<AccessRequestId>,
    /// Host and everything below it, lower case.
    pub host: String,
    /// Groups it opens for, `pupil`.
    pub groups: Vec<String>,
    /// The one person it opens for, if it is for one.
    pub person: Option<PersonId>,
    /// From.
    pub from: Timestamp,
    /// Until, excluded.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who opened it.
    pub granted_by: Option<PersonId>,
    /// When it was closed, by somebody or by the job that ends it.
    pub closed_at: Option<Timestamp>,
}

const COLUMNS: &str =
    "id, request_id, host, audience_groups, person_id, from_at, until_at, reason, granted_by, closed_at";

/// Opens a site. Answers the new id.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert(tx: &mut Tx, exception: &GrantedException) -> Result<String> {
    let school = tx.writes("exceptions")?;
    let id = tx.new_key();
    let text = "INSERT INTO exceptions (school_id, id, request_id, host, audience_groups, person_id, from_at, until_at, reason, granted_by, closed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = bind![
        school,
        &id,
        exception.request,
        &exception.host,
        json(&exception.groups)?,
        exception.person,
        exception.from,
        exception.until,
        &exception.reason,
        exception.granted_by,
        exception.closed_at
    ];
    tx.execute(text, values).await?;
    tx.wrote(&EXCEPTIONS, &id, "opened");
    Ok(id)
}

/// Closes one before its time.
///
/// # Errors
/// `Missing` when it is not open; `ReadOnly`.
pub async fn close(tx: &mut Tx, id: &str) -> Result<()> {
    let school = tx.writes("exceptions")?;
    let text = "UPDATE exceptions SET closed_at = $3 WHERE school_id = $1 AND id = $2 AND closed_at IS NULL";
    if tx.execute(text, bind![school, id, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("open exception"));
    }
    tx.wrote(&EXCEPTIONS, id, "closed");
    Ok(())
}

/// Closes every one whose time is over, and answers them: the rules must be made again when there are any.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn close_ended(tx: &mut Tx) -> Result<Vec<GrantedException>> {
    let school = tx.writes("exceptions")?;
    let text = format!(
        "UPDATE exceptions SET closed_at = $2 WHERE school_id = $1 AND closed_at IS NULL AND until_at <= $2 RETURNING {COLUMNS}"
    );
    let ended = tx.all(&text, bind![school, tx.now()]).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    for exception in &ended {
        tx.wrote(&EXCEPTIONS, &exception.id, "ended");
    }
    Ok(ended)
}

/// Those that are open, or will be, at `now`.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open(tx: &mut Tx, now: Timestamp) -> Result<Vec<GrantedException>> {
    let text = format!(
        "SELECT {COLUMNS} FROM exceptions WHERE school_id = $1 AND closed_at IS NULL AND until_at > $2 ORDER BY until_at, id"
    );
    tx.all(&text, bind![tx.school()?, now]).await?.iter().map(read).collect()
}

/// Every one, the newest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<GrantedException>> {
    let text = format!("SELECT {COLUMNS} FROM exceptions WHERE school_id = $1 ORDER BY from_at DESC, id");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<GrantedException> {
    Ok(GrantedException {
        id: row.text("id")?,
        request: row.maybe_parsed("request_id")?,
        host: row.text("host")?,
        groups: row.json("audience_groups")?,
        person: row.maybe_parsed("person_id")?,
        from: row.time("from_at")?,
        until: row.time("until_at")?,
        reason: row.text("reason")?,
        granted_by: row.maybe_parsed("granted_by")?,
        closed_at: row.maybe_time("closed_at")?,
    })
}
