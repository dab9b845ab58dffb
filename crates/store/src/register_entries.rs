//! Entries of the school's registers: training done, self-audits answered, checks made. What a register holds is a JSON
//! document whose shape belongs to the register.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json};
use crate::tables::REGISTER_ENTRIES;
use crate::transaction::Tx;
use belisha_records::PersonId;
use jiff::{Timestamp, civil::Date};

/// An entry of a register.
#[derive(Debug, Clone, PartialEq)]
pub struct RegisterEntry {
    /// Id; empty before it is stored.
    pub id: String,
    /// Key of the register: `training`, `self-audit`, …
    pub register: String,
    /// The day it is about.
    pub on: Date,
    /// Whom it is about, when it is about somebody.
    pub about: Option<PersonId>,
    /// Who entered it.
    pub by: Option<PersonId>,
    /// When it was entered; when storing, the transaction's time is taken.
    pub entered_at: Timestamp,
    /// What the register holds.
    pub content: serde_json::Value,
}

const COLUMNS: &str = "id, register, on_date, about_id, by_id, entered_at, content";

/// Enters it. Answers the new id.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert(tx: &mut Tx, entry: &RegisterEntry) -> Result<String> {
    let school = tx.writes("registers")?;
    let id = tx.new_key();
    let text = "INSERT INTO register_entries (school_id, id, register, on_date, about_id, by_id, entered_at, content) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    tx.execute(
        text,
        bind![school, &id, &entry.register, entry.on, entry.about, entry.by, tx.now(), json(&entry.content)?],
    )
    .await?;
    tx.wrote(&REGISTER_ENTRIES, &id, "entered");
    Ok(id)
}

/// Changes what an entry holds.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn update(tx: &mut Tx, id: &str, content: &serde_json::Value) -> Result<()> {
    let school = tx.writes("registers")?;
    let text = "UPDATE register_entries SET content = $3 WHERE school_id = $1 AND id = $2";
    if tx.execute(text, bind![school, id, json(content)?]).await? == 0 {
        return Err(StoreError::Missing("register entry"));
    }
    tx.wrote(&REGISTER_ENTRIES, id, "changed");
    Ok(())
}

/// A register, the newest day first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx, register: &str) -> Result<Vec<RegisterEntry>> {
    let text = format!(
        "SELECT {COLUMNS} FROM register_entries WHERE school_id = $1 AND register = $2 ORDER BY on_date DESC, id"
    );
    tx.all(&text, bind![tx.school()?, register]).await?.iter().map(read).collect()
}

/// What a register holds about a person, the newest day first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_about(tx: &mut Tx, register: &str, person: PersonId) -> Result<Vec<RegisterEntry>> {
    let text = format!(
        "SELECT {COLUMNS} FROM register_entries WHERE school_id = $1 AND register = $2 AND about_id = $3 ORDER BY on_date DESC, id"
    );
    tx.all(&text, bind![tx.school()?, register, person]).await?.iter().map(read).collect()
}

/// Removes what was entered before a time in a register and in those below it (`training` and `training:…`). Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge(tx: &mut Tx, register: &str, before: Timestamp) -> Result<u64> {
    let school = tx.writes("registers")?;
    let text = "DELETE FROM register_entries WHERE school_id = $1 AND (register = $2 OR register LIKE $3) AND entered_at < $4 RETURNING id";
    let gone = tx.all(text, bind![school, register, format!("{register}:%"), before]).await?;
    for row in &gone {
        tx.wrote(&REGISTER_ENTRIES, row.text("id")?, "removed");
    }
    Ok(gone.len() as u64)
}

fn read(row: &Row) -> Result<RegisterEntry> {
    Ok(RegisterEntry {
        id: row.text("id")?,
        register: row.text("register")?,
        on: row.parsed("on_date")?,
        about: row.maybe_parsed("about_id")?,
        by: row.maybe_parsed("by_id")?,
        entered_at: row.time("entered_at")?,
        content: row.json("content")?,
    })
}
