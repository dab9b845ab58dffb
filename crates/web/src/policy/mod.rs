//! The policy: here its text as it is in force, for anybody.

mod read;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::get;

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::POLICY, get(read::page))
}
