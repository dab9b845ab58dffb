//! One duty: what it asks, and saying that it was done, on which day, and what shows it. The day it was done is kept apart from
//! the moment it was entered.

use super::{is_mine, leads, may_be_listed, stand, what};
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::go_on;
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_records::{DutyDone, DutyId, DutyOccurrence, Permission, PersonId};
use belisha_store::{Tx, duties, people};

/// The most characters of what shows it.
const LONGEST: usize = 2000;

#[derive(Template)]
#[template(path = "duties/finish.html")]
struct DutyPage {
    frame: Frame,
    answers: Answers,
    title: String,
    text: String,
    facts: Vec<(String, String)>,
    kind: &'static str,
    word: &'static str,
    clock: String,
    href: String,
    board: String,
    may_finish: bool,
    longest: usize,
}

/// The duty, if the reader may know of it: their own, or anybody's for those who lead, but never one that tells of a case.
async fn find(tx: &mut Tx, reader: &SignedIn, id: DutyId) -> WebResult<DutyOccurrence> {
    let duty = duties::find(tx, id).await?.ok_or(WebError::NotFound)?;
    if is_mine(&duty, reader) || duty.person == Some(reader.person.id) {
        return Ok(duty);
    }
    let listed = in_force(tx, reader).await?.is_none_or(|current| may_be_listed(&current.policy, &duty));
    if leads(reader) && listed { Ok(duty) } else { Err(WebError::NotFound) }
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<DutyId>) -> WebResult {
    reader.may(Permission::SeeDuties)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let duty = find(&mut tx, &reader, id).await?;
    let today = reader.today();
    let answers =
        Answers::new().with("on-day", today.day()).with("on-month", today.month()).with("on-year", today.year());
    form(&mut tx, &reader, &duty, answers).await
}

fn may_finish(duty: &DutyOccurrence, reader: &SignedIn) -> bool {
    duty.done.is_none() && reader.can(Permission::CompleteDuty) && (is_mine(duty, reader) || leads(reader))
}

async fn form(tx: &mut Tx, reader: &SignedIn, duty: &DutyOccurrence, answers: Answers) -> WebResult {
    let current = in_force(tx, reader).await?;
    let clause = current.as_ref().and_then(|current| current.policy.clause(&duty.clause));
    let (kind, word, clock) = stand(duty, reader.today());
    let mut facts = Vec::new();
    if let Some(about) = name(tx, duty.person).await? {
        facts.push(("About".to_owned(), about));
    }
    facts.push((
        "Answers for it".to_owned(),
        name(tx, duty.owner).await?.unwrap_or_else(|| "Nobody holds the office".to_owned()),
    ));
    facts.push(("Due by".to_owned(), words::day(duty.due)));
    if let Some(done) = &duty.done {
        facts.push(("Done on".to_owned(), words::day(done.on)));
        facts.push(("What shows it".to_owned(), done.evidence.clone()));
        facts.push((
            "Entered".to_owned(),
            format!(
                "{}, by {}",
                words::moment(done.at, &reader.zone()),
                name(tx, Some(done.by)).await?.unwrap_or_default()
            ),
        ));
    }
    show(DutyPage {
        frame: reader.frame(),
        answers,
        title: clause.map_or_else(|| "Duties".to_owned(), |clause| clause.section.clone()),
        text: current
            .as_ref()
            .map(|current| clause.map_or_else(|| what(&current.policy, duty), |clause| clause.text.clone()))
            .unwrap_or_default(),
        facts,
        kind,
        word,
        clock: words::sentence(&clock),
        href: urls::duty(duty.id),
        board: if reader.can(Permission::SeeBoard) && clause.is_some() {
            urls::board_clause(&duty.clause)
        } else {
            String::new()
        },
        may_finish: may_finish(duty, reader),
        longest: LONGEST,
    })
}

async fn name(tx: &mut Tx, id: Option<PersonId>) -> WebResult<Option<String>> {
    Ok(match id {
        Some(id) => people::find(tx, id).await?.map(|person| person.name.reveal().to_owned()),
        None => None,
    })
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<DutyId>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::CompleteDuty)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let duty = find(&mut tx, &reader, id).await?;
    if duty.done.is_some() {
        return Err(WebError::Conflict("this duty was entered as done already; what was written stands".into()));
    }
    if !may_finish(&duty, &reader) {
        return Err(WebError::Conflict(
            "whoever answers for this duty, or a leader of the school, says that it is done".into(),
        ));
    }
    let on = answers.date("on", "enter the day it was done");
    if on.is_some_and(|on| on > reader.today()) {
        answers.refuse("on", "choose a day that is not still to come");
    }
    let evidence = answers.required("evidence", "say what shows that it was done", LONGEST);
    let (Some(on), false) = (on, answers.has_errors()) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&mut tx, &reader, &duty, answers).await?).into_response());
    };
    duties::finish(&mut tx, id, &DutyDone { by: reader.person.id, at: reader.now, on, evidence }).await?;
    tx.commit().await?;
    Ok(go_on(urls::DUTIES, "kept"))
}
