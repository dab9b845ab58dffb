//! Numbers that people cite: from 1 in each school, without a gap that a second writer could fall into.

use crate::error::{Result, StoreError};
use crate::sql::bind;
use crate::transaction::Tx;

/// The next number of a series.
pub(crate) async fn next(tx: &mut Tx, name: &'static str) -> Result<i64> {
    let school = tx.writes(name)?;
    let text = "INSERT INTO counters (school_id, name, value) VALUES ($1, $2, 1)
        ON CONFLICT (school_id, name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    tx.one(text, bind![school, name]).await?.ok_or(StoreError::Missing("counter"))?.number("value")
}
