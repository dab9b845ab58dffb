//! The fourth step: the head teacher, whose yes everything else waits for, gets a one-time link of their own.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::sign_in::welcome;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::{Audience, Role};
use belisha_records::{OfficeHolding, Permission, Person, PersonId, PersonName};
use belisha_store::{offices, people};

#[derive(Template)]
#[template(path = "setup/people.html")]
struct PeoplePage {
    frame: Frame,
    answers: Answers,
    /// Name and link of somebody who was just added.
    made: Option<(String, String)>,
    has_head: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::ManageOffices)?;
    form(&app, &reader, Answers::new(), None).await
}

async fn form(app: &App, reader: &SignedIn, answers: Answers, made: Option<(String, String)>) -> WebResult {
    let mut tx = app.store.read(reader.school.id).await?;
    let has_head = !offices::holders(&mut tx, Role::Headteacher, reader.today()).await?.is_empty();
    show(PeoplePage { frame: reader.frame(), answers, made, has_head })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageOffices)?;
    let name = answers.required("name", "enter the head teacher’s name", 120);
    if answers.has_errors() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&app, &reader, answers, None).await?).into_response());
    }
    let today = reader.today();
    let head = Person {
        id: app.id::<PersonId>(),
        school: reader.school.id,
        name: PersonName::new(name.clone()),
        audience: Audience::Staff,
        year_group: None,
        class: None,
        username: None,
        email: None,
        joined: today,
        left: None,
    };
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    people::insert(&mut tx, &head).await?;
    offices::insert(&mut tx, &OfficeHolding { person: head.id, role: Role::Headteacher, from: today, until: None })
        .await?;
    let link = welcome::make_link(&mut tx, &app, head.id).await?;
    tx.commit().await?;
    form(&app, &reader, Answers::new(), Some((name, link))).await
}
