//! "Done": the task, the action of the case it carried out, and a note for the case if there is something to say.

use super::list::form;
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::incidents::follow_up::done_with_task;
use crate::incidents::sight::Knowledge;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::{LONGEST_TEXT, Permission, TaskId, holds_link_or_image};
use belisha_store::{incidents, tasks};

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<String>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::SeeOwnTasks)?;
    let id: TaskId = id.parse().map_err(|_| WebError::NotFound)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let task =
        tasks::find(&mut tx, id).await?.filter(|task| task.assignee == reader.person.id).ok_or(WebError::NotFound)?;
    let field = format!("note-{id}");
    let note = answers.value(&field).to_owned();
    if note.chars().count() > LONGEST_TEXT {
        answers.refuse(&field, format!("shorten this to {LONGEST_TEXT} characters; nothing was lost"));
    }
    // Whether or not the case is about pictures is not told here: no task takes a link.
    if holds_link_or_image(&note) {
        answers.refuse(&field, "a task takes words only: take the link or picture out, and do not open it again");
    }
    if answers.has_errors() {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, form(&mut tx, &reader, reader.frame(), answers).await?).into_response()
        );
    }
    tasks::finish(&mut tx, task.id).await?;
    if let Some(incident) = task.incident
        && let Some(incident) = incidents::find(&mut tx, reader.person.id, incident).await?
    {
        let knowledge = Knowledge::gather(&mut tx, &reader).await?;
        done_with_task(&mut tx, &reader, &knowledge, &incident, &task).await?;
        incidents::add_event(&mut tx, incident.id, "task-done", &note).await?;
    }
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?done", urls::TASKS)).into_response())
}
