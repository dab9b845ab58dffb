//! Adds a person, or corrects what is recorded of one.

use super::show::is_pupil;
use crate::answers::{Answers, Choice};
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
use belisha_policy::Audience;
use belisha_records::{Permission, Person, PersonId, PersonName};
use belisha_store::{Tx, classes, people};

#[derive(Template)]
#[template(path = "people/edit.html")]
struct EditPage {
    frame: Frame,
    answers: Answers,
    title: &'static str,
    action: String,
    back: String,
    audiences: Vec<Choice>,
    classes: Vec<Choice>,
}

pub(crate) async fn add(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let today = reader.today();
    let answers = Answers::new()
        .with("joined-day", today.day())
        .with("joined-month", today.month())
        .with("joined-year", today.year());
    form(&mut tx, &reader, None, answers).await
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<PersonId>) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let person = people::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    let answers = Answers::new()
        .with("name", person.name.reveal())
        .with("audience", person.audience.key())
        .with("year", person.year_group.unwrap_or_default())
        .with("class", person.class.map(|class| class.to_string()).unwrap_or_default())
        .with("username", person.username.unwrap_or_default())
        .with("email", person.email.unwrap_or_default())
        .with("joined-day", person.joined.day())
        .with("joined-month", person.joined.month())
        .with("joined-year", person.joined.year());
    form(&mut tx, &reader, Some(id), answers).await
}

async fn form(tx: &mut Tx, reader: &SignedIn, id: Option<PersonId>, answers: Answers) -> WebResult {
    let mut choices = vec![Choice::new("", "No class")];
    choices.extend(classes::list(tx).await?.into_iter().map(|class| Choice::new(class.id, class.name)));
    show(EditPage {
        frame: reader.frame(),
        answers,
        title: if id.is_some() { "Correct the record" } else { "Add a person" },
        action: id.map_or_else(|| urls::ADD_PERSON.to_owned(), |id| urls::person_verb(id, "edit")),
        back: id.map_or_else(|| urls::PEOPLE.to_owned(), urls::person),
        audiences: Audience::ALL.iter().map(|audience| Choice::new(audience.key(), audience.label())).collect(),
        classes: choices,
    })
}

pub(crate) async fn add_submit(State(app): State<App>, reader: SignedIn, answers: Answers) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let fresh = Person {
        id: app.id(),
        school: reader.school.id,
        name: PersonName::new(""),
        audience: Audience::Visitor,
        year_group: None,
        class: None,
        username: None,
        email: None,
        joined: reader.today(),
        left: None,
    };
    keep(&app, &reader, fresh, true, answers).await
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<PersonId>,
    answers: Answers,
) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let person = people::find(&mut app.store.read(reader.school.id).await?, id).await?.ok_or(WebError::NotFound)?;
    keep(&app, &reader, person, false, answers).await
}

async fn keep(app: &App, reader: &SignedIn, mut person: Person, new: bool, mut answers: Answers) -> WebResult {
    read(app, reader, &mut person, &mut answers).await?;
    if answers.has_errors() {
        let mut tx = app.store.read(reader.school.id).await?;
        return Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            form(&mut tx, reader, (!new).then_some(person.id), answers).await?,
        )
            .into_response());
    }
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    if new {
        people::insert(&mut tx, &person).await?;
    } else {
        people::update(&mut tx, &person).await?;
    }
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(go_on(&urls::person(person.id), if new { "added" } else { "changed" }))
}

/// Takes over what was typed, and says what is wrong with it.
async fn read(app: &App, reader: &SignedIn, person: &mut Person, answers: &mut Answers) -> WebResult<()> {
    person.name = PersonName::new(answers.required("name", "enter their name", 120));
    match Audience::from_key(answers.value("audience")) {
        Some(audience) => person.audience = audience,
        None => answers.refuse("audience", "choose what kind of member of the school they are"),
    }
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let mut tx = app.store.read(reader.school.id).await?;
    person.class = answers.value("class").parse().ok();
    let class = match person.class {
        Some(class) => Some(classes::find(&mut tx, class).await?.ok_or(WebError::NotFound)?),
        None => None,
    };
    person.year_group = given(answers.value("year"))
        .or_else(|| class.map(|class| class.year_group))
        .filter(|_| is_pupil(person.audience));
    if is_pupil(person.audience) && person.year_group.is_none() {
        answers.refuse("year", "enter the pupil’s year group, or choose a class");
    }
    person.username = given(&answers.value("username").to_lowercase());
    drop(tx);
    if person.username.is_some() {
        crate::sign_in::welcome::username(answers, app, Some(person.id)).await?;
    }
    person.email = given(answers.value("email"));
    if person.email.as_deref().is_some_and(|email| !super::plan::looks_like_email(email)) {
        answers.refuse("email", "enter an address such as name@school.example, or leave it empty");
    }
    if let Some(day) = answers.date("joined", "enter their first day at the school") {
        person.joined = day;
    }
    Ok(())
}
