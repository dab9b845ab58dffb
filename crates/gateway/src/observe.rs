//! What the gateway saw, as values on a bounded queue. Batching, storing, alerting and
//! forgetting belong to whoever reads the queue.

use crate::identity::{Confidence, IdentitySource, Notice};
pub(crate) use crate::metrics::{Metrics, count};
use belisha_policy::DeviceKind;
use belisha_records::{PersonId, SchoolId};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
