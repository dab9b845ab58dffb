//! The sites that a school, or its local authority, opened or closed itself: for everybody, for some groups, for some year
//! groups. Closed wins, unless the same site or a part of it was opened by a narrower rule for whoever asks.

use crate::host_table::HostTable;
use crate::reason::{Decision, Log, Reason, Request, RuleKind};
use crate::rules::{Ruleset, SchoolRule};
use belisha_policy::{FilterAction, Role, whom_in_words};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// How many people a rule of the school's own is about, the most first: a later one is the narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// It names nobody, so it is for all.
    Everybody,
    /// It names the group of whoever asks.
    Group,
    /// It names their year group.
    YearGroup,
}

/// Hosts that were opened and closed, in the order of their rules.
#[derive(Debug)]
pub(crate) struct OwnSites {
    opened: HostTable,
    closed: HostTable,
}

impl OwnSites {
    pub fn new(opened: &[SchoolRule], closed: &[SchoolRule]) -> Self {
        let table = |rules: &[SchoolRule]| HostTable::new(rules.iter().map(|rule| &*rule.host));
        Self { opened: table(opened), closed: table(closed) }
    }

    /// The hash of every host in it.
    pub fn hashes(&self) -> impl Iterator<Item = u64> {
        self.opened.hashes().chain(self.closed.hashes())
    }
}

/// Who is in the year groups that rules name, by key.
#[derive(Debug, Default)]
pub(crate) struct YearGroups(HashMap<Box<str>, HashSet<Box<str>>>);

impl YearGroups {
    pub fn new(year_groups: &BTreeMap<String, Vec<String>>) -> Self {
        let people = |ids: &Vec<String>| ids.iter().map(|id| id.as_str().into()).collect();
        Self(year_groups.iter().map(|(key, ids)| (key.as_str().into(), people(ids))).collect())
    }

    /// How a rule reaches whoever asks; `None` when it is about others.
    fn reach(&self, rule: &SchoolRule, request: &Request<'_>) -> Option<Reach> {
        if rule.groups.is_empty() {
            return Some(Reach::Everybody);
        }
        let in_year = |person: &str| {
            let mut years = rule.groups.iter().filter_map(|key| self.0.get(key.as_str()));
            years.any(|people| people.contains(person))
        };
        match request.person {
            Some(person) if in_year(person) => Some(Reach::YearGroup),
            _ => rule.groups.iter().any(|key| key == request.group).then_some(Reach::Group),
        }
    }
}

impl Ruleset {
    pub(crate) fn closed_by_school(&self, request: &Request<'_>) -> Option<Decision> {
        let (rule, reach) = self.closing(&self.school, [&self.rules.school_allow, &self.rules.school_deny], request)?;
        Some(closed(rule, reach, RuleKind::SchoolDeny, self.office))
    }

    pub(crate) fn opened_by_school(&self, request: &Request<'_>) -> Option<Decision> {
        let reach = self.opening(&self.school.opened, &self.rules.school_allow, request)?;
        Some(opened(reach, RuleKind::SchoolAllow, self.office))
    }

    pub(crate) fn closed_by_authority(&self, request: &Request<'_>) -> Option<Decision> {
        let rules = [&*self.rules.authority_allow, &self.rules.authority_deny];
        let (rule, reach) = self.closing(&self.authority, rules, request)?;
        Some(closed(rule, reach, RuleKind::AuthorityDeny, Role::LocalAuthorityOfficer))
    }

    pub(crate) fn opened_by_authority(&self, request: &Request<'_>) -> Option<Decision> {
        let reach = self.opening(&self.authority.opened, &self.rules.authority_allow, request)?;
        Some(opened(reach, RuleKind::AuthorityAllow, Role::LocalAuthorityOfficer))
    }

    /// The rule that closes a host for whoever asks, if none that is narrower opened the same site or a part of it for them.
    fn closing<'a>(
        &'a self,
        sites: &'a OwnSites,
        [allow, deny]: [&'a [SchoolRule]; 2],
        request: &'a Request<'_>,
    ) -> Option<(&'a SchoolRule, Reach)> {
        let opens = |closing: &SchoolRule, than: Reach| {
            self.speaking(&sites.opened, allow, request)
                .any(|(opening, reach)| reach > than && is_part_of(&opening.host, &closing.host))
        };
        self.speaking(&sites.closed, deny, request).find(|(rule, reach)| !opens(rule, *reach))
    }

    /// The narrowest reach of the rules that open a host for whoever asks.
    fn opening(&self, sites: &HostTable, rules: &[SchoolRule], request: &Request<'_>) -> Option<Reach> {
        self.speaking(sites, rules, request).map(|(_, reach)| reach).max()
    }

    /// The rules about a host and its parents that are for others than whoever asks, in words.
    pub(crate) fn own_words_for_others(&self, request: &Request<'_>) -> Vec<String> {
        let (school, authority) = (&self.school, &self.authority);
        let all = [
            (&school.closed, &self.rules.school_deny, "the school has closed"),
            (&school.opened, &self.rules.school_allow, "the school has opened"),
            (&authority.closed, &self.rules.authority_deny, "the local authority has closed"),
            (&authority.opened, &self.rules.authority_allow, "the local authority has opened"),
        ];
        let of_others = all.iter().flat_map(|(sites, rules, verb)| {
            let about = sites.matching(request.host).filter_map(|at| rules.get(at));
            let others = about.filter(|rule| self.year_groups.reach(rule, request).is_none());
            others.map(move |rule| format!("{verb} `{}` for {}", rule.host, whom_in_words(&rule.groups)))
        });
        of_others.collect()
    }

    /// The rules about a host and its parents that reach whoever asks.
    fn speaking<'a>(
        &'a self,
        sites: &'a HostTable,
        rules: &'a [SchoolRule],
        request: &'a Request<'_>,
    ) -> impl Iterator<Item = (&'a SchoolRule, Reach)> {
        let named = sites.matching(request.host).filter_map(|at| rules.get(at));
        named.filter_map(|rule| Some((rule, self.year_groups.reach(rule, request)?)))
    }
}

/// Whether a host is another or below it. Both are parents of one host, so the shorter is the other's end.
fn is_part_of(host: &str, other: &str) -> bool {
    host.trim_end_matches('.').len() >= other.trim_end_matches('.').len()
}

fn closed(rule: &SchoolRule, reach: Reach, kind: RuleKind, office: Role) -> Decision {
    let reason = Reason {
        entry: Some(Arc::from(&*rule.id)),
        because: Some(Arc::from(&*rule.reason)),
        changed_by: Some(office),
        reach: Some(reach),
        ..Reason::of(kind)
    };
    Decision { action: FilterAction::Block, reason, log: Log::ByName }
}

/// Without the rule's id and reason, which are text of their own: only a closed page needs them.
fn opened(reach: Reach, kind: RuleKind, office: Role) -> Decision {
    let reason = Reason { changed_by: Some(office), reach: Some(reach), ..Reason::of(kind) };
    Decision { action: FilterAction::Allow, reason, log: Log::ByName }
}
