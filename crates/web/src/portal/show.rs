//! The portal's first page: is this device on the network, what is signed, what is still to sign.

use super::{Child, Standing, children, device, standing};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::words;
use askama::Template;
use axum::extract::State;
use belisha_records::Permission;

#[derive(Template)]
#[template(path = "portal/show.html")]
struct PortalPage {
    frame: Frame,
    standing: Standing,
    children: Vec<Child>,
    /// Until when this device is signed in to the network, in words.
    connected: Option<String>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SignAgreements)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let standing = standing(&mut tx, &reader, &reader.person).await?;
    let children = children(&mut tx, &reader).await?;
    let connected = device::until(&mut tx, &reader).await?.map(|until| words::clock_time(until, &reader.zone()));
    show(PortalPage { frame: reader.frame(), standing, children, connected })
}
