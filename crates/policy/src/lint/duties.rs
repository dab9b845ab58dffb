//! Duties: somebody must answer for each, one person for each log, and none should make things worse.

use super::Lint;
use crate::{Binding, Due, catalogue as kind};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn look(lint: &mut Lint<'_>) {
    owners(lint);
    logs(lint);
    passwords(lint);
}

fn owners(lint: &mut Lint<'_>) {
    for clause in &lint.policy.clauses {
        let (owners, what) = match &clause.binding {
            Binding::Duty(duty) => (&duty.owners, duty.what.as_str()),
            Binding::Response(response) => (&response.owners, response.to.key()),
            _ => continue,
        };
        if owners.is_empty() {
            lint.notes.add(&kind::DUTY_WITHOUT_OWNER, clause.span.clone(), format!("nobody answers for `{what}`"));
        }
    }
}

/// A log is a duty whose register is `log`; all the clauses about one log must name one owner.
fn logs(lint: &mut Lint<'_>) {
    let mut logs: BTreeMap<&str, (BTreeSet<&str>, std::ops::Range<usize>)> = BTreeMap::new();
    for (clause, duty) in lint.policy.duties() {
        if duty.what.starts_with("log:") {
            let entry = logs.entry(&duty.what).or_insert_with(|| (BTreeSet::new(), clause.span.clone()));
            entry.0.extend(duty.owners.iter().map(|owner| owner.key()));
        }
    }
    for (log, (owners, place)) in logs {
        if owners.len() > 1 {
            let owners = owners.into_iter().collect::<Vec<_>>().join(", ");
            lint.notes.add(&kind::SEVERAL_LOG_OWNERS, place, format!("`{log}` has several owners: {owners}"));
        }
    }
}

fn passwords(lint: &mut Lint<'_>) {
    for clause in &lint.policy.clauses {
        let by_calendar = matches!(&clause.binding, Binding::Duty(duty)
            if duty.what.starts_with("password") && duty.what.ends_with(":change") && matches!(duty.due, Due::Every { .. }));
        let text = clause.text.to_lowercase();
        let said = text.contains("password")
            && [
                "regularly change",
                "change regularly",
                "changed regularly",
                "regular password change",
                "regular change",
            ]
            .iter()
            .any(|words| text.contains(words));
        let denied = ["not ", "no ", "never "].iter().any(|word| text.contains(word));
        if by_calendar || (said && !denied) {
            lint.notes.add(
                &kind::FORCED_PASSWORD_CHANGE,
                clause.span.clone(),
                "passwords are to be changed by the calendar",
            );
        }
    }
}
