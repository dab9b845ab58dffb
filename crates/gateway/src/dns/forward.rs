//! What other servers know: from the cache, else by asking them, once for all who ask the same. When nobody can be reached
//! an answer beyond its time is better than none (RFC 8767). How servers are asked is in `upstream/`.

use super::cache::{Cache, Cached, Key};
use super::coalesce::{Asking, Outcome, Unanswered};
use super::message::{ExtendedError, Question, explain, host_of};
use super::recheck::{leads_into, targets};
use super::scrub::clean;
use super::upstream::{Group, Outgoing, Random, Server, connector};
use super::zones::Zones;
use crate::config::{Entropy, GatewayConfig};
use crate::gateway::StartError;
use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// The way to other servers; cheap to clone.
#[derive(Clone)]
pub(crate) struct Forwarder(Arc<Inner>);

struct Inner {
    /// The usual servers, then those of each zone in the order of the configuration.
    groups: Vec<Group>,
    zones: Arc<Zones>,
    closed_networks: Vec<IpNet>,
    in_flight: Semaphore,
    asking: Asking,
    cache: Cache,
    /// Where answers are fetched again: a question may be answered on a thread of its own.
    runtime: Handle,
}

/// An answer, and whether it is beyond its time.
struct Known {
    message: Message,
    stale: bool,
}

impl Forwarder {
    /// Every server, the usual ones first: whether it is there, and how long it usually takes, in microseconds.
    pub(crate) fn health(&self) -> Vec<(bool, u32)> {
        self.0.groups.iter().flat_map(Group::health).collect()
    }

    /// Call it within the runtime.
    pub(crate) fn new(config: &GatewayConfig, zones: Arc<Zones>, entropy: &Entropy) -> Result<Self, StartError> {
        let random = Arc::new(Random::new(Arc::clone(entropy)));
        let dns = &config.dns;
        let plain = |address: &SocketAddr| Server::plain(*address, dns.mix_case, &random);
        let mut usual = Vec::with_capacity(dns.tls_upstreams.len() + config.upstreams.len());
        for server in &dns.tls_upstreams {
            let encryption = connector(&server.name, dns.upstream_roots.as_deref())
                .map_err(|source| StartError::Upstream { name: server.name.clone(), source })?;
            usual.push(Server::encrypted(server.address, encryption, &random));
        }
        usual.extend(config.upstreams.iter().map(plain));
        let wait = config.limits.upstream_time;
        let mut groups = vec![Group::new(usual, wait)];
        groups.extend(dns.forward_zones.iter().map(|zone| Group::new(zone.servers.iter().map(plain).collect(), wait)));
        Ok(Self(Arc::new(Inner {
            groups,
            zones,
            closed_networks: dns.closed_networks.clone(),
            in_flight: Semaphore::new(config.limits.dns_in_flight),
            asking: Asking::default(),
            cache: Cache::new(dns.stale_for),
            runtime: Handle::current(),
        })))
    }

    /// What is remembered.
    pub(crate) fn cache(&self) -> &Cache {
        &self.0.cache
    }

    /// Whether there is anybody to ask about a host.
    pub(crate) fn has_upstreams(&self, host: &str) -> bool {
        !self.0.group(host).is_empty()
    }

    /// The answer to a client's question, in that client's terms. Hidden hellos are already out of it.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Message, Unanswered> {
        let host = question.host.as_deref().ok_or(Unanswered)?;
        Ok(in_terms_of(question, self.known(Outgoing::of(question), host).await?))
    }

    /// The same without waiting: what is remembered, if it is. One that is wanted often and nearly over is fetched again.
    pub(crate) fn remembered(&self, question: &Question) -> Option<Message> {
        let host = question.host.as_deref()?;
        let outgoing = Outgoing::of(question);
        let key = outgoing.key(host);
        match self.0.cache.get(&key, Instant::now()) {
            Cached::Fresh(message) => {
                self.prefetch(&key, outgoing);
                Some(in_terms_of(question, Known { message, stale: false }))
            }
            // Nobody to wait for: those who are away are tried in the background.
            Cached::Stale(message) if self.0.group(host).all_away() => {
                Some(in_terms_of(question, Known { message, stale: true }))
            }
            Cached::Stale(_) | Cached::Missing => None,
        }
    }

    /// Addresses of a host, IPv4 first.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Unanswered> {
        let records = self.both(host).await?.into_iter().flat_map(|known| known.message.answers);
        Ok(records
            .filter_map(|record| match record.data {
                RData::A(address) => Some(IpAddr::V4(address.0)),
                RData::AAAA(address) => Some(IpAddr::V6(address.0)),
                _ => None,
            })
            .collect())
    }

    /// The other names that a host's addresses are found under.
    pub(crate) async fn names_behind(&self, host: &str) -> Result<Vec<String>, Unanswered> {
        if let Some(alias) = self.0.zones.alias(host) {
            return Ok(vec![alias]);
        }
        let known = self.both(host).await?;
        let mut names: Vec<_> = known.iter().flat_map(|known| targets(&known.message)).filter_map(host_of).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// What is known of both kinds of address of a host.
    async fn both(&self, host: &str) -> Result<Vec<Known>, Unanswered> {
        let name = Name::from_ascii(format!("{host}.")).map_err(|_| Unanswered)?;
        let ask = |kind| self.known(Outgoing::plain(Query::query(name.clone(), kind)), host);
        let (v4, v6) = tokio::join!(ask(RecordType::A), ask(RecordType::AAAA));
        if v4.is_err() && v6.is_err() {
            return Err(Unanswered);
        }
        Ok(v4.into_iter().chain(v6).collect())
    }

    /// The name of the device at an address, asked of the servers of its reverse zone; `None` if nobody knows one.
    pub(crate) async fn device_name(&self, address: IpAddr) -> Option<String> {
        let name = Name::from(address);
        let host = name.to_ascii().trim_end_matches('.').to_owned();
        let found = |records: &[hickory_proto::rr::Record]| {
            records.iter().find_map(|record| match &record.data {
                RData::PTR(name) => host_of(&name.0),
                _ => None,
            })
        };
        if let Some(records) = self.0.zones.records(&host) {
            return found(records);
        }
        // Asked of the school's own servers only: who is in school is nobody else's affair.
        self.0.zones.forwarded(&host)?;
        let known = self.known(Outgoing::plain(Query::query(name, RecordType::PTR)), &host).await.ok()?;
        found(&known.message.answers)
    }

    async fn known(&self, outgoing: Outgoing, host: &str) -> Result<Known, Unanswered> {
        let key = outgoing.key(host);
        let stale = match self.0.cache.get(&key, Instant::now()) {
            Cached::Fresh(message) => {
                self.prefetch(&key, outgoing);
                return Ok(Known { message, stale: false });
            }
            Cached::Stale(message) if self.0.group(host).all_away() => return Ok(Known { message, stale: true }),
            Cached::Stale(message) => Some(message),
            Cached::Missing => None,
        };
        let outcome = self.0.asking.once(&key, self.0.fetch(&key, &outgoing)).await;
        match (outcome, stale) {
            (Ok(message), stale) if message.metadata.response_code != ResponseCode::ServFail || stale.is_none() => {
                Ok(Known { message: Arc::unwrap_or_clone(message), stale: false })
            }
            (_, Some(message)) => Ok(Known { message, stale: true }),
            (outcome, None) => outcome.map(|message| Known { message: Arc::unwrap_or_clone(message), stale: false }),
        }
    }

    fn prefetch(&self, key: &Key, outgoing: Outgoing) {
        if self.0.cache.should_prefetch(key, Instant::now()) {
            let (inner, key) = (Arc::clone(&self.0), key.clone());
            // Nobody waits for it: if it fails, the next question asks again.
            self.0.runtime.spawn(async move { drop(inner.asking.once(&key, inner.fetch(&key, &outgoing)).await) });
        }
    }
}

impl Inner {
    fn group(&self, host: &str) -> &Group {
        let at = self.zones.forwarded(host).map_or(0, |zone| zone + 1);
        // There are as many groups as zones, and one more.
        self.groups.get(at).unwrap_or(&self.groups[0])
    }

    async fn fetch(&self, key: &Key, outgoing: &Outgoing) -> Outcome {
        let _permit = self.in_flight.try_acquire().map_err(|_| Unanswered)?;
        let mut message = self.group(&key.host).ask(outgoing).await.ok_or(Unanswered)?;
        clean(&mut message, &outgoing.query);
        if !leads_into(&message, &self.closed_networks) {
            self.cache.put(key.clone(), &message, Instant::now());
        }
        Ok(Arc::new(message))
    }
}

/// Another server's answer under a client's own id and question.
fn in_terms_of(question: &Question, known: Known) -> Message {
    let upstream = known.message;
    let mut message = question.answer(upstream.metadata.response_code);
    let understood = question.authentic_data || question.edns.is_some_and(|edns| edns.dnssec_ok);
    message.metadata.authentic_data = upstream.metadata.authentic_data && understood && !known.stale;
    message.answers = upstream.answers;
    message.authorities = upstream.authorities;
    // Records of the very name asked for take its spelling: some servers repeat the letters we mixed.
    let name = question.query.name();
    for record in message.answers.iter_mut().filter(|record| record.name == *name) {
        record.name = name.clone();
    }
    if known.stale {
        explain(&mut message, ExtendedError::Stale, "");
    }
    message
}

impl Outgoing {
    fn of(question: &Question) -> Self {
        Self {
            query: question.query.clone(),
            dnssec_ok: question.edns.is_some_and(|edns| edns.dnssec_ok),
            checking_disabled: question.checking_disabled,
        }
    }

    fn plain(query: Query) -> Self {
        Self { query, dnssec_ok: false, checking_disabled: false }
    }

    fn key(&self, host: &str) -> Key {
        Key {
            host: host.into(),
            kind: self.query.query_type(),
            dnssec_ok: self.dnssec_ok,
            checking_disabled: self.checking_disabled,
        }
    }
}
