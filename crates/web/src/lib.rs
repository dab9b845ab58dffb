//! The pages people use. Handlers ask for permission first, call the rules in `belisha-records`, write through
//! `belisha-store`, and show a template; they decide nothing themselves.
//!
//! An area is a folder of verbs: `src/portal/sign.rs` serves what `urls::sign` names with `templates/portal/sign.html`.
//! To add one: a `router()` in `src/AREA/mod.rs`, one line in [`router`], one row in [`navigation::AREAS`].

mod about;
mod activity;
mod alerts;
pub mod answers;
mod app;
pub mod assets;
mod board;
mod concerns;
mod devices;
mod duties;
mod error;
mod filter;
pub mod frame;
mod gateways;
mod helplines;
mod home;
mod incidents;
mod jobs;
mod ledger;
pub mod navigation;
mod notice;
mod paper;
pub mod passwords;
mod people;
mod policy;
mod policy_versions;
mod portal;
mod protect;
mod reports;
mod requests;
mod session;
mod setup;
mod sign_in;
mod signatures;
mod tasks;
mod tell;
#[cfg(feature = "testing")]
pub mod testing;
pub mod urls;
pub mod words;

pub use app::{
    App, BlockedPage, Clock, Doing, ExamplePolicy, Guard, JobDescription, Listed, Network, NoNetwork, Settings,
    example_policies,
};
pub use error::{WebError, WebResult};
pub use filter::lists::{DecidedList, LIST_DECISIONS, ListDecided, ListDecision, ListGeneration, ListInUse};
pub use filter::live::{LiveRequests, LiveVisit, Look};
pub use frame::{Frame, Page, show};
pub use gateways::feed::{Answering, FeedRefusal, GatewayFeed, Tagged};
pub use session::{SignedIn, Visit};
pub use setup::first_start_link;

use axum::Router;

/// Every page, behind the protections of [`protect`].
pub fn router(app: App) -> Router {
    let areas = Router::new()
        .merge(about::router())
        .merge(alerts::router())
        .merge(activity::router())
        .merge(board::router())
        .merge(duties::router())
        .merge(devices::router())
        .merge(filter::router())
        .merge(gateways::router())
        .merge(concerns::router())
        .merge(helplines::router())
        .merge(home::router())
        .merge(jobs::router())
        .merge(ledger::router())
        .merge(people::router())
        .merge(policy_versions::router())
        .merge(signatures::router())
        .merge(incidents::router())
        .merge(policy::router())
        .merge(portal::router())
        .merge(reports::router())
        .merge(requests::router())
        .merge(setup::router())
        .merge(sign_in::router())
        .merge(tasks::router())
        .merge(tell::router())
        .fallback(error::no_such_page)
        .method_not_allowed_fallback(error::no_such_page);
    protect::wrap(areas, &app).merge(assets::router()).merge(gateways::feed_router()).with_state(app)
}
