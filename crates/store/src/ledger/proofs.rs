//! Proofs taken from the stored log: that an entry is in it, and that an older log is its beginning. Making one reads the
//! leaf hashes (64 bytes an entry); checking one needs only `merkle` and a checkpoint.

use super::hexadecimal;
use super::merkle::{self, Hash};
use super::{Entry, size};
use crate::error::{Result, StoreError};
use crate::sql::bind;
use crate::transaction::Tx;

/// What shows that an entry is in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The entry.
    pub entry: Entry,
    /// Size of the log it is proved in.
    pub size: u64,
    /// Root of that log.
    pub root: Hash,
    /// The hashes of the proof.
    pub hashes: Vec<Hash>,
}

impl InclusionProof {
    /// Whether the proof holds.
    pub fn holds(&self) -> bool {
        merkle::verify_inclusion(
            &merkle::leaf_hash(&self.entry.bytes()),
            self.entry.index,
            self.size,
            &self.hashes,
            &self.root,
        )
    }
}

/// What shows that a log only grew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Size and root of the older log.
    pub old: (u64, Hash),
    /// Size and root of the newer log.
    pub new: (u64, Hash),
    /// The hashes of the proof.
    pub hashes: Vec<Hash>,
}

impl ConsistencyProof {
    /// Whether the proof holds.
    pub fn holds(&self) -> bool {
        merkle::verify_consistency(self.old.0, self.new.0, &self.old.1, &self.new.1, &self.hashes)
    }
}

/// Proves that entry `index` is in the log of `size` entries.
///
/// # Errors
/// `Missing` when there is no such entry or the log is shorter; `Corrupt`.
pub async fn inclusion_proof(tx: &mut Tx, index: u64, size: u64) -> Result<InclusionProof> {
    let leaves = leaves(tx, size).await?;
    let place = usize::try_from(index).map_err(|_| StoreError::Missing("entry of the ledger"))?;
    let hashes = merkle::inclusion_proof(&leaves, place).ok_or(StoreError::Missing("entry of the ledger"))?;
    let text = "SELECT position, at, actor, area, verb, subject, commitment FROM ledger_entries WHERE school_id = $1 AND position = $2";
    let row = tx.one(text, bind![tx.school()?, i64::try_from(index).unwrap_or(i64::MAX)]).await?;
    let entry = Entry::read(&row.ok_or(StoreError::Missing("entry of the ledger"))?)?;
    Ok(InclusionProof { entry, size, root: merkle::root(&leaves), hashes })
}

/// Proves that the newest entry about a record is in the log as it stands. `None` when nothing was ever entered about it.
///
/// # Errors
/// `Corrupt`.
pub async fn prove_latest(tx: &mut Tx, area: &str, subject: &str) -> Result<Option<InclusionProof>> {
    let text =
        "SELECT MAX(position) AS position FROM ledger_entries WHERE school_id = $1 AND area = $2 AND subject = $3";
    let row = tx.one(text, bind![tx.school()?, area, subject]).await?;
    let Some(position) = row.map(|row| row.maybe_number("position")).transpose()?.flatten() else {
        return Ok(None);
    };
    let size = size(tx).await?;
    inclusion_proof(tx, u64::try_from(position).unwrap_or(u64::MAX), size).await.map(Some)
}

/// Proves that the log of `old` entries is the beginning of the log of `new` entries.
///
/// # Errors
/// `Missing` when `old` is 0 or the log is shorter than `new`; `Corrupt`.
pub async fn consistency_proof(tx: &mut Tx, old: u64, new: u64) -> Result<ConsistencyProof> {
    let leaves = leaves(tx, new).await?;
    let beginning =
        usize::try_from(old).ok().and_then(|old| leaves.get(..old)).ok_or(StoreError::Missing("size of the ledger"))?;
    let hashes =
        merkle::consistency_proof(&leaves, beginning.len()).ok_or(StoreError::Missing("size of the ledger"))?;
    Ok(ConsistencyProof { old: (old, merkle::root(beginning)), new: (new, merkle::root(&leaves)), hashes })
}

async fn leaves(tx: &mut Tx, size: u64) -> Result<Vec<Hash>> {
    let size = i64::try_from(size).map_err(|_| StoreError::Missing("size of the ledger"))?;
    let text = "SELECT leaf FROM ledger_entries WHERE school_id = $1 AND position < $2 ORDER BY position";
    let rows = tx.all(text, bind![tx.school()?, size]).await?;
    if i64::try_from(rows.len()) != Ok(size) {
        return Err(StoreError::Missing("size of the ledger"));
    }
    let read = |row: &crate::sql::Row| {
        hexadecimal::read(&row.text("leaf")?).ok_or_else(|| StoreError::Corrupt("column leaf".into()))
    };
    rows.iter().map(read).collect()
}
