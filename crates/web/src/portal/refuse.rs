//! Declining an agreement: recorded, with a reason if somebody wishes to give one, and no blame.

use super::Act;
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::{PersonId, Signature, SignatureKind};
use belisha_store::signatures;

#[derive(Template)]
#[template(path = "portal/refuse.html")]
struct RefusePage {
    frame: Frame,
    answers: Answers,
    act: Act,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path((agreement, about)): Path<(String, PersonId)>,
) -> WebResult {
    let mut tx = app.store.read(reader.school.id).await?;
    let act = Act::find(&mut tx, &reader, &agreement, about).await?;
    show(RefusePage { frame: reader.frame(), answers: Answers::new(), act })
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path((agreement, about)): Path<(String, PersonId)>,
    mut answers: Answers,
) -> WebResult {
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let act = Act::find(&mut tx, &reader, &agreement, about).await?;
    let reason = answers.value("reason").to_owned();
    if reason.chars().count() > 2000 {
        answers.refuse("reason", "shorten this to 2000 characters");
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, show(RefusePage { frame: reader.frame(), answers, act })?)
            .into_response());
    }
    let signature = Signature {
        id: app.id(),
        about: act.about.id,
        by: reader.person.id,
        kind: if act.own { SignatureKind::Refused } else { SignatureKind::CounterRefused },
        agreement: act.agreement,
        policy_version: act.in_force.version,
        lines: Vec::new(),
        at: reader.now,
        reason: Some(reason).filter(|reason| !reason.is_empty()),
    };
    signatures::insert(&mut tx, &signature).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(urls::PORTAL).into_response())
}
