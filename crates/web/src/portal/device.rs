//! Which device somebody uses: noted when they sign in, so that the network knows whose rules hold for its address.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use belisha_records::{Permission, PersonId};
use belisha_store::{Tx, devices};
use jiff::{SignedDuration, Timestamp};
use std::net::IpAddr;

/// Notes that a person uses the device at an address until a time.
pub(crate) async fn note(tx: &mut Tx, address: IpAddr, person: PersonId, until: Timestamp) -> WebResult<()> {
    devices::sign_in(tx, &address.to_string(), person, until).await?;
    Ok(())
}

/// Until when the network takes this device for the reader's.
pub(crate) async fn until(tx: &mut Tx, reader: &SignedIn) -> WebResult<Option<Timestamp>> {
    let known = devices::at_address(tx, &reader.address.to_string(), reader.now).await?;
    Ok(known.filter(|device| device.person == reader.person.id).map(|device| device.expires_at))
}

/// Puts this device on the network as the reader's, or takes it off.
pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, answers: Answers) -> WebResult {
    reader.may(Permission::SignAgreements)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    if answers.value("use") == "stop" {
        devices::sign_out(&mut tx, &reader.address.to_string()).await?;
        tx.commit().await?;
        app.network.sign_out_device(reader.address, reader.school.id).await;
    } else {
        let until = reader.now + SignedDuration::from_hours(app.settings.session_hours);
        note(&mut tx, reader.address, reader.person.id, until).await?;
        tx.commit().await?;
        app.network.sign_in_device(reader.address, reader.school.id, reader.person.id, until).await;
    }
    Ok(Redirect::to(urls::PORTAL).into_response())
}
