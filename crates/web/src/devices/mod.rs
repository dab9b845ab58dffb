//! The school's register of devices, and its rooms and networks: listed, entered, corrected, retired. What a device or a
//! room means for the filter is the gateway's; a room never names anybody.

mod correct;
mod enter;
mod form;
mod rooms;
mod show;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::DEVICES, get(show::page).post(enter::submit))
        .route(urls::ROOMS, post(rooms::add))
        .route("/devices/rooms/{room}/retire", post(rooms::retire))
        .route("/devices/{device}", get(correct::page).post(correct::submit))
        .route("/devices/{device}/retire", post(correct::retire))
}
