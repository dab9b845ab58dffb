//! Makes a school's rows about lists say what is on the shelf, so that pages show it: one row for each list and category.

use super::ListError;
use super::manifest::{Manifest, Shelved};
use super::shelf;
use belisha_records::{Actor, SchoolId};
use belisha_store::lists::{self, CategoryList};
use belisha_store::{Store, schools};
use jiff::Timestamp;
use std::path::Path;

/// Makes every school's rows say what is on the shelf.
///
/// # Errors
/// When the shelf cannot be read or the database will not.
pub async fn enter_all(store: &Store, actor: &Actor, data: &Path, now: Timestamp) -> Result<(), ListError> {
    let schools = schools::list(&mut store.read_installation().await?).await?;
    for school in schools {
        enter(store, school.id, actor, data, now).await?;
    }
    Ok(())
}

/// Enters new and refreshed lists and takes out those that are gone. Answers how many rows changed.
///
/// # Errors
/// When the shelf cannot be read or the database will not; then nothing changed.
async fn enter(
    store: &Store,
    school: SchoolId,
    actor: &Actor,
    data: &Path,
    now: Timestamp,
) -> Result<usize, ListError> {
    let manifests: Vec<Manifest> = shelf::names(data)?
        .iter()
        .filter_map(|name| shelf::newest(data, name))
        .map(|generation| generation.manifest)
        .collect();
    let on_shelf: Vec<(&Manifest, &Shelved)> = manifests
        .iter()
        .flat_map(|manifest| manifest.categories.iter().map(move |shelved| (manifest, shelved)))
        .collect();
    let mut tx = store.begin(actor, school, now).await?;
    let rows = lists::list(&mut tx).await?;
    let mut changed = 0;
    for row in &rows {
        if !on_shelf.iter().any(|(manifest, shelved)| manifest.name == row.name && shelved.category == row.category) {
            lists::remove(&mut tx, row.id).await?;
            changed += 1;
        }
    }
    for (manifest, shelved) in on_shelf {
        let known = rows.iter().any(|row| {
            row.name == manifest.name
                && row.category == shelved.category
                && same_fetch(row.fetched_at, manifest.fetched_at)
        });
        if !known {
            let row = row(manifest, shelved, tx.new_id());
            lists::insert(&mut tx, &row).await?;
            changed += 1;
        }
    }
    tx.commit().await?;
    Ok(changed)
}

/// The database keeps milliseconds.
fn same_fetch(one: Timestamp, other: Timestamp) -> bool {
    one.as_millisecond() == other.as_millisecond()
}

fn row(manifest: &Manifest, shelved: &Shelved, id: belisha_records::ListId) -> CategoryList {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    CategoryList {
        id,
        category: shelved.category.clone(),
        name: manifest.name.clone(),
        source: manifest.source.clone(),
        format: manifest.format.clone(),
        domains: number(shelved.domains),
        refused_lines: number(manifest.refused_lines),
        refused_summary: manifest.refused.join("\n"),
        fetched_at: manifest.fetched_at,
    }
}
