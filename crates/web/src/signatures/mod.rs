//! Who has signed and who has not, class by class, and the exact text that one person signed. What counts as signed is
//! decided in `belisha_records::agreements`; signing itself is `portal`'s.

mod list;
mod text;

pub(crate) use list::needs;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::get;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::SIGNATURES, get(list::page))
        .route("/signatures/{person}/{agreement}", get(text::page))
        .route("/signatures/{person}/{agreement}/signed.pdf", get(text::pdf))
}
