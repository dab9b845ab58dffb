//! Adding a gateway: a name, and then the page that shows its token, this once.

use super::show::shown;
use super::token::NewToken;
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_records::Permission;
use belisha_store::gateways::{self, Gateway};

#[derive(Template)]
#[template(path = "gateways/add.html")]
struct TokenPage {
    frame: Frame,
    name: String,
    token: String,
    /// What links to this server start with.
    from: String,
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageGateways)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let name = answers.required("name", "say what the gateway is called", 80);
    if gateways::list(&mut tx).await?.iter().any(|other| other.name == name) {
        answers.refuse("name", "another gateway has this name; choose one that tells them apart");
    }
    if answers.has_errors() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&mut tx, &reader, answers, None).await?).into_response());
    }
    let id = tx.new_id();
    let made = NewToken::make(&app, reader.school.id, id);
    let gateway = Gateway {
        id,
        name: name.clone(),
        token_hash: made.hash,
        created_by: Some(reader.person.id),
        created_at: reader.now,
        revoked_at: None,
        last_seen: None,
    };
    gateways::insert(&mut tx, &gateway).await?;
    tx.commit().await?;
    show(TokenPage { frame: reader.frame(), name, token: made.token, from: app.settings.base_url.clone() })
}
