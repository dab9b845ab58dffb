//! Asks for the category lists whose turn has come and gives the gateways what is new. A list that cannot be had stays as it is
//! and makes the job red; one that waits for a person does not. Asking is `lists`' business.

use super::{JobFailure, Run};
use crate::lists;
use belisha_records::Actor;
use belisha_store::schools;

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let store = &run.context.store;
    let own_names = lists::own_names(store).await?;
    let zone = schools::find(&mut store.read(run.school).await?, run.school).await?;
    let zone = zone.map_or(jiff::tz::TimeZone::UTC, |school| school.calendar.zone());
    let (data, now) = (run.context.data.clone(), run.now);
    let outcome = tokio::task::spawn_blocking(move || lists::refresh(&data, &own_names, now, &zone)).await;
    let refreshed = outcome
        .map_err(|_| JobFailure::Other("fetching lists stopped because of a fault in the program; report it".into()))?;
    if !refreshed.updated.is_empty() {
        (run.context.on_rules_changed)(None);
    }
    lists::enter_all(store, &Actor::Job("refresh-lists"), &run.context.data, run.now)
        .await
        .map_err(|error| JobFailure::Other(error.to_string()))?;
    if refreshed.failures.is_empty() { Ok(refreshed.words()) } else { Err(JobFailure::Other(refreshed.words())) }
}
