//! Turns of the product's own jobs: each is claimed once, whatever the number of servers, and its outcome is kept. A turn is
//! nobody's act and leaves no entry; what a job changes has entries of its own.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::transaction::Tx;
use jiff::Timestamp;

/// A turn of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// Key of the job.
    pub job: String,
    /// The turn.
    pub due: Timestamp,
    /// When it was claimed.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, or when the server died.
    pub finished_at: Option<Timestamp>,
    /// Whether it did all of its work.
    pub ok: Option<bool>,
    /// What it did, or why it could not.
    pub message: Option<String>,
}

const COLUMNS: &str = "job, due, started_at, finished_at, ok, message";

/// Claims a turn. Answers whether it is the caller's: `false` when somebody claimed it before.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn claim(tx: &mut Tx, job: &str, due: Timestamp) -> Result<bool> {
    let school = tx.writes("job runs")?;
    let text = "INSERT INTO job_runs (school_id, job, due, started_at) VALUES ($1, $2, $3, $4) ON CONFLICT (school_id, job, due) DO NOTHING";
    Ok(tx.execute(text, bind![school, job, due, tx.now()]).await? > 0)
}

/// Keeps how a claimed turn ended.
///
/// # Errors
/// `Missing` when it was never claimed; `ReadOnly`.
pub async fn finish(tx: &mut Tx, job: &str, due: Timestamp, ok: bool, message: &str) -> Result<()> {
    let school = tx.writes("job runs")?;
    let text =
        "UPDATE job_runs SET finished_at = $4, ok = $5, message = $6 WHERE school_id = $1 AND job = $2 AND due = $3";
    if tx.execute(text, bind![school, job, due, tx.now(), ok, message]).await? == 0 {
        return Err(StoreError::Missing("claimed job"));
    }
    Ok(())
}

/// The newest turn of a job, ended or not.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn latest(tx: &mut Tx, job: &str) -> Result<Option<JobRun>> {
    let text = format!("SELECT {COLUMNS} FROM job_runs WHERE school_id = $1 AND job = $2 ORDER BY due DESC LIMIT 1");
    tx.one(&text, bind![tx.school()?, job]).await?.as_ref().map(read).transpose()
}

/// The newest turn of a job that did all of its work.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn last_good(tx: &mut Tx, job: &str) -> Result<Option<JobRun>> {
    let text = format!(
        "SELECT {COLUMNS} FROM job_runs WHERE school_id = $1 AND job = $2 AND ok = TRUE ORDER BY due DESC LIMIT 1"
    );
    tx.one(&text, bind![tx.school()?, job]).await?.as_ref().map(read).transpose()
}

/// Removes turns older than a time, but never a job's newest good one. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let school = tx.writes("job runs")?;
    let text = "DELETE FROM job_runs WHERE school_id = $1 AND due < $2 AND due < COALESCE((SELECT MAX(good.due) FROM job_runs AS good
        WHERE good.school_id = $1 AND good.job = job_runs.job AND good.ok = TRUE), 0)";
    tx.execute(text, bind![school, before]).await
}

fn read(row: &Row) -> Result<JobRun> {
    Ok(JobRun {
        job: row.text("job")?,
        due: row.time("due")?,
        started_at: row.time("started_at")?,
        finished_at: row.maybe_time("finished_at")?,
        ok: row.maybe_flag("ok")?,
        message: row.maybe_text("message")?,
    })
}
