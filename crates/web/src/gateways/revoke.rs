//! Revoking a gateway, which is asked once: its token opens nothing any more.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use belisha_records::{GatewayId, Permission};
use belisha_store::Tx;
use belisha_store::gateways::{self, Gateway};

#[derive(Template)]
#[template(path = "gateways/revoke.html")]
struct RevokePage {
    frame: Frame,
    name: String,
    revoke: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(gateway): Path<String>) -> WebResult {
    reader.may(Permission::ManageGateways)?;
    let gateway = found(&mut app.store.read(reader.school.id).await?, &gateway).await?;
    show(RevokePage { frame: reader.frame(), name: gateway.name, revoke: urls::revoke_gateway(gateway.id) })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, Path(gateway): Path<String>) -> WebResult {
    reader.may(Permission::ManageGateways)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let gateway = found(&mut tx, &gateway).await?;
    gateways::revoke(&mut tx, gateway.id).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?done=revoked", urls::GATEWAYS)).into_response())
}

/// A gateway that is not revoked.
async fn found(tx: &mut Tx, id: &str) -> WebResult<Gateway> {
    let id: GatewayId = id.parse().map_err(|_| WebError::NotFound)?;
    let gateway = gateways::find(tx, id).await?;
    gateway.filter(|gateway| gateway.revoked_at.is_none()).ok_or(WebError::NotFound)
}
