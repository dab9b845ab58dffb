//! From a DNS question to its answer: names that are answered the same for everybody (`special.rs`), then the steps every
//! request goes through, then local records, safe search (`safe_search.rs`) or another server (`forward.rs`).

use super::deliver::deliver;
use super::message::{CLOSED_TTL, ExtendedError, Question, explain};
use super::recheck::recheck;
use super::safe_search::{for_target, rewritten};
use super::special::special;
use crate::config::local_record;
use crate::gateway::Shared;
use crate::metrics::{DnsOutcome, count};
use crate::observe::{Observation, Protocol};
use crate::request::{Answer, Asked, Closed, Credential, is_wpad, walk};
use belisha_filter::RuleKind;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA};
use hickory_proto::rr::{RData, RecordType};
use std::net::IpAddr;
use tokio::time::Instant;

/// Time to live of our own records, in seconds.
pub(super) const LOCAL_TTL: u32 = 30;

/// Who asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    pub(crate) device: IpAddr,
    pub(crate) transport: Transport,
}

/// How a question came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    /// DNS over TLS.
    Tls,
    /// DNS over HTTPS.
    Https,
}

/// What to do about a question.
pub(crate) enum Reply {
    /// Send this.
    Now(Message),
    /// Send this: the name is closed.
    Closed(Message),
    /// Ask somebody.
    Forward(Wanted),
}

/// What another server is asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Under another name, for safe search.
    safe_search: Option<&'static str>,
}

/// What to do about a question, without waiting for anybody; answers are ready to be sent.
pub(crate) enum Step {
    /// Send this.
    Answer(Vec<u8>),
    /// Call [`wait`].
    Wait(Wanted),
}

/// Answers from the rules, our own records and what is remembered; says if another server must be asked.
pub(crate) fn at_once(shared: &Shared, question: &Question, client: Client) -> Step {
    let reply = decide(shared, question, client.device);
    let outcome = match &reply {
        Reply::Now(_) => DnsOutcome::Here,
        Reply::Closed(_) => DnsOutcome::Closed,
        Reply::Forward(_) => DnsOutcome::Open,
    };
    shared.metrics.dns.add(client.transport, outcome, 1);
    let message = match reply {
        Reply::Now(message) | Reply::Closed(message) => message,
        // Without the wish for recursion one would learn what others asked for a moment ago.
        Reply::Forward(_) if !question.recursion_desired => question.answer(ResponseCode::Refused),
        Reply::Forward(wanted) => match remembered(shared, question, client.device, wanted) {
            Some(message) => message,
            None => return Step::Wait(wanted),
        },
    };
    Step::Answer(deliver(shared, question, client, message))
}

/// The same for a question that was let through already.
pub(crate) fn let_through(shared: &Shared, question: &Question, client: Client) -> Step {
    match remembered(shared, question, client.device, Wanted::default()) {
        Some(message) => Step::Answer(deliver(shared, question, client, message)),
        None => Step::Wait(Wanted::default()),
    }
}

/// Asks another server.
pub(crate) async fn wait(shared: &Shared, question: &Question, client: Client, wanted: Wanted) -> Vec<u8> {
    let began = Instant::now();
    let message = forward(shared, question, client.device, wanted).await;
    shared.metrics.dns_forwarded_time.add(began.elapsed(), 1);
    deliver(shared, question, client, message)
}

/// Decides a question without waiting for anybody.
pub(crate) fn decide(shared: &Shared, question: &Question, device: IpAddr) -> Reply {
    let Some(host) = question.host.as_deref() else {
        return Reply::Now(question.nothing(ResponseCode::NXDomain, LOCAL_TTL));
    };
    special(shared, question, host, device).unwrap_or_else(|| by_rules(shared, question, host, device))
}

/// What the rules say of a host: the one that was asked for, or the one that it is another name of.
pub(super) fn by_rules(shared: &Shared, question: &Question, host: &str, device: IpAddr) -> Reply {
    let asked = Asked { protocol: Protocol::Dns, device, credential: Credential::None, method: None, host, path: None };
    let answered = walk(shared, asked);
    if let Some(observation) = answered.observation {
        observe(shared, question, observation);
    }
    match answered.answer {
        Answer::Own => Reply::Now(own(shared, question, host)),
        // A DNS question carries no password, so none is asked for.
        Answer::CredentialWanted => Reply::Now(question.answer(ResponseCode::Refused)),
        Answer::SignFirst => {
            let mut message = closed_page(shared, question);
            explain(&mut message, ExtendedError::Prohibited, "the school's agreement waits to be signed");
            Reply::Closed(message)
        }
        Answer::Closed(closed) => Reply::Closed(closed_name(shared, question, &closed)),
        Answer::Open { safe_search } => open(shared, question, host, safe_search),
    }
}

/// What another server said a moment ago, if it is remembered: most questions need not wait for anybody.
fn remembered(shared: &Shared, question: &Question, device: IpAddr, wanted: Wanted) -> Option<Message> {
    let Some(target) = wanted.safe_search else {
        return Some(recheck(shared, question, device, shared.forwarder.remembered(question)?));
    };
    let asked = for_target(question, target)?;
    let found = shared.forwarder.remembered(&asked)?;
    Some(rewritten(shared, question, &asked, device, found))
}

/// Waits for another server.
async fn forward(shared: &Shared, question: &Question, device: IpAddr, wanted: Wanted) -> Message {
    let asked = wanted.safe_search.and_then(|target| for_target(question, target));
    match (shared.forwarder.ask(asked.as_ref().unwrap_or(question)).await, &asked) {
        (Ok(found), Some(asked)) => rewritten(shared, question, asked, device, found),
        (Ok(found), None) => recheck(shared, question, device, found),
        (Err(_), _) => {
            count(&shared.metrics.dns_upstream_failures);
            let mut message = question.answer(ResponseCode::ServFail);
            explain(&mut message, ExtendedError::NoReachableAuthority, "");
            message
        }
    }
}

fn own(shared: &Shared, question: &Question, host: &str) -> Message {
    let server = if is_wpad(host) {
        shared.block_page_addr.map(|address| address.ip())
    } else {
        Some(shared.config.portal.address.ip())
    };
    match server.filter(|server| !server.is_unspecified()) {
        Some(server) => address(question, server, LOCAL_TTL),
        None => closed_page(shared, question),
    }
}

fn open(shared: &Shared, question: &Question, host: &str, safe_search: Option<&'static str>) -> Reply {
    if let Some(record) = local_record(&shared.config.local_records, host) {
        return Reply::Now(address(question, record.address, LOCAL_TTL));
    }
    if shared.forwarder.has_upstreams(host) {
        Reply::Forward(Wanted { safe_search })
    } else {
        no_servers(shared, question)
    }
}

pub(super) fn no_servers(shared: &Shared, question: &Question) -> Reply {
    count(&shared.metrics.dns_upstream_failures);
    let mut message = question.answer(ResponseCode::ServFail);
    explain(&mut message, ExtendedError::NoReachableAuthority, "no DNS server is set up to ask");
    Reply::Now(message)
}

/// The address of the block page; for other types than addresses, nothing.
pub(super) fn closed_page(shared: &Shared, question: &Question) -> Message {
    match (question.kind, shared.config.block_page_v6) {
        (RecordType::A, _) => question.with(CLOSED_TTL, [RData::A(A(shared.config.block_page_v4))]),
        (RecordType::AAAA, Some(v6)) => question.with(CLOSED_TTL, [RData::AAAA(AAAA(v6))]),
        _ => question.nothing(ResponseCode::NoError, CLOSED_TTL),
    }
}

pub(super) fn closed_name(shared: &Shared, question: &Question, closed: &Closed) -> Message {
    let mut message = closed_page(shared, question);
    match (closed.rule, &closed.block.category) {
        (RuleKind::Illegal, _) => explain(&mut message, ExtendedError::Censored, ""),
        (_, Some(category)) => {
            explain(&mut message, ExtendedError::Blocked, &format!("closed by the school's policy: {category}"))
        }
        (_, None) => explain(&mut message, ExtendedError::Blocked, "closed by the school's policy"),
    }
    message
}

pub(super) fn address(question: &Question, address: IpAddr, ttl: u32) -> Message {
    match (question.kind, address) {
        (RecordType::A, IpAddr::V4(v4)) => question.with(ttl, [RData::A(A(v4))]),
        (RecordType::AAAA, IpAddr::V6(v6)) => question.with(ttl, [RData::AAAA(AAAA(v6))]),
        _ => question.nothing(ResponseCode::NoError, ttl),
    }
}

/// Browsers ask for A, AAAA and HTTPS together; one visit is one observation.
pub(super) fn observe(shared: &Shared, question: &Question, observation: Observation) {
    let address = matches!(question.kind, RecordType::A | RecordType::AAAA);
    if address
        && shared.recent_names.first_time(
            observation.device,
            question.host.as_deref().unwrap_or_default(),
            observation.outcome,
            observation.at,
        )
    {
        shared.observer.observe(observation);
    }
}
