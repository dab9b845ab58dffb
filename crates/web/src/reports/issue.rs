//! Issues the half-year's report: its figures are kept as they are now, and those who oversee are told that one waits.

use super::{count, half_year, period};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::Role;
use belisha_records::{Permission, holders};
use belisha_store::reports::{self, IssuedReport};
use belisha_store::{offices, outbox};
use std::collections::BTreeSet;

const SUBJECT: &str = "A report waits for you in Belisha";
const BODY: &str =
    "The half-yearly report on online safety has been issued. Sign in to read it and to say that you have.";

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::IssueReport)?;
    let (from, until) = half_year(reader.today());
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let figures = count::report(&mut tx, &reader, from, until).await?;
    let content = serde_json::to_value(&figures).map_err(WebError::fault)?;
    let report = IssuedReport {
        id: tx.new_id(),
        from,
        until,
        content,
        issued_by: Some(reader.person.id),
        issued_at: reader.now,
    };
    reports::insert(&mut tx, &report).await?;
    let held = offices::list(&mut tx).await?;
    let told: BTreeSet<_> = [Role::Headteacher, Role::Governor, Role::ChairOfGovernors]
        .iter()
        .flat_map(|role| holders(*role, &held, reader.today()))
        .collect();
    for person in told.into_iter().filter(|person| *person != reader.person.id) {
        outbox::queue(&mut tx, person, SUBJECT, BODY).await?;
    }
    tx.commit().await?;
    tracing::info!(period = period(from, until), "a half-yearly report was issued");
    Ok(Redirect::to(&crate::urls::report(report.id)).into_response())
}
