//! What lets a person sign in: the password's hash, one-time links, and the failed attempts that slow a guesser down.

use crate::error::{Result, StoreError};
use crate::sql::bind;
use crate::store::Store;
use crate::tables::{CREDENTIALS, ONE_TIME_LINKS};
use crate::transaction::Tx;
use belisha_records::{PersonId, SchoolId};
use jiff::Timestamp;

/// Sets a person's password, as an argon2 hash string.
///
/// # Errors
/// `Conflict` when there is no such person; `ReadOnly`.
pub async fn set_password_hash(tx: &mut Tx, person: PersonId, hash: &str) -> Result<()> {
    let school = tx.writes("credentials")?;
    let text = "INSERT INTO credentials (school_id, id, password_hash, changed_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (school_id, id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at";
    tx.execute(text, bind![school, person, hash, tx.now()]).await?;
    tx.wrote(&CREDENTIALS, person, "set");
    Ok(())
}

/// A person's password hash; `None` when none was ever set.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn password_hash(tx: &mut Tx, person: PersonId) -> Result<Option<String>> {
    let text = "SELECT password_hash FROM credentials WHERE school_id = $1 AND id = $2";
    tx.one(text, bind![tx.school()?, person]).await?.map(|row| row.text("password_hash")).transpose()
}

/// Notes an attempt to sign in. `key` is the hash of a sign-in name or of an address, so that neither is kept here.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn note_attempt(tx: &mut Tx, key: &str, succeeded: bool) -> Result<()> {
    if tx.actor().is_none() {
        return Err(StoreError::ReadOnly("sign-in attempts"));
    }
    tx.execute(
        "INSERT INTO sign_in_attempts (attempt_key, at, succeeded) VALUES ($1, $2, $3)",
        bind![key, tx.now(), succeeded],
    )
    .await?;
    Ok(())
}

/// Times of the failed attempts under a key since a time and since the last that succeeded, oldest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn failures(tx: &mut Tx, key: &str, since: Timestamp) -> Result<Vec<Timestamp>> {
    let text = "SELECT at FROM sign_in_attempts WHERE attempt_key = $1 AND succeeded = FALSE AND at >= $2
        AND at > COALESCE((SELECT MAX(at) FROM sign_in_attempts WHERE attempt_key = $1 AND succeeded = TRUE), -1) ORDER BY at";
    tx.all(text, bind![key, since]).await?.iter().map(|row| row.time("at")).collect()
}

/// Removes attempts older than a time. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge_attempts(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    if tx.actor().is_none() {
        return Err(StoreError::ReadOnly("sign-in attempts"));
    }
    tx.execute("DELETE FROM sign_in_attempts WHERE at < $1", bind![before]).await
}

/// A link that lets one person in once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneTimeLink {
    /// School of the person.
    pub school: SchoolId,
    /// Whom it lets in.
    pub person: PersonId,
    /// What for: `first-start`, `set-password`, …
    pub purpose: String,
    /// From when on it opens nothing.
    pub expires_at: Timestamp,
}

/// Makes a one-time link known by the hash of its token.
///
/// # Errors
/// `Conflict`, `ReadOnly`.
pub async fn insert_link(
    tx: &mut Tx,
    token_hash: &str,
    person: PersonId,
    purpose: &str,
    expires_at: Timestamp,
) -> Result<()> {
    let school = tx.writes("one-time links")?;
    let text = "INSERT INTO one_time_links (school_id, id, person_id, purpose, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(text, bind![school, token_hash, person, purpose, tx.now(), expires_at]).await?;
    tx.execute(
        "INSERT INTO directory_tokens (token_hash, school_id, kind) VALUES ($1, $2, 'link')",
        bind![token_hash, school],
    )
    .await?;
    tx.wrote(&ONE_TIME_LINKS, token_hash, "made");
    Ok(())
}

/// The link of a token, wherever its school is, if it can still be used at `now`. Showing it does not use it.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find_link(store: &Store, token_hash: &str, now: Timestamp) -> Result<Option<OneTimeLink>> {
    let Some(school) = crate::sessions::school_of_token(store, token_hash).await? else {
        return Ok(None);
    };
    let tx = store.read(school).await?;
    let text = "SELECT person_id, purpose, expires_at FROM one_time_links WHERE school_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3";
    let row = tx.one(text, bind![school, token_hash, now]).await?;
    row.map(|row| {
        Ok(OneTimeLink {
            school,
            person: row.parsed("person_id")?,
            purpose: row.text("purpose")?,
            expires_at: row.time("expires_at")?,
        })
    })
    .transpose()
}

/// Uses a link: the first to do so gets the person it lets in, nobody after.
///
/// # Errors
/// `Missing` when it was used, ran out or never was; `ReadOnly`.
pub async fn use_link(tx: &mut Tx, token_hash: &str) -> Result<PersonId> {
    let school = tx.writes("one-time links")?;
    let text = "UPDATE one_time_links SET used_at = $3 WHERE school_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > $3 RETURNING person_id";
    let row =
        tx.one(text, bind![school, token_hash, tx.now()]).await?.ok_or(StoreError::Missing("link that can be used"))?;
    tx.wrote(&ONE_TIME_LINKS, token_hash, "used");
    row.parsed("person_id")
}
