//! Importing a list: every usable line of it goes onto the shelf under its category, and what was not usable is counted and
//! shown by line (`reading`). It takes the place of the list that is there, unless it holds nothing, is not what its maker says it is, or
//! waits for a person to look at it (`hold`).

use super::check::Check;
use super::fetch::{Fetched, Source, fetch};
use super::manifest::{Manifest, Version};
use super::reading::{Reading, Tally, key_of};
use super::shelf::{self, Draft, Generation};
use super::state::{Asked, State, TurnedDown};
use super::upkeep::Upkeep;
use super::{ListError, changes, hold, unpack};
use belisha_filter::Format;
use indicatif::ProgressBar;
use jiff::Timestamp;
use std::path::Path;

/// The licensed list of illegal content has this place in the folder of lists.
const RESERVED: &str = "illegal";

/// What to import.
#[derive(Debug, Clone)]
pub struct AddRequest {
    /// From where.
    pub source: Source,
    /// For a single list: the category it fills. For an archive or folder: the one category to take from it.
    pub category: Option<String>,
    /// What to call it; without one, the source's file name. The same name again replaces the list.
    pub name: Option<String>,
    /// How its lines are written; without one this is found out.
    pub format: Option<Format>,
    /// How it is kept up to date from now on.
    pub upkeep: Upkeep,
    /// What its file must prove, now and at each update.
    pub check: Check,
    /// Names of our own schools and their authority: a list that newly names one is looked at by a person.
    pub own_names: Vec<String>,
    /// Take it even if it is empty, or a person should look at it.
    pub force: bool,
    /// Whether this is one of the updates that come by themselves: then nothing is fetched that is known already, and what was
    /// turned down stays so.
    pub by_itself: bool,
}

impl AddRequest {
    /// An import with nothing said about how it is done.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            category: None,
            name: None,
            format: None,
            upkeep: Upkeep::default(),
            check: Check::default(),
            own_names: Vec::new(),
            force: false,
            by_itself: false,
        }
    }
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in force.
    InForce,
    /// It waits for a person; the list before it stays in force.
    Held,
    /// It is the list that is in force already.
    Same,
    /// It was turned down by a person before, and stays so.
    TurnedDown,
}

/// What an import did.
#[derive(Debug)]
pub struct Added {
    /// What became of it.
    pub outcome: Outcome,
    /// What was imported: on the shelf, or held. The list in force, where nothing new came.
    pub manifest: Manifest,
    /// Domains before, if it replaces a list.
    pub before: Option<u64>,
    /// Anything else worth knowing: links passed over, names read as another category.
    pub notes: Vec<String>,
}

impl Added {
    /// What became of it, in words: `+1,203, −88, 12 lines refused`.
    pub fn words(&self) -> String {
        match self.outcome {
            Outcome::InForce => self.manifest.difference(),
            Outcome::Held => {
                format!(
                    "{}: held until a person has looked at it, because {}",
                    self.manifest.difference(),
                    self.manifest.held_for.join("; ")
                )
            }
            Outcome::Same => "not changed".into(),
            Outcome::TurnedDown => "not changed since an update was turned down".into(),
        }
    }
}

/// Imports a list into a data folder. Blocks: call it from a thread that may wait. Entering it in the database is `enter`'s
/// business.
///
/// # Errors
/// When the source cannot be had, does not prove what it must or holds nothing usable, or when the disk will not take it.
/// Whatever was there before stays.
pub fn add(data: &Path, request: &AddRequest, now: Timestamp, progress: &ProgressBar) -> Result<Added, ListError> {
    let name = name_of(request)?;
    let category =
        request.category.as_deref().map(|typed| key_of(typed).ok_or_else(|| no_category(typed))).transpose()?;
    request.check.typed_well()?;
    let known = if request.by_itself { known_versions(data, &name) } else { Vec::new() };
    let fetched = fetch(&request.source, &shelf::folder(data), &known, progress)?;
    let added = match fetched {
        None => not_changed(data, &name)?,
        Some(fetched) => {
            request.check.prove(&request.source, fetched.path())?;
            let _lock = shelf::lock(data)?;
            import(data, &name, category, request, &fetched, now, progress)?
        }
    };
    progress.finish_and_clear();
    remember(data, &added, now)?;
    Ok(added)
}

/// What an address may answer with and need not send: what is in force, what waits, and what was turned down.
fn known_versions(data: &Path, name: &str) -> Vec<Version> {
    let state = State::read(data, name);
    let newest = shelf::newest(data, name).map(|generation| generation.manifest.version);
    let waiting = shelf::held(data, name).map(|manifest| manifest.version);
    let rest =
        [state.asked.and_then(|asked| asked.same), newest, waiting, state.turned_down.map(|update| update.version)];
    rest.into_iter().flatten().collect()
}

fn not_changed(data: &Path, name: &str) -> Result<Added, ListError> {
    let newest = shelf::newest(data, name)
        .ok_or_else(|| ListError::Source(format!("the list `{name}` is damaged on disk; import it again")))?;
    let before = Some(newest.manifest.domains());
    let mut manifest = newest.manifest;
    if let Some(same) = State::read(data, name).asked.and_then(|asked| asked.same) {
        manifest.version = same;
    }
    Ok(Added { outcome: Outcome::Same, manifest, before, notes: Vec::new() })
}

fn remember(data: &Path, added: &Added, now: Timestamp) -> Result<(), ListError> {
    let name = &added.manifest.name;
    let mut state = State::read(data, name);
    let same = match added.outcome {
        Outcome::Same => Some(added.manifest.version.clone()),
        _ => None,
    };
    state.asked = Some(Asked { at: now, words: added.words(), failed: false, same });
    if added.outcome == Outcome::InForce {
        state.turned_down = None;
    }
    state.write(data, name)
}

/// Reads what was fetched onto the shelf, and decides what becomes of it.
fn import(
    data: &Path,
    name: &str,
    category: Option<String>,
    request: &AddRequest,
    fetched: &Fetched,
    now: Timestamp,
    progress: &ProgressBar,
) -> Result<Added, ListError> {
    let mut reading = Reading {
        draft: Draft::begin(data, name)?,
        wanted: category,
        format: request.format,
        file_name: request.source.file_name(),
        own_names: &request.own_names,
        read: Tally::default(),
        progress,
    };
    progress.set_message(format!("reading {}", reading.file_name));
    let file_name = reading.file_name.clone();
    let passed = unpack::unpack(fetched.path(), &file_name, &mut |category, lines| reading.text(category, lines))?;
    let Reading { draft, wanted, read, .. } = reading;
    let manifest = Manifest {
        name: name.to_owned(),
        source: request.source.text(),
        format: request.format.map_or("auto", Format::key).to_owned(),
        category: wanted,
        fetched_at: now,
        categories: draft.shelved(),
        refused_lines: read.refused,
        refused: read.shown,
        protected: read.protected,
        upkeep: request.upkeep,
        check: request.check.clone(),
        version: fetched.version(),
        ..Manifest::default()
    };
    place(data, draft, manifest, request, passed.notes)
}

/// Puts what was read where it belongs: in force, aside for a person, or nowhere.
fn place(
    data: &Path,
    mut draft: Draft,
    mut manifest: Manifest,
    request: &AddRequest,
    notes: Vec<String>,
) -> Result<Added, ListError> {
    let before = shelf::newest(data, &manifest.name);
    let held = before.as_ref().map(|generation| generation.manifest.domains());
    let done = |outcome, manifest| Ok(Added { outcome, manifest, before: held, notes });
    let Some(Generation { manifest: old, .. }) = &before else {
        must_hold_something(&manifest, None)?;
        draft.publish(&manifest)?;
        return done(Outcome::InForce, manifest);
    };
    if !request.force {
        must_hold_something(&manifest, Some(old))?;
    }
    let turned_down = |update: TurnedDown| update.digest == manifest.digest();
    match request.by_itself {
        true if old.digest() == manifest.digest() => return done(Outcome::Same, manifest),
        true if State::read(data, &manifest.name).turned_down.is_some_and(turned_down) => {
            return done(Outcome::TurnedDown, manifest);
        }
        _ => {}
    }
    if let Some(before) = &before {
        manifest.changes = Some(changes::between(before.texts(), draft.texts(&manifest.categories)?)?);
    }
    let reasons = hold::reasons(&manifest, old);
    if reasons.is_empty() || request.force {
        draft.publish(&manifest)?;
        return done(Outcome::InForce, manifest);
    }
    manifest.held_for = reasons;
    draft.hold(&manifest)?;
    done(Outcome::Held, manifest)
}

/// The name a list will have: lower-case letters, digits and hyphens.
///
/// # Errors
/// When neither what was typed nor the source gives one.
pub fn name_of(request: &AddRequest) -> Result<String, ListError> {
    let typed = request.name.clone().unwrap_or_else(|| {
        let file = request.source.file_name();
        file.split('.').next().unwrap_or_default().to_owned()
    });
    let name = key_of(&typed).filter(|name| name != RESERVED);
    name.ok_or_else(|| ListError::Source(format!("`{typed}` gives the list no name; say one with `--name`")))
}

fn no_category(typed: &str) -> ListError {
    ListError::Source(format!("`{typed}` is no category; use a key of the policy's filter table, such as `games`"))
}

/// A list that holds nothing is no list: a page that says "busy", a file of another format.
fn must_hold_something(new: &Manifest, before: Option<&Manifest>) -> Result<(), ListError> {
    match before {
        _ if new.domains() > 0 => Ok(()),
        None => {
            Err(ListError::Source(format!("`{}` holds no domain that can be used{}", new.source, first_refusal(new))))
        }
        Some(before) => Err(ListError::Empty(format!(
            "`{}` now holds no domain that can be used, and held {} before{}",
            new.name,
            before.domains(),
            first_refusal(new)
        ))),
    }
}

fn first_refusal(manifest: &Manifest) -> String {
    manifest.refused.first().map(|refused| format!(" (the first reason: {refused})")).unwrap_or_default()
}

#[cfg(test)]
mod tests;
