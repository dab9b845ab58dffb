//! What changed between two versions of a policy, clause by clause, and line by line for agreements: a changed line asks
//! people to sign that line again, not the whole form.

use crate::{Agreement, Binding, Clause, ClauseId, Policy};
use serde::Serialize;
use std::collections::BTreeMap;

/// What happened to something between two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Only the newer version has it.
    Added,
    /// Only the older version has it.
    Removed,
    /// Both have it and it differs.
    Changed,
}

/// A clause that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClauseChange {
    /// Which.
    pub id: ClauseId,
    /// How.
    pub change: Change,
    /// Its words before, where it was there.
    pub before: Option<String>,
    /// Its words after, where it still is.
    pub after: Option<String>,
}

/// A line of an agreement that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineChange {
    /// The agreement.
    pub agreement: ClauseId,
    /// The line.
    pub line: ClauseId,
    /// How.
    pub change: Change,
    /// Its words before.
    pub before: Option<String>,
    /// Its words after.
    pub after: Option<String>,
}

/// Everything that differs. Moving a clause without changing it is no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PolicyDiff {
    /// Clauses added, removed and changed, older order first, then what is new.
    pub clauses: Vec<ClauseChange>,
    /// Agreement lines added, removed and changed.
    pub lines: Vec<LineChange>,
}

impl PolicyDiff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.clauses.is_empty() && self.lines.is_empty()
    }
}

/// Compares two versions of a policy by clause id.
pub fn diff(before: &Policy, after: &Policy) -> PolicyDiff {
    let mut diff = PolicyDiff::default();
    let (olds, news) = (by_id(before), by_id(after));
    for old in &before.clauses {
        let new = news.get(&old.id).copied();
        match new {
            None => diff.clauses.push(clause_change(&old.id, Change::Removed, Some(old), None)),
            Some(new) if differs(old, new) => {
                diff.clauses.push(clause_change(&old.id, Change::Changed, Some(old), Some(new)))
            }
            Some(_) => {}
        }
        compare_lines(&old.id, agreement(Some(old)), agreement(new), &mut diff.lines);
    }
    for new in after.clauses.iter().filter(|clause| !olds.contains_key(&clause.id)) {
        diff.clauses.push(clause_change(&new.id, Change::Added, None, Some(new)));
        compare_lines(&new.id, None, agreement(Some(new)), &mut diff.lines);
    }
    diff
}

fn by_id(policy: &Policy) -> BTreeMap<&ClauseId, &Clause> {
    policy.clauses.iter().map(|clause| (&clause.id, clause)).collect()
}

fn clause_change(id: &ClauseId, change: Change, old: Option<&Clause>, new: Option<&Clause>) -> ClauseChange {
    ClauseChange { id: id.clone(), change, before: old.map(|c| c.text.clone()), after: new.map(|c| c.text.clone()) }
}

fn differs(old: &Clause, new: &Clause) -> bool {
    old.text != new.text || old.binding != new.binding || old.sources != new.sources || old.facts != new.facts
}

fn agreement(clause: Option<&Clause>) -> Option<&Agreement> {
    match &clause?.binding {
        Binding::Agreement(agreement) => Some(agreement),
        _ => None,
    }
}

fn compare_lines(id: &ClauseId, old: Option<&Agreement>, new: Option<&Agreement>, out: &mut Vec<LineChange>) {
    let old_lines = old.map_or(&[][..], |a| &a.lines);
    let new_lines = new.map_or(&[][..], |a| &a.lines);
    let mut push = |line: &ClauseId, change, before: Option<&str>, after: Option<&str>| {
        out.push(LineChange {
            agreement: id.clone(),
            line: line.clone(),
            change,
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        });
    };
    for line in old_lines {
        match new_lines.iter().find(|other| other.id == line.id) {
            None => push(&line.id, Change::Removed, Some(&line.text), None),
            Some(other) if other != line => push(&line.id, Change::Changed, Some(&line.text), Some(&other.text)),
            Some(_) => {}
        }
    }
    for line in new_lines.iter().filter(|line| !old_lines.iter().any(|other| other.id == line.id)) {
        push(&line.id, Change::Added, None, Some(&line.text));
    }
}
