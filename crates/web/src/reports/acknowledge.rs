//! Says that the reader has read a report.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use belisha_records::{Permission, ReportId};
use belisha_store::reports;

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, Path(id): Path<ReportId>) -> WebResult {
    reader.may(Permission::AcknowledgeReport)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    reports::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    reports::acknowledge(&mut tx, id, reader.person.id).await?;
    tx.commit().await?;
    Ok(Redirect::to(&crate::urls::report(id)).into_response())
}
