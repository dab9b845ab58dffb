//! Agreements and what people are told: bans against permissions, and one account of monitoring.

use super::{Lint, facts};
use crate::{Audience, catalogue as kind};
use std::collections::BTreeSet;

pub(super) fn look(lint: &mut Lint<'_>) {
    monitoring(lint);
    bans(lint);
    opens(lint);
}

/// `monitoring` must say the same wherever it is said; the first place sets what that is.
fn monitoring(lint: &mut Lint<'_>) {
    let Some((_, first)) = facts(lint.policy, "monitoring").next() else {
        return;
    };
    for (clause, fact) in facts(lint.policy, "monitoring").filter(|(_, fact)| fact.value != first.value) {
        let place = if fact.of == clause.id {
            clause.span.clone()
        } else {
            lint.places.of(&fact.of)
        };
        let message = format!(
            "`{}` says that monitoring is of `{}`, and `{}` says `{}`",
            first.of, first.value, fact.of, fact.value
        );
        lint.notes.add(&kind::MONITORING_CONTRADICTION, place, message);
    }
}

fn bans(lint: &mut Lint<'_>) {
    let mut told = BTreeSet::new();
    for (_, ban) in facts(lint.policy, "bans") {
        for (_, allow) in facts(lint.policy, "allows").filter(|(_, allow)| allow.value == ban.value) {
            if told.insert((&ban.of, &ban.value)) {
                let message = format!("`{}` forbids `{}`, and `{}` allows it", ban.of, ban.value, allow.of);
                lint.notes
                    .add(&kind::AGREEMENTS_CONTRADICT, lint.places.of(&ban.of), message);
            }
        }
    }
}

fn opens(lint: &mut Lint<'_>) {
    let is_pupil = |audience: &Audience| matches!(audience, Audience::Pupil | Audience::YoungerPupil);
    let mut pupils = lint
        .policy
        .agreements()
        .filter(|(_, agreement)| agreement.who.iter().any(is_pupil))
        .peekable();
    if pupils.peek().is_some() && !pupils.any(|(_, agreement)| agreement.opens_network) {
        lint.notes.add(
            &kind::NETWORK_NEVER_OPENS,
            lint.places.head.clone(),
            "no agreement that pupils sign opens the network",
        );
    }
}
