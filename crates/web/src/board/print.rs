//! The policy on paper.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{paper, words};
use axum::extract::State;
use belisha_print::{PolicyPaper, policy_document};
use belisha_records::Permission;
use belisha_store::policies;

pub(crate) async fn pdf(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeBoard)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let current = in_force(&mut tx, &reader).await?.ok_or(WebError::NotFound)?;
    let version = policies::in_force(&mut tx).await?.ok_or(WebError::NotFound)?;
    let since = version
        .in_force_from
        .map_or_else(|| "In force".to_owned(), |day| format!("In force since {}", words::day(day)));
    let policy =
        PolicyPaper::of(&current.policy, paper::imprint(&reader), format!("version {}", version.number), since);
    paper::answer("online-safety-policy.pdf", move || policy_document(&policy)).await
}
