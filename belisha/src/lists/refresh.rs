//! Asks for every list that came from an address and whose turn has come, and says in words what came of each. When the turn
//! of a list comes is its `upkeep`'s.

use super::add::{AddRequest, Outcome, add};
use super::fetch::Source;
use super::manifest::Manifest;
use super::shelf;
use super::state::{Asked, State};
use belisha_filter::Format;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::path::Path;

/// What came of asking for lists.
#[derive(Debug, Default)]
pub struct Refreshed {
    /// Lists with an update in force, each with how it differs.
    pub updated: Vec<String>,
    /// Lists with an update that waits for a person, each with why.
    pub held: Vec<String>,
    /// Lists that were asked for and had not changed.
    pub same: usize,
    /// Lists whose turn has not come.
    pub not_due: usize,
    /// Lists that could not be had, each with why. They stay as they were.
    pub failures: Vec<String>,
}

impl Refreshed {
    /// What came of it: a sentence for the board of jobs.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        let mut tell = |what: &str, which: &[String]| {
            if !which.is_empty() {
                parts.push(format!("{} {what}: {}", which.len(), which.join("; ")));
            }
        };
        tell("updated", &self.updated);
        tell("held for a person", &self.held);
        tell("failed and stay as they were", &self.failures);
        if self.same > 0 {
            parts.push(format!("{} not changed", self.same));
        }
        parts.push(format!("{} not due", self.not_due));
        parts.join(". ")
    }
}

/// Asks for every list whose turn has come. Blocks: call it from a thread that may wait.
pub fn refresh(data: &Path, own_names: &[String], now: Timestamp, zone: &TimeZone) -> Refreshed {
    let mut done = Refreshed::default();
    let names = match shelf::names(data) {
        Ok(names) => names,
        Err(error) => return Refreshed { failures: vec![error.to_string()], ..done },
    };
    for name in names {
        let Some(manifest) = shelf::newest(data, &name).map(|generation| generation.manifest) else {
            done.failures.push(format!("the list `{name}` is damaged on disk; import it again"));
            continue;
        };
        let mut state = State::read(data, &name);
        let asked = state.asked.as_ref().map_or(manifest.fetched_at, |asked| asked.at);
        let failed = state.asked.as_ref().is_some_and(|asked| asked.failed);
        let Some(request) = again(&manifest, own_names) else {
            done.not_due += 1;
            continue;
        };
        if !failed && !manifest.upkeep.every.is_due(asked, now, zone) {
            done.not_due += 1;
            continue;
        }
        match add(data, &request, now, &ProgressBar::hidden()) {
            Ok(added) => match added.outcome {
                Outcome::InForce => done.updated.push(format!("`{name}` {}", added.words())),
                Outcome::Held => done.held.push(format!("`{name}` {}", added.words())),
                Outcome::Same | Outcome::TurnedDown => done.same += 1,
            },
            Err(error) => {
                let same = state.asked.and_then(|asked| asked.same);
                state.asked = Some(Asked { at: now, words: error.to_string(), failed: true, same });
                // What cannot be noted is said all the same.
                let _ = state.write(data, &name);
                done.failures.push(format!("`{name}`: {error}"));
            }
        }
    }
    done
}

/// The request that asks for a list again; `None` where it came from this machine.
fn again(manifest: &Manifest, own_names: &[String]) -> Option<AddRequest> {
    let source = Source::parse(&manifest.source).ok().filter(|source| matches!(source, Source::Address(_)))?;
    Some(AddRequest {
        name: Some(manifest.name.clone()),
        category: manifest.category.clone(),
        format: Format::from_key(&manifest.format),
        upkeep: manifest.upkeep,
        check: manifest.check.clone(),
        own_names: own_names.to_vec(),
        by_itself: true,
        ..AddRequest::new(source)
    })
}
