//! Removes sessions that have ended. That an ended session opens nothing is settled where it is used, not here.

use super::{JobFailure, Run};
use belisha_policy::RecordKind;
use belisha_records::Actor;
use belisha_store::sessions;
use jiff::SignedDuration;

/// Days an ended session is kept when the policy has no retention clause for sessions.
const DAYS: u32 = 30;

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let days = run.policy().await?.and_then(|policy| policy.retention_days(RecordKind::Sessions)).unwrap_or(DAYS);
    let mut tx = run.context.store.begin(&Actor::Job("expire-sessions"), run.school, run.now).await?;
    let before = run.now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(run.now);
    let gone = sessions::purge(&mut tx, before).await?;
    tx.commit().await?;
    Ok(format!("{gone} sessions removed that ended more than {days} days ago"))
}
