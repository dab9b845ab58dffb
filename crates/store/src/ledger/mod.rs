//! The ledger: for each school a Merkle log (RFC 6962) with one entry for every write, in the transaction of the write.
//! An entry holds no record, only a salted commitment to it, so that a record can be erased and the log stays whole.

mod checkpoint;
mod hexadecimal;
pub mod merkle;
#[cfg(test)]
mod merkle_tests;
mod proofs;
#[cfg(test)]
mod row_form_tests;
mod snapshot;
mod verify;

pub use ed25519_dalek::VerifyingKey;

pub use checkpoint::{Checkpoint, check_note, checkpoint, latest_checkpoint, origin, verifier_key};
pub use proofs::{ConsistencyProof, InclusionProof, consistency_proof, inclusion_proof, prove_latest};
pub use verify::{BadEntry, Verification, verify};

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::transaction::{Tx, Written};
use belisha_records::{Actor, SchoolId};
use jiff::Timestamp;
use merkle::{Edge, Hash, leaf_hash};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Rows in one statement. SQLite looks each place up among those before it, so long statements cost more than they save.
const ROWS: usize = 32;

/// One entry of a school's ledger, as people may read it: it names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Who: `person:<id>`, `job:<name>` or `command:<name>`.
    pub actor: String,
    /// Table of the row.
    pub area: String,
    /// When, in unix milliseconds.
    pub at: i64,
    /// SHA-256 of the salt and the row's canonical JSON, in hexadecimal; empty where the row was erased.
    pub commitment: String,
    /// Place in the log, from 0.
    pub index: u64,
    /// Id of the row.
    pub subject: String,
    /// What was done.
    pub verb: String,
}

impl Entry {
    /// The bytes that are hashed: the fields as JSON in alphabetical order, without spaces.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn leaf(&self) -> Hash {
        leaf_hash(&self.bytes())
    }

    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            actor: row.text("actor")?,
            area: row.text("area")?,
            at: row.number("at")?,
            commitment: row.text("commitment")?,
            index: u64::try_from(row.number("position")?).map_err(|_| StoreError::Corrupt("column position".into()))?,
            subject: row.text("subject")?,
            verb: row.text("verb")?,
        })
    }
}

/// The newest entries, newest first; about one subject where one is given.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn entries(tx: &mut Tx, subject: Option<&str>, limit: u32) -> Result<Vec<Entry>> {
    let text = "SELECT position, at, actor, area, verb, subject, commitment FROM ledger_entries
        WHERE school_id = $1 AND ($2 = '' OR subject = $2) ORDER BY position DESC LIMIT $3";
    let rows = tx.all(text, bind![tx.school()?, subject.unwrap_or_default(), i64::from(limit)]).await?;
    rows.iter().map(Entry::read).collect()
}

/// Number of entries.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn size(tx: &mut Tx) -> Result<u64> {
    Ok(head(tx).await?.map_or(0, |edge| edge.size()))
}

/// Puts every write noted in the transaction into the ledger. `Tx::commit` calls it; a checkpoint does too.
pub(crate) async fn flush(tx: &mut Tx) -> Result<()> {
    let written = tx.take_written();
    if written.is_empty() {
        return Ok(());
    }
    let school = tx.writes("the ledger")?;
    let salts = salts_for(tx, &written);
    let commitments = commitments(tx, &written, &salts).await?;
    let mut edge = lock(tx, school).await?;
    let actor = tx.actor().map(actor_name).unwrap_or_default();
    let at = tx.now();
    for chunk in written.chunks(ROWS) {
        append(tx, school, chunk, &commitments, &mut edge, (&actor, at)).await?;
    }
    keep_salts(tx, school, &commitments, &salts).await?;
    let size = i64::try_from(edge.size()).unwrap_or(i64::MAX);
    let text = "UPDATE ledger_heads SET size = $2, edge = $3 WHERE school_id = $1";
    tx.execute(text, bind![school, size, edge_text(&edge)]).await?;
    Ok(())
}

/// Subjects of a transaction: area and id.
type Subject = (&'static str, String);

fn salts_for(tx: &Tx, written: &[Written]) -> BTreeMap<Subject, [u8; 32]> {
    written.iter().map(|written| ((written.table.name, written.subject.clone()), tx.random())).collect()
}

/// The commitment of every row written, as it stands at the end of the transaction; `None` where it is gone.
async fn commitments(
    tx: &mut Tx,
    written: &[Written],
    salts: &BTreeMap<Subject, [u8; 32]>,
) -> Result<BTreeMap<Subject, Option<String>>> {
    let mut found = BTreeMap::new();
    let mut by_table: BTreeMap<&'static str, (&'static crate::tables::Table, Vec<String>)> = BTreeMap::new();
    for written in written {
        by_table
            .entry(written.table.name)
            .or_insert_with(|| (written.table, Vec::new()))
            .1
            .push(written.subject.clone());
    }
    for (name, (table, mut subjects)) in by_table {
        subjects.sort_unstable();
        subjects.dedup();
        let rows = snapshot::rows(tx, table, &subjects).await?;
        for subject in subjects {
            let key = (name, subject);
            let commitment = match (rows.get(&key.1), salts.get(&key)) {
                (Some(row), Some(salt)) => Some(commit(salt, row)),
                _ => None,
            };
            found.insert(key, commitment);
        }
    }
    Ok(found)
}

/// SHA-256 of the salt and the row's canonical JSON, in hexadecimal.
fn commit(salt: &[u8; 32], row: &str) -> String {
    hexadecimal::write(&Sha256::new().chain_update(salt).chain_update(row.as_bytes()).finalize())
}

async fn append(
    tx: &mut Tx,
    school: SchoolId,
    written: &[Written],
    commitments: &BTreeMap<Subject, Option<String>>,
    edge: &mut Edge,
    (actor, at): (&str, Timestamp),
) -> Result<()> {
    let mut values = Vec::with_capacity(written.len() * 9);
    for written in written {
        let commitment = commitments.get(&(written.table.name, written.subject.clone())).cloned().flatten();
        let entry = Entry {
            actor: actor.to_owned(),
            area: written.table.name.to_owned(),
            at: at.as_millisecond(),
            commitment: commitment.unwrap_or_default(),
            index: edge.size(),
            subject: written.subject.clone(),
            verb: written.verb.to_owned(),
        };
        let leaf = entry.leaf();
        let index = i64::try_from(entry.index).unwrap_or(i64::MAX);
        edge.push(leaf);
        let leaf = hexadecimal::write(&leaf);
        values.extend(bind![
            school,
            index,
            entry.at,
            entry.actor,
            entry.area,
            entry.verb,
            entry.subject,
            entry.commitment,
            leaf
        ]);
    }
    let text = format!(
        "INSERT INTO ledger_entries (school_id, position, at, actor, area, verb, subject, commitment, leaf) VALUES {}",
        crate::sql::places(written.len(), 9)
    );
    tx.execute(&text, values).await?;
    Ok(())
}

/// One salt for each subject: the newest. An older one would only help to guess what a record once was.
async fn keep_salts(
    tx: &mut Tx,
    school: SchoolId,
    commitments: &BTreeMap<Subject, Option<String>>,
    salts: &BTreeMap<Subject, [u8; 32]>,
) -> Result<()> {
    let (kept, gone): (Vec<_>, Vec<_>) = commitments.iter().partition(|(_, commitment)| commitment.is_some());
    for chunk in kept.chunks(ROWS) {
        let mut values = Vec::with_capacity(chunk.len() * 4);
        for (subject, _) in chunk {
            let salt = salts.get(*subject).map(|salt| hexadecimal::write(salt)).unwrap_or_default();
            values.extend(bind![school, subject.0, &subject.1, salt]);
        }
        let text = format!(
            "INSERT INTO ledger_salts (school_id, area, subject, salt) VALUES {}
             ON CONFLICT (school_id, area, subject) DO UPDATE SET salt = excluded.salt",
            crate::sql::places(chunk.len(), 4)
        );
        tx.execute(&text, values).await?;
    }
    for ((area, subject), _) in gone {
        let text = "DELETE FROM ledger_salts WHERE school_id = $1 AND area = $2 AND subject = $3";
        tx.execute(text, bind![school, *area, subject]).await?;
    }
    Ok(())
}

/// Reads the head and holds it until the transaction ends: on PostgreSQL the row's lock, on SQLite there is one writer.
async fn lock(tx: &mut Tx, school: SchoolId) -> Result<Edge> {
    let text = "INSERT INTO ledger_heads (school_id, size, edge) VALUES ($1, 0, '')
        ON CONFLICT (school_id) DO UPDATE SET size = ledger_heads.size RETURNING size, edge";
    let row = tx.one(text, bind![school]).await?.ok_or_else(|| StoreError::Corrupt("the ledger's head".into()))?;
    edge_of(&row)
}

async fn head(tx: &mut Tx) -> Result<Option<Edge>> {
    let row = tx.one("SELECT size, edge FROM ledger_heads WHERE school_id = $1", bind![tx.school()?]).await?;
    row.map(|row| edge_of(&row)).transpose()
}

fn edge_of(row: &Row) -> Result<Edge> {
    let damaged = || StoreError::Corrupt("the ledger's head".into());
    let size = u64::try_from(row.number("size")?).map_err(|_| damaged())?;
    let text = row.text("edge")?;
    let hashes = text.split(' ').filter(|hash| !hash.is_empty()).map(hexadecimal::read).collect::<Option<Vec<Hash>>>();
    Edge::from_parts(size, hashes.ok_or_else(damaged)?).ok_or_else(damaged)
}

fn edge_text(edge: &Edge) -> String {
    edge.hashes().iter().map(|hash| hexadecimal::write(hash)).collect::<Vec<_>>().join(" ")
}

fn actor_name(actor: &Actor) -> String {
    match actor {
        Actor::Person(person) => format!("person:{person}"),
        Actor::Job(name) => format!("job:{name}"),
        Actor::Command(name) => format!("command:{name}"),
    }
}
