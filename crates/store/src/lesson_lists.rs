//! Sites checked for a lesson: for a class or some groups, from and until a time, by somebody, for a reason. What a list
//! closes is the filter's affair; each ends by itself.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json};
use crate::tables::LESSON_LISTS;
use crate::transaction::Tx;
use belisha_records::{ClassId, PersonId};
use jiff::Timestamp;

/// The sites checked for a lesson.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedSites {
    /// Id; empty before it is stored.
    pub id: String,
    /// What people call it: `7B, geography`.
    pub name: String,
    /// Hosts and everything below them, lower case.
    pub hosts: Vec<String>,
    /// The class it is for, if it is for one.
    pub class: Option<ClassId>,
    /// Groups it is for, `pupil`.
    pub groups: Vec<String>,
    /// From.
    pub from: Timestamp,
    /// Until, excluded.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
    /// Who checked them.
    pub made_by: Option<PersonId>,
    /// When somebody ended it early.
    pub closed_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, name, hosts, class_id, audience_groups, from_at, until_at, reason, made_by, closed_at";

/// Keeps a list. Answers the new id.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert(tx: &mut Tx, list: &CheckedSites) -> Result<String> {
    let school = tx.writes("lists of lessons")?;
    let id = tx.new_key();
    let text = "INSERT INTO lesson_lists (school_id, id, name, hosts, class_id, audience_groups, from_at, until_at, reason, made_by, closed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let values = bind![
        school,
        &id,
        &list.name,
        json(&list.hosts)?,
        list.class,
        json(&list.groups)?,
        list.from,
        list.until,
        &list.reason,
        list.made_by,
        list.closed_at
    ];
    tx.execute(text, values).await?;
    tx.wrote(&LESSON_LISTS, &id, "made");
    Ok(id)
}

/// Ends one before its time.
///
/// # Errors
/// `Missing` when it has ended; `ReadOnly`.
pub async fn close(tx: &mut Tx, id: &str) -> Result<()> {
    let school = tx.writes("lists of lessons")?;
    let text = "UPDATE lesson_lists SET closed_at = $3 WHERE school_id = $1 AND id = $2 AND closed_at IS NULL AND until_at > $3";
    if tx.execute(text, bind![school, id, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("list of a lesson that still holds"));
    }
    tx.wrote(&LESSON_LISTS, id, "closed");
    Ok(())
}

/// Those that hold, or will, at `now`, the first to end first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open(tx: &mut Tx, now: Timestamp) -> Result<Vec<CheckedSites>> {
    let text = format!(
        "SELECT {COLUMNS} FROM lesson_lists WHERE school_id = $1 AND closed_at IS NULL AND until_at > $2 ORDER BY until_at, id"
    );
    tx.all(&text, bind![tx.school()?, now]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<CheckedSites> {
    Ok(CheckedSites {
        id: row.text("id")?,
        name: row.text("name")?,
        hosts: row.json("hosts")?,
        class: row.maybe_parsed("class_id")?,
        groups: row.json("audience_groups")?,
        from: row.time("from_at")?,
        until: row.time("until_at")?,
        reason: row.text("reason")?,
        made_by: row.maybe_parsed("made_by")?,
        closed_at: row.maybe_time("closed_at")?,
    })
}
