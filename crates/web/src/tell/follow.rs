//! What became of something told, for whoever holds its receipt: whether it was read and acted on, and nothing else.

use super::receipt;
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::Visit;
use crate::words;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_store::concerns;

#[derive(Template)]
#[template(path = "tell/follow.html")]
struct FollowPage {
    frame: Frame,
    answers: Answers,
    /// Kind of status, its word, and a sentence.
    status: Option<(&'static str, &'static str, String)>,
}

pub(crate) async fn page(visit: Visit) -> WebResult {
    shown(&visit, Answers::new(), None)
}

pub(crate) async fn submit(State(app): State<App>, visit: Visit, mut answers: Answers) -> WebResult {
    let school = visit.school()?;
    // Receipts are guessed no faster than passwords are.
    if app.guard.attempts.wait_until("receipt", visit.address, visit.now).is_some() {
        answers.refuse("receipt", "too many tries; wait five minutes, then try again");
        return Ok((StatusCode::TOO_MANY_REQUESTS, shown(&visit, answers, None)?).into_response());
    }
    let mut tx = app.store.read(school.id).await?;
    let told = match receipt::record(answers.value("receipt")) {
        Some(id) => concerns::find(&mut tx, id).await?,
        None => None,
    };
    let Some(told) = told else {
        app.guard.attempts.failed("receipt", visit.address, visit.now);
        answers.refuse("receipt", "no message has this receipt; check the letters");
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&visit, answers, None)?).into_response());
    };
    let zone = school.calendar.zone();
    let status = match (told.incident, told.read_at) {
        (Some(_), _) => {
            ("open", "Being dealt with", "Somebody at school read it and is doing something about it.".to_owned())
        }
        (None, Some(read)) => {
            ("kept", "Read", format!("Somebody at school read it on {}.", words::moment(read, &zone)))
        }
        (None, None) => (
            "due",
            "Not read yet",
            "It is there, and nobody has read it yet. If you cannot wait, get help now.".to_owned(),
        ),
    };
    shown(&visit, answers, Some(status))
}

fn shown(visit: &Visit, answers: Answers, status: Option<(&'static str, &'static str, String)>) -> WebResult {
    let mut frame = visit.frame().with_exit();
    frame.for_pupils = true;
    show(FollowPage { frame, answers, status })
}
