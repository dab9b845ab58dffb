//! Fetches again the lists that came from an address. A list that cannot be fetched, or that comes back much smaller, stays as
//! it is and makes the job red; importing is `lists`' business.

use super::{JobFailure, Run};
use crate::lists::{self, AddRequest, Manifest, Source};
use belisha_filter::Format;
use belisha_records::Actor;
use indicatif::ProgressBar;
use jiff::{SignedDuration, Timestamp};
use std::path::Path;

/// A list fetched within this time is new enough: the next school of the installation does not fetch it again.
const NEW_ENOUGH: SignedDuration = SignedDuration::from_hours(20);

pub(super) async fn run(run: &Run<'_>) -> Result<String, JobFailure> {
    let (data, now) = (run.context.data.clone(), run.now);
    let outcome = tokio::task::spawn_blocking(move || refresh(&data, now)).await;
    let Refreshed { fetched, kept, failures } = outcome
        .map_err(|_| JobFailure::Other("fetching lists stopped because of a fault in the program; report it".into()))?;
    if fetched > 0 {
        (run.context.on_rules_changed)(None);
    }
    enter(run).await?;
    match failures.as_slice() {
        [] => Ok(format!("{fetched} lists fetched, {kept} kept as they are")),
        failures => Err(JobFailure::Other(format!(
            "{fetched} lists fetched, {kept} kept, {} failed and stay as they were: {}",
            failures.len(),
            failures.join(". ")
        ))),
    }
}

#[derive(Debug, Default)]
struct Refreshed {
    fetched: usize,
    kept: usize,
    failures: Vec<String>,
}

fn refresh(data: &Path, now: Timestamp) -> Refreshed {
    let mut done = Refreshed::default();
    let names = match lists::names(data) {
        Ok(names) => names,
        Err(error) => return Refreshed { failures: vec![error.to_string()], ..done },
    };
    for name in names {
        let Some(manifest) = lists::newest(data, &name).map(|generation| generation.manifest) else {
            done.failures.push(format!("the list `{name}` is damaged on disk; import it again"));
            continue;
        };
        let source = Source::parse(&manifest.source);
        let Ok(source @ Source::Address(_)) = source else {
            done.kept += 1;
            continue;
        };
        if now.duration_since(manifest.fetched_at) < NEW_ENOUGH {
            done.kept += 1;
            continue;
        }
        match lists::add(data, &again(source, &manifest), now, &ProgressBar::hidden()) {
            Ok(_) => done.fetched += 1,
            Err(error) => done.failures.push(format!("`{name}`: {error}")),
        }
    }
    done
}

fn again(source: Source, manifest: &Manifest) -> AddRequest {
    AddRequest {
        source,
        name: Some(manifest.name.clone()),
        category: manifest.category.clone(),
        format: Format::from_key(&manifest.format),
        force: false,
    }
}

async fn enter(run: &Run<'_>) -> Result<(), JobFailure> {
    let entered =
        lists::enter(&run.context.store, run.school, &Actor::Job("refresh-lists"), &run.context.data, run.now).await;
    entered.map(|_| ()).map_err(|error| JobFailure::Other(error.to_string()))
}
