//! Signing in and out, and switching school in a demonstration.

pub(crate) mod attempts;
mod leave;
mod submit;
mod switch;
pub(crate) mod welcome;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};

pub(crate) use submit::enter;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::SIGN_IN, get(submit::show_form).post(submit::submit))
        .route(urls::SIGN_OUT, post(leave::sign_out))
        .route(urls::LEAVE, get(leave::leave))
        .route("/welcome/{token}", get(welcome::page).post(welcome::submit))
        .route(urls::SWITCH_SCHOOL, post(switch::submit))
}
