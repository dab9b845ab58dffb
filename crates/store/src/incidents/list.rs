//! Reading cases. Every function but those for jobs and figures takes the reader and leaves out, in the query itself, the
//! cases in which the reader is alleged.

use super::{COLUMNS, assemble};
use crate::error::Result;
use crate::sql::{bind, word};
use crate::transaction::Tx;
use belisha_records::{Incident, IncidentId, IncidentStatus, PersonId};
use jiff::Timestamp;

/// `$1` is the school and `$2` the reader.
const SEEN_BY: &str = "school_id = $1 AND id NOT IN
    (SELECT incident_id FROM involvements WHERE school_id = $1 AND person_id = $2 AND part = 'alleged')";

/// Which cases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// Only open ones, or only closed ones.
    pub status: Option<IncidentStatus>,
    /// Only those in which this person has a part.
    pub involving: Option<PersonId>,
    /// Recorded at or after.
    pub from: Option<Timestamp>,
    /// Recorded before.
    pub until: Option<Timestamp>,
}

/// `$3` to `$6`. A value that is not set lets everything through.
const WANTED: &str = "($3 = '' OR status = $3)
    AND ($4 = '' OR id IN (SELECT incident_id FROM involvements WHERE school_id = $1 AND person_id = $4)) AND recorded_at >= $5 AND recorded_at < $6";

fn values(tx: &Tx, viewer: PersonId, filter: &IncidentFilter) -> Result<Vec<sea_orm::Value>> {
    let status = filter.status.as_ref().map(word).transpose()?.unwrap_or_default();
    let involving = filter.involving.map(|person| person.to_string()).unwrap_or_default();
    let from = filter.from.unwrap_or(Timestamp::MIN);
    let until = filter.until.unwrap_or(Timestamp::MAX);
    Ok(bind![tx.school()?, viewer, status, involving, from, until])
}

/// Cases the reader is not alleged in, the last recorded first.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list(tx: &mut Tx, viewer: PersonId, filter: &IncidentFilter) -> Result<Vec<Incident>> {
    let text =
        format!("SELECT {COLUMNS} FROM incidents WHERE {SEEN_BY} AND {WANTED} ORDER BY recorded_at DESC, id DESC");
    let rows = tx.all(&text, values(tx, viewer, filter)?).await?;
    assemble(tx, &rows).await
}

/// Number of the cases [`list`] would give.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn count(tx: &mut Tx, viewer: PersonId, filter: &IncidentFilter) -> Result<u64> {
    let text = format!("SELECT COUNT(*) AS incidents FROM incidents WHERE {SEEN_BY} AND {WANTED}");
    let row = tx.one(&text, values(tx, viewer, filter)?).await?;
    Ok(row.map(|row| row.number("incidents")).transpose()?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
}

/// One case, unless the reader is alleged in it: then there is none.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find(tx: &mut Tx, viewer: PersonId, incident: IncidentId) -> Result<Option<Incident>> {
    let text = format!("SELECT {COLUMNS} FROM incidents WHERE {SEEN_BY} AND id = $3");
    let rows = tx.all(&text, bind![tx.school()?, viewer, incident]).await?;
    Ok(assemble(tx, &rows).await?.pop())
}

/// The case with a number, unless the reader is alleged in it: then there is none.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn find_by_number(tx: &mut Tx, viewer: PersonId, number: i64) -> Result<Option<Incident>> {
    let text = format!("SELECT {COLUMNS} FROM incidents WHERE {SEEN_BY} AND number = $3");
    let rows = tx.all(&text, bind![tx.school()?, viewer, number]).await?;
    Ok(assemble(tx, &rows).await?.pop())
}

/// Every case recorded between two times, whoever asks: for anonymous figures and clause status only, never for a page of
/// cases. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_between(tx: &mut Tx, from: Timestamp, until: Timestamp) -> Result<Vec<Incident>> {
    let text = format!(
        "SELECT {COLUMNS} FROM incidents WHERE school_id = $1 AND recorded_at >= $2 AND recorded_at < $3 ORDER BY recorded_at, id"
    );
    let rows = tx.all(&text, bind![tx.school()?, from, until]).await?;
    assemble(tx, &rows).await
}

/// Ids of the cases closed before a time, for the job that removes what the policy no longer lets the school keep.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn list_closed_before(tx: &mut Tx, before: Timestamp) -> Result<Vec<IncidentId>> {
    let text =
        "SELECT id FROM incidents WHERE school_id = $1 AND status = 'closed' AND closed_at < $2 ORDER BY closed_at";
    tx.all(text, bind![tx.school()?, before]).await?.iter().map(|row| row.parsed("id")).collect()
}
