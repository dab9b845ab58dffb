//! The week in figures, for the weekly report of monitoring (MISSION 2.1): counts by group, category and theme. It names
//! nobody, no host and no search; small counts are for whoever prints them to hide.

use belisha_records::{Danger, SchoolId};
use belisha_store::{Result, Store, activity, alerts, look_ups};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// A week of a school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeeklySummary {
    /// From, included.
    pub from: Timestamp,
    /// Until, excluded.
    pub until: Timestamp,
    /// Each group that asked for anything, by key.
    pub groups: Vec<GroupFigures>,
    /// Alerts by theme, the most dangerous first: theme, danger, how many.
    pub alerts: Vec<(String, Danger, u64)>,
    /// Alerts of the week that nobody has settled.
    pub alerts_open: u64,
    /// Times that somebody's activity was looked up.
    pub look_ups: u64,
}

/// What one group asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GroupFigures {
    /// Filter group, `pupil`.
    pub group: String,
    /// All requests.
    pub requests: u64,
    /// Of these, not let through at once.
    pub closed: u64,
    /// Closed ones by category, the most first.
    pub closed_by_category: Vec<(String, u64)>,
}

/// The figures of a week, or of any two times; hours that start between them count.
///
/// # Errors
/// `Unreachable`, `Corrupt`.
pub async fn weekly_summary(store: &Store, school: SchoolId, from: Timestamp, until: Timestamp) -> Result<WeeklySummary> {
    let mut tx = store.read(school).await?;
    let hours = activity::figures(&mut tx, from, until).await?;
    let raised = alerts::list_between(&mut tx, from, until).await?;
    let look_ups = look_ups::list_between(&mut tx, from, until).await?.len() as u64;
    let alerts_open = raised.iter().filter(|alert| alert.settled.is_none()).count() as u64;
    let mut by_theme: BTreeMap<(std::cmp::Reverse<Danger>, String), u64> = BTreeMap::new();
    for alert in raised {
        *by_theme.entry((std::cmp::Reverse(alert.danger), alert.theme)).or_default() += 1;
    }
    let alerts = by_theme.into_iter().map(|((danger, theme), count)| (theme, danger.0, count)).collect();
    Ok(WeeklySummary { from, until, groups: groups(&hours), alerts, alerts_open, look_ups })
}

fn groups(hours: &[activity::HourFigure]) -> Vec<GroupFigures> {
    let mut groups: BTreeMap<&str, (GroupFigures, BTreeMap<&str, u64>)> = BTreeMap::new();
    for hour in hours {
        let (figures, categories) = groups.entry(&hour.group).or_default();
        figures.requests += hour.requests;
        if hour.action != "allowed" {
            figures.closed += hour.requests;
            *categories.entry(hour.category.as_deref().unwrap_or("none")).or_default() += hour.requests;
        }
    }
    let finish = |(group, (mut figures, categories)): (&str, (GroupFigures, BTreeMap<&str, u64>))| {
        figures.group = group.to_owned();
        figures.closed_by_category = categories.into_iter().map(|(category, count)| (category.to_owned(), count)).collect();
        figures.closed_by_category.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        figures
    };
    groups.into_iter().map(finish).collect()
}
