//! The whole life of a request on one screen: identify, then the first of `STEPS` that has something to say, then the answer
//! and the observation. The order is the published order of precedence; each step asks one question.

use super::answer::{self, Answered};
use super::identify::{Caller, Credential, identify};
use super::notices::notice;
use crate::gateway::Shared;
use crate::judge;
use crate::observe::{Observation, Outcome, Protocol};
use crate::proxy::DirectAddress;
use crate::proxy::address::is_public;
use crate::rules::{AgeBand, Gate, GatewayRules};
use belisha_filter::{Decision, HostNames, Log, Request, RuleKind};
use belisha_policy::FilterAction;
use jiff::Timestamp;
use std::net::IpAddr;

/// The steps in order of precedence. `None` asks the next one; the last always answers.
const STEPS: [fn(&Walk<'_>) -> Option<Verdict>; 5] = [
    own_pages,   // the portal and the PAC file: always reachable, never observed
    before_gate, // illegal content is closed and helplines are open, whoever asks
    credential,  // a wrong proxy password is asked for again
    gate,        // an agreement that is not signed leads to the portal
    rules,       // the school's own sites, exceptions, the policy's tables, the default
];

/// What somebody's device asks for. `host` is normalised: lower case, no final dot.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) protocol: Protocol,
    pub(crate) device: IpAddr,
    pub(crate) credential: Credential<'a>,
    pub(crate) method: Option<&'a str>,
    pub(crate) host: &'a str,
    /// Path and query, where the request could be read.
    pub(crate) path: Option<&'a str>,
}

/// What a step decided.
pub(crate) enum Verdict {
    /// A page of the school's own server.
    Own,
    /// The proxy must ask for a user name and password.
    CredentialWanted,
    /// Something must be signed first.
    SignFirst,
    /// The filter's word.
    Decided(Decision),
}

/// A request on its way through the steps.
pub(crate) struct Walk<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) asked: Asked<'a>,
    pub(crate) rules: Option<&'a GatewayRules>,
    pub(crate) caller: &'a Caller<'a>,
    /// The host's names, where they are worked out already.
    pub(crate) names: Option<&'a HostNames<'a>>,
    pub(crate) now: Timestamp,
}

/// Takes a request through every step. The observation comes back to the caller, who may know the length of the answer.
pub(crate) fn walk(shared: &Shared, asked: Asked<'_>) -> Answered {
    through_steps(shared, asked, |walk, verdict| {
        let leaves_a_trace = match &verdict {
            Verdict::Own => false,
            Verdict::Decided(decision) => decision.log != Log::Never,
            Verdict::CredentialWanted | Verdict::SignFirst => true,
        };
        if leaves_a_trace && let Some(observation) = notice(walk) {
            shared.observer.observe(observation);
        }
        answer::answer(walk, verdict)
    })
}

/// Whether a request that was let through would be let through now. Nothing is counted or observed.
pub(crate) fn still_open(shared: &Shared, asked: Asked<'_>) -> bool {
    through_steps(shared, asked, |_, verdict| match verdict {
        Verdict::Own => true,
        Verdict::Decided(decision) => decision.action == FilterAction::Allow,
        Verdict::CredentialWanted | Verdict::SignFirst => false,
    })
}

/// A request that was judged before and is asked about once more, for its answer.
pub(crate) enum Again {
    /// It is closed now.
    Closed,
    /// It is open, and nobody looks at it: a helpline, or a page of the school's own.
    Unseen,
    /// It is open; what was to be written down about it.
    Open(Box<Observation>),
}

/// Judges a request once more. Nothing is counted or observed.
pub(crate) fn again(shared: &Shared, asked: Asked<'_>) -> Again {
    through_steps(shared, asked, |walk, verdict| match verdict {
        Verdict::Own => Again::Unseen,
        Verdict::Decided(decision) if decision.action != FilterAction::Allow => Again::Closed,
        Verdict::Decided(decision) if decision.log == Log::Never => Again::Unseen,
        Verdict::Decided(decision) => {
            let key = decision.reason.rule.key();
            Again::Open(Box::new(answer::observation(walk, Outcome::Allowed, key, Some(&decision))))
        }
        Verdict::CredentialWanted | Verdict::SignFirst => Again::Closed,
    })
}

/// What the filter says of a request, and by which rule; `None` where it is not asked, because a page of the school's own
/// or an unsigned agreement comes first. Nothing is counted or observed.
pub(crate) fn judged(shared: &Shared, asked: Asked<'_>) -> Option<(FilterAction, RuleKind)> {
    through_steps(shared, asked, |_, verdict| match verdict {
        Verdict::Decided(decision) => Some((decision.action, decision.reason.rule)),
        Verdict::Own | Verdict::CredentialWanted | Verdict::SignFirst => None,
    })
}

fn through_steps<T>(shared: &Shared, asked: Asked<'_>, then: impl FnOnce(&Walk<'_>, Verdict) -> T) -> T {
    let held = shared.rules();
    let rules = held.as_deref();
    let now = shared.now();
    let caller = identify(rules, &shared.identity, &asked, now);
    let walk = Walk { shared, asked, rules, caller: &caller, names: None, now };
    let verdict = walk.settle();
    then(&walk, verdict)
}

fn own_pages(walk: &Walk<'_>) -> Option<Verdict> {
    let host = walk.asked.host;
    (walk.shared.config.portal.is_own(host) || is_wpad(host)).then_some(Verdict::Own)
}

fn before_gate(walk: &Walk<'_>) -> Option<Verdict> {
    // Where neither a password nor a signature is wanted, `rules` asks the same first, and once is enough.
    if walk.rules.is_some() && credential(walk).or_else(|| gate(walk)).is_none() {
        return None;
    }
    judge::before_gate(walk.rules, &walk.request()).map(Verdict::Decided)
}

fn credential(walk: &Walk<'_>) -> Option<Verdict> {
    let through_proxy = walk.asked.protocol != Protocol::Dns;
    let unknown = walk.shared.config.ask_for_credentials && walk.caller.person.is_none();
    (through_proxy && (walk.caller.wrong_credential || unknown)).then_some(Verdict::CredentialWanted)
}

fn gate(walk: &Walk<'_>) -> Option<Verdict> {
    (walk.caller.gate == Gate::SignFirst).then_some(Verdict::SignFirst)
}

fn rules(walk: &Walk<'_>) -> Option<Verdict> {
    let mut decision = judge::decide(walk.rules, &walk.request(), walk.names, walk.now);
    if decision.action == FilterAction::Warn
        && walk.shared.warnings.passed(walk.caller, walk.asked.device, walk.asked.host, walk.now)
    {
        decision.action = FilterAction::Allow;
    }
    if decision.action == FilterAction::Allow && decision.reason.rule == RuleKind::Default && is_way_round(walk) {
        decision.action = FilterAction::Block;
    }
    Some(Verdict::Decided(decision))
}

/// Whether a public address is asked for without a name, by somebody for whom that is closed: lists know names.
fn is_way_round(walk: &Walk<'_>) -> bool {
    walk.asked.protocol != Protocol::Dns
        && walk.shared.config.proxy.direct_address == DirectAddress::Block
        && walk.caller.age_band != AgeBand::Adult
        && walk.asked.host.parse().is_ok_and(is_public)
}

impl Walk<'_> {
    /// The first step's word. Nothing is counted or observed; who puts a walk together sees to both.
    pub(crate) fn settle(&self) -> Verdict {
        STEPS.iter().find_map(|step| step(self)).unwrap_or(Verdict::SignFirst)
    }

    fn request(&self) -> Request<'_> {
        Request {
            host: self.asked.host,
            path: self.asked.path,
            group: self.caller.group,
            person: self.caller.person_key.as_deref(),
            device: self.caller.device.map(|device| device.kind),
            own_zone: self.shared.zones.speak_of(self.asked.host),
        }
    }
}

/// The name browsers look for a PAC file under. It is ours everywhere, so that no neighbour can answer for it.
pub(crate) fn is_wpad(host: &str) -> bool {
    host == "wpad" || host.starts_with("wpad.")
}
