//! Asks other servers: over UDP with a new random id and a new port for every question, over TCP when the answer was cut.
//! An answer counts only if it comes from the server asked, with that id, to that question (RFC 5452).

use super::cache::{Cache, Cached, Key};
use super::message::{LARGEST_UDP, Question};
use super::scrub::remove_hidden_hello;
use crate::config::{Entropy, Limits};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

/// No server answered, or too many questions wait for one.
#[derive(Debug)]
pub(crate) struct Unanswered;

/// The way to other servers.
pub(crate) struct Forwarder {
    upstreams: Vec<SocketAddr>,
    wait: Duration,
    in_flight: Semaphore,
    entropy: Entropy,
    cache: Cache,
}

/// A question for another server.
struct Outgoing {
    query: Query,
    dnssec_ok: bool,
    checking_disabled: bool,
}

impl Forwarder {
    pub(crate) fn new(upstreams: Vec<SocketAddr>, limits: Limits, entropy: Entropy) -> Self {
        Self {
            upstreams,
            wait: limits.upstream_time,
            in_flight: Semaphore::new(limits.dns_in_flight),
            entropy,
            cache: Cache::default(),
        }
    }

    /// Whether there is anybody to ask.
    pub(crate) fn has_upstreams(&self) -> bool {
        !self.upstreams.is_empty()
    }

    /// The answer to a client's question, in that client's terms. Hidden hellos are already out of it.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Message, Unanswered> {
        let upstream = self.ask_cached(Outgoing::of(question), question.host.as_deref()).await?;
        Ok(in_terms_of(question, upstream))
    }

    /// The same without waiting: what is remembered, if it is.
    pub(crate) fn remembered(&self, question: &Question) -> Option<Message> {
        let key = Outgoing::of(question).key(question.host.as_deref()?);
        match self.cache.get(&key, Instant::now()) {
            Cached::Fresh(message) => Some(in_terms_of(question, message)),
            Cached::Stale(_) | Cached::Missing => None,
        }
    }

    /// Addresses of a host, IPv4 first.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, Unanswered> {
        let name = Name::from_ascii(format!("{host}.")).map_err(|_| Unanswered)?;
        let ask = |kind| {
            self.ask_cached(
                Outgoing { query: Query::query(name.clone(), kind), dnssec_ok: false, checking_disabled: false },
                Some(host),
            )
        };
        let (v4, v6) = tokio::join!(ask(RecordType::A), ask(RecordType::AAAA));
        if v4.is_err() && v6.is_err() {
            return Err(Unanswered);
        }
        let records = v4.into_iter().chain(v6).flat_map(|message| message.answers);
        Ok(records
            .filter_map(|record| match record.data {
                RData::A(address) => Some(IpAddr::V4(address.0)),
                RData::AAAA(address) => Some(IpAddr::V6(address.0)),
                _ => None,
            })
            .collect())
    }

    async fn ask_cached(&self, outgoing: Outgoing, host: Option<&str>) -> Result<Message, Unanswered> {
        let key = host.map(|host| outgoing.key(host));
        if let Some(Cached::Fresh(message)) = key.as_ref().map(|key| self.cache.get(key, Instant::now())) {
            return Ok(message);
        }
        let _permit = self.in_flight.try_acquire().map_err(|_| Unanswered)?;
        let mut failure = None;
        for upstream in &self.upstreams {
            let Ok(Ok(mut message)) = timeout(self.wait, self.exchange(*upstream, &outgoing)).await else {
                continue;
            };
            remove_hidden_hello(&mut message);
            if matches!(
                message.metadata.response_code,
                ResponseCode::ServFail | ResponseCode::Refused | ResponseCode::NotImp
            ) {
                failure = Some(message);
                continue;
            }
            if let Some(key) = key {
                self.cache.put(key, &message, Instant::now());
            }
            return Ok(message);
        }
        failure.ok_or(Unanswered)
    }

    /// One question to one server: UDP, then TCP if the answer was cut.
    async fn exchange(&self, upstream: SocketAddr, outgoing: &Outgoing) -> io::Result<Message> {
        let mut id = [0; 2];
        (self.entropy)(&mut id);
        let id = u16::from_be_bytes(id);
        let packet = outgoing.packet(id)?;
        let any =
            if upstream.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        let socket = UdpSocket::bind((any, 0)).await?;
        socket.connect(upstream).await?;
        socket.send(&packet).await?;
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).await?;
            match outgoing.matching(id, buffer.get(..length).unwrap_or_default()) {
                Some(message) if message.metadata.truncation => {
                    return self.exchange_tcp(upstream, outgoing, id, &packet).await;
                }
                Some(message) => return Ok(message),
                // Somebody else's packet, or a forger's: the true answer may still come.
                None => {}
            }
        }
    }

    async fn exchange_tcp(
        &self,
        upstream: SocketAddr,
        outgoing: &Outgoing,
        id: u16,
        packet: &[u8],
    ) -> io::Result<Message> {
        let mut stream = TcpStream::connect(upstream).await?;
        let length = u16::try_from(packet.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), packet].concat()).await?;
        let length = stream.read_u16().await?;
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await?;
        outgoing.matching(id, &answer).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }
}

/// Another server's answer under a client's own id and question.
fn in_terms_of(question: &Question, upstream: Message) -> Message {
    let mut message = question.answer(upstream.metadata.response_code);
    message.metadata.authentic_data = upstream.metadata.authentic_data;
    message.answers = upstream.answers;
    message.authorities = upstream.authorities;
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

    fn key(&self, host: &str) -> Key {
        Key {
            host: host.into(),
            kind: self.query.query_type(),
            dnssec_ok: self.dnssec_ok,
            checking_disabled: self.checking_disabled,
        }
    }

    /// A packet of our own: nothing of the client's passes but the question and its wish for signatures.
    fn packet(&self, id: u16) -> io::Result<Vec<u8>> {
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.metadata.checking_disabled = self.checking_disabled;
        message.add_query(self.query.clone());
        let mut edns = Edns::new();
        edns.set_max_payload(LARGEST_UDP).set_dnssec_ok(self.dnssec_ok);
        message.set_edns(edns);
        message.to_vec().map_err(io::Error::other)
    }

    fn matching(&self, id: u16, packet: &[u8]) -> Option<Message> {
        let message = Message::from_vec(packet).ok()?;
        let asked = match message.queries.as_slice() {
            [query] => {
                query.name() == self.query.name()
                    && query.query_type() == self.query.query_type()
                    && query.query_class() == self.query.query_class()
            }
            _ => false,
        };
        (asked && message.metadata.id == id && message.metadata.message_type == MessageType::Response)
            .then_some(message)
    }
}
