//! Occurrences of duties: one for each clause, period and person. What falls due when is worked out by `belisha-records`.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::DUTIES;
use crate::transaction::Tx;
use belisha_records::{DutyDone, DutyId, DutyOccurrence, PersonId};
use jiff::civil::Date;

const COLUMNS: &str =
    "id, school_id, clause, period, person_id, owner_id, due, done_by, done_at, done_on, evidence, chasers";

/// Enters an occurrence unless there is one for the clause, period and person already. Answers whether it was new.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert_new(tx: &mut Tx, duty: &DutyOccurrence) -> Result<bool> {
    let school = tx.writes("duties")?;
    let text = "INSERT INTO duties (school_id, id, clause, period, person_id, person_key, owner_id, due, done_by, done_at, done_on, evidence, chasers)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (school_id, clause, period, person_key) DO NOTHING";
    let done = duty.done.as_ref();
    // NULL is unlike any other NULL, so the key of a duty of nobody in particular is an empty text.
    let person_key = duty.person.map(|person| person.to_string()).unwrap_or_default();
    let values = bind![
        school,
        duty.id,
        &duty.clause,
        &duty.period,
        duty.person,
        person_key,
        duty.owner,
        duty.due,
        done.map(|done| done.by),
        done.map(|done| done.at),
        done.map(|done| done.on),
        done.map(|done| done.evidence.as_str()),
        i64::from(duty.chasers)
    ];
    let new = tx.execute(text, values).await? > 0;
    if new {
        tx.wrote(&DUTIES, duty.id, "fell-due");
    }
    Ok(new)
}

/// Says that a duty was done, and what shows it.
///
/// # Errors
/// `Missing` when it is not open; `ReadOnly`.
pub async fn finish(tx: &mut Tx, duty: DutyId, done: &DutyDone) -> Result<()> {
    let school = tx.writes("duties")?;
    let text = "UPDATE duties SET done_by = $3, done_at = $4, done_on = $5, evidence = $6 WHERE school_id = $1 AND id = $2 AND done_at IS NULL";
    if tx.execute(text, bind![school, duty, done.by, done.at, done.on, &done.evidence]).await? == 0 {
        return Err(StoreError::Missing("open duty"));
    }
    tx.wrote(&DUTIES, duty, "done");
    Ok(())
}

/// Counts a chaser, unless another server counted it: `sent_before` is how many the caller saw. Answers whether it may be sent.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn note_chaser(tx: &mut Tx, duty: DutyId, sent_before: u8) -> Result<bool> {
    let school = tx.writes("duties")?;
    let text =
        "UPDATE duties SET chasers = chasers + 1 WHERE school_id = $1 AND id = $2 AND chasers = $3 AND done_at IS NULL";
    let counted = tx.execute(text, bind![school, duty, i64::from(sent_before)]).await? > 0;
    if counted {
        tx.wrote(&DUTIES, duty, "chased");
    }
    Ok(counted)
}

/// Gives a duty to another owner.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn set_owner(tx: &mut Tx, duty: DutyId, owner: PersonId) -> Result<()> {
    let school = tx.writes("duties")?;
    if tx
        .execute("UPDATE duties SET owner_id = $3 WHERE school_id = $1 AND id = $2", bind![school, duty, owner])
        .await?
        == 0
    {
        return Err(StoreError::Missing("duty"));
    }
    tx.wrote(&DUTIES, duty, "given");
    Ok(())
}

/// One occurrence.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, duty: DutyId) -> Result<Option<DutyOccurrence>> {
    let text = format!("SELECT {COLUMNS} FROM duties WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, duty]).await?.as_ref().map(read).transpose()
}

/// Every occurrence, the first due first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<DutyOccurrence>> {
    let text = format!("SELECT {COLUMNS} FROM duties WHERE school_id = $1 ORDER BY due, clause, id");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Every occurrence of a clause, the first due first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_of_clause(tx: &mut Tx, clause: &str) -> Result<Vec<DutyOccurrence>> {
    let text = format!("SELECT {COLUMNS} FROM duties WHERE school_id = $1 AND clause = $2 ORDER BY due, id");
    tx.all(&text, bind![tx.school()?, clause]).await?.iter().map(read).collect()
}

/// What a person has to do: owned by them or, without an owner, about them. The first due first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open_of(tx: &mut Tx, person: PersonId) -> Result<Vec<DutyOccurrence>> {
    let text = format!(
        "SELECT {COLUMNS} FROM duties WHERE school_id = $1 AND done_at IS NULL AND COALESCE(owner_id, person_id) = $2 ORDER BY due, clause, id"
    );
    tx.all(&text, bind![tx.school()?, person]).await?.iter().map(read).collect()
}

/// Open occurrences due before a day, the first due first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open_due_before(tx: &mut Tx, day: Date) -> Result<Vec<DutyOccurrence>> {
    let text = format!(
        "SELECT {COLUMNS} FROM duties WHERE school_id = $1 AND done_at IS NULL AND due < $2 ORDER BY due, clause, id"
    );
    tx.all(&text, bind![tx.school()?, day]).await?.iter().map(read).collect()
}

/// Removes the occurrences of a clause that were done, and due, before a day. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge_done(tx: &mut Tx, clause: &str, before: Date) -> Result<u64> {
    let school = tx.writes("duties")?;
    let text = "DELETE FROM duties WHERE school_id = $1 AND clause = $2 AND done_on < $3 AND due < $3 RETURNING id";
    let gone = tx.all(text, bind![school, clause, before]).await?;
    for row in &gone {
        tx.wrote(&DUTIES, row.text("id")?, "removed");
    }
    Ok(gone.len() as u64)
}

fn read(row: &Row) -> Result<DutyOccurrence> {
    let done = match (
        row.maybe_parsed("done_by")?,
        row.maybe_time("done_at")?,
        row.maybe_parsed("done_on")?,
        row.maybe_text("evidence")?,
    ) {
        (Some(by), Some(at), Some(on), Some(evidence)) => Some(DutyDone { by, at, on, evidence }),
        _ => None,
    };
    Ok(DutyOccurrence {
        id: row.parsed("id")?,
        school: row.parsed("school_id")?,
        clause: row.text("clause")?,
        period: row.text("period")?,
        person: row.maybe_parsed("person_id")?,
        owner: row.maybe_parsed("owner_id")?,
        due: row.parsed("due")?,
        done,
        chasers: u8::try_from(row.number("chasers")?).unwrap_or(u8::MAX),
    })
}
