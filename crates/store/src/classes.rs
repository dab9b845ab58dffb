//! Classes and who teaches them. Who is in a class stands with the person.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::{CLASS_TEACHERS, CLASSES};
use crate::transaction::Tx;
use belisha_records::{Class, ClassId, PersonId};

/// Enters a class.
///
/// # Errors
/// `Conflict`, `ReadOnly`.
pub async fn insert(tx: &mut Tx, class: &Class) -> Result<()> {
    let school = tx.writes("classes")?;
    let text = "INSERT INTO classes (school_id, id, name, year_group) VALUES ($1, $2, $3, $4)";
    tx.execute(text, bind![school, class.id, &class.name, &class.year_group]).await?;
    tx.wrote(&CLASSES, class.id, "entered");
    Ok(())
}

/// Changes a class's name or year group.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn update(tx: &mut Tx, class: &Class) -> Result<()> {
    let school = tx.writes("classes")?;
    let text = "UPDATE classes SET name = $3, year_group = $4 WHERE school_id = $1 AND id = $2";
    if tx.execute(text, bind![school, class.id, &class.name, &class.year_group]).await? == 0 {
        return Err(StoreError::Missing("class"));
    }
    tx.wrote(&CLASSES, class.id, "changed");
    Ok(())
}

/// One class.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, class: ClassId) -> Result<Option<Class>> {
    let text = "SELECT id, name, year_group FROM classes WHERE school_id = $1 AND id = $2";
    tx.one(text, bind![tx.school()?, class]).await?.as_ref().map(read).transpose()
}

/// Every class by name.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<Class>> {
    let text = "SELECT id, name, year_group FROM classes WHERE school_id = $1 ORDER BY name";
    tx.all(text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Says that somebody teaches a class. Saying it twice is saying it once.
///
/// # Errors
/// `Conflict` when the class or the person is not there; `ReadOnly`.
pub async fn add_teacher(tx: &mut Tx, class: ClassId, teacher: PersonId) -> Result<()> {
    let school = tx.writes("classes")?;
    let id = tx.new_key();
    let text = "INSERT INTO class_teachers (school_id, id, class_id, person_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (school_id, class_id, person_id) DO NOTHING";
    if tx.execute(text, bind![school, &id, class, teacher]).await? > 0 {
        tx.wrote(&CLASS_TEACHERS, id, "entered");
    }
    Ok(())
}

/// Says that somebody no longer teaches a class.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn remove_teacher(tx: &mut Tx, class: ClassId, teacher: PersonId) -> Result<()> {
    let school = tx.writes("classes")?;
    let text = "DELETE FROM class_teachers WHERE school_id = $1 AND class_id = $2 AND person_id = $3 RETURNING id";
    for row in tx.all(text, bind![school, class, teacher]).await? {
        tx.wrote(&CLASS_TEACHERS, row.text("id")?, "removed");
    }
    Ok(())
}

/// Who teaches a class.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn teachers(tx: &mut Tx, class: ClassId) -> Result<Vec<PersonId>> {
    let text = "SELECT person_id FROM class_teachers WHERE school_id = $1 AND class_id = $2 ORDER BY person_id";
    tx.all(text, bind![tx.school()?, class]).await?.iter().map(|row| row.parsed("person_id")).collect()
}

/// The classes somebody teaches, by name.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_taught_by(tx: &mut Tx, teacher: PersonId) -> Result<Vec<Class>> {
    let text = "SELECT id, name, year_group FROM classes WHERE school_id = $1
        AND id IN (SELECT class_id FROM class_teachers WHERE school_id = $1 AND person_id = $2) ORDER BY name";
    tx.all(text, bind![tx.school()?, teacher]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Class> {
    Ok(Class { id: row.parsed("id")?, name: row.text("name")?, year_group: row.text("year_group")? })
}
