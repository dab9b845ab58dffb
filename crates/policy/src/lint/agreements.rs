//! Agreements and what people are told: bans against permissions, and one account of monitoring. Attributes say it plainly;
//! where there are none, the commonest words are read.

use super::{Lint, facts};
use crate::{Audience, Binding, ClauseId, Policy, catalogue as kind};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn look(lint: &mut Lint<'_>) {
    monitoring(lint);
    bans(lint);
    bans_in_words(lint);
    opens(lint);
}

/// Everything that somebody is told: guidance and other clauses whole, agreements line by line.
fn told(policy: &Policy) -> Vec<(&ClauseId, String)> {
    let mut told = Vec::new();
    for clause in &policy.clauses {
        match &clause.binding {
            Binding::Agreement(agreement) => {
                told.extend(agreement.lines.iter().map(|line| (&line.id, line.text.to_lowercase())))
            }
            _ => told.push((&clause.id, clause.text.to_lowercase())),
        }
    }
    told
}

/// Who is monitored must be the same wherever it is said; the first place sets what that is.
fn monitoring(lint: &mut Lint<'_>) {
    let mut said: Vec<(&ClauseId, &str)> = Vec::new();
    let stated: BTreeMap<_, _> =
        facts(lint.policy, "monitoring").map(|(_, fact)| (&fact.of, fact.value.as_str())).collect();
    for (id, text) in told(lint.policy) {
        match stated.get(id) {
            Some(whom) => said.push((id, *whom)),
            None => said.extend(monitored_in_words(&text).map(|whom| (id, whom))),
        }
    }
    let Some((first, whom)) = said.first().copied() else {
        return;
    };
    for (id, other) in said.into_iter().filter(|(_, other)| *other != whom) {
        let message = format!("`{first}` says that monitoring is of `{whom}`, and `{id}` says `{other}`");
        lint.notes.add(&kind::MONITORING_CONTRADICTION, lint.places.of(id), message);
    }
}

fn monitored_in_words(text: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if !has(&[
        "be monitored",
        "is monitored",
        "are monitored",
        "monitors the websites",
        "monitor the websites",
        "can monitor",
        "may monitor",
    ]) {
        None
    } else if has(&["believe", "suspect", "reason to think"]) {
        Some("suspicion")
    } else if has(&["website", "all use", "everybody", "everyone"]) {
        Some("everybody")
    } else {
        None
    }
}

fn bans(lint: &mut Lint<'_>) {
    let allows: BTreeMap<_, _> = facts(lint.policy, "allows").map(|(_, fact)| (&fact.value, &fact.of)).collect();
    for (_, ban) in facts(lint.policy, "bans") {
        if let Some(allow) = allows.get(&ban.value) {
            let message = format!("`{}` forbids `{}`, and `{allow}` allows it", ban.of, ban.value);
            lint.notes.add(&kind::AGREEMENTS_CONTRADICT, lint.places.of(&ban.of), message);
        }
    }
}

/// What agreements forbid outright to some and allow with leave to others, as policies most often word it.
const FORBIDDEN_TO_SOME: &[&str] = &["social network", "chat room"];

fn bans_in_words(lint: &mut Lint<'_>) {
    let with_facts: BTreeSet<_> =
        facts(lint.policy, "bans").chain(facts(lint.policy, "allows")).map(|(_, fact)| &fact.of).collect();
    let lines = |topic: &'static str| {
        let agreements = lint
            .policy
            .agreements()
            .flat_map(|(clause, agreement)| agreement.lines.iter().map(move |line| (&clause.id, line)));
        agreements
            .filter(|(_, line)| !with_facts.contains(&line.id))
            .map(|(agreement, line)| (agreement, &line.id, line.text.to_lowercase()))
            .filter(move |(_, _, text)| text.contains(topic))
    };
    for topic in FORBIDDEN_TO_SOME {
        let with_leave = |text: &str| text.contains("unless") || text.contains("except");
        let Some((allowing, allows, _)) = lines(topic).find(|(_, _, text)| with_leave(text)) else {
            continue;
        };
        let outright = |text: &str| text.contains("not ") && !with_leave(text);
        for (_, bans, _) in lines(topic).filter(|(agreement, _, text)| *agreement != allowing && outright(text)) {
            let message = format!("`{bans}` forbids every {topic}, and `{allows}` allows it with leave");
            lint.notes.add(&kind::AGREEMENTS_CONTRADICT, lint.places.of(bans), message);
        }
    }
}

fn opens(lint: &mut Lint<'_>) {
    let is_pupil = |audience: &Audience| matches!(audience, Audience::Pupil | Audience::YoungerPupil);
    let mut pupils = lint.policy.agreements().filter(|(_, agreement)| agreement.who.iter().any(is_pupil)).peekable();
    if pupils.peek().is_some() && !pupils.any(|(_, agreement)| agreement.opens_network) {
        let message = "no agreement that pupils sign opens the network";
        lint.notes.add(&kind::NETWORK_NEVER_OPENS, lint.places.head.clone(), message);
    }
}
