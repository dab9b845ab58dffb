//! First start: from a one-time link to a school that works, step by step, by a technician alone.

mod calendar;
mod people;
mod policy;
mod school;
mod what_next;

#[cfg(feature = "testing")]
pub(crate) use calendar::usual as usual_calendar;

use crate::app::App;
use crate::session::hash_of;
use crate::urls;
use axum::Router;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use belisha_store::Entropy;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/start/{token}", get(school::page).post(school::submit))
        .route(urls::START_POLICY, get(policy::page).post(policy::submit))
        .route(urls::START_CALENDAR, get(calendar::page).post(calendar::submit))
        .route(urls::START_PEOPLE, get(people::page).post(people::submit))
        .route(urls::WHAT_NEXT, get(what_next::page))
}

/// The one-time link of a first start. The binary prints `path` and keeps `hash` in [`crate::Settings::start_link`].
#[derive(Debug, Clone)]
pub struct StartLink {
    /// Path to print after the server's own address.
    pub path: String,
    /// What the server keeps.
    pub hash: String,
}

impl StartLink {
    /// A new link. The one printed before stops working.
    pub fn make(entropy: &Entropy) -> Self {
        let mut bytes = [0; 24];
        entropy(&mut bytes);
        let token = URL_SAFE_NO_PAD.encode(bytes);
        Self { path: urls::start(&token), hash: hash_of(&token) }
    }
}
