//! Brings a version into force. Its text is compiled again first: one that has errors never replaces one that has none.

use super::show;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::notice::go_on;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::compile;
use belisha_records::{Permission, PolicyVersionId};
use belisha_store::policies::{self, PolicyStatus};

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, Path(id): Path<PolicyVersionId>) -> WebResult {
    reader.may(Permission::ApprovePolicy)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let version = policies::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    if !version.compiled || compile(&version.source, reader.today()).policy.is_none() {
        let page = show::of(&mut tx, &reader, id, true).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, crate::frame::show(page)?).into_response());
    }
    match version.status {
        PolicyStatus::Draft | PolicyStatus::Consultation => {
            policies::approve(&mut tx, id, reader.person.id, reader.today()).await?
        }
        PolicyStatus::Approved => {}
        PolicyStatus::InForce | PolicyStatus::Superseded => {
            return Err(WebError::Conflict(
                "this version was in force already; keep its text as a new draft to bring it back".into(),
            ));
        }
    }
    policies::bring_into_force(&mut tx, id).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(go_on(&urls::policy_version(id), "in-force"))
}
