//! Removing visits whose time is over. What is left of a batch is hashed anew, and only if it was whole before: removing
//! must not hide a change.

use super::batch::{hash, is_whole, rows};
use super::read;
use crate::error::Result;
use crate::sql::{Row, bind};
use crate::tables::ACTIVITY_BATCHES;
use crate::transaction::Tx;
use belisha_records::SchoolId;
use jiff::Timestamp;

/// The policy keeps named visits that were let through and those that were not for different times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptAs {
    /// Let through.
    Allowed,
    /// Blocked, warned about, asked for, or stopped at the gate.
    Other,
}

/// Removes visits of one kind made before a time, from at most `batches` batches, so that other writers are not kept
/// waiting. Answers how many went; call it again until none do.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge(tx: &mut Tx, kind: KeptAs, before: Timestamp, batches: u32) -> Result<u64> {
    let school = tx.writes("activity")?;
    let which = match kind {
        KeptAs::Allowed => "action = 'allowed'",
        KeptAs::Other => "action <> 'allowed'",
    };
    let text = format!(
        "SELECT id, number, rows_hash FROM activity_batches WHERE school_id = $1 AND first_at < $2
           AND number IN (SELECT DISTINCT batch FROM activity WHERE school_id = $1 AND at < $2 AND {which} ORDER BY batch LIMIT $3) ORDER BY number"
    );
    let mut gone = 0;
    for batch in tx.all(&text, bind![school, before, i64::from(batches)]).await? {
        let number = batch.number("number")?;
        let whole = is_whole(tx, &batch, number).await?;
        let text = format!("DELETE FROM activity WHERE school_id = $1 AND batch = $2 AND at < $3 AND {which}");
        gone += tx.execute(&text, bind![school, number, before]).await?;
        if whole {
            hash_anew(tx, school, &batch, number).await?;
        }
    }
    Ok(gone)
}

async fn hash_anew(tx: &mut Tx, school: SchoolId, batch: &Row, number: i64) -> Result<()> {
    let id = batch.text("id")?;
    let left = rows(tx, number).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
    if left.is_empty() {
        tx.execute("DELETE FROM activity_batches WHERE school_id = $1 AND number = $2", bind![school, number]).await?;
    } else {
        let count = i64::try_from(left.len()).unwrap_or(i64::MAX);
        let text = "UPDATE activity_batches SET rows_count = $3, rows_hash = $4 WHERE school_id = $1 AND number = $2";
        tx.execute(text, bind![school, number, count, hash(&left)?]).await?;
    }
    tx.wrote(&ACTIVITY_BATCHES, id, "purged");
    Ok(())
}
