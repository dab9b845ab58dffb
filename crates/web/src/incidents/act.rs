//! Working through a case: ticking what is done, and changing what is taken, with the reason. A note goes into the timeline.

use super::follow_up::{finish_tasks, give_tasks};
use super::keep::tell;
use super::sight::{Knowledge, whole};
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::{
    ActionDecision, FieldErrors, Incident, IncidentStatus, LONGEST_TEXT, Permission, decide_actions,
    holds_link_or_image, reason_field,
};
use belisha_store::{Tx, incidents};
use std::collections::BTreeMap;

struct Row {
    id: String,
    column: String,
    label: String,
    by_policy: bool,
    taken: bool,
    done: bool,
    /// Already done: it stays so.
    fixed: bool,
    reason: String,
    asks: bool,
}

#[derive(Template)]
#[template(path = "incidents/act.html")]
struct ActPage {
    frame: Frame,
    answers: Answers,
    case: String,
    act: String,
    number: i64,
    rows: Vec<Row>,
}

async fn open_case(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge, id: &str) -> WebResult<Incident> {
    let incident = whole(tx, reader, knowledge, id).await?;
    if incident.status == IncidentStatus::Closed {
        return Err(WebError::Conflict("the case is closed already: open its page to read the outcome".into()));
    }
    Ok(incident)
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::ActOnIncident)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let incident = open_case(&mut tx, &reader, &knowledge, &id).await?;
    let mut answers = Answers::new();
    for action in &incident.actions {
        if action.taken {
            answers = answers.with("actions", &action.column);
        }
        if let Some(reason) = &action.reason {
            answers = answers.with(reason_field(&action.column), reason);
        }
    }
    form(&reader, &incident, answers)
}

fn form(reader: &SignedIn, incident: &Incident, answers: Answers) -> WebResult {
    let row = |(place, action): (usize, &ActionDecision)| {
        let (fixed, taken) =
            (action.done_at.is_some(), answers.has("actions", &action.column) || action.done_at.is_some());
        Row {
            id: if place == 0 { "actions".into() } else { format!("actions-{place}") },
            column: action.column.clone(),
            label: action.label.clone(),
            by_policy: action.by_policy,
            taken,
            done: fixed || answers.has("done", &action.column),
            fixed,
            reason: reason_field(&action.column),
            asks: taken != action.by_policy,
        }
    };
    let rows = incident.actions.iter().enumerate().map(row).collect();
    let (case, act) = (urls::incident(incident.id), urls::incident_verb(incident.id, "act"));
    show(ActPage { frame: reader.frame(), answers, case, act, number: incident.number, rows })
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<String>,
    answers: Answers,
) -> WebResult {
    reader.may(Permission::ActOnIncident)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let incident = open_case(&mut tx, &reader, &knowledge, &id).await?;
    let decided = match decide(&reader, &incident, &answers) {
        Ok(decided) => decided,
        Err(errors) => {
            return Ok(
                (StatusCode::UNPROCESSABLE_ENTITY, form(&reader, &incident, answers.refused(&errors))?).into_response()
            );
        }
    };
    let before = |column: &str| incident.actions.iter().find(|action| action.column == column);
    let newly = |decision: &&ActionDecision, change: fn(&ActionDecision, &ActionDecision) -> bool| {
        before(&decision.column).is_some_and(|was| change(was, decision))
    };
    let added: Vec<_> = decided
        .iter()
        .filter(|one| newly(one, |was, is| !was.taken && is.taken && is.done_at.is_none()))
        .cloned()
        .collect();
    let over: Vec<_> = incident
        .actions
        .iter()
        .filter(|was| {
            was.taken
                && was.done_at.is_none()
                && decided.iter().any(|is| is.column == was.column && (is.done_at.is_some() || !is.taken))
        })
        .cloned()
        .collect();
    finish_tasks(&mut tx, &reader, &knowledge, &incident, &over).await?;
    let given = give_tasks(&mut tx, &reader, &knowledge, &incident, &added).await?;
    tell(&mut tx, &reader, given).await?;
    note(&mut tx, &incident, &decided, answers.value("note")).await?;
    tx.commit().await?;
    Ok(Redirect::to(&urls::incident(incident.id)).into_response())
}

fn decide(reader: &SignedIn, incident: &Incident, answers: &Answers) -> Result<Vec<ActionDecision>, FieldErrors> {
    let reasons: BTreeMap<String, String> =
        answers.under("reason-").map(|(column, reason)| (column.to_owned(), reason.to_owned())).collect();
    // What was done was taken.
    let taken = answers.all("actions").chain(answers.all("done")).map(str::to_owned).collect();
    let mut errors = FieldErrors::new();
    let texts = || reasons.values().map(String::as_str).chain([answers.value("note")]);
    if incident.may_involve_indecent_images && texts().any(holds_link_or_image) {
        errors.add("note", "this case takes words only: take the link or picture out, and do not open it again");
    }
    if texts().any(|text| text.chars().count() > LONGEST_TEXT) {
        errors.add("note", format!("shorten this to {LONGEST_TEXT} characters; nothing was lost"));
    }
    match decide_actions(&incident.actions, &taken, &reasons) {
        Ok(mut decided) => {
            for action in
                decided.iter_mut().filter(|action| action.done_at.is_none() && answers.has("done", &action.column))
            {
                action.done_at = Some(reader.now);
            }
            errors.into_result(decided)
        }
        Err(wrong) => {
            wrong.iter().for_each(|(field, message)| errors.add(field, message));
            Err(errors)
        }
    }
}

async fn note(tx: &mut Tx, incident: &Incident, decided: &[ActionDecision], words: &str) -> WebResult<()> {
    if decided != incident.actions {
        incidents::set_actions(tx, incident.id, decided).await?;
        let done = decided.iter().zip(&incident.actions).filter(|(is, was)| is.done_at != was.done_at);
        let labels: Vec<&str> = done.map(|(is, _)| is.label.as_str()).collect();
        let verb = if labels.is_empty() { "actions-decided" } else { "action-done" };
        incidents::add_event(tx, incident.id, verb, &labels.join(", ")).await?;
    }
    if !words.is_empty() {
        incidents::add_event(tx, incident.id, "note", words).await?;
    }
    Ok(())
}
