//! One device of the register: corrected, or taken out of use.

use super::form::{self, kinds, uses};
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
use belisha_records::{Permission, RegisteredDeviceId};
use belisha_store::registered_devices::{self, RegisteredDevice};
use belisha_store::{Tx, people};

#[derive(Template)]
#[template(path = "devices/correct.html")]
struct CorrectPage {
    frame: Frame,
    answers: Answers,
    label: String,
    href: String,
    retire: String,
    kinds: Vec<Choice>,
    uses: Vec<Choice>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(device): Path<String>) -> WebResult {
    reader.may(Permission::ManageDevices)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let device = found(&mut tx, &device).await?;
    let owner = match device.person {
        Some(person) => people::find(&mut tx, person).await?.and_then(|person| person.username),
        None => None,
    };
    let answers = Answers::new()
        .with("label", &device.label)
        .with("mac", device.mac)
        .with("kind", device.kind.key())
        .with("use", if device.shared { "several" } else { "one" })
        .with("username", owner.unwrap_or_default())
        .with("room", device.room.as_deref().unwrap_or_default())
        .with("notes", device.notes.as_deref().unwrap_or_default());
    shown(&reader, &device, answers)
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(device): Path<String>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::ManageDevices)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let before = found(&mut tx, &device).await?;
    let Some(device) = form::read(&mut tx, before.id, &mut answers).await? else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&reader, &before, answers)?).into_response());
    };
    registered_devices::update(&mut tx, &device).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=corrected", urls::DEVICES)).into_response())
}

pub(crate) async fn retire(State(app): State<App>, reader: SignedIn, Path(device): Path<String>) -> WebResult {
    reader.may(Permission::ManageDevices)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let device = found(&mut tx, &device).await?;
    registered_devices::retire(&mut tx, device.id).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=retired", urls::DEVICES)).into_response())
}

async fn found(tx: &mut Tx, id: &str) -> WebResult<RegisteredDevice> {
    let id: RegisteredDeviceId = id.parse().map_err(|_| WebError::NotFound)?;
    registered_devices::find(tx, id).await?.ok_or(WebError::NotFound)
}

fn shown(reader: &SignedIn, device: &RegisteredDevice, answers: Answers) -> WebResult {
    show(CorrectPage {
        frame: reader.frame(),
        answers,
        label: device.label.clone(),
        href: urls::device(device.id),
        retire: urls::retire_device(device.id),
        kinds: kinds(),
        uses: uses(),
    })
}
