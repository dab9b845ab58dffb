//! The category lists that were imported: what they are and how the import went. The names themselves are files, which the
//! binary keeps.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::LISTS;
use crate::transaction::Tx;
use belisha_records::ListId;
use jiff::Timestamp;

/// An imported list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryList {
    /// Id.
    pub id: ListId,
    /// Category its names are put in.
    pub category: String,
    /// Name.
    pub name: String,
    /// Where it came from: a path or an address.
    pub source: String,
    /// Format it was read as.
    pub format: String,
    /// Names taken.
    pub domains: i64,
    /// Lines that were not.
    pub refused_lines: i64,
    /// The first of those by line, in words.
    pub refused_summary: String,
    /// When it was fetched.
    pub fetched_at: Timestamp,
}

const COLUMNS: &str = "id, category, name, source, format, domains, refused_lines, refused_summary, fetched_at";

/// Keeps a list, in the place of the one of the same category and name if there is one.
///
/// # Errors
/// `Conflict`, `ReadOnly`.
pub async fn insert(tx: &mut Tx, list: &CategoryList) -> Result<()> {
    let school = tx.writes("lists")?;
    let text = "UPDATE lists SET removed_at = $4 WHERE school_id = $1 AND category = $2 AND name = $3 AND removed_at IS NULL RETURNING id";
    for row in tx.all(text, bind![school, &list.category, &list.name, tx.now()]).await? {
        tx.wrote(&LISTS, row.text("id")?, "replaced");
    }
    let text = "INSERT INTO lists (school_id, id, category, name, source, format, domains, refused_lines, refused_summary, fetched_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = bind![
        school,
        list.id,
        &list.category,
        &list.name,
        &list.source,
        &list.format,
        list.domains,
        list.refused_lines,
        &list.refused_summary,
        list.fetched_at
    ];
    tx.execute(text, values).await?;
    tx.wrote(&LISTS, list.id, "imported");
    Ok(())
}

/// Takes a list out of use.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn remove(tx: &mut Tx, list: ListId) -> Result<()> {
    let school = tx.writes("lists")?;
    let text = "UPDATE lists SET removed_at = $3 WHERE school_id = $1 AND id = $2 AND removed_at IS NULL";
    if tx.execute(text, bind![school, list, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("list in use"));
    }
    tx.wrote(&LISTS, list, "removed");
    Ok(())
}

/// The lists in use, by category and name.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<CategoryList>> {
    let text =
        format!("SELECT {COLUMNS} FROM lists WHERE school_id = $1 AND removed_at IS NULL ORDER BY category, name");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<CategoryList> {
    Ok(CategoryList {
        id: row.parsed("id")?,
        category: row.text("category")?,
        name: row.text("name")?,
        source: row.text("source")?,
        format: row.text("format")?,
        domains: row.number("domains")?,
        refused_lines: row.number("refused_lines")?,
        refused_summary: row.text("refused_summary")?,
        fetched_at: row.time("fetched_at")?,
    })
}
