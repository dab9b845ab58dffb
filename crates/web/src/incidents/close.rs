//! Closing a case: what was found, how it ended, and why anything was left undone.

use super::labels::FINDINGS;
use super::sight::{Knowledge, whole};
use crate::answers::{Answers, Choice};
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
    CloseError, Closing, Finding, Incident, IncidentStatus, Permission, close_incident, holds_link_or_image,
    reason_field,
};
use belisha_store::{incidents, tasks};

#[derive(Template)]
#[template(path = "incidents/close.html")]
struct ClosePage {
    frame: Frame,
    answers: Answers,
    case: String,
    close: String,
    number: i64,
    findings: Vec<Choice>,
    /// Label and field of each action that is not done.
    undone: Vec<(String, String)>,
}

const CLOSED: &str = "the case is closed already: open its page to read the outcome";

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::CloseIncident)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let incident = whole(&mut tx, &reader, &knowledge, &id).await?;
    if incident.status == IncidentStatus::Closed {
        return Err(WebError::Conflict(CLOSED.into()));
    }
    form(&reader, &incident, Answers::new())
}

fn form(reader: &SignedIn, incident: &Incident, answers: Answers) -> WebResult {
    let undone = incident.actions.iter().filter(|action| action.taken && action.done_at.is_none());
    show(ClosePage {
        frame: reader.frame(),
        answers,
        case: urls::incident(incident.id),
        close: urls::incident_verb(incident.id, "close"),
        number: incident.number,
        findings: FINDINGS.iter().map(|(_, key, label, hint)| Choice::new(key, *label).hint(*hint)).collect(),
        undone: undone
            .map(|action| (format!("{} is not done. Why will it not be?", action.label), reason_field(&action.column)))
            .collect(),
    })
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<String>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::CloseIncident)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let incident = whole(&mut tx, &reader, &knowledge, &id).await?;
    let chosen = FINDINGS.iter().find(|(_, key, ..)| *key == answers.value("finding")).map(|(finding, ..)| *finding);
    if chosen.is_none() {
        answers.refuse("finding", "choose what was found; unfounded is said as plainly as founded");
    }
    if incident.may_involve_indecent_images && answers.under("").any(|(_, words)| holds_link_or_image(words)) {
        answers.refuse("outcome", "this case takes words only: take the link or picture out, and do not open it again");
    }
    let closing = Closing {
        finding: chosen.unwrap_or(Finding::NotEstablished),
        outcome: answers.value("outcome").to_owned(),
        left_undone: answers.under("reason-").map(|(column, reason)| (column.to_owned(), reason.to_owned())).collect(),
        by: reader.person.id,
        at: reader.now,
    };
    let closed = match close_incident(&incident, &closing) {
        Err(CloseError::AlreadyClosed) => return Err(WebError::Conflict(CLOSED.into())),
        Err(CloseError::Missing(errors)) => {
            answers = answers.refused(&errors);
            None
        }
        Ok(closed) => Some(closed),
    };
    let Some((closed, closure)) = closed
        .and_then(|closed| closed.closure.clone().map(|closure| (closed, closure)))
        .filter(|_| !answers.has_errors())
    else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&reader, &incident, answers)?).into_response());
    };
    if closed.actions != incident.actions {
        incidents::set_actions(&mut tx, incident.id, &closed.actions).await?;
    }
    incidents::close(&mut tx, incident.id, &closure).await?;
    incidents::add_event(&mut tx, incident.id, "closed", "").await?;
    // Nothing of a closed case waits for anybody.
    for task in tasks::list_in(&mut tx, incident.id).await?.into_iter().filter(|task| task.done_at.is_none()) {
        tasks::finish(&mut tx, task.id).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&urls::incident(incident.id)).into_response())
}
