//! Forgets named activity and settled alerts in the time the policy promises, and the record of runs of jobs after a while. What
//! is forgotten and what stays is `belisha-activity`'s business.

use super::{JobFailure, Run};
use belisha_activity::purge;
use belisha_records::Actor;
use belisha_store::job_runs;
use jiff::SignedDuration;

/// Runs of jobs older than this are forgotten, but never a job's last good one.
const RUNS_KEPT: SignedDuration = SignedDuration::from_hours(60 * 24);

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let mut tx = run.context.store.begin(&Actor::Job("purge-activity"), run.school, run.now).await?;
    job_runs::purge(&mut tx, run.now.saturating_sub(RUNS_KEPT).unwrap_or(run.now)).await?;
    tx.commit().await?;
    let Some(policy) = run.policy().await? else {
        return Ok("no policy is in force, so nothing says how long to keep activity; nothing was deleted".into());
    };
    let purged = purge(&run.context.store, run.school, &policy, run.now).await?;
    Ok(purged.to_string())
}
