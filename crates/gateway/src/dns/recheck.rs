//! What an answer leads to: every other name in it is judged like a question, and its addresses must not lead into closed
//! networks or, under public names, into private ones. A name that is open would else be a door to one that is not.

use super::answer::{closed_name, closed_page, observe};
use super::message::{ExtendedError, Question, explain, host_of};
use crate::gateway::Shared;
use crate::judge;
use crate::metrics::count;
use crate::observe::Protocol;
use crate::proxy::address::{is_public, plain, private_allowed};
use crate::request::{Answer, Asked, Credential, judged, walk};
use belisha_filter::RuleKind;
use belisha_policy::FilterAction;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::svcb::{SVCB, SvcParamValue};
use hickory_proto::rr::{Name, RData};
use ipnet::IpNet;
use std::net::IpAddr;

/// The answer, or what a client gets instead of it.
pub(crate) fn recheck(shared: &Shared, question: &Question, device: IpAddr, message: Message) -> Message {
    let host = question.host.as_deref().unwrap_or_default();
    for target in targets(&message).filter_map(host_of) {
        if let Some(closed) = closed_target(shared, question, device, &target) {
            return closed;
        }
    }
    if let Some(closed) = closed_address(shared, question, device, &message) {
        return closed;
    }
    // A helpline is open wherever it is kept.
    let helpline = || judged(shared, asked(device, host)).is_some_and(|(_, rule)| rule == RuleKind::Helpline);
    if leads_into(&message, &shared.config.dns.closed_networks) && !helpline() {
        count(&shared.metrics.dns_closed_answers);
        let mut message = closed_page(shared, question);
        explain(&mut message, ExtendedError::Blocked, "closed by the school's policy: it leads into a closed network");
        return message;
    }
    if addresses(&message).any(|address| !is_public(address)) && !may_be_private(shared, host) {
        count(&shared.metrics.dns_rebinding);
        let mut message = question.answer(ResponseCode::Refused);
        explain(&mut message, ExtendedError::Blocked, "a public name with a private address");
        return message;
    }
    message
}

/// Whether private addresses are right under a name: one of the school's own zones, or one the configuration names.
fn may_be_private(shared: &Shared, host: &str) -> bool {
    shared.zones.forwarded(host).is_some() || private_allowed(&shared.config, host, None)
}

/// Whether an answer has an address in one of these networks.
pub(crate) fn leads_into(message: &Message, networks: &[IpNet]) -> bool {
    !networks.is_empty() && addresses(message).any(|address| networks.iter().any(|network| network.contains(&address)))
}

/// Whether all addresses of an answer are public ones.
pub(crate) fn is_public_only(message: &Message) -> bool {
    addresses(message).all(is_public)
}

/// Other names an answer leads to.
pub(crate) fn targets(message: &Message) -> impl Iterator<Item = &Name> {
    message
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::CNAME(target) => Some(&target.0),
            RData::HTTPS(https) => Some(&https.0.target_name),
            RData::SVCB(service) => Some(&service.target_name),
            _ => None,
        })
        // The root stands for the record's own name (RFC 9460 section 2.5).
        .filter(|name| !name.is_root())
}

/// Addresses in answers and in the hints of services.
fn addresses(message: &Message) -> impl Iterator<Item = IpAddr> {
    message.answers.iter().flat_map(|record| {
        let (one, service) = match &record.data {
            RData::A(address) => (Some(IpAddr::V4(address.0)), None),
            RData::AAAA(address) => (Some(IpAddr::V6(address.0)), None),
            RData::HTTPS(https) => (None, Some(&https.0)),
            RData::SVCB(service) => (None, Some(service)),
            _ => (None, None),
        };
        one.into_iter().chain(service.into_iter().flat_map(hints))
    })
}

fn hints(service: &SVCB) -> Vec<IpAddr> {
    let mut hints = Vec::new();
    for (_, value) in &service.svc_params {
        match value {
            SvcParamValue::Ipv4Hint(hint) => hints.extend(hint.0.iter().map(|address| IpAddr::V4(address.0))),
            SvcParamValue::Ipv6Hint(hint) => hints.extend(hint.0.iter().map(|address| IpAddr::V6(address.0))),
            _ => {}
        }
    }
    hints
}

/// What a client gets when an answer's address is on the list of illegal content.
fn closed_address(shared: &Shared, question: &Question, device: IpAddr, message: &Message) -> Option<Message> {
    if !judge::may_close_addresses(shared.rules().as_deref()) {
        return None;
    }
    addresses(message).find_map(|address| {
        let host = plain(address).to_string();
        let (_, rule) = judged(shared, asked(device, &host))?;
        (rule == RuleKind::Illegal).then(|| closed_target(shared, question, device, &host))?
    })
}

fn asked(device: IpAddr, host: &str) -> Asked<'_> {
    Asked { protocol: Protocol::Dns, device, credential: Credential::None, method: None, host, path: None }
}

/// Whether a decision about a name that an answer leads to may close the answer.
pub(crate) const fn closes_target(action: FilterAction, rule: RuleKind) -> bool {
    let speaks_of_the_name = match rule {
        RuleKind::Illegal
        | RuleKind::SchoolDeny
        | RuleKind::Exception
        | RuleKind::AuthorityDeny
        | RuleKind::Category
        | RuleKind::Undecided => true,
        // What a device, a lesson or a chosen list leaves shut was judged by the name that was asked for.
        RuleKind::Helpline
        | RuleKind::Device
        | RuleKind::LessonList
        | RuleKind::SchoolAllow
        | RuleKind::AllowListOnly
        | RuleKind::AuthorityAllow
        | RuleKind::Default => false,
    };
    speaks_of_the_name && !matches!(action, FilterAction::Allow)
}

/// What a client gets when an answer leads to a name that is closed to it. A name that nobody decided on closes nothing: a
/// site that is open by name would be shut by the name of its host.
fn closed_target(shared: &Shared, question: &Question, device: IpAddr, target: &str) -> Option<Message> {
    let (action, rule) = judged(shared, asked(device, target))?;
    if !closes_target(action, rule) {
        return None;
    }
    if rule != RuleKind::Illegal && opened_by_name(shared, question, device) {
        return None;
    }
    let answered = walk(shared, asked(device, target));
    let Answer::Closed(closed) = answered.answer else { return None };
    count(&shared.metrics.dns_closed_answers);
    if let Some(observation) = answered.observation {
        observe(shared, question, observation);
    }
    let host = question.host.as_deref().unwrap_or_default();
    shared.led_to.remember(device, host, target, shared.now());
    Some(closed_name(shared, question, &closed))
}

/// Whether somebody opened the very name that was asked for: then only the illegal-content list closes what it leads to.
fn opened_by_name(shared: &Shared, question: &Question, device: IpAddr) -> bool {
    let host = question.host.as_deref().unwrap_or_default();
    if shared.zones.forwarded(host).is_some() {
        return true;
    }
    let rule = judged(shared, asked(device, host)).map(|(_, rule)| rule);
    rule.is_none_or(opens_by_name)
}

/// Whether a rule opens the very name it is about, wherever that leads.
pub(crate) const fn opens_by_name(rule: RuleKind) -> bool {
    matches!(rule, RuleKind::Helpline | RuleKind::Exception | RuleKind::SchoolAllow | RuleKind::AuthorityAllow)
}
