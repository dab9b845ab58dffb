//! Storing a batch, and checking that stored batches are as they were.

use super::{COLUMNS, Visit, figures, read};
use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json, places};
use crate::tables::ACTIVITY_BATCHES;
use crate::transaction::Tx;
use belisha_records::SchoolId;
use sha2::{Digest, Sha256};

/// The most rows of a batch.
pub const MOST_ROWS: usize = 500;

/// Rows of one statement. SQLite looks each place up among those before it, so one statement for all would cost the square.
const ROWS: usize = 50;

/// Stores a batch, adds it to the hourly figures, and enters its count and hash in the ledger. `key` names
/// the batch: a batch whose key is there is not stored twice. Answers whether it was stored. Rows past [`MOST_ROWS`] are a
/// `Conflict`.
///
/// # Errors
/// `Conflict`, `ReadOnly`, `Busy`, `ZeroByte`.
pub async fn insert_batch(tx: &mut Tx, key: &str, visits: &[Visit]) -> Result<bool> {
    let school = tx.writes("activity")?;
    if visits.len() > MOST_ROWS {
        return Err(StoreError::Conflict(format!("a batch of activity has {MOST_ROWS} rows at most; split it")));
    }
    let (Some(first), Some(last)) =
        (visits.iter().map(|visit| visit.at).min(), visits.iter().map(|visit| visit.at).max())
    else {
        return Ok(false);
    };
    let number = crate::counters::next(tx, "activity batches").await?;
    let text = "INSERT INTO activity_batches (school_id, id, number, rows_count, rows_hash, first_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (school_id, id) DO NOTHING";
    let count = i64::try_from(visits.len()).unwrap_or(i64::MAX);
    if tx.execute(text, bind![school, key, number, count, hash(visits)?, first, last]).await? == 0 {
        return Ok(false);
    }
    for (chunk, visits) in (0_i64..).zip(visits.chunks(ROWS)) {
        insert_rows(tx, school, (number, chunk * 50), visits).await?;
    }
    figures::add(tx, school, visits).await?;
    tx.wrote(&ACTIVITY_BATCHES, key, "stored");
    Ok(true)
}

async fn insert_rows(tx: &mut Tx, school: SchoolId, (batch, first): (i64, i64), visits: &[Visit]) -> Result<()> {
    let mut values = Vec::with_capacity(visits.len() * 15);
    for (position, visit) in (first..).zip(visits) {
        values.extend(bind![
            school,
            batch,
            position,
            visit.at,
            visit.person,
            &visit.device,
            &visit.confidence,
            &visit.device_kind,
            &visit.group,
            &visit.host,
            &visit.path,
            &visit.search_term,
            &visit.action,
            &visit.category,
            &visit.reason
        ]);
    }
    let places = places(visits.len(), 15);
    tx.execute(&format!("INSERT INTO activity (school_id, batch, position, {COLUMNS}) VALUES {places}"), values)
        .await?;
    Ok(())
}

/// SHA-256 over the rows' JSON, one a line, in hexadecimal.
pub(super) fn hash(visits: &[Visit]) -> Result<String> {
    let mut hash = Sha256::new();
    for visit in visits {
        hash.update(json(visit)?);
        hash.update("\n");
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// A batch whose rows are not those that were stored.
pub(crate) struct ChangedBatch {
    pub(crate) id: String,
    pub(crate) what: &'static str,
}

/// The first batch, in the order they were stored, whose rows are not those that were stored.
pub(crate) async fn first_changed_batch(tx: &mut Tx) -> Result<Option<ChangedBatch>> {
    let batches = "SELECT id, number, rows_hash FROM activity_batches WHERE school_id = $1 AND number > $2 ORDER BY number LIMIT 500";
    let mut after = 0;
    loop {
        let page = tx.all(batches, bind![tx.school()?, after]).await?;
        for batch in &page {
            after = batch.number("number").ok().filter(|number| *number > after).unwrap_or(i64::MAX);
            if !is_whole(tx, batch, after).await? {
                return Ok(Some(ChangedBatch {
                    id: batch.text("id").unwrap_or_default(),
                    what: "a row of this batch of activity was changed, added or removed",
                }));
            }
        }
        if page.len() < 500 {
            break;
        }
    }
    let strays = "SELECT batch FROM activity WHERE school_id = $1 AND batch NOT IN (SELECT number FROM activity_batches WHERE school_id = $1) LIMIT 1";
    let stray = tx.one(strays, bind![tx.school()?]).await?;
    Ok(stray.map(|row| ChangedBatch {
        id: row.number("batch").unwrap_or_default().to_string(),
        what: "rows of activity belong to no batch that was stored",
    }))
}

/// Whether the rows of a batch are those that were stored.
pub(super) async fn is_whole(tx: &mut Tx, batch: &Row, number: i64) -> Result<bool> {
    let rows = rows(tx, number).await?;
    let visits = rows.iter().map(read).collect::<Result<Vec<_>>>();
    Ok(match (visits, batch.text("rows_hash")) {
        (Ok(visits), Ok(kept)) => hash(&visits)? == kept,
        _ => false,
    })
}

pub(super) async fn rows(tx: &mut Tx, number: i64) -> Result<Vec<Row>> {
    let text = format!("SELECT {COLUMNS} FROM activity WHERE school_id = $1 AND batch = $2 ORDER BY position");
    tx.all(&text, bind![tx.school()?, number]).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::{Identifier, PersonId};

    #[test]
    fn batches_from_before_a_column_was_there_are_still_whole() {
        let visit = Visit {
            at: jiff::Timestamp::UNIX_EPOCH,
            person: Some(PersonId::make(0, [1; 10])),
            device: "10.0.0.7".into(),
            confidence: None,
            device_kind: None,
            group: "pupil".into(),
            host: "maths.example".into(),
            path: None,
            search_term: None,
            action: "allowed".into(),
            category: None,
            reason: "default".into(),
        };
        let person = PersonId::make(0, [1; 10]);
        let then = format!(
            "{{\"at\":0,\"person\":\"{person}\",\"device\":\"10.0.0.7\",\"group\":\"pupil\",\"host\":\"maths.example\",\
             \"path\":null,\"search_term\":null,\"action\":\"allowed\",\"category\":null,\"reason\":\"default\"}}\n"
        );
        let kept: String = Sha256::digest(&then).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash(std::slice::from_ref(&visit)).ok(), Some(kept.clone()));
        let known = Visit { confidence: Some("session".into()), ..visit };
        assert_ne!(hash(&[known]).ok(), Some(kept), "what is kept is bound");
    }
}
