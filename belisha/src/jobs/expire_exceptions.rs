//! Notes that the time of granted sites has ended. That an ended one opens nothing is the filter's own rule; this keeps the
//! list of open sites true and gives the gateway rules without the ended ones.

use super::{JobFailure, Run};
use belisha_records::Actor;
use belisha_store::exceptions;

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let mut tx = run.context.store.begin(&Actor::Job("expire-exceptions"), run.school, run.now).await?;
    let ended = exceptions::close_ended(&mut tx).await?;
    tx.commit().await?;
    if !ended.is_empty() {
        (run.context.on_rules_changed)(Some(run.school));
    }
    Ok(format!("{} granted sites ended", ended.len()))
}
