//! Sets the last day of an office.

use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::go_on;
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::Role;
use belisha_records::{OfficeHolding, Permission, Person, PersonId};
use belisha_store::{offices, people};
use serde::Deserialize;

/// Which office of whom.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    person: PersonId,
    role: String,
}

#[derive(Template)]
#[template(path = "people/office_end.html")]
struct EndPage {
    frame: Frame,
    answers: Answers,
    name: String,
    office: &'static str,
    person: PersonId,
    role: &'static str,
}

async fn find(app: &App, reader: &SignedIn, person: PersonId, role: &str) -> WebResult<(Person, OfficeHolding)> {
    let role = Role::from_key(role).ok_or(WebError::NotFound)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let held = offices::list_of(&mut tx, person).await?;
    let held = held
        .into_iter()
        .rfind(|held| held.role == role && held.until.is_none_or(|until| reader.today() <= until))
        .ok_or(WebError::NotFound)?;
    Ok((people::find(&mut tx, person).await?.ok_or(WebError::NotFound)?, held))
}

fn form(reader: &SignedIn, person: &Person, held: &OfficeHolding, answers: Answers) -> WebResult {
    let name = person.name.reveal().to_owned();
    show(EndPage {
        frame: reader.frame(),
        answers,
        name,
        office: held.role.label(),
        person: person.id,
        role: held.role.key(),
    })
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(wanted): Query<Wanted>) -> WebResult {
    reader.may(Permission::ManageOffices)?;
    let (person, held) = find(&app, &reader, wanted.person, &wanted.role).await?;
    let today = reader.today();
    let answers =
        Answers::new().with("last-day", today.day()).with("last-month", today.month()).with("last-year", today.year());
    form(&reader, &person, &held, answers)
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageOffices)?;
    let wanted: PersonId = answers.value("person").parse().map_err(|_| WebError::NotFound)?;
    let (person, held) = find(&app, &reader, wanted, answers.value("role")).await?;
    let last = answers.date("last", "enter the last day of the office");
    if last.is_some_and(|last| last < held.from) {
        answers.refuse("last", "choose a day that is not before the first day of the office");
    }
    if held.until.zip(last).is_some_and(|(until, last)| last >= until) {
        answers.refuse("last", "the office ends before that already; give it again to prolong it");
    }
    if held.role == Role::Headteacher && person.id == reader.person.id {
        answers.refuse("last", "ask the system administrator to end your own office as head teacher, so that the school is not left without one by a slip");
    }
    let (Some(last), false) = (last, answers.has_errors()) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&reader, &person, &held, answers)?).into_response());
    };
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    offices::end(&mut tx, person.id, held.role, last).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(go_on(urls::OFFICES, "ended"))
}
