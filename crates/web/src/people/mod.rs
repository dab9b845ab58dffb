//! People of the school: the roster, one person, their offices, classes, and bringing many in from a file. Rules on offices
//! are in `belisha_records::offices`; signing in is `sign_in`'s.

mod classes;
mod edit;
mod family;
mod import;
mod leave;
mod link;
mod list;
mod me;
mod office_end;
mod offices;
mod plan;
mod roster;
mod show;

pub(crate) use offices::needs;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};
use belisha_policy::Role;
use belisha_records::{OfficeHolding, PersonId};
use jiff::civil::Date;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::PEOPLE, get(list::page).post(list::search))
        .route(urls::ME, get(me::page))
        .route(urls::ADD_PERSON, get(edit::add).post(edit::add_submit))
        .route(urls::IMPORT_PEOPLE, get(import::page).post(import::submit))
        .route(urls::OFFICES, get(offices::page).post(offices::submit))
        .route("/people/offices/end", get(office_end::page).post(office_end::submit))
        .route(urls::CLASSES, get(classes::page).post(classes::submit))
        .route("/people/classes/{class}", get(classes::one).post(classes::change))
        .route("/people/{person}", get(show::page))
        .route("/people/{person}/edit", get(edit::page).post(edit::submit))
        .route("/people/{person}/leave", get(leave::page).post(leave::submit))
        .route("/people/{person}/link", post(link::submit))
        .route("/people/{person}/family", post(family::submit))
}

/// What the pages say after a form of this area.
const DONE: &[(&str, &str)] = &[
    ("added", "They are on the roster."),
    ("changed", "The change is kept."),
    ("left", "Their leaving is entered: sessions have ended, and offices end with their last day."),
    ("appointed", "The office is given."),
    ("ended", "The office has its last day."),
    ("class", "The class is kept."),
    ("family", "Who belongs to whom is kept."),
];

/// The offices somebody holds on a day, in words: `Headteacher, Teacher`.
fn offices_of(person: PersonId, holdings: &[OfficeHolding], day: Date) -> String {
    let mut held: Vec<Role> =
        holdings.iter().filter(|held| held.person == person && held.covers(day)).map(|held| held.role).collect();
    held.sort_unstable();
    held.dedup();
    held.iter().map(|role| role.label()).collect::<Vec<_>>().join(", ")
}
