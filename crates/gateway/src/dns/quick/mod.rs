//! The quick way through a question: read in place, judged by the same steps as every request, answered from memory, all
//! without an allocation. It knows the usual only. Whatever else comes is handed to `answer.rs`, untouched and uncounted, so
//! that a question is answered the same either way; `tests/wire/quick.rs` holds the two together.

mod packet;
mod question;

pub(crate) use packet::AnswerPacket;
pub(crate) use question::{HostRoom, QuickQuestion};

use super::answer::Transport;
use super::message::ExtendedError;
use super::rate::Allowed;
use super::recent::Visit;
use super::recheck::closes_target;
use super::special::{Kind, kind};
use crate::config::local_record;
use crate::gateway::Shared;
use crate::judge;
use crate::metrics::DnsOutcome;
use crate::observe::{Observation, Outcome, Protocol};
use crate::request::{Asked, Caller, Credential, Verdict, Walk, identify, notice, observation, outcome};
use crate::rules::GatewayRules;
use belisha_filter::{Decision, HostNames, Log, RuleKind};
use jiff::Timestamp;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quickly {
    /// The answer is written.
    Answered,
    /// It is, and it is nearly over: fetch it again.
    AnsweredAndDue,
    /// This client asks too much; nothing is sent.
    Dropped,
    /// It was let through and its answer is not remembered: ask another server.
    Ask,
    /// Somebody else must see to all of it. `charged`: it counts towards its client's limit already.
    Other { charged: bool },
}

/// What is the same for every packet of one batch, and what the batch brought. The rules are read after the batch arrived:
/// a packet that comes after new rules were taken is judged by them.
pub(crate) struct Batch<'a> {
    shared: &'a Shared,
    rules: Option<&'a GatewayRules>,
    now: Timestamp,
    instant: Instant,
    /// Who asked last: a page brings many questions from one device.
    caller: Option<(IpAddr, Caller<'a>)>,
    tally: Tally,
    seen: &'a mut Vec<Observation>,
}

/// What is counted, added up once for each batch.
#[derive(Default)]
struct Tally {
    questions: u64,
    answered: u64,
    allowed: u64,
    blocked: u64,
    helplines: u64,
    rate_limited: u64,
}

impl Tally {
    fn question(&mut self, done: Quickly) {
        self.questions += 1;
        self.answered += u64::from(done != Quickly::Ask);
    }
}

/// A question that was read, from whom, and what it will be looked up by.
pub(crate) struct Ready<'a> {
    question: QuickQuestion<'a>,
    names: HostNames<'a>,
    device: IpAddr,
    /// Hash of its answer's key.
    answer: u64,
    visit: Visit,
}

/// How the memory of answers took a question.
enum Remembered {
    Written {
        /// It is nearly over.
        due: bool,
    },
    /// There is one, and something about it is for others to judge.
    Doubtful,
}

impl<'a> Batch<'a> {
    /// A batch that arrived just now.
    pub(crate) fn new(shared: &'a Shared, rules: Option<&'a GatewayRules>, seen: &'a mut Vec<Observation>) -> Self {
        let (now, instant) = (shared.now(), Instant::now());
        Self { shared, rules, now, instant, caller: None, tally: Tally::default(), seen }
    }

    /// When it arrived.
    pub(crate) fn instant(&self) -> Instant {
        self.instant
    }

    /// Questions that were answered.
    pub(crate) fn answered(&self) -> u64 {
        self.tally.answered
    }

    /// Reads a packet; `None` for anything but the usual question.
    pub(crate) fn read<'p>(&self, packet: &'p [u8], room: &'p mut HostRoom, device: IpAddr) -> Option<Ready<'p>> {
        let question = QuickQuestion::read(packet, room)?;
        let key = question.key();
        let answer = self.shared.forwarder.cache().hash_of(&key);
        let visit = self.shared.recent_names.visit(device, key.host);
        Some(Ready { names: HostNames::of(question.host), question, device, answer, visit })
    }

    /// Fetches the memory that these questions will need. Each would wait several times for a place that is in no cache of
    /// the processor; asked for together, they wait together.
    pub(crate) fn fetch(&self, ready: &[Option<Ready<'_>>]) {
        let mut hashes = [0; 64];
        let mut count = 0;
        let mut sum = 0;
        for (ready, hash) in ready.iter().flatten().zip(&mut hashes) {
            *hash = ready.answer;
            count += 1;
            sum ^= self.shared.recent_names.fetch(ready.visit);
            sum ^= self.rules.map_or(0, |rules| rules.ruleset.index().fetch(&ready.names));
        }
        sum ^= u64::from(self.shared.forwarder.cache().fetch(hashes.get(..count).unwrap_or_default()));
        // Nothing depends on it; without this the compiler would leave all of it out.
        std::hint::black_box(sum);
    }

    /// Answers a question, or says who must.
    pub(crate) fn take(&mut self, ready: Option<&Ready<'_>>, answer: &mut AnswerPacket) -> Quickly {
        let Some(ready) = ready else { return Quickly::Other { charged: false } };
        match self.shared.dns_rate.allow(ready.device, false, self.instant) {
            Allowed::Allow => {}
            Allowed::Truncate => {
                self.tally.rate_limited += 1;
                return answer.cut_short(&ready.question).map_or(Quickly::Dropped, |()| Quickly::Answered);
            }
            Allowed::Drop => {
                self.tally.rate_limited += 1;
                return Quickly::Dropped;
            }
        }
        self.judge(ready, answer).unwrap_or(Quickly::Other { charged: true })
    }

    /// `None`: something unusual; nothing was counted or observed.
    fn judge(&mut self, ready: &Ready<'_>, answer: &mut AnswerPacket) -> Option<Quickly> {
        let (device, host) = (ready.device, ready.question.host);
        let kind = kind(self.shared, host);
        if kind == Kind::Special {
            return None;
        }
        let asked = asked(device, host);
        let caller = match self.caller.take() {
            Some((last, caller)) if last == device => caller,
            _ => identify(self.rules, &self.shared.identity, &asked, self.now),
        };
        let walk = Walk {
            shared: self.shared,
            asked,
            rules: self.rules,
            caller: &caller,
            names: Some(&ready.names),
            now: self.now,
        };
        let done = match kind {
            Kind::PublicReverse => self.open(&walk, ready, answer).inspect(|done| self.tally.question(*done)),
            _ => match walk.settle() {
                Verdict::Decided(decision) => self.decided(&walk, ready, &decision, answer),
                Verdict::Own | Verdict::CredentialWanted | Verdict::SignFirst => None,
            },
        };
        self.caller = Some((device, caller));
        done
    }

    fn decided(
        &mut self,
        walk: &Walk<'_>,
        ready: &Ready<'_>,
        decision: &Decision,
        answer: &mut AnswerPacket,
    ) -> Option<Quickly> {
        let outcome = outcome(decision.action);
        let done = if outcome == Outcome::Allowed {
            self.open(walk, ready, answer)?
        } else {
            let (error, why) = why_closed(decision);
            let config = &self.shared.config;
            answer.closed(&ready.question, config.block_page_v4, config.block_page_v6, error, why)?;
            Quickly::Answered
        };
        self.tally.question(done);
        *(if outcome == Outcome::Allowed { &mut self.tally.allowed } else { &mut self.tally.blocked }) += 1;
        if decision.log == Log::Never {
            self.tally.helplines += 1;
            return Some(done);
        }
        self.seen.extend(notice(walk));
        if ready.question.is_for_address() && self.shared.recent_names.first(ready.visit, outcome, self.now) {
            self.seen.push(observation(walk, outcome, decision.reason.rule.key(), Some(decision)));
        }
        Some(done)
    }

    /// A name that is open: its answer, if it is remembered.
    fn open(&self, walk: &Walk<'_>, ready: &Ready<'_>, answer: &mut AnswerPacket) -> Option<Quickly> {
        let (host, question) = (walk.asked.host, &ready.question);
        let elsewhere = judge::safe_search(self.rules, host, walk.caller.group).is_some()
            || local_record(&self.shared.config.local_records, host).is_some()
            || !self.shared.forwarder.has_upstreams(host)
            || !question.wants_recursion()
            // Where the list of illegal content names addresses, every answer's are held against it.
            || judge::may_close_addresses(self.rules);
        if elsewhere {
            return None;
        }
        let found = self.shared.forwarder.cache().with_fresh(&question.key(), ready.answer, self.instant, |stored| {
            // A private address, or a closed name further on: what that means is for `recheck.rs`.
            if !stored.public || stored.targets.iter().any(|target| Self::target_may_close(walk, target)) {
                return Some(Remembered::Doubtful);
            }
            let (age, due) = (stored.age(self.instant), stored.is_due(self.instant));
            let written = answer.remembered(question, stored, age);
            Some(written.map_or(Remembered::Doubtful, |()| Remembered::Written { due }))
        });
        match found {
            Some(Remembered::Written { due: false }) => Some(Quickly::Answered),
            Some(Remembered::Written { due: true }) => Some(Quickly::AnsweredAndDue),
            Some(Remembered::Doubtful) => None,
            None => Some(Quickly::Ask),
        }
    }

    /// Whether a name that an answer leads to is closed to this caller; `recheck.rs` then says what that means.
    fn target_may_close(walk: &Walk<'_>, target: &str) -> bool {
        let walk = Walk { asked: asked(walk.asked.device, target), names: None, ..*walk };
        match walk.settle() {
            Verdict::Decided(decision) => closes_target(decision.action, decision.reason.rule),
            Verdict::Own | Verdict::CredentialWanted | Verdict::SignFirst => false,
        }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let metrics = &self.shared.metrics;
        let add = |counter: &AtomicU64, number: u64| {
            if number > 0 {
                counter.fetch_add(number, Ordering::Relaxed);
            }
        };
        let open = self.tally.questions - self.tally.blocked;
        metrics.dns.add(Transport::Udp, DnsOutcome::Open, open);
        metrics.dns.add(Transport::Udp, DnsOutcome::Closed, self.tally.blocked);
        add(&metrics.dns_quick, self.tally.answered);
        add(&metrics.allowed, self.tally.allowed);
        add(&metrics.blocked, self.tally.blocked);
        add(&metrics.helplines, self.tally.helplines);
        add(&metrics.dns_rate_limited, self.tally.rate_limited);
    }
}

fn asked(device: IpAddr, host: &str) -> Asked<'_> {
    Asked { protocol: Protocol::Dns, device, credential: Credential::None, method: None, host, path: None }
}

/// As `closed_name` in `answer.rs` says it.
fn why_closed(decision: &Decision) -> (ExtendedError, [&str; 2]) {
    match (decision.reason.rule, &decision.reason.category) {
        (RuleKind::Illegal, _) => (ExtendedError::Censored, ["", ""]),
        (_, Some(category)) => (ExtendedError::Blocked, ["closed by the school's policy: ", category]),
        (_, None) => (ExtendedError::Blocked, ["closed by the school's policy", ""]),
    }
}
