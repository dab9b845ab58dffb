//! Home: what needs the reader now, and the few things their role does first.

mod show;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::get;

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::HOME, get(show::page))
}
