//! Checking a school's whole ledger against itself, its signed checkpoints and the records as they stand now, and naming
//! the first entry that something was done to.

use super::checkpoint::check_note;
use super::merkle::{Edge, Hash};
use super::{Entry, commit, head, hexadecimal, origin, snapshot};
use crate::error::{Result, StoreError};
use crate::migrations;
use crate::sql::{Row, bind};
use crate::tables::{self, Table};
use crate::transaction::Tx;
use ed25519_dalek::VerifyingKey;
use sea_orm::DbBackend;
use std::collections::{BTreeMap, HashMap};

const PAGE: i64 = 1000;

/// What a check of the ledger found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// Entries read.
    pub entries: u64,
    /// Root over them, in hexadecimal, to compare with a checkpoint kept elsewhere.
    pub root: String,
    /// Signed checkpoints read.
    pub checkpoints: u64,
    /// Whether every checkpoint is signed by the key and fits the log.
    pub checkpoint_ok: bool,
    /// Records whose content was compared with their newest entry.
    pub records: u64,
    /// The first entry that does not hold; `None` when all is well.
    pub first_bad: Option<BadEntry>,
}

/// Where a ledger or a record was changed behind Belisha's back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadEntry {
    /// Place in the log, from 0; `None` for a record that no entry speaks of.
    pub index: Option<u64>,
    /// Table.
    pub area: String,
    /// Id of the record.
    pub subject: String,
    /// What does not hold, in words.
    pub what: String,
}

impl BadEntry {
    fn new(index: u64, area: &str, subject: &str, what: &str) -> Self {
        Self { index: Some(index), area: area.into(), subject: subject.into(), what: what.into() }
    }
}

impl std::fmt::Display for BadEntry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            Some(index) => write!(out, "entry {index} (`{}` `{}`): {}", self.area, self.subject, self.what),
            None => write!(out, "`{}` `{}`: {}", self.area, self.subject, self.what),
        }
    }
}

/// What is kept while reading: the newest entry about each record, and the first fault.
#[derive(Default)]
struct Reading {
    edge: Edge,
    newest: HashMap<(String, String), (u64, String)>,
    bad: Option<BadEntry>,
    checkpoints: u64,
    checkpoint_ok: bool,
    records: u64,
}

impl Reading {
    /// Keeps the fault of the lowest entry; one that no entry speaks of comes last.
    fn fault(&mut self, bad: BadEntry) {
        let place = |bad: &BadEntry| bad.index.unwrap_or(u64::MAX);
        if self.bad.as_ref().is_none_or(|first| place(&bad) < place(first)) {
            self.bad = Some(bad);
        }
    }
}

/// Checks one school: every entry against its leaf, the leaves against the kept edge and every signed checkpoint, and every
/// record against the newest entry about it. Reads everything: minutes for millions of entries.
///
/// # Errors
/// `Unreachable`, `Busy`. Damage is not an error but the answer, unless the database cannot be read at all (`Corrupt`).
pub async fn verify(tx: &mut Tx, key: &VerifyingKey) -> Result<Verification> {
    let mut reading = Reading { checkpoint_ok: true, ..Reading::default() };
    check_file(tx, &mut reading).await?;
    let mut checkpoints = read_checkpoints(tx, key, &mut reading).await?;
    check_entries(tx, &mut checkpoints, &mut reading).await?;
    check_ends(tx, &checkpoints, &mut reading).await?;
    for table in tables::BOUND {
        check_records(tx, table, &mut reading).await?;
    }
    check_gone(&mut reading);
    check_directory(tx, &mut reading).await?;
    if let Some(bad) = crate::activity::first_changed_batch(tx).await? {
        let key = ("activity_batches".to_owned(), bad.id.clone());
        let index = reading.newest.get(&key).map(|(index, _)| *index);
        reading.fault(BadEntry { index, area: "activity".into(), subject: bad.id, what: bad.what.into() });
    }
    Ok(Verification {
        entries: reading.edge.size(),
        root: hexadecimal::write(&reading.edge.root()),
        checkpoints: reading.checkpoints,
        checkpoint_ok: reading.checkpoint_ok,
        records: reading.records,
        first_bad: reading.bad,
    })
}

/// A changed byte may also sit in an index, where no query shows it.
async fn check_file(tx: &mut Tx, reading: &mut Reading) -> Result<()> {
    if tx.backend() != DbBackend::Sqlite {
        return Ok(());
    }
    let row = tx.one("PRAGMA integrity_check(1)", Vec::new()).await?;
    let said = row.map(|row| row.text("integrity_check")).transpose()?.unwrap_or_default();
    if said != "ok" {
        reading.fault(BadEntry { index: None, area: "database file".into(), subject: "integrity".into(), what: said });
    }
    // A trigger or a view put in by hand changes what is written or read without changing a row.
    let mut expected = migrations::expected_sqlite_schema().await?.into_iter();
    let found = tx.all(migrations::SQLITE_SCHEMA, Vec::new()).await?;
    for one in found.iter().map(migrations::schema_row).map(Some).chain([None]) {
        let one = one.transpose().unwrap_or_default();
        if one != expected.next() {
            let subject = one.map(|(_, name, _)| name).unwrap_or_default();
            let what = "the tables, indexes and triggers here are not those that this version of Belisha makes";
            reading.fault(BadEntry { index: None, area: "database schema".into(), subject, what: what.into() });
            break;
        }
    }
    Ok(())
}

/// Roots that were signed, by size.
async fn read_checkpoints(tx: &mut Tx, key: &VerifyingKey, reading: &mut Reading) -> Result<BTreeMap<u64, Hash>> {
    let school = tx.school()?;
    let mut signed = BTreeMap::new();
    let text = "SELECT size, note FROM ledger_checkpoints WHERE school_id = $1 ORDER BY size";
    for row in tx.all(text, bind![school]).await? {
        reading.checkpoints += 1;
        let size = row.number("size").ok().and_then(|size| u64::try_from(size).ok());
        let note = row.text("note").unwrap_or_default();
        match check_note(&note, &origin(school), key) {
            Some(checkpoint) if Some(checkpoint.size) == size => {
                signed.insert(checkpoint.size, checkpoint.root);
            }
            _ => {
                reading.checkpoint_ok = false;
                let size = size.unwrap_or_default();
                let what = "the checkpoint over the entries up to this one is not signed by this key, or was changed";
                reading.fault(BadEntry::new(size.saturating_sub(1), "ledger_checkpoints", &size.to_string(), what));
            }
        }
    }
    Ok(signed)
}

async fn check_entries(tx: &mut Tx, checkpoints: &mut BTreeMap<u64, Hash>, reading: &mut Reading) -> Result<()> {
    let text = "SELECT position, at, actor, area, verb, subject, commitment, leaf FROM ledger_entries
        WHERE school_id = $1 AND position > $2 ORDER BY position LIMIT $3";
    let mut after = -1;
    loop {
        let rows = tx.all(text, bind![tx.school()?, after, PAGE]).await?;
        for row in &rows {
            after = row.number("position").ok().filter(|position| *position > after).unwrap_or(i64::MAX);
            check_entry(row, reading);
            let root = checkpoints.remove(&reading.edge.size());
            if root.is_some_and(|root| root != reading.edge.root()) {
                reading.checkpoint_ok = false;
                let last = reading.edge.size() - 1;
                reading.fault(BadEntry::new(
                    last,
                    "ledger_checkpoints",
                    &(last + 1).to_string(),
                    "the entries up to this one are not those that were signed",
                ));
            }
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) < PAGE {
            return Ok(());
        }
    }
}

fn check_entry(row: &Row, reading: &mut Reading) {
    let index = reading.edge.size();
    let kept = row.text("leaf").ok().as_deref().and_then(hexadecimal::read);
    let Ok(entry) = Entry::read(row) else {
        reading.fault(BadEntry::new(index, "ledger_entries", "", "the entry cannot be read"));
        reading.edge.push(kept.unwrap_or_default());
        return;
    };
    if entry.index != index {
        reading.fault(BadEntry::new(index, &entry.area, &entry.subject, "an entry is missing from here"));
    }
    let leaf = entry.leaf();
    if kept != Some(leaf) {
        reading.fault(BadEntry::new(
            index,
            &entry.area,
            &entry.subject,
            "the entry is not the one that was hashed when it was made",
        ));
    }
    reading.edge.push(leaf);
    reading.newest.insert((entry.area, entry.subject), (index, entry.commitment));
}

async fn check_ends(tx: &mut Tx, unmet: &BTreeMap<u64, Hash>, reading: &mut Reading) -> Result<()> {
    let size = reading.edge.size();
    if let Some(promised) = unmet.keys().next() {
        reading.checkpoint_ok = false;
        let what = "entries are missing: a signed checkpoint speaks of more than there are";
        reading.fault(BadEntry::new(size, "ledger_checkpoints", &promised.to_string(), what));
    }
    let kept = match head(tx).await {
        Ok(kept) => kept.unwrap_or_default(),
        Err(StoreError::Corrupt(_)) => Edge::default(),
        Err(error) => return Err(error),
    };
    if kept != reading.edge {
        let index = size.min(kept.size()).saturating_sub(1);
        reading.fault(BadEntry::new(
            index,
            "ledger_heads",
            "",
            "the log does not end where its kept edge says, or an entry was replaced",
        ));
    }
    Ok(())
}

async fn check_records(tx: &mut Tx, table: &'static Table, reading: &mut Reading) -> Result<()> {
    let salts =
        "SELECT subject, salt FROM ledger_salts WHERE school_id = $1 AND area = $2 AND subject > $3 AND subject <= $4";
    let mut after = String::new();
    loop {
        let ids = snapshot::ids_after(tx, table, &after, PAGE).await?;
        let Some(last) = ids.last().cloned() else { return Ok(()) };
        if last <= after {
            // Only a damaged index answers a question for what comes after with what comes before: do not ask for ever.
            return Err(StoreError::Corrupt(format!("the order of table {}", table.name)));
        }
        let rows = snapshot::rows(tx, table, &ids).await?;
        let kept = tx.all(salts, bind![tx.school()?, table.name, &after, &last]).await?;
        let kept: HashMap<String, String> =
            kept.iter().filter_map(|row| Some((row.text("subject").ok()?, row.text("salt").ok()?))).collect();
        for id in ids {
            reading.records += 1;
            let salt = kept.get(&id).and_then(|salt| hexadecimal::read(salt));
            let now = salt.and_then(|salt| rows.get(&id).map(|row| commit(&salt, row)));
            check_record(table.name, id, now, reading);
        }
        after = last;
    }
}

fn check_record(area: &str, id: String, now: Option<String>, reading: &mut Reading) {
    let fault = match (reading.newest.get_mut(&(area.to_owned(), id.clone())), now) {
        (None, _) => BadEntry {
            index: None,
            area: area.into(),
            subject: id,
            what: "the record was put in without an entry".into(),
        },
        (Some((index, commitment)), now) => {
            let (index, commitment) = (*index, std::mem::take(commitment));
            match now {
                Some(now) if commitment == now => return,
                None => BadEntry::new(index, area, &id, "the record's salt is missing, so the entry cannot be checked"),
                Some(_) => BadEntry::new(index, area, &id, "the record is not what it was when this entry was made"),
            }
        }
    };
    reading.fault(fault);
}

/// The directory above the schools says whose sign-in name is whose: it must say what the people's records say.
async fn check_directory(tx: &mut Tx, reading: &mut Reading) -> Result<()> {
    let text = "SELECT people.id AS person FROM people LEFT JOIN directory_usernames AS listed ON listed.username = people.username
          AND listed.school_id = people.school_id AND listed.person_id = people.id
        WHERE people.school_id = $1 AND people.username IS NOT NULL AND listed.username IS NULL
        UNION SELECT listed.person_id AS person FROM directory_usernames AS listed LEFT JOIN people ON listed.username = people.username
          AND listed.school_id = people.school_id AND listed.person_id = people.id
        WHERE listed.school_id = $1 AND people.id IS NULL ORDER BY person";
    for row in tx.all(text, bind![tx.school()?]).await? {
        let person = row.text("person").unwrap_or_default();
        let index = reading.newest.get(&("people".to_owned(), person.clone())).map(|(index, _)| *index);
        let what = "the directory of sign-in names does not say what this person's record says".to_owned();
        reading.fault(BadEntry { index, area: "directory_usernames".into(), subject: person, what });
    }
    Ok(())
}

/// What no record answered to must have been erased by an entry that says so: its commitment is empty, and so is that of
/// every entry that a record answered to.
fn check_gone(reading: &mut Reading) {
    let gone: Vec<_> = reading
        .newest
        .iter()
        .filter(|(_, (_, commitment))| !commitment.is_empty())
        .map(|(key, (index, _))| (key.clone(), *index))
        .collect();
    for ((area, subject), index) in gone {
        reading.fault(BadEntry::new(
            index,
            &area,
            &subject,
            "the record is gone, and no entry says that it was removed",
        ));
    }
}
