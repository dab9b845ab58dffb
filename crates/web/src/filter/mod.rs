//! The filter as it runs: the policy's tables, the school's own sites, what is open for a time, the lists behind it; and
//! the answer to "why is this closed?". What is decided is `belisha-filter`'s; requests are the area `requests`.

mod explain;
pub(crate) mod host;
mod lesson;
pub(crate) mod lists;
pub(crate) mod live;
mod rules;
mod settings;
mod settings_form;
mod show;
mod switches;
mod what_if;
mod whom;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::FILTER, get(show::page))
        .route(urls::FILTER_RULES, post(rules::add))
        .route("/filter/rules/{rule}/remove", post(rules::remove))
        .route(urls::LESSON_SITES, get(lesson::page).post(lesson::make))
        .route("/filter/lesson/{list}/end", post(lesson::end))
        .route(urls::WHAT_IF, get(what_if::page).post(what_if::submit))
        .route(urls::FILTER_SETTINGS, get(settings::page).post(settings::save))
        .route("/filter/lists/{name}", get(lists::page).post(lists::decide))
        .route(urls::LIVE, get(live::page).post(live::begin))
        .route(urls::LIVE_END, post(live::end))
        .route(urls::EXPLAIN, get(explain::page).post(explain::submit))
}
