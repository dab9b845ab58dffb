//! The versions of a school's written policy: draft, consultation, approved, in force, superseded. Whether a text compiles
//! is found by the caller and said in `compiled`; a version that does not compile never comes into force.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind};
use crate::tables::POLICIES;
use crate::transaction::Tx;
use belisha_records::{PersonId, PolicyVersionId};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// Where a version stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyStatus {
    /// Being written.
    Draft,
    /// Before the people it binds.
    Consultation,
    /// Agreed, not yet in force.
    Approved,
    /// The one that binds. At most one.
    InForce,
    /// Was in force once.
    Superseded,
}

/// A version of the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Id.
    pub id: PolicyVersionId,
    /// Number people cite, from 1.
    pub number: i64,
    /// The document.
    pub source: String,
    /// Where it stands.
    pub status: PolicyStatus,
    /// Whether the document compiled without errors when it was stored.
    pub compiled: bool,
    /// What changed, in words.
    pub change_note: String,
    /// Who stored it.
    pub created_by: Option<PersonId>,
    /// When.
    pub created_at: Timestamp,
    /// Who approved it.
    pub approved_by: Option<PersonId>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// First day it binds.
    pub in_force_from: Option<Date>,
    /// When another took its place.
    pub superseded_at: Option<Timestamp>,
}

const COLUMNS: &str = "id, number, source, status, compiled, change_note, created_by, created_at, approved_by, approved_at, in_force_from, superseded_at";

/// Stores a new version as a draft, whether it compiles or not.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn insert_draft(
    tx: &mut Tx,
    source: &str,
    compiled: bool,
    change_note: &str,
    by: Option<PersonId>,
) -> Result<PolicyVersion> {
    let school = tx.writes("policies")?;
    let (id, number): (PolicyVersionId, i64) = (tx.new_id(), crate::counters::next(tx, "policies").await?);
    let text =
        "INSERT INTO policies (school_id, id, number, source, status, compiled, change_note, created_by, created_at)
        VALUES ($1, $2, $3, $4, 'draft', $5, $6, $7, $8)";
    tx.execute(text, bind![school, id, number, source, compiled, change_note, by, tx.now()]).await?;
    tx.wrote(&POLICIES, id, "drafted");
    find(tx, id).await?.ok_or(StoreError::Missing("policy version"))
}

/// Changes a draft's text.
///
/// # Errors
/// `Missing` when there is no such draft; `ReadOnly`.
pub async fn update_draft(
    tx: &mut Tx,
    version: PolicyVersionId,
    source: &str,
    compiled: bool,
    change_note: &str,
) -> Result<()> {
    let school = tx.writes("policies")?;
    let text = "UPDATE policies SET source = $3, compiled = $4, change_note = $5 WHERE school_id = $1 AND id = $2 AND status = 'draft'";
    if tx.execute(text, bind![school, version, source, compiled, change_note]).await? == 0 {
        return Err(StoreError::Missing("draft of the policy"));
    }
    tx.wrote(&POLICIES, version, "changed");
    Ok(())
}

/// Puts a draft before the people it binds, or takes it back.
///
/// # Errors
/// `Missing` when the version is neither; `ReadOnly`.
pub async fn set_consultation(tx: &mut Tx, version: PolicyVersionId, open: bool) -> Result<()> {
    let school = tx.writes("policies")?;
    let (from, to) = if open { ("draft", "consultation") } else { ("consultation", "draft") };
    let text = "UPDATE policies SET status = $4 WHERE school_id = $1 AND id = $2 AND status = $3";
    if tx.execute(text, bind![school, version, from, to]).await? == 0 {
        return Err(StoreError::Missing("draft of the policy"));
    }
    tx.wrote(&POLICIES, version, if open { "consultation-opened" } else { "consultation-closed" });
    Ok(())
}

/// Approves a version, to bind from a day on.
///
/// # Errors
/// `Conflict` when it does not compile; `Missing` when it is no draft; `ReadOnly`.
pub async fn approve(tx: &mut Tx, version: PolicyVersionId, by: PersonId, in_force_from: Date) -> Result<()> {
    let school = tx.writes("policies")?;
    must_compile(tx, version).await?;
    let text = "UPDATE policies SET status = 'approved', approved_by = $3, approved_at = $4, in_force_from = $5
        WHERE school_id = $1 AND id = $2 AND status IN ('draft', 'consultation')";
    if tx.execute(text, bind![school, version, by, tx.now(), in_force_from]).await? == 0 {
        return Err(StoreError::Missing("draft of the policy"));
    }
    tx.wrote(&POLICIES, version, "approved");
    Ok(())
}

/// Brings an approved version into force and supersedes the one before, in one step.
///
/// # Errors
/// `Conflict` when it does not compile, and then the one before stays; `Missing` when it is not approved; `ReadOnly`.
pub async fn bring_into_force(tx: &mut Tx, version: PolicyVersionId) -> Result<()> {
    let school = tx.writes("policies")?;
    must_compile(tx, version).await?;
    let text = "SELECT id FROM policies WHERE school_id = $1 AND id = $2 AND status = 'approved'";
    if tx.one(text, bind![school, version]).await?.is_none() {
        return Err(StoreError::Missing("approved version of the policy"));
    }
    let text = "UPDATE policies SET status = 'superseded', superseded_at = $2 WHERE school_id = $1 AND status = 'in-force' RETURNING id";
    for row in tx.all(text, bind![school, tx.now()]).await? {
        tx.wrote(&POLICIES, row.text("id")?, "superseded");
    }
    tx.execute("UPDATE policies SET status = 'in-force' WHERE school_id = $1 AND id = $2", bind![school, version])
        .await?;
    tx.wrote(&POLICIES, version, "in-force");
    Ok(())
}

async fn must_compile(tx: &mut Tx, version: PolicyVersionId) -> Result<()> {
    let row =
        tx.one("SELECT compiled FROM policies WHERE school_id = $1 AND id = $2", bind![tx.school()?, version]).await?;
    if row.ok_or(StoreError::Missing("policy version"))?.flag("compiled")? {
        return Ok(());
    }
    Err(StoreError::Conflict("this version of the policy has errors; mend them first, the one in force stays".into()))
}

/// The version in force, if any.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn in_force(tx: &mut Tx) -> Result<Option<PolicyVersion>> {
    let text = format!("SELECT {COLUMNS} FROM policies WHERE school_id = $1 AND status = 'in-force'");
    tx.one(&text, bind![tx.school()?]).await?.as_ref().map(read).transpose()
}

/// Approved versions whose day has come on `today` and that are not yet in force, oldest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_due(tx: &mut Tx, today: Date) -> Result<Vec<PolicyVersion>> {
    let text = format!(
        "SELECT {COLUMNS} FROM policies WHERE school_id = $1 AND status = 'approved' AND in_force_from <= $2 ORDER BY number"
    );
    tx.all(&text, bind![tx.school()?, today]).await?.iter().map(read).collect()
}

/// One version.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, version: PolicyVersionId) -> Result<Option<PolicyVersion>> {
    let text = format!("SELECT {COLUMNS} FROM policies WHERE school_id = $1 AND id = $2");
    tx.one(&text, bind![tx.school()?, version]).await?.as_ref().map(read).transpose()
}

/// Every version, newest first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx) -> Result<Vec<PolicyVersion>> {
    let text = format!("SELECT {COLUMNS} FROM policies WHERE school_id = $1 ORDER BY number DESC");
    tx.all(&text, bind![tx.school()?]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<PolicyVersion> {
    Ok(PolicyVersion {
        id: row.parsed("id")?,
        number: row.number("number")?,
        source: row.text("source")?,
        status: row.word("status")?,
        compiled: row.flag("compiled")?,
        change_note: row.text("change_note")?,
        created_by: row.maybe_parsed("created_by")?,
        created_at: row.time("created_at")?,
        approved_by: row.maybe_parsed("approved_by")?,
        approved_at: row.maybe_time("approved_at")?,
        in_force_from: row.maybe_parsed("in_force_from")?,
        superseded_at: row.maybe_time("superseded_at")?,
    })
}
