//! Counters of one gateway. They name nobody: no host, no person, no device.

use crate::dns::Transport;
use crate::histogram::Histogram;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that name nobody. All only grow, from 0 at the start of the gateway.
#[derive(Debug, Default)]
pub struct Metrics {
    /// DNS questions read, by how they came and what became of them.
    pub dns: DnsQuestions,
    /// From a packet's arrival to its answer, of questions over UDP that took the quick way.
    pub dns_quick_time: Histogram,
    /// How long other servers were waited for.
    pub dns_forwarded_time: Histogram,
    /// From a request's head to its answer's, at the proxy; a tunnel's is its opening.
    pub proxy_time: Histogram,
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
            ("dns_questions", self.dns.all()),
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

/// What became of a DNS question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DnsOutcome {
    /// The name is open: answered from memory or by another server.
    Open,
    /// The name is closed.
    Closed,
    /// Answered here, whatever the rules: the school's own names, names no server may be asked, questions that are refused.
    Here,
}

/// DNS questions, by how they came and what became of them.
#[derive(Debug, Default)]
pub struct DnsQuestions {
    counts: [[AtomicU64; 3]; 4],
}

impl DnsQuestions {
    const TRANSPORTS: [&'static str; 4] = ["udp", "tcp", "tls", "https"];
    const OUTCOMES: [&'static str; 3] = ["open", "closed", "here"];

    pub(crate) fn add(&self, transport: Transport, outcome: DnsOutcome, count: u64) {
        let counter = self.counts.get(transport as usize).and_then(|outcomes| outcomes.get(outcome as usize));
        if let Some(counter) = counter
            && count > 0
        {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }

    /// All of them.
    pub fn all(&self) -> u64 {
        self.counts.iter().flatten().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Each transport and outcome with its count.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        Self::TRANSPORTS.iter().zip(&self.counts).flat_map(|(transport, outcomes)| {
            let outcomes = Self::OUTCOMES.iter().zip(outcomes);
            outcomes.map(|(outcome, count)| (*transport, *outcome, count.load(Ordering::Relaxed)))
        })
    }
}

/// Adds one to a counter.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
