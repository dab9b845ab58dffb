//! "Not a concern", with the reason.

use super::{find, show};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::{Permission, dismiss_alert};
use belisha_store::alerts;

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<String>,
    answers: Answers,
) -> WebResult {
    reader.may(Permission::TriageAlerts)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let alert = find(&mut tx, &reader, &id).await?;
    let settled = match dismiss_alert(&alert, answers.value("reason"), reader.person.id, reader.now) {
        Ok(settled) => settled.settled,
        Err(errors) => {
            let page = show::form(&mut tx, &reader, &alert, answers.refused(&errors)).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    if let Some(settlement) = &settled {
        alerts::settle(&mut tx, alert.id, settlement).await?;
        tx.commit().await?;
    }
    Ok(Redirect::to(&format!("{}?dismissed", urls::ALERTS)).into_response())
}
