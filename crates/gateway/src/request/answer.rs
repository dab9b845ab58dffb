//! From a verdict to what the transport must send, and to the observation. Which verdict it is was settled in `steps.rs`.

use super::steps::{Verdict, Walk};
use crate::blockpage::Block;
use crate::content::Refusal;
use crate::identity::IdentitySource;
use crate::judge;
use crate::metrics::count;
use crate::observe::{Observation, Outcome, Protocol};
use crate::rules::AgeBand;
use belisha_filter::{Decision, Group, Log, RuleKind};
use belisha_policy::{DeviceKind, FilterAction};

/// What the transport must do.
pub(crate) enum Answer {
    /// Lead to the school's own server.
    Own,
    /// Let through; a search engine's host is reached under another name where safe search is on.
    Open { safe_search: Option<&'static str> },
    /// Ask for a user name and password.
    CredentialWanted,
    /// Lead to the page where agreements are signed.
    SignFirst,
    /// Show why not.
    Closed(Box<Closed>),
}

/// A closed request and what its page needs.
pub(crate) struct Closed {
    pub(crate) block: Block,
    pub(crate) age_band: AgeBand,
    pub(crate) rule: RuleKind,
    pub(crate) named_by: Option<IdentitySource>,
    pub(crate) device_kind: Option<DeviceKind>,
    /// When it opens again, as the school's clocks show it.
    pub(crate) opens: Option<String>,
    /// Empty without rules.
    pub(crate) school_name: String,
    /// What was found in a page or file of a site that is open.
    pub(crate) content: Option<Refusal>,
}

/// The answer and what is to be written down about it.
pub(crate) struct Answered {
    pub(crate) answer: Answer,
    pub(crate) observation: Option<Observation>,
    /// Of a tunnel: whether the rules would have what is in it read, or the refusal shown in it.
    pub(crate) inspects: bool,
}

/// Turns a verdict into an answer. Counts it; the observation is sent by the transport.
pub(crate) fn answer(walk: &Walk<'_>, verdict: Verdict) -> Answered {
    let inspects = walk.asked.protocol == Protocol::Tunnel
        && walk.shared.inspection.is_some()
        && matches!(verdict, Verdict::SignFirst | Verdict::Decided(_))
        && judge::inspects(walk.rules, walk.asked.host, walk.caller.group);
    let (answer, observation) = answer_and_observation(walk, verdict);
    Answered { answer, observation, inspects }
}

fn answer_and_observation(walk: &Walk<'_>, verdict: Verdict) -> (Answer, Option<Observation>) {
    let metrics = &walk.shared.metrics;
    match verdict {
        Verdict::Own => (Answer::Own, None),
        Verdict::CredentialWanted => {
            count(&metrics.credentials_asked);
            (Answer::CredentialWanted, None)
        }
        Verdict::SignFirst => {
            count(&metrics.sign_first);
            let observation = observation(walk, Outcome::SignFirst, "agreement-unsigned", None);
            (Answer::SignFirst, Some(observation))
        }
        Verdict::Decided(decision) => {
            let outcome = outcome(decision.action);
            let observation = match decision.log {
                Log::Never => {
                    count(&metrics.helplines);
                    None
                }
                Log::ByName | Log::WithoutHost => {
                    Some(observation(walk, outcome, decision.reason.rule.key(), Some(&decision)))
                }
            };
            let answer = if outcome == Outcome::Allowed {
                count(&metrics.allowed);
                Answer::Open { safe_search: judge::safe_search(walk.rules, walk.asked.host, walk.caller.group) }
            } else {
                count(&metrics.blocked);
                Answer::Closed(Box::new(closed(walk, outcome, decision)))
            };
            (answer, observation)
        }
    }
}

/// What is done with a request that was decided so.
pub(crate) fn outcome(action: FilterAction) -> Outcome {
    match action {
        FilterAction::Allow => Outcome::Allowed,
        FilterAction::Warn => Outcome::Warned,
        FilterAction::Ask => Outcome::Asked,
        FilterAction::Block => Outcome::Blocked,
    }
}

fn closed(walk: &Walk<'_>, outcome: Outcome, decision: Decision) -> Closed {
    let reason = &decision.reason;
    // DNS shows no page: looking up what only a page says would be work for every closed question.
    let shown = walk.asked.protocol != Protocol::Dns;
    let label = |category: &str| judge::category_label(walk.rules, category);
    let block = Block {
        id: String::new(),
        at: walk.now,
        school: walk.shared.config.school,
        person: walk.caller.person,
        device: walk.asked.device,
        group: walk.caller.group.to_owned(),
        host: (decision.log == Log::ByName).then(|| walk.asked.host.to_owned()),
        outcome,
        reason: reason.rule.key(),
        category: reason.category.as_deref().map(str::to_owned),
        list: reason.list.as_deref().map(str::to_owned),
        category_label: reason.category.as_deref().filter(|_| shown).map(label),
        clause: reason.clause.as_ref().map(|clause| clause.number.to_string()),
        opens_at: reason.opens_at,
    };
    let opens = reason.opens_at.filter(|_| shown).and_then(|at| judge::school_time(walk.rules, at, walk.now));
    let school_name = walk.rules.map_or_else(String::new, |rules| rules.school_name.clone());
    Closed {
        block,
        age_band: walk.caller.age_band,
        rule: reason.rule,
        named_by: walk.caller.named_by,
        device_kind: walk.caller.device.map(|device| device.kind),
        opens,
        school_name,
        content: None,
    }
}

/// What is to be written down about a request; nothing about helplines, which the caller sees to.
pub(crate) fn observation(
    walk: &Walk<'_>,
    outcome: Outcome,
    reason: &'static str,
    decision: Option<&Decision>,
) -> Observation {
    let asked = &walk.asked;
    let by_name = decision.is_none_or(|decision| decision.log == Log::ByName);
    let path =
        asked.path.filter(|_| by_name && matches!(asked.protocol, Protocol::Http | Protocol::Https | Protocol::Icap));
    let search_term = path.and_then(|path| judge::search_term(asked.host, path));
    let worries = search_term.as_deref().map(judge::worries).unwrap_or_default();
    // Who looks for a helpline is as unseen as who reaches it, unless the same words say that somebody is in danger.
    let for_help = worries.is_empty() && search_term.as_deref().is_some_and(judge::seeks_helpline);
    // Nor is who is led to one through another site, an archive or a translator.
    let led_to_help = by_name && judge::leads_to_helpline(asked.host, asked.path);
    let (path, search_term) = if for_help || led_to_help { (None, None) } else { (path, search_term) };
    let by_name = by_name && !(led_to_help && judge::leads_to_helpline(asked.host, None));
    Observation {
        at: walk.now,
        school: walk.shared.config.school,
        person: walk.caller.person,
        named_by: walk.caller.named_by,
        confidence: walk.caller.confidence,
        device_kind: walk.caller.device.map(|device| device.kind),
        device: asked.device,
        group: Group::from_key(walk.caller.group).key(),
        protocol: asked.protocol,
        method: asked.method.map(Box::from),
        host: by_name.then(|| asked.host.into()),
        path: path.map(|path| path.split(['?', '#']).next().unwrap_or_default().into()),
        search_term: search_term.map(Box::from),
        worries,
        outcome,
        reason,
        category: decision.and_then(|decision| decision.reason.category.clone()),
        list: decision.filter(|_| by_name).and_then(|decision| decision.reason.list.clone()),
        bytes: None,
        note: None,
        notice: None,
    }
}
