//! What is asked of `belisha-filter` about requests: judging a request, safe search, search terms, worrying phrases. What is done
//! with the answer is in `request/steps.rs`.

use crate::observe::Worry;
use crate::rules::GatewayRules;
use belisha_filter::{Decision, HostNames, Log, Reason, Request, RuleKind};
use belisha_policy::FilterAction;
use belisha_records::Danger;
use jiff::Timestamp;
use std::net::IpAddr;

/// Longest search term handed on, in characters: enough for any search, and no place to park a document.
const LONGEST_TERM: usize = 200;

/// What holds before anybody has signed anything: illegal content closed, helplines open. Without rules helplines are open
/// all the same.
pub(crate) fn before_gate(rules: Option<&GatewayRules>, request: &Request<'_>) -> Option<Decision> {
    match rules {
        Some(rules) => rules.ruleset.before_gate(request),
        None => belisha_filter::helpline_for(request.host).map(|_| Decision {
            action: FilterAction::Allow,
            reason: Reason::of(RuleKind::Helpline),
            log: Log::Never,
        }),
    }
}

/// What the rules say. Without rules everything is closed: the strictest state.
/// `names` are the host's, where they are worked out.
pub(crate) fn decide(
    rules: Option<&GatewayRules>,
    request: &Request<'_>,
    names: Option<&HostNames<'_>>,
    now: Timestamp,
) -> Decision {
    match rules {
        Some(rules) => match names {
            Some(names) => rules.ruleset.decide_names(request, names, now),
            None => rules.ruleset.decide(request, now),
        },
        None => Decision { action: FilterAction::Block, reason: Reason::of(RuleKind::Default), log: Log::ByName },
    }
}

/// Whether a group's encrypted connections to a host are read. Without rules none are.
pub(crate) fn inspects(rules: Option<&GatewayRules>, host: &str, group: &str) -> bool {
    rules.is_some_and(|rules| rules.ruleset.inspects(host, group))
}

/// Where a search engine's host is sent for a group, if safe search is on. Without rules it is on for everybody.
pub(crate) fn safe_search(rules: Option<&GatewayRules>, host: &str, group: &str) -> Option<&'static str> {
    match rules {
        Some(rules) => rules.ruleset.safe_search(host, group),
        None => belisha_filter::safe_search(host),
    }
}

/// Names that browsers ask to learn whether they may go round the school's DNS.
pub(crate) fn is_canary(host: &str) -> bool {
    belisha_filter::canary(host)
}

/// What was searched for, where the address shows it.
pub(crate) fn search_term(host: &str, path_and_query: &str) -> Option<String> {
    let term = belisha_filter::search_terms(host, path_and_query)?;
    Some(term.chars().take(LONGEST_TERM).collect())
}

/// What the body of a request says, a search or something written to a chat: all of it, and the beginning that is written down.
pub(crate) fn said_in_body(host: &str, path: &str, content_type: &str, body: &[u8]) -> Option<(String, String)> {
    let searched = belisha_filter::search_terms_in_body(host, path, content_type, body);
    let words = searched.or_else(|| belisha_filter::ai_chat::prompt(host, path, content_type, body))?;
    let shown = words.chars().take(LONGEST_TERM).collect();
    Some((words, shown))
}

/// Whether a search is for a helpline.
pub(crate) fn seeks_helpline(term: &str) -> bool {
    belisha_filter::names_helpline(term)
}

/// Whether an address leads to a helpline through another site.
pub(crate) fn leads_to_helpline(host: &str, path: Option<&str>) -> bool {
    belisha_filter::leads_to_helpline(host, path)
}

/// Whether the list of illegal content may name a host by its address.
pub(crate) fn may_close_addresses(rules: Option<&GatewayRules>) -> bool {
    rules.is_some_and(|rules| rules.ruleset.illegal().lists_numbers())
}

/// Whether an address is on the list of illegal content. Without rules there is no list.
pub(crate) fn is_illegal_address(rules: Option<&GatewayRules>, address: IpAddr) -> bool {
    rules.is_some_and(|rules| rules.ruleset.illegal().contains(&address.to_string(), None))
}

/// Worrying phrases in a search term.
pub(crate) fn worries(term: &str) -> Vec<Worry> {
    let hits = belisha_filter::scan(term).into_iter();
    hits.map(|hit| Worry {
        theme: hit.theme.key().to_owned(),
        danger: match hit.danger {
            belisha_filter::Danger::Low => Danger::Low,
            belisha_filter::Danger::Serious => Danger::Serious,
            belisha_filter::Danger::Urgent => Danger::Urgent,
        },
        phrase: hit.phrase.to_owned(),
    })
    .collect()
}

/// A category as the school's own filter table words it, else its key.
pub(crate) fn category_label(rules: Option<&GatewayRules>, category: &str) -> String {
    let tables = rules.into_iter().flat_map(|rules| rules.ruleset.rules().policy.filter_tables());
    let mut rows = tables.flat_map(|(_, table)| &table.rows);
    rows.find(|row| row.category == category).map_or_else(|| category.replace('-', " "), |row| row.label.clone())
}

/// A time as the school's clocks show it, "today at 15:30" or "on Monday 23 November at 08:00"; `None` without rules.
pub(crate) fn school_time(rules: Option<&GatewayRules>, at: Timestamp, now: Timestamp) -> Option<String> {
    let zone = rules?.ruleset.rules().timetable.time_zone();
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "today at %H:%M" } else { "on %A %-d %B at %H:%M" };
    Some(at.strftime(format).to_string())
}
