//! Acts of signing, each with the exact lines. None is ever changed: a later act stands beside the earlier
//! one until its time is over.

use crate::error::Result;
use crate::sql::{Row, bind, json, word};
use crate::tables::SIGNATURES;
use crate::transaction::Tx;
use belisha_records::{PersonId, Signature, SignatureId};

const COLUMNS: &str = "id, about_id, by_id, kind, agreement, policy_version, lines, at, reason";

/// Keeps an act of signing.
///
/// # Errors
/// `Conflict` when the person or the policy version is not there; `ReadOnly`.
pub async fn insert(tx: &mut Tx, signature: &Signature) -> Result<()> {
    let school = tx.writes("signatures")?;
    let text =
        "INSERT INTO signatures (school_id, id, about_id, by_id, kind, agreement, policy_version, lines, at, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = bind![
        school,
        signature.id,
        signature.about,
        signature.by,
        word(&signature.kind)?,
        &signature.agreement,
        signature.policy_version,
        json(&signature.lines)?,
        signature.at,
        &signature.reason
    ];
    tx.execute(text, values).await?;
    tx.wrote(&SIGNATURES, signature.id, "kept");
    Ok(())
}

/// Every act about a person, oldest first: their own, and for a pupil the parents'.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_about(tx: &mut Tx, person: PersonId) -> Result<Vec<Signature>> {
    let text = format!("SELECT {COLUMNS} FROM signatures WHERE school_id = $1 AND about_id = $2 ORDER BY at, id");
    tx.all(&text, bind![tx.school()?, person]).await?.iter().map(read).collect()
}

/// Every act on an agreement, oldest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_on(tx: &mut Tx, agreement: &str) -> Result<Vec<Signature>> {
    let text = format!("SELECT {COLUMNS} FROM signatures WHERE school_id = $1 AND agreement = $2 ORDER BY at, id");
    tx.all(&text, bind![tx.school()?, agreement]).await?.iter().map(read).collect()
}

/// Every act, oldest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<Signature>> {
    let text = format!("SELECT {COLUMNS} FROM signatures WHERE school_id = $1 ORDER BY at, id");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Removes an act. Whether nobody relies on it any more is the caller's to know.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn remove(tx: &mut Tx, signature: SignatureId) -> Result<()> {
    let school = tx.writes("signatures")?;
    let text = "DELETE FROM signatures WHERE school_id = $1 AND id = $2";
    if tx.execute(text, bind![school, signature]).await? > 0 {
        tx.wrote(&SIGNATURES, signature, "removed");
    }
    Ok(())
}

fn read(row: &Row) -> Result<Signature> {
    Ok(Signature {
        id: row.parsed("id")?,
        about: row.parsed("about_id")?,
        by: row.parsed("by_id")?,
        kind: row.word("kind")?,
        agreement: row.text("agreement")?,
        policy_version: row.parsed("policy_version")?,
        lines: row.json("lines")?,
        at: row.time("at")?,
        reason: row.maybe_text("reason")?,
    })
}
