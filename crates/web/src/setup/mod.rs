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
use belisha_store::{StoreError, schools};
use std::sync::PoisonError;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/start/{token}", get(school::page).post(school::submit))
        .route(urls::START_POLICY, get(policy::page).post(policy::submit))
        .route(urls::START_CALENDAR, get(calendar::page).post(calendar::submit))
        .route(urls::START_PEOPLE, get(people::page).post(people::submit))
        .route(urls::WHAT_NEXT, get(what_next::page))
}

/// The path of a one-time link that sets up the first school; `None` once there is a school. The link made before stops
/// working. Whoever opens it becomes the administrator, so the binary prints it where only its owner looks.
///
/// # Errors
/// Those of the store.
pub async fn first_start_link(app: &App) -> Result<Option<String>, StoreError> {
    let schools = schools::list(&mut app.store.read_installation().await?).await?;
    if !schools.is_empty() {
        return Ok(None);
    }
    let token = URL_SAFE_NO_PAD.encode(app.random::<24>());
    *app.guard.first_start.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash_of(&token));
    Ok(Some(urls::start(&token)))
}
