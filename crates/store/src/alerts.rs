//! Alerts of the monitoring and how each was settled. Whoever an alert is about does not see it.

use crate::error::{Result, StoreError};
use crate::sql::{Row, bind, json, word};
use crate::tables::ALERTS;
use crate::transaction::Tx;
use belisha_records::{Alert, AlertId, Danger, PersonId, SchoolId, Settlement};
use jiff::Timestamp;

const COLUMNS: &str = "id, school_id, person_id, device, seen_at, theme, danger, host, excerpt, settlement";
/// `$2` never sees an alert about themselves: it may be about a member of staff who reads alerts.
const SEEN_BY: &str = "school_id = $1 AND (person_id IS NULL OR person_id <> $2)";

/// Keeps an alert.
///
/// # Errors
/// `Conflict`, `ReadOnly`.
pub async fn insert(tx: &mut Tx, alert: &Alert) -> Result<()> {
    let school = tx.writes("alerts")?;
    let text =
        "INSERT INTO alerts (school_id, id, person_id, device, seen_at, theme, danger, danger_rank, host, excerpt)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = bind![
        school,
        alert.id,
        alert.person,
        &alert.device,
        alert.seen_at,
        &alert.theme,
        word(&alert.danger)?,
        rank(alert.danger),
        &alert.host,
        &alert.excerpt
    ];
    tx.execute(text, values).await?;
    tx.wrote(&ALERTS, alert.id, "raised");
    if let Some(settlement) = &alert.settled {
        settle(tx, alert.id, settlement).await?;
    }
    Ok(())
}

fn rank(danger: Danger) -> i64 {
    match danger {
        Danger::Low => 0,
        Danger::Serious => 1,
        Danger::Urgent => 2,
    }
}

/// Settles an alert that is open.
///
/// # Errors
/// `Missing` when it is not open; `ReadOnly`.
pub async fn settle(tx: &mut Tx, alert: AlertId, settlement: &Settlement) -> Result<()> {
    let school = tx.writes("alerts")?;
    let (at, verb) = match settlement {
        Settlement::Dismissed { at, .. } => (*at, "dismissed"),
        Settlement::Incident { at, .. } => (*at, "became-incident"),
    };
    let text =
        "UPDATE alerts SET settled_at = $3, settlement = $4 WHERE school_id = $1 AND id = $2 AND settled_at IS NULL";
    if tx.execute(text, bind![school, alert, at, json(settlement)?]).await? == 0 {
        return Err(StoreError::Missing("open alert"));
    }
    tx.wrote(&ALERTS, alert, verb);
    Ok(())
}

/// Puts a new excerpt on an alert that is still open: the same was seen again. Answers whether it was open.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn seen_again(tx: &mut Tx, alert: AlertId, excerpt: &str) -> Result<bool> {
    let school = tx.writes("alerts")?;
    let text = "UPDATE alerts SET excerpt = $3 WHERE school_id = $1 AND id = $2 AND settled_at IS NULL";
    let open = tx.execute(text, bind![school, alert, excerpt]).await? > 0;
    if open {
        tx.wrote(&ALERTS, alert, "seen-again");
    }
    Ok(open)
}

/// One alert, unless it is about the reader.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, viewer: PersonId, alert: AlertId) -> Result<Option<Alert>> {
    let text = format!("SELECT {COLUMNS} FROM alerts WHERE {SEEN_BY} AND id = $3");
    tx.one(&text, bind![tx.school()?, viewer, alert]).await?.as_ref().map(read).transpose()
}

/// Open alerts, the most dangerous first and then the oldest.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_open(tx: &mut Tx, viewer: PersonId) -> Result<Vec<Alert>> {
    let text = format!(
        "SELECT {COLUMNS} FROM alerts WHERE {SEEN_BY} AND settled_at IS NULL ORDER BY danger_rank DESC, seen_at, id"
    );
    tx.all(&text, bind![tx.school()?, viewer]).await?.iter().map(read).collect()
}

/// Number of open alerts that [`list_open`] would show.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn count_open(tx: &mut Tx, viewer: PersonId) -> Result<u64> {
    let text = format!("SELECT COUNT(*) AS alerts FROM alerts WHERE {SEEN_BY} AND settled_at IS NULL");
    let row = tx.one(&text, bind![tx.school()?, viewer]).await?;
    Ok(row.map(|row| row.number("alerts")).transpose()?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// Settled alerts, the last seen first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_settled(tx: &mut Tx, viewer: PersonId, limit: u32) -> Result<Vec<Alert>> {
    let text = format!(
        "SELECT {COLUMNS} FROM alerts WHERE {SEEN_BY} AND settled_at IS NOT NULL ORDER BY seen_at DESC, id LIMIT $3"
    );
    tx.all(&text, bind![tx.school()?, viewer, i64::from(limit)]).await?.iter().map(read).collect()
}

/// Every alert seen between two times, for figures that name nobody. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_between(tx: &mut Tx, from: Timestamp, until: Timestamp) -> Result<Vec<Alert>> {
    let text = format!(
        "SELECT {COLUMNS} FROM alerts WHERE school_id = $1 AND seen_at >= $2 AND seen_at < $3 ORDER BY seen_at, id"
    );
    tx.all(&text, bind![tx.school()?, from, until]).await?.iter().map(read).collect()
}

/// Removes alerts that were dismissed before a time: not a concern, and the policy's time is over. Answers how many.
///
/// # Errors
/// `ReadOnly`, `Busy`.
pub async fn purge_dismissed(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let school = tx.writes("alerts")?;
    let text = "DELETE FROM alerts WHERE school_id = $1 AND settled_at < $2 AND settlement LIKE '{\"dismissed\"%' RETURNING id";
    let gone = tx.all(text, bind![school, before]).await?;
    for row in &gone {
        tx.wrote(&ALERTS, row.text("id")?, "removed");
    }
    Ok(gone.len() as u64)
}

fn read(row: &Row) -> Result<Alert> {
    Ok(Alert {
        id: row.parsed("id")?,
        school: row.parsed::<SchoolId>("school_id")?,
        person: row.maybe_parsed("person_id")?,
        device: row.text("device")?,
        seen_at: row.time("seen_at")?,
        theme: row.text("theme")?,
        danger: row.word("danger")?,
        host: row.text("host")?,
        excerpt: row.text("excerpt")?,
        settled: row.maybe_json("settlement")?,
    })
}
