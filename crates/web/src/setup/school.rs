//! The first step: the school, and its first administrator. The link is spent once there is a school.

use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::{Visit, hash_of};
use crate::sign_in::{enter, welcome};
use crate::urls;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::{Audience, Nation, Phase, Role};
use belisha_records::{Actor, OfficeHolding, Person, PersonId, PersonName, SchoolId};
use belisha_store::schools::School;
use belisha_store::{credentials, offices, people, schools};
use std::sync::PoisonError;

#[derive(Template)]
#[template(path = "setup/school.html")]
struct SchoolPage {
    frame: Frame,
    answers: Answers,
    nations: Vec<Choice>,
    phases: Vec<Choice>,
    token: String,
}

pub(crate) async fn page(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> WebResult {
    allowed(&app, &visit, &token)?;
    form(&visit, token, Answers::new())
}

fn allowed(app: &App, visit: &Visit, token: &str) -> WebResult<()> {
    let known = app.guard.first_start.lock().unwrap_or_else(PoisonError::into_inner);
    let right = visit.school.is_none() && known.as_deref() == Some(hash_of(token).as_str());
    if right { Ok(()) } else { Err(WebError::NotFound) }
}

fn form(visit: &Visit, token: String, answers: Answers) -> WebResult {
    let nations = Nation::ALL.iter().map(|nation| Choice::new(nation.key(), nation.label())).collect();
    let phases = Phase::ALL.iter().map(|phase| Choice::new(phase.key(), phase.label())).collect();
    show(SchoolPage { frame: visit.frame(), answers, nations, phases, token })
}

pub(crate) async fn submit(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut answers: Answers,
) -> WebResult {
    allowed(&app, &visit, &token)?;
    let school_name = answers.required("school", "enter the school’s name", 120);
    let nation = Nation::from_key(answers.value("nation"));
    let phase = Phase::from_key(answers.value("phase"));
    if nation.is_none() {
        answers.refuse("nation", "choose where the school is");
    }
    if phase.is_none() {
        answers.refuse("phase", "choose which pupils the school teaches");
    }
    let name = answers.required("name", "enter your name", 120);
    let username = welcome::username(&mut answers, &app, None).await?;
    let password = welcome::password(&mut answers);
    let (Some(nation), Some(phase), false) = (nation, phase, answers.has_errors()) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&visit, token, answers)?).into_response());
    };
    let hash = app.guard.hasher.hash(&password, app.random()).await?;
    let school_id: SchoolId = app.id();
    let person_id: PersonId = app.id();
    let calendar = super::calendar::usual(nation, visit.now);
    let today = calendar.day_of(visit.now);
    let school = School {
        id: school_id,
        name: school_name,
        nation,
        phase,
        calendar,
        settings: serde_json::json!({}),
        created_at: visit.now,
    };
    let person = Person {
        id: person_id,
        school: school_id,
        name: PersonName::new(name),
        audience: Audience::Staff,
        year_group: None,
        class: None,
        username: Some(username),
        email: None,
        joined: today,
        left: None,
    };
    let mut tx = app.store.begin(&Actor::Job("first-start"), school_id, visit.now).await?;
    // Two browsers with the same link: the second finds the first one's school.
    if !schools::list(&mut tx).await?.is_empty() {
        return Err(WebError::Conflict(
            "somebody has just set up the school with this link; sign in with what they chose".into(),
        ));
    }
    schools::insert(&mut tx, &school).await?;
    people::insert(&mut tx, &person).await?;
    offices::insert(
        &mut tx,
        &OfficeHolding { person: person_id, role: Role::SystemAdministrator, from: today, until: None },
    )
    .await?;
    credentials::set_password_hash(&mut tx, person_id, &hash).await?;
    tx.commit().await?;
    enter(&app, &visit, school_id, person_id, urls::START_POLICY).await
}
