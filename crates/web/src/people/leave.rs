//! Enters that somebody leaves: sessions end, offices end with the last day, and the network learns of it.

use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::go_on;
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_records::{Permission, Person, PersonId};
use belisha_store::{offices, people, sessions};

#[derive(Template)]
#[template(path = "people/leave.html")]
struct LeavePage {
    frame: Frame,
    answers: Answers,
    name: String,
    action: String,
    back: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<PersonId>) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let person = find(&app, &reader, id).await?;
    let today = reader.today();
    let answers =
        Answers::new().with("last-day", today.day()).with("last-month", today.month()).with("last-year", today.year());
    form(&reader, &person, answers)
}

async fn find(app: &App, reader: &SignedIn, id: PersonId) -> WebResult<Person> {
    let mut tx = app.store.read(reader.school.id).await?;
    people::find(&mut tx, id).await?.ok_or(WebError::NotFound)
}

fn form(reader: &SignedIn, person: &Person, answers: Answers) -> WebResult {
    let name = person.name.reveal().to_owned();
    show(LeavePage {
        frame: reader.frame(),
        answers,
        name,
        action: urls::person_verb(person.id, "leave"),
        back: urls::person(person.id),
    })
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<PersonId>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let mut person = find(&app, &reader, id).await?;
    let last = answers.date("last", "enter their last day at the school");
    if last.is_some_and(|last| last < person.joined) {
        answers.refuse("last", "choose a day after their first day at the school");
    }
    if id == reader.person.id {
        answers.refuse(
            "last",
            "ask somebody else who keeps the roster to enter that you leave, so that the school is not locked out",
        );
    }
    let (Some(last), false) = (last, answers.has_errors()) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&reader, &person, answers)?).into_response());
    };
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    person.left = Some(last);
    people::update(&mut tx, &person).await?;
    for held in offices::list_of(&mut tx, id).await? {
        if held.from <= last && held.until.is_none_or(|until| until > last) {
            offices::end(&mut tx, id, held.role, last).await?;
        }
    }
    sessions::revoke_all(&mut tx, id).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(go_on(&urls::person(id), "left"))
}
