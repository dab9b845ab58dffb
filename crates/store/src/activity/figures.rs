//! Hourly figures of groups and categories. They name nobody and are kept when the rows go.

use super::Visit;
use crate::error::Result;
use crate::sql::{bind, places};
use crate::transaction::Tx;
use belisha_records::SchoolId;
use jiff::Timestamp;
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000;

/// What is written as the action of a row that is a notice, such as of a pupil's own device seen in locker hours.
const NOTICED: &str = "noticed";

/// Requests of a group in an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HourFigure {
    /// Start of the hour.
    pub hour: Timestamp,
    /// Filter group.
    pub group: String,
    /// What was done.
    pub action: String,
    /// Category; `None` where none decided.
    pub category: Option<String>,
    /// Requests.
    pub requests: u64,
}

/// Adds a batch. In the order of the keys, so that two batches at once never wait for each other in a circle.
pub(super) async fn add(tx: &mut Tx, school: SchoolId, visits: &[Visit]) -> Result<()> {
    let mut counts: BTreeMap<(i64, &str, &str, &str), i64> = BTreeMap::new();
    // A notice is no request.
    for visit in visits.iter().filter(|visit| visit.action != NOTICED) {
        let hour = visit.at.as_millisecond().div_euclid(HOUR) * HOUR;
        let key = (hour, visit.group.as_str(), visit.action.as_str(), visit.category.as_deref().unwrap_or_default());
        *counts.entry(key).or_default() += 1;
    }
    if counts.is_empty() {
        return Ok(());
    }
    let mut values = Vec::with_capacity(counts.len() * 6);
    for ((hour, group, action, category), requests) in &counts {
        values.extend(bind![school, *hour, *group, *action, *category, *requests]);
    }
    let text = format!(
        "INSERT INTO activity_hours (school_id, hour, audience_group, action, category, requests) VALUES {}
         ON CONFLICT (school_id, hour, audience_group, action, category) DO UPDATE SET requests = activity_hours.requests + excluded.requests",
        places(counts.len(), 6)
    );
    tx.execute(&text, values).await?;
    Ok(())
}

/// The figures of the hours that start between two times. The second time is excluded.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn figures(tx: &mut Tx, from: Timestamp, until: Timestamp) -> Result<Vec<HourFigure>> {
    let text = "SELECT hour, audience_group, action, category, requests FROM activity_hours
        WHERE school_id = $1 AND hour >= $2 AND hour < $3 ORDER BY hour, audience_group, action, category";
    let rows = tx.all(text, bind![tx.school()?, from, until]).await?;
    rows.iter()
        .map(|row| {
            Ok(HourFigure {
                hour: row.time("hour")?,
                group: row.text("audience_group")?,
                action: row.text("action")?,
                category: Some(row.text("category")?).filter(|category| !category.is_empty()),
                requests: u64::try_from(row.number("requests")?).unwrap_or(0),
            })
        })
        .collect()
}

/// The hosts that were asked for most between two times with one action, and how often. No person is in it, but a host
/// asked for once may tell of one: pages show those with several askers.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn top_hosts(
    tx: &mut Tx,
    action: &str,
    from: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<(String, u64)>> {
    let text = "SELECT host, COUNT(*) AS requests FROM activity
        WHERE school_id = $1 AND action = $2 AND at >= $3 AND at < $4 AND host <> '' GROUP BY host ORDER BY requests DESC, host LIMIT $5";
    let rows = tx.all(text, bind![tx.school()?, action, from, until, i64::from(limit)]).await?;
    rows.iter().map(|row| Ok((row.text("host")?, u64::try_from(row.number("requests")?).unwrap_or(0)))).collect()
}
