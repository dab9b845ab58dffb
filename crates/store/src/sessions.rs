//! Sign-in sessions. A session is found by the hash of its token, so a copy of the database opens no session.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::store::Store;
use crate::tables::SESSIONS;
use crate::transaction::Tx;
use belisha_records::{PersonId, SchoolId, SessionId};
use jiff::Timestamp;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Id.
    pub id: SessionId,
    /// School of the person.
    pub school: SchoolId,
    /// Who signed in.
    pub person: PersonId,
    /// When.
    pub created_at: Timestamp,
    /// Last request, written at most now and then.
    pub last_seen_at: Timestamp,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub revoked_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, school_id, person_id, created_at, last_seen_at, expires_at, revoked_at";

/// Starts a session of a person. `token_hash` is the hash of the cookie's token, as text.
///
/// # Errors
/// `Conflict`, `ReadOnly`.
pub async fn insert(tx: &mut Tx, person: PersonId, token_hash: &str, expires_at: Timestamp) -> Result<Session> {
    let school = tx.writes("sessions")?;
    let id: SessionId = tx.new_id();
    let now = tx.now();
    let text = "INSERT INTO sessions (school_id, id, token_hash, person_id, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)";
    tx.execute(text, bind![school, id, token_hash, person, now, expires_at]).await?;
    let directory = "INSERT INTO directory_tokens (token_hash, school_id, kind) VALUES ($1, $2, 'session')";
    tx.execute(directory, bind![token_hash, school]).await?;
    tx.wrote(&SESSIONS, id, "signed-in");
    Ok(Session { id, school, person, created_at: now, last_seen_at: now, expires_at, revoked_at: None })
}

/// The session of a token, wherever its school is, if it is open at `now`.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(store: &Store, token_hash: &str, now: Timestamp) -> Result<Option<Session>> {
    let Some(school) = school_of_token(store, token_hash).await? else {
        return Ok(None);
    };
    let tx = store.read(school).await?;
    let text = format!("SELECT {COLUMNS} FROM sessions WHERE school_id = $1 AND token_hash = $2");
    let session = tx.one(&text, bind![school, token_hash]).await?.as_ref().map(read).transpose()?;
    Ok(session.filter(|session| session.revoked_at.is_none() && session.expires_at > now))
}

/// The school whose session or one-time link has a token.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn school_of_token(store: &Store, token_hash: &str) -> Result<Option<SchoolId>> {
    let tx = store.read_installation().await?;
    let row = tx.one("SELECT school_id FROM directory_tokens WHERE token_hash = $1", bind![token_hash]).await?;
    row.map(|row| row.parsed("school_id")).transpose()
}

/// Notes that a session was used. It is no act of anybody's, so it leaves no entry.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn touch(tx: &mut Tx, session: SessionId) -> Result<()> {
    let school = tx.writes("sessions")?;
    let text = "UPDATE sessions SET last_seen_at = $3 WHERE school_id = $1 AND id = $2";
    tx.execute(text, bind![school, session, tx.now()]).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn revoke(tx: &mut Tx, session: SessionId) -> Result<()> {
    let school = tx.writes("sessions")?;
    let text = "UPDATE sessions SET revoked_at = $3 WHERE school_id = $1 AND id = $2 AND revoked_at IS NULL";
    if tx.execute(text, bind![school, session, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("open session"));
    }
    tx.wrote(&SESSIONS, session, "signed-out");
    Ok(())
}

/// Ends every open session of a person: after a new password, or when somebody leaves. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn revoke_all(tx: &mut Tx, person: PersonId) -> Result<u64> {
    let school = tx.writes("sessions")?;
    let text = "UPDATE sessions SET revoked_at = $3 WHERE school_id = $1 AND person_id = $2 AND revoked_at IS NULL RETURNING id";
    let ended = tx.all(text, bind![school, person, tx.now()]).await?;
    for row in &ended {
        tx.wrote(&SESSIONS, row.text("id")?, "signed-out");
    }
    Ok(ended.len() as u64)
}

/// Removes sessions that ended before a time. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let school = tx.writes("sessions")?;
    let text =
        "DELETE FROM sessions WHERE school_id = $1 AND (expires_at < $2 OR revoked_at < $2) RETURNING id, token_hash";
    let gone = tx.all(text, bind![school, before]).await?;
    for row in &gone {
        tx.execute("DELETE FROM directory_tokens WHERE token_hash = $1", bind![row.text("token_hash")?]).await?;
        tx.wrote(&SESSIONS, row.text("id")?, "removed");
    }
    Ok(gone.len() as u64)
}

fn read(row: &Row) -> Result<Session> {
    Ok(Session {
        id: row.parsed("id")?,
        school: row.parsed("school_id")?,
        person: row.parsed("person_id")?,
        created_at: row.time("created_at")?,
        last_seen_at: row.time("last_seen_at")?,
        expires_at: row.time("expires_at")?,
        revoked_at: row.maybe_time("revoked_at")?,
    })
}
