//! The school's own sites: opened or closed for everybody or for some, with a reason, an owner and a day, and taken back. Helplines cannot be closed,
//! and what is illegal cannot be opened, whatever the form says; the filter holds the same by its order of rules.

use super::host::{BEYOND_REACH, Wish, typed};
use super::show;
use super::whom::Whom;
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::Permission;
use belisha_store::school_rules::{self, HostAction, HostRule};

pub(crate) async fn add(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageFilterRules)?;
    let action = match answers.value("action") {
        "allow" => HostAction::Allow,
        "deny" => HostAction::Deny,
        "authority-allow" => HostAction::AuthorityAllow,
        "authority-deny" => HostAction::AuthorityDeny,
        _ => {
            answers.refuse("action", "choose whether the site opens or closes");
            HostAction::Deny
        }
    };
    let wish = if matches!(action, HostAction::Allow | HostAction::AuthorityAllow) { Wish::Open } else { Wish::Close };
    let host = typed(answers.value("host"), wish).unwrap_or_else(|wrong| {
        answers.refuse("host", wrong);
        String::new()
    });
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let groups = Whom::read(&mut tx, &reader).await?.chosen(&mut answers);
    let reason = answers.reason("say why");
    if !host.is_empty() && app.network.listed(reader.school.id, &host).beyond_reach {
        answers.refuse("host", BEYOND_REACH);
    }
    if answers.has_errors() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, show::shown(&app, &mut tx, &reader, answers, None).await?)
            .into_response());
    }
    let owner = Some(reader.person.id);
    let rule = HostRule { id: String::new(), host, action, groups, reason, owner, on: reader.today() };
    school_rules::insert(&mut tx, &rule).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=added", urls::FILTER)).into_response())
}

pub(crate) async fn remove(State(app): State<App>, reader: SignedIn, Path(rule): Path<String>) -> WebResult {
    reader.may(Permission::ManageFilterRules)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    school_rules::remove(&mut tx, &rule).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=removed", urls::FILTER)).into_response())
}
