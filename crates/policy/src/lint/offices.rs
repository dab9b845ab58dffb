//! Offices: who reports to whom, who leads, which are declared.

use super::{Lint, facts};
use crate::{Binding, Clause, Nation, Role, catalogue as kind};
use std::collections::BTreeSet;

pub(super) fn look(lint: &mut Lint<'_>) {
    reports_to_itself(lint);
    lead(lint);
    undeclared(lint);
}

/// Pairs of offices that one person holds (`shared-with` on a `.role` clause), both ways round.
fn shared(lint: &Lint<'_>) -> BTreeSet<(&'static str, String)> {
    let mut pairs = BTreeSet::new();
    for clause in &lint.policy.clauses {
        let Binding::Role(office) = &clause.binding else {
            continue;
        };
        for fact in clause.facts.iter().filter(|fact| fact.key == "shared-with") {
            pairs.insert((office.role.key(), fact.value.clone()));
            if let Some(other) = Role::from_key(&fact.value) {
                pairs.insert((other.key(), office.role.key().to_owned()));
            }
        }
    }
    pairs
}

fn reports_to_itself(lint: &mut Lint<'_>) {
    let shared = shared(lint);
    for (clause, fact) in facts(lint.policy, "to") {
        let owners: &[Role] = match &clause.binding {
            Binding::Duty(duty) => &duty.owners,
            Binding::Response(response) => &response.owners,
            _ => continue,
        };
        for owner in owners {
            if owner.key() == fact.value {
                lint.notes.add(
                    &kind::REPORTS_TO_ITSELF,
                    clause.span.clone(),
                    format!("`{}` reports to itself", fact.value),
                );
            } else if shared.contains(&(owner.key(), fact.value.clone())) {
                let message = format!("`{}` reports to `{}`, and one person holds both", owner.key(), fact.value);
                lint.notes.add(&kind::REPORTS_TO_ITSELF, clause.span.clone(), message);
            }
        }
    }
}

fn lead(lint: &mut Lint<'_>) {
    if lint.policy.head.nation != Nation::England {
        return;
    }
    let dsl = Role::DesignatedSafeguardingLead;
    let under_dsl = |clause: &Clause| {
        clause
            .facts
            .iter()
            .any(|fact| ["answers-to", "shared-with"].contains(&fact.key.as_str()) && fact.value == dsl.key())
    };
    for clause in &lint.policy.clauses {
        let Binding::Role(office) = &clause.binding else {
            continue;
        };
        if matches!(office.role, Role::OnlineSafetyLead | Role::OnlineSafetyCoordinator) && !under_dsl(clause) {
            let message = format!("`{}` leads, and nothing says that it answers to `{}`", office.role.key(), dsl.key());
            lint.notes.add(&kind::LEAD_IS_NOT_SAFEGUARDING_LEAD, clause.span.clone(), message);
        }
    }
}

/// Offices that people hold by being in the school need no clause.
const EVERYBODY: &[Role] = &[
    Role::Teacher,
    Role::SupportStaff,
    Role::Pupil,
    Role::Parent,
    Role::Volunteer,
    Role::Visitor,
    Role::CommunityUser,
];

fn undeclared(lint: &mut Lint<'_>) {
    let declared: BTreeSet<_> = lint
        .policy
        .clauses
        .iter()
        .filter_map(|c| if let Binding::Role(office) = &c.binding { Some(office.role) } else { None })
        .collect();
    let mut told = BTreeSet::new();
    for clause in &lint.policy.clauses {
        let owners: &[Role] = match &clause.binding {
            Binding::Duty(duty) => &duty.owners,
            Binding::Response(response) => &response.owners,
            Binding::Approval(approval) => &approval.by,
            Binding::Power(power) => &power.decided_by,
            _ => continue,
        };
        for owner in owners.iter().filter(|owner| !declared.contains(owner) && !EVERYBODY.contains(owner)) {
            if told.insert(*owner) {
                lint.notes.add(
                    &kind::UNDECLARED_OFFICE,
                    clause.span.clone(),
                    format!("`{}` answers for this, and no clause says who holds the office", owner.key()),
                );
            }
        }
    }
}
