//! One remembered answer: the bytes of a packet under id 0 with its question in lower case, and where in it the times to live
//! stand. Finding, keeping and forgetting are `mod.rs`'s.

use super::{Key, KeyRef, WANTED};
use crate::dns::message::host_of;
use crate::dns::recheck::{is_public_only, targets};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record};
use tokio::time::Instant;

/// Length of a packet's head (RFC 1035 section 4.1.1).
const HEAD: usize = 12;
/// What follows the name in a question: type and class.
const AFTER_NAME: usize = 4;
/// What follows the name in a record: type, class, time to live, length.
const RECORD_HEAD: usize = 10;

/// A remembered answer.
#[derive(Debug)]
pub(crate) struct Stored {
    /// Type and wishes, see [`KeyRef::rest`].
    rest: u32,
    since: Instant,
    pub(super) until: Instant,
    /// How often it was asked for, and how often when it was last spared.
    pub(super) asked: u32,
    pub(super) asked_at_last_chance: u32,
    prefetched: bool,
    /// Other hosts it leads to, which are judged each time like the one asked for.
    pub(crate) targets: Box<[Box<str>]>,
    /// Whether all its addresses are public.
    pub(crate) public: bool,
    host_length: u8,
    message_length: u16,
    /// Host, message, and for each record the place of its time to live in the message, as two bytes.
    bytes: Box<[u8]>,
}

impl Stored {
    /// `None` for a message that cannot be kept this way.
    pub(super) fn new(key: &Key, message: &Message, since: Instant, until: Instant) -> Option<Self> {
        let kept = own_terms(key, message)?.to_vec().ok()?;
        let places = ttl_places(&kept)?;
        let mut bytes = Vec::with_capacity(key.host.len() + kept.len() + places.len() * 2);
        bytes.extend_from_slice(key.host.as_bytes());
        bytes.extend_from_slice(&kept);
        places.iter().for_each(|place| bytes.extend_from_slice(&place.to_be_bytes()));
        Some(Self {
            rest: key.borrowed().rest(),
            since,
            until,
            asked: 0,
            asked_at_last_chance: 0,
            prefetched: false,
            targets: targets(message).filter_map(host_of).map(String::into_boxed_str).collect(),
            public: is_public_only(message),
            host_length: u8::try_from(key.host.len()).ok()?,
            message_length: u16::try_from(kept.len()).ok()?,
            bytes: bytes.into_boxed_slice(),
        })
    }

    pub(super) fn is_for(&self, key: &KeyRef<'_>) -> bool {
        self.rest == key.rest() && self.bytes.get(..usize::from(self.host_length)) == Some(key.host.as_bytes())
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        now < self.until
    }

    /// Age in seconds.
    pub(crate) fn age(&self, now: Instant) -> u32 {
        u32::try_from(now.duration_since(self.since).as_secs()).unwrap_or(u32::MAX)
    }

    /// Bytes of memory, what holds it included.
    pub(super) fn size(&self) -> usize {
        let targets: usize = self.targets.iter().map(|target| target.len() + size_of::<Box<str>>()).sum();
        size_of::<Self>() + self.bytes.len() + targets + 4 * size_of::<u64>()
    }

    /// Touches its bytes.
    pub(super) fn fetch(&self) -> u8 {
        self.bytes.first().copied().unwrap_or_default() ^ self.bytes.last().copied().unwrap_or_default()
    }

    /// The packet, as long as its times to live are not read.
    pub(crate) fn packet(&self) -> &[u8] {
        let from = usize::from(self.host_length);
        self.bytes.get(from..from + usize::from(self.message_length)).unwrap_or_default()
    }

    /// Where the times to live stand in the packet.
    pub(crate) fn ttl_places(&self) -> impl Iterator<Item = usize> + '_ {
        let from = usize::from(self.host_length) + usize::from(self.message_length);
        let (places, _) = self.bytes.get(from..).unwrap_or_default().as_chunks::<2>();
        places.iter().map(|place| usize::from(u16::from_be_bytes(*place)))
    }

    /// Whether it is in demand and nearly over (the last tenth of its time); says so once.
    pub(super) fn should_prefetch(&mut self, now: Instant) -> bool {
        let due = self.is_due(now);
        self.prefetched |= due;
        due
    }

    /// The same, and whoever looks next is told so too.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        !self.prefetched
            && self.asked >= WANTED
            && self.is_fresh(now)
            && (self.until - now) * 10 <= self.until - self.since
    }

    /// The answer as a message, with other times to live.
    pub(super) fn message(&self, ttl: impl Fn(u32) -> u32) -> Option<Message> {
        let mut message = Message::from_vec(self.packet()).ok()?;
        for record in message.answers.iter_mut().chain(&mut message.authorities) {
            record.ttl = ttl(record.ttl);
        }
        Some(message)
    }
}

/// The answer under the question as it is remembered: what else the packet held (id, additional records, EDNS) was between
/// that server and us. Records of the very name asked for take the question's spelling.
fn own_terms(key: &Key, message: &Message) -> Option<Message> {
    // By labels: as text, a name with an odd first character would be refused.
    let name = Name::from_labels(key.host.split('.').filter(|label| !label.is_empty()).map(str::as_bytes)).ok()?;
    let mut kept = Message::new(0, MessageType::Response, OpCode::Query);
    kept.metadata.recursion_available = true;
    kept.metadata.response_code = message.metadata.response_code;
    kept.metadata.authentic_data = message.metadata.authentic_data;
    kept.add_query(Query::query(name.clone(), key.kind));
    let spelt = |record: &Record| {
        let mut record = record.clone();
        if record.name == name {
            record.name = name.clone();
        }
        record
    };
    kept.add_answers(message.answers.iter().map(spelt));
    kept.add_authorities(message.authorities.iter().map(spelt));
    Some(kept)
}

/// Seconds an answer may be kept: the least of its records', and what its SOA says about nothing (RFC 2308 section 5).
pub(super) fn lifetime(message: &Message) -> Option<u32> {
    let code = message.metadata.response_code;
    if message.metadata.truncation || !matches!(code, ResponseCode::NoError | ResponseCode::NXDomain) {
        return None;
    }
    let nothing = message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    });
    let least = match message.answers.iter().map(|record| record.ttl).min() {
        Some(answers) if code == ResponseCode::NoError => nothing.map_or(answers, |nothing| nothing.min(answers)),
        answers => nothing?.min(answers.unwrap_or(u32::MAX)),
    };
    (least > 0).then_some(least)
}

/// Where the times to live stand in a packet with one question. `None` if it is not such a packet to its very end.
fn ttl_places(packet: &[u8]) -> Option<Vec<u16>> {
    let count = |at: usize| Some(u16::from_be_bytes(*packet.get(at..at + 2)?.first_chunk::<2>()?));
    let records = usize::from(count(6)?) + usize::from(count(8)?) + usize::from(count(10)?);
    let mut at = after_name(packet, HEAD)? + AFTER_NAME;
    let mut places = Vec::with_capacity(records);
    for _ in 0..records {
        at = after_name(packet, at)?;
        places.push(u16::try_from(at + 4).ok()?);
        at += RECORD_HEAD + usize::from(count(at + 8)?);
    }
    (at == packet.len() && count(4)? == 1).then_some(places)
}

/// The place after a name: its root, or the pointer that it ends in (RFC 1035 section 4.1.4).
fn after_name(packet: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *packet.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}
