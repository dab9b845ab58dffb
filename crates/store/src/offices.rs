//! Who holds which office, between which days.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, word};
use crate::tables::OFFICES;
use crate::transaction::Tx;
use belisha_policy::Role;
use belisha_records::{OfficeHolding, PersonId};
use jiff::civil::Date;

/// Gives an office.
///
/// # Errors
/// `Conflict` when the person was given it from the same day already, or is not there; `ReadOnly`.
pub async fn insert(tx: &mut Tx, holding: &OfficeHolding) -> Result<()> {
    let school = tx.writes("offices")?;
    let id = tx.new_key();
    let text =
        "INSERT INTO offices (school_id, id, person_id, role, from_date, until_date) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(text, bind![school, &id, holding.person, word(&holding.role)?, holding.from, holding.until]).await?;
    tx.wrote(&OFFICES, id, "given");
    Ok(())
}

/// Sets the last day of an office that has none, or a later one.
///
/// # Errors
/// `Missing` when the person does not hold it; `ReadOnly`.
pub async fn end(tx: &mut Tx, person: PersonId, role: Role, last_day: Date) -> Result<()> {
    let school = tx.writes("offices")?;
    let text = "UPDATE offices SET until_date = $4 WHERE school_id = $1 AND person_id = $2 AND role = $3
        AND from_date <= $4 AND (until_date IS NULL OR until_date > $4) RETURNING id";
    let ended = tx.all(text, bind![school, person, word(&role)?, last_day]).await?;
    for row in &ended {
        tx.wrote(&OFFICES, row.text("id")?, "ended");
    }
    if ended.is_empty() { Err(StoreError::Missing("office held by this person")) } else { Ok(()) }
}

/// Every holding, past and to come too, by role and first day.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<OfficeHolding>> {
    let text =
        "SELECT person_id, role, from_date, until_date FROM offices WHERE school_id = $1 ORDER BY role, from_date";
    tx.all(text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Every holding of a person.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_of(tx: &mut Tx, person: PersonId) -> Result<Vec<OfficeHolding>> {
    let text = "SELECT person_id, role, from_date, until_date FROM offices WHERE school_id = $1 AND person_id = $2 ORDER BY role, from_date";
    tx.all(text, bind![tx.school()?, person]).await?.iter().map(read).collect()
}

/// Who holds an office on a day.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn holders(tx: &mut Tx, role: Role, day: Date) -> Result<Vec<PersonId>> {
    let text = "SELECT DISTINCT person_id FROM offices
        WHERE school_id = $1 AND role = $2 AND from_date <= $3 AND (until_date IS NULL OR until_date >= $3) ORDER BY person_id";
    tx.all(text, bind![tx.school()?, word(&role)?, day]).await?.iter().map(|row| row.parsed("person_id")).collect()
}

fn read(row: &Row) -> Result<OfficeHolding> {
    Ok(OfficeHolding {
        person: row.parsed("person_id")?,
        role: row.word("role")?,
        from: row.parsed("from_date")?,
        until: row.maybe_parsed("until_date")?,
    })
}
