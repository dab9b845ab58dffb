//! The names that are the schools' own and their authority's: those that the school says are on its network, and those of
//! the e-mail addresses of the people who work for it. A list that newly names one of them is looked at by a person.

use belisha_filter::{FILTER_SETTINGS, FilterSettings, normalise};
use belisha_policy::Audience;
use belisha_store::{Store, StoreError, people, schools};
use std::collections::BTreeSet;

/// The most names that are looked for.
const MOST: usize = 200;

/// The own names of every school of an installation.
///
/// # Errors
/// When the records cannot be read.
pub async fn own_names(store: &Store) -> Result<Vec<String>, StoreError> {
    let all = schools::list(&mut store.read_installation().await?).await?;
    let mut names = BTreeSet::new();
    for school in all {
        let settings = school.settings.get(FILTER_SETTINGS).cloned().unwrap_or_default();
        let settings: FilterSettings = serde_json::from_value(settings).unwrap_or_default();
        names.extend(settings.school_hosts);
        let mut tx = store.read(school.id).await?;
        let working = |audience| matches!(audience, Audience::Staff | Audience::Governor);
        let staff = people::list(&mut tx).await?.into_iter().filter(|person| working(person.audience));
        let domains = staff.filter_map(|person| Some(person.email?.rsplit_once('@')?.1.to_owned()));
        names.extend(domains.filter_map(|domain| Some(normalise(&domain).ok()?.into_owned())));
    }
    Ok(names.into_iter().take(MOST).collect())
}
