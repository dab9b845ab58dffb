//! The schools of an installation: name, nation, phase, calendar, settings.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json, word};
use crate::tables::SCHOOLS;
use crate::transaction::Tx;
use belisha_policy::{Nation, Phase};
use belisha_records::{SchoolCalendar, SchoolId};
use jiff::Timestamp;

/// A school.
#[derive(Debug, Clone, PartialEq)]
pub struct School {
    /// Id.
    pub id: SchoolId,
    /// Name.
    pub name: String,
    /// Nation.
    pub nation: Nation,
    /// Phase.
    pub phase: Phase,
    /// Calendar.
    pub calendar: SchoolCalendar,
    /// Anything else the school chose, as a JSON object.
    pub settings: serde_json::Value,
    /// When it was entered.
    pub created_at: Timestamp,
}

const COLUMNS: &str = "id, name, nation, phase, calendar, settings, created_at";

/// Enters the school this transaction is confined to: begin it with the new school's id. `created_at` is the transaction's time.
///
/// # Errors
/// `Conflict` when it is there already; `ReadOnly` when the transaction is another school's.
pub async fn insert(tx: &mut Tx, school: &School) -> Result<()> {
    own(tx, school.id)?;
    let text = "INSERT INTO schools (school_id, id, name, nation, phase, calendar, settings, created_at) VALUES ($1, $1, $2, $3, $4, $5, $6, $7)";
    let values = bind![
        school.id,
        &school.name,
        word(&school.nation)?,
        word(&school.phase)?,
        json(&school.calendar)?,
        json(&school.settings)?,
        tx.now()
    ];
    tx.execute(text, values).await?;
    tx.wrote(&SCHOOLS, school.id, "entered");
    Ok(())
}

/// Changes everything about the school but its id and when it was entered.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn update(tx: &mut Tx, school: &School) -> Result<()> {
    own(tx, school.id)?;
    let text =
        "UPDATE schools SET name = $2, nation = $3, phase = $4, calendar = $5, settings = $6 WHERE school_id = $1";
    let values = bind![
        school.id,
        &school.name,
        word(&school.nation)?,
        word(&school.phase)?,
        json(&school.calendar)?,
        json(&school.settings)?
    ];
    if tx.execute(text, values).await? == 0 {
        return Err(StoreError::Missing("school"));
    }
    tx.wrote(&SCHOOLS, school.id, "changed");
    Ok(())
}

/// Notes in the ledger that the transaction's actor watches what the school's devices ask for at this moment.
///
/// # Errors
/// `ReadOnly` when the transaction is another school's.
pub async fn watched(tx: &mut Tx, school: SchoolId) -> Result<()> {
    own(tx, school)?;
    tx.wrote(&SCHOOLS, school, "watched");
    Ok(())
}

fn own(tx: &Tx, school: SchoolId) -> Result<()> {
    if tx.writes("schools")? == school { Ok(()) } else { Err(StoreError::ReadOnly("another school")) }
}

/// Every school of the installation by name. Any transaction may ask, one above schools too.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<School>> {
    let text = format!("SELECT {COLUMNS} FROM schools ORDER BY name");
    tx.all(&text, bind![]).await?.iter().map(read).collect()
}

/// One school, if it is there.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, school: SchoolId) -> Result<Option<School>> {
    let text = format!("SELECT {COLUMNS} FROM schools WHERE school_id = $1");
    tx.one(&text, bind![school]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<School> {
    Ok(School {
        id: row.parsed("id")?,
        name: row.text("name")?,
        nation: row.word("nation")?,
        phase: row.word("phase")?,
        calendar: row.json("calendar")?,
        settings: row.json("settings")?,
        created_at: row.time("created_at")?,
    })
}
