//! Reports that were issued, exactly as they were, and who acknowledged them.

use crate::error::Result;
use crate::sql::{Row, bind, json};
use crate::tables::{REPORT_ACKNOWLEDGEMENTS, REPORTS};
use crate::transaction::Tx;
use belisha_records::{PersonId, ReportId};
use jiff::{Timestamp, civil::Date};

/// An issued report.
#[derive(Debug, Clone, PartialEq)]
pub struct IssuedReport {
    /// Id.
    pub id: ReportId,
    /// First day it is about.
    pub from: Date,
    /// Last day.
    pub until: Date,
    /// The report as it was issued.
    pub content: serde_json::Value,
    /// Who issued it.
    pub issued_by: Option<PersonId>,
    /// When.
    pub issued_at: Timestamp,
}

const COLUMNS: &str = "id, from_date, until_date, content, issued_by, issued_at";

/// Keeps a report as issued.
///
/// # Errors
/// `Conflict`, `ReadOnly`.
pub async fn insert(tx: &mut Tx, report: &IssuedReport) -> Result<()> {
    let school = tx.writes("reports")?;
    let text = "INSERT INTO reports (school_id, id, from_date, until_date, content, issued_by, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values =
        bind![school, report.id, report.from, report.until, json(&report.content)?, report.issued_by, report.issued_at];
    tx.execute(text, values).await?;
    tx.wrote(&REPORTS, report.id, "issued");
    Ok(())
}

/// One report.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, report: ReportId) -> Result<Option<IssuedReport>> {
    let text = format!("SELECT {COLUMNS} FROM reports WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, report]).await?.as_ref().map(read).transpose()
}

/// Every report, the newest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<IssuedReport>> {
    let text = format!("SELECT {COLUMNS} FROM reports WHERE school_id = $1 ORDER BY issued_at DESC, id");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Notes that somebody read a report, once.
///
/// # Errors
/// `Conflict` when there is no such report; `ReadOnly`.
pub async fn acknowledge(tx: &mut Tx, report: ReportId, person: PersonId) -> Result<()> {
    let school = tx.writes("reports")?;
    let id = tx.new_key();
    let text =
        "INSERT INTO report_acknowledgements (school_id, id, report_id, person_id, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (school_id, report_id, person_id) DO NOTHING";
    if tx.execute(text, bind![school, &id, report, person, tx.now()]).await? > 0 {
        tx.wrote(&REPORT_ACKNOWLEDGEMENTS, id, "acknowledged");
    }
    Ok(())
}

/// Who acknowledged a report, and when.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn acknowledgements(tx: &mut Tx, report: ReportId) -> Result<Vec<(PersonId, Timestamp)>> {
    let text =
        "SELECT person_id, at FROM report_acknowledgements WHERE school_id = $1 AND report_id = $2 ORDER BY at, id";
    tx.all(text, bind![tx.school()?, report])
        .await?
        .iter()
        .map(|row| Ok((row.parsed("person_id")?, row.time("at")?)))
        .collect()
}

fn read(row: &Row) -> Result<IssuedReport> {
    Ok(IssuedReport {
        id: row.parsed("id")?,
        from: row.parsed("from_date")?,
        until: row.parsed("until_date")?,
        content: row.json("content")?,
        issued_by: row.maybe_parsed("issued_by")?,
        issued_at: row.time("issued_at")?,
    })
}
