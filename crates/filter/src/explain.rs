//! A decision with every step that led to it, for `belisha explain` and for the page of the same name. It runs the
//! same steps as `decide`, in the same order, so the two cannot disagree.

use crate::decide::lower_case;
use crate::host_names::HostNames;
use crate::reason::{Decision, Group, Request, RuleKind};
use crate::rules::Ruleset;
use jiff::Timestamp;
use serde::Serialize;

/// What one step of the precedence came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It has nothing to say about this request.
    Silent,
    /// It decides.
    Decides,
    /// An earlier step has decided; this one would have said something too.
    Overruled,
}

/// One step of the precedence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which rule.
    pub rule: RuleKind,
    /// What it came to.
    pub outcome: Outcome,
    /// In plain words.
    pub words: String,
}

/// A decision and how it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// Group it was made for.
    pub group: Group,
    /// Every step in order of precedence.
    pub steps: Vec<Step>,
    /// Every list that mentions the host: list, category, the part of the host that is listed. Empty for illegal content.
    pub listings: Vec<(String, String, String)>,
    /// What the school or its local authority itself says about the host to others than whoever asks, in words. Empty for illegal
    /// content.
    pub for_others: Vec<String>,
}

impl Ruleset {
    /// Explains what [`Ruleset::decide`] says.
    pub fn explain(&self, request: &Request<'_>, now: Timestamp) -> Explanation {
        let host = lower_case(request.host);
        let request = Request { host: &host, ..*request };
        let group = Group::from_key(request.group);
        let decision = self.decide(&request, now);
        let names = HostNames::of(request.host);
        let answers = [
            (RuleKind::Illegal, self.illegal_content(&request)),
            (RuleKind::Helpline, self.helpline(&request)),
            (RuleKind::Device, self.device(&request, now)),
            (RuleKind::SchoolDeny, self.closed_by_school(&request)),
            (RuleKind::LessonList, self.lesson_list(&request, now)),
            (RuleKind::Exception, self.exception(&request, now)),
            (RuleKind::SchoolAllow, self.opened_by_school(&request)),
            (RuleKind::AllowListOnly, self.allow_list_only(&request, group, now)),
            (RuleKind::AuthorityDeny, self.closed_by_authority(&request)),
            (RuleKind::AuthorityAllow, self.opened_by_authority(&request)),
            (RuleKind::Category, self.category(&names, self.index.sieve(&names), request.own_zone, group, now)),
            (RuleKind::Default, Some(self.default_for(group))),
        ];
        let illegal = decision.reason.rule == RuleKind::Illegal;
        // What the other rules say about an illegal address is nobody's business.
        let shown = answers.into_iter().take(if illegal { 1 } else { usize::MAX });
        let mut decided = false;
        let steps = shown.map(|(rule, answer)| step(rule, answer, &mut decided)).collect();
        let listings = if illegal { Vec::new() } else { self.listings(&request) };
        let for_others = if illegal { Vec::new() } else { self.own_words_for_others(&request) };
        Explanation { decision, group, steps, listings, for_others }
    }

    fn listings(&self, request: &Request<'_>) -> Vec<(String, String, String)> {
        let matches = self.index.lookup(request.host);
        matches
            .listings()
            .map(|listing| (listing.list.to_string(), listing.category.to_string(), listing.name.to_owned()))
            .collect()
    }
}

fn step(rule: RuleKind, answer: Option<Decision>, decided: &mut bool) -> Step {
    let Some(answer) = answer else {
        return Step { rule, outcome: Outcome::Silent, words: format!("{}: nothing here", rule.label()) };
    };
    let outcome = if std::mem::replace(decided, true) { Outcome::Overruled } else { Outcome::Decides };
    let verb = match outcome {
        Outcome::Overruled => "would say",
        _ => "says",
    };
    let rule = answer.reason.rule;
    Step {
        rule,
        outcome,
        words: format!("{}: {verb} {}, because {}", rule.label(), answer.action.label(), answer.reason),
    }
}

impl std::fmt::Display for Explanation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            out,
            "For the group `{}` this is {}: {}.",
            self.group.key(),
            self.decision.action.label(),
            self.decision.reason
        )?;
        if let Some(opens) = self.decision.reason.opens_at {
            writeln!(out, "It next opens at {opens} without anybody doing anything.")?;
        }
        if let Some(closes) = self.decision.reason.closes_at {
            writeln!(out, "It closes again at {closes}.")?;
        }
        for (place, step) in self.steps.iter().enumerate() {
            let mark = match step.outcome {
                Outcome::Decides => "=>",
                Outcome::Silent | Outcome::Overruled => "  ",
            };
            writeln!(out, "{mark} {}. {}", place + 1, step.words)?;
        }
        for (list, category, name) in &self.listings {
            writeln!(out, "   the list `{list}` has `{name}` under `{category}`")?;
        }
        for words in &self.for_others {
            writeln!(out, "   {words}")?;
        }
        Ok(())
    }
}
