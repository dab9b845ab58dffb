//! What waits for a named person.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::TASKS;
use crate::transaction::Tx;
use belisha_records::{IncidentId, PersonId, Task, TaskId};

const COLUMNS: &str = "id, incident_id, assignee_id, what, due, done_at";

/// Gives a task.
///
/// # Errors
/// `Conflict` when the person or the incident is not there; `ReadOnly`.
pub async fn insert(tx: &mut Tx, task: &Task) -> Result<()> {
    let school = tx.writes("tasks")?;
    let text = "INSERT INTO tasks (school_id, id, incident_id, assignee_id, what, due, done_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    tx.execute(text, bind![school, task.id, task.incident, task.assignee, &task.what, task.due, task.done_at]).await?;
    tx.wrote(&TASKS, task.id, "given");
    Ok(())
}

/// Says that a task is done, now.
///
/// # Errors
/// `Missing` when there is no such open task; `ReadOnly`.
pub async fn finish(tx: &mut Tx, task: TaskId) -> Result<()> {
    let school = tx.writes("tasks")?;
    let text = "UPDATE tasks SET done_at = $3 WHERE school_id = $1 AND id = $2 AND done_at IS NULL";
    if tx.execute(text, bind![school, task, tx.now()]).await? == 0 {
        return Err(StoreError::Missing("open task"));
    }
    tx.wrote(&TASKS, task, "done");
    Ok(())
}

/// One task.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, task: TaskId) -> Result<Option<Task>> {
    let text = format!("SELECT {COLUMNS} FROM tasks WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, task]).await?.as_ref().map(read).transpose()
}

/// What waits for a person, the first due first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open_of(tx: &mut Tx, assignee: PersonId) -> Result<Vec<Task>> {
    let text = format!(
        "SELECT {COLUMNS} FROM tasks WHERE school_id = $1 AND assignee_id = $2 AND done_at IS NULL
         ORDER BY CASE WHEN due IS NULL THEN 1 ELSE 0 END, due, id"
    );
    tx.all(&text, bind![tx.school()?, assignee]).await?.iter().map(read).collect()
}

/// The cases in which a person was given a task, done or not: it settles what of them the person may see.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_cases_of(tx: &mut Tx, assignee: PersonId) -> Result<Vec<IncidentId>> {
    let text = "SELECT DISTINCT incident_id FROM tasks WHERE school_id = $1 AND assignee_id = $2 AND incident_id IS NOT NULL ORDER BY incident_id";
    tx.all(text, bind![tx.school()?, assignee]).await?.iter().map(|row| row.parsed("incident_id")).collect()
}

/// The tasks of a case. Whether the reader may see the case is asked before.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_in(tx: &mut Tx, incident: IncidentId) -> Result<Vec<Task>> {
    let text = format!("SELECT {COLUMNS} FROM tasks WHERE school_id = $1 AND incident_id = $2 ORDER BY id");
    tx.all(&text, bind![tx.school()?, incident]).await?.iter().map(read).collect()
}

/// Open tasks that were due before now, of everybody, for the chaser.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_overdue(tx: &mut Tx, now: jiff::Timestamp) -> Result<Vec<Task>> {
    let text =
        format!("SELECT {COLUMNS} FROM tasks WHERE school_id = $1 AND done_at IS NULL AND due < $2 ORDER BY due, id");
    tx.all(&text, bind![tx.school()?, now]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Task> {
    Ok(Task {
        id: row.parsed("id")?,
        incident: row.maybe_parsed("incident_id")?,
        assignee: row.parsed("assignee_id")?,
        what: row.text("what")?,
        due: row.maybe_time("due")?,
        done_at: row.maybe_time("done_at")?,
    })
}
