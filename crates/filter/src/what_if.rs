//! What would happen if: a rule nobody has saved yet, tried on requests that were really made. It counts and names hosts;
//! it names nobody. Where the requests come from is the store's affair.

use crate::reason::{Group, Request};
use crate::rules::{Rules, Ruleset, SchoolRule};
use belisha_policy::{
    Binding, Clause, ClauseId, Column, FilterAction, FilterRow, FilterTable, Period, still_for, year_of,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};

/// Hosts named in an [`Effect`].
const MOST_HOSTS: usize = 12;
/// The id of what is tried, where a rule needs one.
const TRIED: &str = "tried";

/// What a rule is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// One site and everything below it.
    Host(String),
    /// A category of sites, by key.
    Category(String),
}

/// A rule to try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it is about.
    pub subject: Subject,
    /// What would be done. A site is opened or closed; a category may also warn or ask.
    pub action: FilterAction,
    /// For whom, by group key; empty: everybody. A site may be tried for year groups too, `year:7`.
    pub groups: Vec<String>,
    /// Who is in the year groups that are named: ids as text, by key. One that is not here has nobody in it.
    pub year_groups: BTreeMap<String, Vec<String>>,
    /// When, for a category; `None`: at every time.
    pub period: Option<Period>,
}

/// A rule that cannot be tried, because there is no such rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A site of the school's own knows no times.
    #[error("a site is opened or closed at every time; leave the time out, or try its category")]
    HostAtATime,
    /// A site of the school's own is open or closed.
    #[error("a single site is opened or closed; only a category can warn or ask")]
    HostNeitherOpenNorClosed,
    /// No such group.
    #[error("`{0}` is no group; write one of: younger-pupil, pupil, staff, guest, unknown, or a year group, year:7")]
    UnknownGroup(String),
    /// The policy's tables have no column for a year group.
    #[error("a category is decided by group, not by year group; try a single site, or the group")]
    CategoryForAYearGroup,
    /// No list puts anything into the category.
    #[error("no list and no table knows the category `{0}`")]
    UnknownCategory(String),
}

/// A request that was made.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What was asked for. The person is a key to count by; it is never shown.
    pub request: Request<'a>,
    /// When.
    pub at: Timestamp,
}

/// What would become of the requests for one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostEffect {
    /// Host.
    pub host: String,
    /// Requests that would be answered otherwise.
    pub requests: u64,
    /// What is done with the first of them now.
    pub from: FilterAction,
    /// And what would be.
    pub to: FilterAction,
}

/// What a rule would change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    /// Requests looked at.
    pub looked_at: u64,
    /// Requests that would be answered otherwise.
    pub requests: u64,
    /// Hosts they were for.
    pub hosts: u64,
    /// People who made them, as far as people were known.
    pub people: u64,
    /// Requests that would be closed and are open now, and the other way round. A warning counts as open.
    pub closed: u64,
    /// See `closed`.
    pub opened: u64,
    /// The hosts with the most such requests, the most first.
    pub top: Vec<HostEffect>,
}

impl Ruleset {
    /// These rules with one more: what answers if it were saved.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn with_change(&self, change: &Change) -> Result<Self, ChangeError> {
        let known = |key: &str| year_of(key).is_some() || Group::from_key(key).key() == key;
        if let Some(unknown) = change.groups.iter().find(|key| !known(key)) {
            return Err(ChangeError::UnknownGroup(unknown.clone()));
        }
        let mut rules = self.rules().clone();
        rules.year_groups.extend(change.year_groups.clone());
        match &change.subject {
            Subject::Host(host) => rules.set_host(host, change)?,
            Subject::Category(_) if change.groups.iter().any(|key| year_of(key).is_some()) => {
                return Err(ChangeError::CategoryForAYearGroup);
            }
            Subject::Category(category) => {
                let listed = self.index().categories().iter().any(|known| **known == **category);
                if !listed && !rules.policy.filter_tables().any(|(_, table)| row_of(table, category).is_some()) {
                    return Err(ChangeError::UnknownCategory(category.clone()));
                }
                rules.set_category(category, change);
            }
        }
        Ok(Self::compile(rules, self.index().clone(), self.illegal().clone()))
    }

    /// What would become, under other rules, of requests that were made.
    pub fn effect<'a>(&self, other: &Ruleset, seen: impl Iterator<Item = Seen<'a>>) -> Effect {
        let mut effect = Effect::default();
        let mut people: HashSet<&str> = HashSet::new();
        let mut hosts: HashMap<&str, HostEffect> = HashMap::new();
        for Seen { request, at } in seen {
            effect.looked_at += 1;
            let (from, to) = (self.decide(&request, at).action, other.decide(&request, at).action);
            if from == to {
                continue;
            }
            effect.requests += 1;
            match (is_closed(from), is_closed(to)) {
                (false, true) => effect.closed += 1,
                (true, false) => effect.opened += 1,
                _ => {}
            }
            people.extend(request.person);
            let host = hosts.entry(request.host).or_insert_with(|| HostEffect {
                host: request.host.to_owned(),
                requests: 0,
                from,
                to,
            });
            host.requests += 1;
        }
        effect.people = people.len() as u64;
        effect.hosts = hosts.len() as u64;
        effect.top = hosts.into_values().collect();
        effect.top.sort_by(|one, other| other.requests.cmp(&one.requests).then_with(|| one.host.cmp(&other.host)));
        effect.top.truncate(MOST_HOSTS);
        effect
    }
}

fn is_closed(action: FilterAction) -> bool {
    matches!(action, FilterAction::Block | FilterAction::Ask)
}

impl Rules {
    /// A site of the school's own takes the place of those about the same host for the same people, as when it is saved.
    fn set_host(&mut self, host: &str, change: &Change) -> Result<(), ChangeError> {
        if change.period.is_some_and(|period| period != Period::Always) {
            return Err(ChangeError::HostAtATime);
        }
        if !matches!(change.action, FilterAction::Allow | FilterAction::Block) {
            return Err(ChangeError::HostNeitherOpenNorClosed);
        }
        for rules in [&mut self.school_allow, &mut self.school_deny] {
            rules.retain_mut(|rule| {
                let left = if rule.host == host { still_for(&rule.groups, &change.groups) } else { return true };
                left.map(|groups| rule.groups = groups).is_some()
            });
        }
        let rule = SchoolRule {
            id: TRIED.into(),
            host: host.to_owned(),
            groups: change.groups.clone(),
            reason: String::new(),
        };
        let rules = if change.action == FilterAction::Allow { &mut self.school_allow } else { &mut self.school_deny };
        rules.push(rule);
        Ok(())
    }

    /// The cells of a category are what the policy would say: in the tables of one period, or in every table.
    fn set_category(&mut self, category: &str, change: &Change) {
        let period = change.period.unwrap_or(Period::Always);
        let groups: Vec<String> = match change.groups.as_slice() {
            [] => Group::ALL.iter().map(|group| group.key().to_owned()).collect(),
            some => some.to_vec(),
        };
        let cells: BTreeMap<String, FilterAction> = groups.iter().map(|key| (key.clone(), change.action)).collect();
        for clause in &mut self.policy.clauses {
            let Binding::Filter(table) = &mut clause.binding else { continue };
            if change.period.is_some_and(|period| period != table.when) {
                continue;
            }
            let columns: Vec<String> = table.columns.iter().map(|column| column.id.clone()).collect();
            for row in table.rows.iter_mut().filter(|row| row.category == category) {
                let spoken = cells.iter().filter(|(key, _)| table.when == period || columns.contains(key));
                row.cells.extend(spoken.map(|(key, action)| (key.clone(), *action)));
            }
        }
        let columns: Vec<String> = match period {
            // A new row for every time speaks to every group: the others keep what holds for them without it.
            Period::Always if self.has_row(category, Period::Always, None) => Vec::new(),
            Period::Always => Group::ALL.iter().map(|group| group.key().to_owned()).collect(),
            _ => groups.into_iter().filter(|group| !self.has_row(category, period, Some(group))).collect(),
        };
        if !columns.is_empty() {
            self.policy.clauses.push(tried_table(category, period, &columns, &cells));
        }
    }

    /// Whether a table of a period has a row for a category, and a column for a group.
    fn has_row(&self, category: &str, period: Period, group: Option<&str>) -> bool {
        let mut tables = self.policy.filter_tables().filter(|(_, table)| table.when == period);
        tables.any(|(_, table)| {
            let column = |group| table.columns.iter().any(|column| column.id == group);
            row_of(table, category).is_some() && group.is_none_or(column)
        })
    }
}

/// A table of one row. A group that the change does not name has what holds where no table speaks.
fn tried_table(category: &str, when: Period, columns: &[String], cells: &BTreeMap<String, FilterAction>) -> Clause {
    let unspoken = |group: &str| match Group::from_key(group) {
        Group::Unknown => FilterAction::Block,
        _ => FilterAction::Allow,
    };
    let cell = |group: &String| (group.clone(), cells.get(group).copied().unwrap_or_else(|| unspoken(group)));
    let row = FilterRow {
        id: ClauseId(TRIED.into()),
        category: category.into(),
        label: category.into(),
        cells: columns.iter().map(cell).collect(),
    };
    let columns = columns.iter().map(|group| Column { id: group.clone(), label: group.clone() }).collect();
    Clause {
        id: ClauseId(TRIED.into()),
        number: TRIED.into(),
        section: String::new(),
        text: String::new(),
        span: 0..0,
        binding: Binding::Filter(FilterTable { when, columns, rows: vec![row] }),
        sources: Vec::new(),
        facts: Vec::new(),
    }
}

fn row_of<'a>(table: &'a FilterTable, category: &str) -> Option<&'a FilterRow> {
    table.rows.iter().find(|row| row.category == category)
}
