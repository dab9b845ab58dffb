//! What the gateway saw, as values on a bounded queue, and counters for what did not fit. Batching, storing, alerting and
//! forgetting belong to whoever reads the queue.

use crate::identity::{Confidence, IdentitySource, Notice};
use belisha_policy::DeviceKind;
use belisha_records::{PersonId, SchoolId};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::mpsc;

/// How the request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// A DNS question for an address.
    Dns,
    /// A request over plain HTTP through the proxy.
    Http,
    /// A request inside TLS that the proxy inspects.
    Https,
    /// A CONNECT tunnel through the proxy.
    Tunnel,
    /// A request that another proxy asked about over ICAP.
    Icap,
}

impl Protocol {
    /// Key for records: `dns`, `http`, `https`, `tunnel`, `icap`.
    pub const fn key(self) -> &'static str {
        match self {
            Protocol::Dns => "dns",
            Protocol::Http => "http",
            Protocol::Https => "https",
            Protocol::Tunnel => "tunnel",
            Protocol::Icap => "icap",
        }
    }
}

/// What the gateway did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Let through.
    Allowed,
    /// Closed; the reason says by what.
    Blocked,
    /// Closed until somebody warned goes on.
    Warned,
    /// Closed until somebody asks.
    Asked,
    /// Sent to the portal to sign first.
    SignFirst,
    /// Somebody read the warning and went on, with a reason in the note.
    WarningPassed,
    /// Nothing was done to a request: there is a [`Notice`].
    Noticed,
}

impl Outcome {
    /// Key for records: `allowed`, `blocked`, `warned`, `asked`, `sign-first`, `warning-passed`, `noticed`.
    pub const fn key(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::Blocked => "blocked",
            Outcome::Warned => "warned",
            Outcome::Asked => "asked",
            Outcome::SignFirst => "sign-first",
            Outcome::WarningPassed => "warning-passed",
            Outcome::Noticed => "noticed",
        }
    }
}

/// A worrying phrase found in a search term. It shows words, never intent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worry {
    /// Theme key, `self-harm`.
    pub theme: String,
    /// How dangerous.
    pub danger: belisha_records::Danger,
    /// The phrase of the list that matched.
    pub phrase: String,
}

/// One thing somebody's device did. Personal data: it goes to the activity store and nowhere else, never to a log line.
///
/// Helplines never appear here at all. A hit on the illegal-content list carries its category and no host, path or term.
/// What the rules say is shared with them, not copied: tens of thousands of these are made in a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// When.
    pub at: Timestamp,
    /// At which school.
    pub school: SchoolId,
    /// Whom a mapping covered at that second; `None` = unknown, never a guess.
    pub person: Option<PersonId>,
    /// What named the person.
    pub named_by: Option<IdentitySource>,
    /// How far that can be relied on.
    pub confidence: Option<Confidence>,
    /// Whose the device is, where the school's register has it.
    pub device_kind: Option<DeviceKind>,
    /// The device's address.
    pub device: IpAddr,
    /// Key of the filter group the decision was made for, `pupil`.
    pub group: &'static str,
    /// How it came.
    pub protocol: Protocol,
    /// HTTP method, where one was seen.
    pub method: Option<Box<str>>,
    /// Host asked for; `None` for the illegal-content list.
    pub host: Option<Box<str>>,
    /// Path of a request that could be read, without its query.
    pub path: Option<Box<str>>,
    /// What was searched for, where the address shows it.
    pub search_term: Option<Box<str>>,
    /// Worrying phrases in the search term.
    pub worries: Vec<Worry>,
    /// What the gateway did.
    pub outcome: Outcome,
    /// Key of the reason, the same one that `belisha explain` prints.
    pub reason: &'static str,
    /// Category that decided.
    pub category: Option<Arc<str>>,
    /// List the host was found on.
    pub list: Option<Arc<str>>,
    /// Length the origin stated, in bytes; `None` where it did not, and for tunnels and DNS.
    pub bytes: Option<u64>,
    /// The reason somebody gave for passing a warning, in their own words.
    pub note: Option<Box<str>>,
    /// Something to look into. Such an observation names no person, no host and no path.
    pub notice: Option<Notice>,
}

/// Counters that name nobody. All only grow, from 0 at the start of the gateway.
#[derive(Debug, Default)]
pub struct Metrics {
    /// DNS questions read.
    pub dns_questions: AtomicU64,
    /// DNS packets that were no question.
    pub dns_malformed: AtomicU64,
    /// Of the DNS questions, those that took the quick way: read in place and answered from memory.
    pub dns_quick: AtomicU64,
    /// DNS packets dropped because too many waited already.
    pub dns_overload: AtomicU64,
    /// Questions no upstream answered.
    pub dns_upstream_failures: AtomicU64,
    /// Answers from upstream withheld because a public name pointed at a private address.
    pub dns_rebinding: AtomicU64,
    /// Answers from upstream withheld because they led to a name or network that is closed.
    pub dns_closed_answers: AtomicU64,
    /// Questions over one client's limit: cut short or not answered.
    pub dns_rate_limited: AtomicU64,
    /// Requests and CONNECTs the proxy read.
    pub proxy_requests: AtomicU64,
    /// Requests and answers that other proxies asked about over ICAP.
    pub icap_requests: AtomicU64,
    /// What came over ICAP and could not be read, or was from nobody who may ask.
    pub icap_refused: AtomicU64,
    /// Decisions to let through.
    pub allowed: AtomicU64,
    /// Decisions to close.
    pub blocked: AtomicU64,
    /// Sent to the portal to sign.
    pub sign_first: AtomicU64,
    /// Proxy passwords that were nobody's, and unknown browsers that were asked for one.
    pub credentials_asked: AtomicU64,
    /// Helplines reached: the only trace they leave.
    pub helplines: AtomicU64,
    /// Connections refused because too many were open.
    pub refused_connections: AtomicU64,
    /// CONNECTs to addresses nobody may reach through the proxy.
    pub refused_addresses: AtomicU64,
    /// Observations handed on.
    pub observed: AtomicU64,
    /// Observations dropped because the queue was full or closed.
    pub observations_dropped: AtomicU64,
    /// Rules taken into use.
    pub rules_taken: AtomicU64,
    /// Snapshots that could not be written.
    pub snapshot_failures: AtomicU64,
    /// Pages and files that were let through by their site and refused by what they hold.
    pub content_refused: AtomicU64,
    /// Pages that could not be read, because their origin packed them in a way nobody asked for.
    pub pages_unread: AtomicU64,
    /// Downloads that should have been scanned or opened and could not be.
    pub downloads_unscanned: AtomicU64,
    /// Bytes carried through tunnels, both ways.
    pub tunnel_bytes: AtomicU64,
    /// TLS connections opened for reading.
    pub inspected: AtomicU64,
    /// Handshakes with devices that did not come about.
    pub inspection_failures: AtomicU64,
    /// Tunnels carried unread because their host is pinned or wants the device's own certificate.
    pub passed_by: AtomicU64,
    /// Hosts found to be pinned, counted by device.
    pub pinned_hosts: AtomicU64,
    /// Certificates made for hosts.
    pub certificates_made: AtomicU64,
    /// TLS connections to origins that did not come about: certificates that do not hold among them.
    pub origins_refused: AtomicU64,
}

impl Metrics {
    /// Every counter with its name, for a page or an exporter.
    pub fn all(&self) -> Vec<(&'static str, u64)> {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        vec![
            ("dns_questions", read(&self.dns_questions)),
            ("dns_malformed", read(&self.dns_malformed)),
            ("dns_quick", read(&self.dns_quick)),
            ("dns_overload", read(&self.dns_overload)),
            ("dns_upstream_failures", read(&self.dns_upstream_failures)),
            ("dns_rebinding", read(&self.dns_rebinding)),
            ("dns_closed_answers", read(&self.dns_closed_answers)),
            ("dns_rate_limited", read(&self.dns_rate_limited)),
            ("proxy_requests", read(&self.proxy_requests)),
            ("icap_requests", read(&self.icap_requests)),
            ("icap_refused", read(&self.icap_refused)),
            ("allowed", read(&self.allowed)),
            ("blocked", read(&self.blocked)),
            ("sign_first", read(&self.sign_first)),
            ("credentials_asked", read(&self.credentials_asked)),
            ("helplines", read(&self.helplines)),
            ("refused_connections", read(&self.refused_connections)),
            ("refused_addresses", read(&self.refused_addresses)),
            ("observed", read(&self.observed)),
            ("observations_dropped", read(&self.observations_dropped)),
            ("rules_taken", read(&self.rules_taken)),
            ("snapshot_failures", read(&self.snapshot_failures)),
            ("content_refused", read(&self.content_refused)),
            ("pages_unread", read(&self.pages_unread)),
            ("downloads_unscanned", read(&self.downloads_unscanned)),
            ("tunnel_bytes", read(&self.tunnel_bytes)),
            ("inspected", read(&self.inspected)),
            ("inspection_failures", read(&self.inspection_failures)),
            ("passed_by", read(&self.passed_by)),
            ("pinned_hosts", read(&self.pinned_hosts)),
            ("certificates_made", read(&self.certificates_made)),
            ("origins_refused", read(&self.origins_refused)),
        ]
    }
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// The way out for observations: tries once, counts what does not fit.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) queue: mpsc::Sender<Observation>,
    pub(crate) metrics: Arc<Metrics>,
}

impl Observer {
    /// Hands an observation on, or counts that it was lost.
    pub(crate) fn observe(&self, observation: Observation) {
        match self.queue.try_send(observation) {
            Ok(()) => count(&self.metrics.observed),
            Err(_) => count(&self.metrics.observations_dropped),
        }
    }

    /// Hands on what a batch of requests brought, and leaves the vector empty: the reader is woken once, not each time.
    pub(crate) fn observe_all(&self, observations: &mut Vec<Observation>) {
        let room = observations.len().min(self.queue.capacity());
        if let Ok(places) = self.queue.try_reserve_many(room) {
            let fitting = observations.drain(..room);
            fitting.zip(places).for_each(|(observation, place)| place.send(observation));
            self.metrics.observed.fetch_add(room as u64, Ordering::Relaxed);
        }
        // Somebody else took the room meanwhile, or there was none for all.
        observations.drain(..).for_each(|observation| self.observe(observation));
    }
}
