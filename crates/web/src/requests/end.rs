//! Ends an opening before its time: the lesson is over, or it was a mistake.

use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use belisha_records::Permission;
use belisha_store::exceptions;

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, Path(exception): Path<String>) -> WebResult {
    reader.may(Permission::DecideAccessRequests)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    exceptions::close(&mut tx, &exception).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=ended", urls::REQUESTS)).into_response())
}
