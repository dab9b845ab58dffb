//! Gateways that run as programs of their own, away from this server: their page (`show`, `add`, `revoke`), and the addresses under
//! `/gateway/` that they ask with their tokens (`serve`). What they are given and what becomes of what they send is the binary's.

mod add;
pub(crate) mod feed;
mod revoke;
mod serve;
mod show;
pub(crate) mod token;

pub(crate) use show::needs;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

/// The most a batch of observations may hold, in bytes.
const LARGEST_BATCH: usize = 4 * 1024 * 1024;
/// The most that blocks and a heartbeat may hold, in bytes.
const LARGEST_NEWS: usize = 512 * 1024;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::GATEWAYS, get(show::page).post(add::submit))
        .route("/gateways/{gateway}/revoke", get(revoke::page).post(revoke::submit))
}

/// What gateways ask. It stands outside the protections of pages: no form, no cookie, no page for an error, and answers that are
/// waited for.
pub(crate) fn feed_router() -> Router<App> {
    let small = DefaultBodyLimit::max(LARGEST_NEWS);
    Router::new()
        .route("/gateway/rules", get(serve::rules))
        .route("/gateway/lists/{file}", get(serve::list))
        .route("/gateway/events", get(serve::events))
        .route("/gateway/observations/{batch}", post(serve::observations).layer(DefaultBodyLimit::max(LARGEST_BATCH)))
        .route("/gateway/blocks", post(serve::blocks).layer(small))
        .route("/gateway/heartbeat", post(serve::heartbeat).layer(small))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
}
