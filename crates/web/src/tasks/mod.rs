//! What the reader was asked to do, and saying that it is done. A task tells nothing of the case it belongs to.

mod done;
mod list;

pub(crate) use list::needs;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::TASKS, get(list::page)).route("/tasks/{id}", post(done::submit))
}
