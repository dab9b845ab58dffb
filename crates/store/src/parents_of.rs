//! Whose parents or carers are whose.

use crate::error::Result;
use crate::sql::bind;
use crate::tables::PARENTS_OF;
use crate::transaction::Tx;
use belisha_records::PersonId;

/// Says that somebody is a pupil's parent or carer. Saying it twice is saying it once.
///
/// # Errors
/// `Conflict` when one of them is not there; `ReadOnly`.
pub async fn insert(tx: &mut Tx, parent: PersonId, pupil: PersonId) -> Result<()> {
    let school = tx.writes("parents")?;
    let id = tx.new_key();
    let text = "INSERT INTO parents_of (school_id, id, parent_id, pupil_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (school_id, parent_id, pupil_id) DO NOTHING";
    if tx.execute(text, bind![school, &id, parent, pupil]).await? > 0 {
        tx.wrote(&PARENTS_OF, id, "entered");
    }
    Ok(())
}

/// Says that somebody no longer is: an order of a court, a mistake.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn remove(tx: &mut Tx, parent: PersonId, pupil: PersonId) -> Result<()> {
    let school = tx.writes("parents")?;
    let text = "DELETE FROM parents_of WHERE school_id = $1 AND parent_id = $2 AND pupil_id = $3 RETURNING id";
    for row in tx.all(text, bind![school, parent, pupil]).await? {
        tx.wrote(&PARENTS_OF, row.text("id")?, "removed");
    }
    Ok(())
}

/// A pupil's parents and carers.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn parents(tx: &mut Tx, pupil: PersonId) -> Result<Vec<PersonId>> {
    let text = "SELECT parent_id FROM parents_of WHERE school_id = $1 AND pupil_id = $2 ORDER BY parent_id";
    tx.all(text, bind![tx.school()?, pupil]).await?.iter().map(|row| row.parsed("parent_id")).collect()
}

/// A parent's children at this school.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn children(tx: &mut Tx, parent: PersonId) -> Result<Vec<PersonId>> {
    let text = "SELECT pupil_id FROM parents_of WHERE school_id = $1 AND parent_id = $2 ORDER BY pupil_id";
    tx.all(text, bind![tx.school()?, parent]).await?.iter().map(|row| row.parsed("pupil_id")).collect()
}

/// Every pair of parent and pupil.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<(PersonId, PersonId)>> {
    let text = "SELECT parent_id, pupil_id FROM parents_of WHERE school_id = $1 ORDER BY pupil_id, parent_id";
    tx.all(text, bind![tx.school()?])
        .await?
        .iter()
        .map(|row| Ok((row.parsed("parent_id")?, row.parsed("pupil_id")?)))
        .collect()
}
