//! What needs somebody's yes before it may be done, and the answer with its reason and its end.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::APPROVALS;
use crate::transaction::Tx;
use belisha_records::PersonId;
use jiff::Timestamp;

/// A question for somebody's yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Id; empty before it is stored.
    pub id: String,
    /// Clause of the policy that asks for it.
    pub clause: String,
    /// What it is about, in words.
    pub subject: String,
    /// Who asks.
    pub asked_by: PersonId,
    /// When.
    pub asked_at: Timestamp,
    /// Why.
    pub reason: String,
    /// The answer.
    pub decision: Option<ApprovalDecision>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovalDecision {
    /// Yes or no.
    pub granted: bool,
    /// When a yes ends.
    pub until: Option<Timestamp>,
    /// Who answered.
    pub by: PersonId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

const COLUMNS: &str =
    "id, clause, subject, asked_by, asked_at, reason, granted, until, decided_by, decided_at, decision_reason";

/// Asks. Answers the new id.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert(tx: &mut Tx, approval: &Approval) -> Result<String> {
    let school = tx.writes("approvals")?;
    let id = tx.new_key();
    let text = "INSERT INTO approvals (school_id, id, clause, subject, asked_by, asked_at, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values =
        bind![school, &id, &approval.clause, &approval.subject, approval.asked_by, approval.asked_at, &approval.reason];
    tx.execute(text, values).await?;
    tx.wrote(&APPROVALS, &id, "asked");
    if let Some(decision) = &approval.decision {
        decide(tx, &id, decision).await?;
    }
    Ok(id)
}

/// Answers a question that has no answer yet.
///
/// # Errors
/// `Missing`, `ReadOnly`.
pub async fn decide(tx: &mut Tx, id: &str, decision: &ApprovalDecision) -> Result<()> {
    let school = tx.writes("approvals")?;
    let text = "UPDATE approvals SET granted = $3, until = $4, decided_by = $5, decided_at = $6, decision_reason = $7
        WHERE school_id = $1 AND id = $2 AND decided_at IS NULL";
    let values = bind![school, id, decision.granted, decision.until, decision.by, decision.at, &decision.reason];
    if tx.execute(text, values).await? == 0 {
        return Err(StoreError::Missing("open question for approval"));
    }
    tx.wrote(&APPROVALS, id, if decision.granted { "granted" } else { "refused" });
    Ok(())
}

/// Every question, those without an answer first, then the newest.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<Approval>> {
    let text = format!(
        "SELECT {COLUMNS} FROM approvals WHERE school_id = $1 ORDER BY CASE WHEN decided_at IS NULL THEN 0 ELSE 1 END, asked_at DESC, id"
    );
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

/// Every question under a clause, the newest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_of_clause(tx: &mut Tx, clause: &str) -> Result<Vec<Approval>> {
    let text =
        format!("SELECT {COLUMNS} FROM approvals WHERE school_id = $1 AND clause = $2 ORDER BY asked_at DESC, id");
    tx.all(&text, bind![tx.school()?, clause]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Approval> {
    let answer = (
        row.maybe_flag("granted")?,
        row.maybe_parsed("decided_by")?,
        row.maybe_time("decided_at")?,
        row.maybe_text("decision_reason")?,
    );
    let decision = match answer {
        (Some(granted), Some(by), Some(at), Some(reason)) => {
            Some(ApprovalDecision { granted, until: row.maybe_time("until")?, by, at, reason })
        }
        _ => None,
    };
    Ok(Approval {
        id: row.text("id")?,
        clause: row.text("clause")?,
        subject: row.text("subject")?,
        asked_by: row.parsed("asked_by")?,
        asked_at: row.time("asked_at")?,
        reason: row.text("reason")?,
        decision,
    })
}
