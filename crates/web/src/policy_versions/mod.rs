//! Versions of the policy: their history, a new text checked as a compiler checks one, what changes, and bringing it into
//! force. A text with errors can be kept as a draft and never replaces a good one.

mod approve;
mod differences;
mod draft;
mod findings;
mod list;
mod show;

pub(crate) use findings::{Checked, check};
pub(crate) use list::needs;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};
use belisha_store::policies::PolicyStatus;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::POLICY_VERSIONS, get(list::page))
        .route(urls::POLICY_DRAFT, get(draft::page).post(draft::submit))
        .route("/policy/versions/{version}", get(show::page))
        .route("/policy/versions/{version}/approve", post(approve::submit))
}

/// What the pages say after a form of this area.
const DONE: &[(&str, &str)] = &[
    ("drafted", "The draft is kept. Nothing has changed for anybody yet."),
    (
        "in-force",
        "It is in force. The filter carries it out from now on, and whoever signed a line whose words changed is asked for that line.",
    ),
];

/// Kind and word of where a version stands.
fn stand(status: PolicyStatus) -> (&'static str, &'static str) {
    match status {
        PolicyStatus::Draft => ("open", "Draft"),
        PolicyStatus::Consultation => ("open", "In consultation"),
        PolicyStatus::Approved => ("due", "Approved"),
        PolicyStatus::InForce => ("kept", "In force"),
        PolicyStatus::Superseded => ("done", "Superseded"),
    }
}
