//! Entering a device into the register.

use super::{form, show};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::Permission;
use belisha_store::registered_devices;

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageDevices)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let id = tx.new_id();
    let Some(device) = form::read(&mut tx, id, &mut answers).await? else {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, show::shown(&mut tx, &reader, answers, None).await?).into_response()
        );
    };
    registered_devices::insert(&mut tx, &device).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=entered", urls::DEVICES)).into_response())
}
