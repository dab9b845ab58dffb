//! What an answer does: the request is decided, the site opens for a time, and the person who asked is told that there is
//! an answer, never which. All in the caller's transaction.

use crate::error::WebResult;
use crate::urls;
use belisha_records::{AccessDecision, AccessRequest};
use belisha_store::exceptions::GrantedException;
use belisha_store::{Tx, access_requests, exceptions, outbox};

/// The choice that stands for the one person who asked.
pub(crate) const ASKER: &str = "person";

/// Groups a site may be opened for. Unknown devices are the strictest group and are never opened by a request.
pub(crate) const GROUPS: [&str; 4] = ["younger-pupil", "pupil", "staff", "guest"];

/// Writes an answer, with what it opens. `groups` are those chosen on the form, [`ASKER`] among them.
pub(crate) async fn answer(
    tx: &mut Tx,
    request: &AccessRequest,
    decision: &AccessDecision,
    groups: &[String],
) -> WebResult<()> {
    access_requests::decide(tx, request.id, decision).await?;
    if let Some(until) = decision.until.filter(|_| decision.granted) {
        let exception = GrantedException {
            id: String::new(),
            request: Some(request.id),
            host: request.host.clone(),
            groups: groups.iter().filter(|group| *group != ASKER).cloned().collect(),
            person: groups.iter().any(|group| group == ASKER).then_some(request.by),
            from: decision.at,
            until,
            reason: decision.reason.clone(),
            granted_by: Some(decision.by),
            closed_at: None,
        };
        exceptions::insert(tx, &exception).await?;
    }
    let body = format!(
        "Somebody has answered what you asked for. Sign in and open {} to read the answer.",
        urls::ASK_FOR_SITE
    );
    outbox::queue(tx, request.by, "There is an answer for you", &body).await?;
    Ok(())
}
