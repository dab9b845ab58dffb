//! What a person decides about a list: to take an update that waits, to keep the list as it is, or to go back to the
//! generation before. One function for the command line and the page; every decision has its reason in the register and the
//! ledger of every school, since all schools of an installation share their lists.

use super::state::{State, TurnedDown};
use super::{ListError, enter_all, shelf};
use belisha_records::{Actor, PersonId, SchoolId};
use belisha_store::register_entries::{self, RegisterEntry};
use belisha_store::{Store, schools};
use belisha_web::{LIST_DECISIONS, ListDecided};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The update that waits comes into force.
    Take,
    /// The list stays as it is, and the update that waits is turned down.
    Keep,
    /// The generation before comes into force again.
    RollBack,
}

/// Who decides, and why.
#[derive(Debug, Clone)]
pub struct Decided {
    /// As whom it stands in the ledger.
    pub actor: Actor,
    /// The person and their school, where a person of a school decides.
    pub by: Option<(SchoolId, PersonId)>,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Carries a decision out: on the shelf, then in every school's records. Answers what was done, in words. The caller has the
/// gateways read the lists again.
///
/// # Errors
/// When there is nothing to decide, or disk or database will not.
pub async fn settle(
    store: &Store,
    data: &Path,
    name: &str,
    settlement: Settlement,
    decided: &Decided,
) -> Result<String, ListError> {
    let (folder, list, reason, at): (PathBuf, String, String, Timestamp) =
        (data.to_owned(), name.to_owned(), decided.reason.clone(), decided.at);
    let done = tokio::task::spawn_blocking(move || on_shelf(&folder, &list, settlement, &reason, at)).await;
    let words = done.map_err(|error| ListError::Source(format!("the lists cannot be changed: {error}")))??;
    enter_all(store, &decided.actor, data, decided.at).await?;
    let entered = ListDecided { list: name.to_owned(), reason: decided.reason.clone(), done: words.clone() };
    let all = schools::list(&mut store.read_installation().await?).await?;
    for school in all {
        let by = decided.by.filter(|(of, _)| *of == school.id).map(|(_, person)| person);
        let entry = RegisterEntry {
            id: String::new(),
            register: LIST_DECISIONS.into(),
            on: school.calendar.day_of(decided.at),
            about: None,
            by,
            entered_at: decided.at,
            content: serde_json::to_value(&entered).unwrap_or_default(),
        };
        let mut tx = store.begin(&decided.actor, school.id, decided.at).await?;
        register_entries::insert(&mut tx, &entry).await?;
        tx.commit().await?;
    }
    Ok(words)
}

fn on_shelf(data: &Path, name: &str, settlement: Settlement, why: &str, at: Timestamp) -> Result<String, ListError> {
    if !shelf::names(data)?.iter().any(|known| known == name) {
        return Err(shelf::no_such_list(name));
    }
    let _lock = shelf::lock(data)?;
    match settlement {
        Settlement::Take => take(data, name),
        Settlement::Keep => keep(data, name, why, at),
        Settlement::RollBack => roll_back(data, name, why, at),
    }
}

fn waiting(data: &Path, name: &str) -> Result<super::Manifest, ListError> {
    shelf::held(data, name)
        .ok_or_else(|| ListError::Source(format!("no update of the list `{name}` waits; nothing was changed")))
}

fn take(data: &Path, name: &str) -> Result<String, ListError> {
    let update = waiting(data, name)?;
    shelf::take_held(data, name)?;
    Ok(format!("the update was taken ({})", update.difference()))
}

fn keep(data: &Path, name: &str, why: &str, at: Timestamp) -> Result<String, ListError> {
    let update = waiting(data, name)?;
    let mut state = State::read(data, name);
    state.turned_down = Some(TurnedDown::of(&update, at, why));
    state.write(data, name)?;
    shelf::drop_held(data, name)?;
    Ok(format!("the update was turned down ({})", update.difference()))
}

fn roll_back(data: &Path, name: &str, why: &str, at: Timestamp) -> Result<String, ListError> {
    let mut sound = shelf::generations(data, name).into_iter().filter_map(Result::ok);
    let (Some(newest), Some(older)) = (sound.next(), sound.next()) else {
        return Err(ListError::Source(format!(
            "the list `{name}` has no generation before this one; nothing was changed"
        )));
    };
    let mut manifest = older.manifest.clone();
    manifest.changes = newest.manifest.changes.as_ref().map(super::changes::Changes::reversed);
    manifest.note = Some(format!("put back from generation {}", older.number));
    let mut state = State::read(data, name);
    state.turned_down = Some(TurnedDown::of(&newest.manifest, at, why));
    shelf::put_back(data, &older, &manifest)?;
    state.write(data, name)?;
    Ok(format!("generation {} was put back ({})", older.number, manifest.difference()))
}
