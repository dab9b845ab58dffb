//! What changes between the version in force and another, clause by clause, and what that asks of people.

use crate::portal::InForce;
use crate::words;
use belisha_policy::{Binding, Change, Policy, diff};

/// One clause or line that differs.
pub(super) struct Difference {
    pub(super) kind: &'static str,
    pub(super) word: &'static str,
    /// Number and heading: `7.2 Filtering`.
    pub(super) place: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    /// What it asks of people; may be empty.
    pub(super) asks: &'static str,
}

/// All that differs.
pub(super) struct Differences {
    pub(super) sentence: String,
    pub(super) all: Vec<Difference>,
}

/// Compares a policy with the one in force.
pub(super) fn of(current: &InForce, after: &Policy) -> Differences {
    let found = diff(&current.policy, after);
    let place = |id: &str| {
        let clause = after.clause(id).or_else(|| current.policy.clause(id));
        clause.map_or_else(|| id.to_owned(), |clause| format!("{} {}", clause.number, clause.section))
    };
    let is_agreement = |id: &str| {
        [after.clause(id), current.policy.clause(id)]
            .into_iter()
            .flatten()
            .any(|clause| matches!(clause.binding, Binding::Agreement(_)))
    };
    let mut all: Vec<Difference> = found
        .clauses
        .iter()
        // An agreement differs line by line: the lines say it better than the whole.
        .filter(|clause| !(is_agreement(&clause.id.0) && found.lines.iter().any(|line| line.agreement == clause.id)))
        .map(|clause| difference(clause.change, place(&clause.id.0), clause.before.clone(), clause.after.clone(), ""))
        .collect();
    all.extend(found.lines.iter().map(|line| {
        let asks = if line.change == Change::Removed {
            ""
        } else {
            "Whoever this agreement speaks to is asked to sign this line, and no other."
        };
        difference(
            line.change,
            format!("{}, a line people sign", place(&line.agreement.0)),
            line.before.clone(),
            line.after.clone(),
            asks,
        )
    }));
    let lines = found.lines.iter().filter(|line| line.change != Change::Removed).count();
    let sentence = match (all.len(), lines) {
        (0, _) => "It says the same as the version in force.".to_owned(),
        (many, 0) => format!(
            "{} from the version in force. Nobody has to sign anew.",
            words::count(many, "difference", "differences")
        ),
        (many, lines) => format!(
            "{} from the version in force, among them {}.",
            words::count(many, "difference", "differences"),
            words::count(lines, "line that people sign", "lines that people sign")
        ),
    };
    Differences { sentence, all }
}

fn difference(
    change: Change,
    place: String,
    before: Option<String>,
    after: Option<String>,
    asks: &'static str,
) -> Difference {
    let (kind, word) = match change {
        Change::Added => ("open", "New"),
        Change::Removed => ("done", "Taken out"),
        Change::Changed => ("due", "Changed"),
    };
    // Where the words are the same, what binds the clause changed.
    let same = before.is_some() && before == after;
    let asks =
        if asks.is_empty() && same { "Its words stay; what it does, for whom or by when has changed." } else { asks };
    let before = before.filter(|_| !same);
    Difference { kind, word, place, before, after, asks }
}
