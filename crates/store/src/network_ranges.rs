//! Which addresses are which room or network of the school, and the filter group of somebody unknown there.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::NETWORK_RANGES;
use crate::transaction::Tx;

/// A room or a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkRange {
    /// Id; empty before it is stored.
    pub id: String,
    /// The addresses, `10.20.0.0/16`.
    pub network: String,
    /// What people call it.
    pub label: String,
    /// Group of the unknown there; `None`: the strictest.
    pub unknown_group: Option<String>,
}

/// Adds a range. Answers its id.
///
/// # Errors
/// `Conflict` when a range in use has the same addresses; `ReadOnly`.
pub async fn insert(tx: &mut Tx, range: &NetworkRange) -> Result<String> {
    let school = tx.writes("rooms and networks")?;
    let id = tx.new_key();
    let text = "INSERT INTO network_ranges (school_id, id, network, label, unknown_group, added_at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(text, bind![school, &id, &range.network, &range.label, &range.unknown_group, tx.now()]).await?;
    tx.wrote(&NETWORK_RANGES, &id, "added");
    Ok(id)
}

/// Takes a range out of use.
///
/// # Errors
/// `Missing` when it is not in use; `ReadOnly`.
pub async fn retire(tx: &mut Tx, id: &str) -> Result<()> {
    let school = tx.writes("rooms and networks")?;
    let text = "UPDATE network_ranges SET retired_at = $3 WHERE school_id = $1 AND id = $2 AND retired_at IS NULL";
    if tx.execute(text, bind![school, id, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("room or network"));
    }
    tx.wrote(&NETWORK_RANGES, id, "retired");
    Ok(())
}

/// The ranges in use, by label.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<NetworkRange>> {
    let text = "SELECT id, network, label, unknown_group FROM network_ranges WHERE school_id = $1 AND retired_at IS NULL ORDER BY label, network";
    tx.all(text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<NetworkRange> {
    Ok(NetworkRange {
        id: row.text("id")?,
        network: row.text("network")?,
        label: row.text("label")?,
        unknown_group: row.maybe_text("unknown_group")?,
    })
}
