//! Forgets named activity and settled alerts in the time the policy promises. What is forgotten and what stays is
//! `belisha-activity`'s business.

use super::{JobFailure, Run};
use belisha_activity::purge;

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let Some(policy) = run.policy().await? else {
        return Ok("no policy is in force, so nothing says how long to keep activity; nothing was deleted".into());
    };
    let purged = purge(&run.context.store, run.school, &policy, run.now).await?;
    Ok(purged.to_string())
}
