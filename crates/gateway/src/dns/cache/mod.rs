//! Upstream answers remembered for their own time to live, within a bound of number and bytes, and for a while longer in case
//! no server can be reached. Decisions are never cached: rules may change in the next second.
//!
//! An answer is kept as the bytes of a packet (`stored.rs`), so that the usual question is answered by copying it. The tables
//! are several, each with its own lock, so that threads seldom meet. When one is full, the answer goes that was asked for
//! least lately, or nearly: the oldest gets a second chance if anybody asked for it since its last.

mod stored;

pub(crate) use stored::Stored;

use super::hash::NameHash;
use hickory_proto::op::Message;
use hickory_proto::rr::RecordType;
use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Tables. A power of two.
const TABLES: usize = 8;
/// Most answers remembered, and most bytes: what a large school asks for in a day.
const MOST: usize = 131_072;
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Longest time to live, in seconds, so that a change elsewhere reaches the school within the lesson.
const LONGEST: u32 = 1800;
/// Time to live that an answer beyond its time is given with, in seconds (RFC 8767 section 4).
const STALE_TTL: u32 = 30;
/// How long answers are kept beyond their time, unless told otherwise.
const STALE_FOR: Duration = Duration::from_secs(24 * 60 * 60);
/// Questions after which an answer is worth fetching again before its time is over.
const WANTED: u32 = 2;

/// What an answer is remembered under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Lower case, no final dot.
    pub(crate) host: Box<str>,
    pub(crate) kind: RecordType,
    pub(crate) dnssec_ok: bool,
    pub(crate) checking_disabled: bool,
}

/// The same, borrowed from a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyRef<'a> {
    pub(crate) host: &'a str,
    /// Number of the record type.
    pub(crate) kind: u16,
    pub(crate) dnssec_ok: bool,
    pub(crate) checking_disabled: bool,
}

impl Key {
    fn borrowed(&self) -> KeyRef<'_> {
        KeyRef {
            host: &self.host,
            kind: self.kind.into(),
            dnssec_ok: self.dnssec_ok,
            checking_disabled: self.checking_disabled,
        }
    }
}

impl KeyRef<'_> {
    /// Everything but the host, as a number.
    fn rest(&self) -> u32 {
        u32::from(self.kind) << 2 | u32::from(self.dnssec_ok) << 1 | u32::from(self.checking_disabled)
    }
}

/// What is remembered.
#[derive(Debug)]
pub(crate) enum Cached {
    /// In its time, times to live lowered by its age.
    Fresh(Message),
    /// Beyond its time: for when no server can be reached.
    Stale(Message),
    /// Nothing.
    Missing,
}

/// Remembered answers.
pub(crate) struct Cache {
    tables: [Mutex<Table>; TABLES],
    hash: NameHash,
    stale_for: Duration,
}

impl Default for Cache {
    fn default() -> Self {
        Self::new(STALE_FOR)
    }
}

impl Cache {
    /// An empty cache, whose answers are kept so long beyond their time.
    pub(crate) fn new(stale_for: Duration) -> Self {
        Self { tables: std::array::from_fn(|_| Mutex::default()), hash: NameHash::default(), stale_for }
    }

    /// What is remembered, as a message under id 0.
    pub(crate) fn get(&self, key: &Key, now: Instant) -> Cached {
        let (hash, key) = (self.hash_of(&key.borrowed()), key.borrowed());
        let mut table = self.table(hash);
        let Some(stored) = table.find(hash, &key) else { return Cached::Missing };
        let age = stored.age(now);
        if stored.is_fresh(now) {
            stored.asked = stored.asked.saturating_add(1);
            return stored.message(|ttl| ttl.saturating_sub(age)).map_or(Cached::Missing, Cached::Fresh);
        }
        if now >= stored.until + self.stale_for {
            return Cached::Missing;
        }
        stored.message(|_| STALE_TTL).map_or(Cached::Missing, Cached::Stale)
    }

    /// Looks at an answer that is in its time, where it lies. Its table is locked meanwhile. `hash` is the key's.
    pub(crate) fn with_fresh<T>(
        &self,
        key: &KeyRef<'_>,
        hash: u64,
        now: Instant,
        look: impl FnOnce(&mut Stored) -> Option<T>,
    ) -> Option<T> {
        let mut table = self.table(hash);
        let stored = table.find(hash, key).filter(|stored| stored.is_fresh(now))?;
        stored.asked = stored.asked.saturating_add(1);
        look(stored)
    }

    /// Fetches what [`Cache::with_fresh`] will look at, so that several questions wait for memory together. A table that
    /// somebody else uses just now is passed over.
    pub(crate) fn fetch(&self, hashes: &[u64]) -> u8 {
        let tables = self.tables.iter().enumerate().filter_map(|(at, table)| Some((at, table.try_lock().ok()?)));
        tables.fold(0, |sum, (at, table)| {
            let its_own = hashes.iter().filter(|hash| table_of(**hash) == at);
            its_own.fold(sum, |sum, hash| sum ^ table.answers.get(hash).map_or(0, Stored::fetch))
        })
    }

    /// Whether an answer is asked for often and its time is nearly over: then it is fetched again before anybody must wait.
    /// Says so once for each answer.
    pub(crate) fn should_prefetch(&self, key: &Key, now: Instant) -> bool {
        let (hash, key) = (self.hash_of(&key.borrowed()), key.borrowed());
        self.table(hash).find(hash, &key).is_some_and(|stored| stored.should_prefetch(now))
    }

    /// Remembers an answer if it may be remembered.
    pub(crate) fn put(&self, key: Key, message: &Message, now: Instant) {
        let Some(seconds) = stored::lifetime(message) else { return };
        let until = now + Duration::from_secs(u64::from(seconds.min(LONGEST)));
        let Some(stored) = Stored::new(&key, message, now, until) else { return };
        let hash = self.hash_of(&key.borrowed());
        self.table(hash).put(hash, stored);
    }

    /// How many answers are remembered, and in how many bytes.
    #[cfg(test)]
    fn size(&self) -> (usize, usize) {
        let sizes = self.tables.iter().map(|table| table.lock().unwrap_or_else(PoisonError::into_inner));
        sizes.fold((0, 0), |(count, bytes), table| (count + table.answers.len(), bytes + table.bytes))
    }

    /// What a key is found by.
    pub(crate) fn hash_of(&self, key: &KeyRef<'_>) -> u64 {
        self.hash.with(self.hash.of(key.host.as_bytes()), u64::from(key.rest()))
    }

    fn table(&self, hash: u64) -> MutexGuard<'_, Table> {
        let [first, ..] = &self.tables;
        self.tables.get(table_of(hash)).unwrap_or(first).lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The table of a hash: by bits in the middle, as the map takes the top and the bottom.
fn table_of(hash: u64) -> usize {
    (hash >> 32) as usize % TABLES
}

/// Takes a hash as it is: ours are keyed already.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[derive(Default)]
struct Table {
    /// By hash; should two keys have one hash, the newer answer is kept.
    answers: HashMap<u64, Stored, BuildHasherDefault<AlreadyHashed>>,
    /// Hashes in the order in which they may go.
    order: VecDeque<u64>,
    bytes: usize,
}

impl Table {
    fn find(&mut self, hash: u64, key: &KeyRef<'_>) -> Option<&mut Stored> {
        self.answers.get_mut(&hash).filter(|stored| stored.is_for(key))
    }

    fn put(&mut self, hash: u64, stored: Stored) {
        self.bytes += stored.size();
        match self.answers.entry(hash) {
            Entry::Occupied(mut held) => self.bytes -= held.insert(stored).size(),
            Entry::Vacant(place) => {
                place.insert(stored);
                self.order.push_back(hash);
            }
        }
        while self.answers.len() > MOST / TABLES || self.bytes > MOST_BYTES / TABLES {
            let Some(oldest) = self.order.pop_front() else { break };
            let Entry::Occupied(mut held) = self.answers.entry(oldest) else { continue };
            if held.get().asked > held.get().asked_at_last_chance {
                held.get_mut().asked_at_last_chance = held.get().asked;
                self.order.push_back(oldest);
            } else {
                self.bytes -= held.remove().size();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{MessageType, OpCode, Query, ResponseCode};
    use hickory_proto::rr::rdata::{A, SOA};
    use hickory_proto::rr::{Name, RData, Record};

    fn key() -> Key {
        named("site.example")
    }

    fn named(host: &str) -> Key {
        Key { host: host.into(), kind: RecordType::A, dnssec_ok: false, checking_disabled: false }
    }

    fn answer(ttl: u32) -> Message {
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        let name = Name::from_ascii("Site.example.").unwrap();
        message.add_query(Query::query(name.clone(), RecordType::A));
        message.add_answer(Record::from_rdata(name, ttl, RData::A(A::new(192, 0, 3, 1))));
        message
    }

    fn soa(ttl: u32, minimum: u32) -> Record {
        let zone = Name::from_ascii("example.").unwrap();
        Record::from_rdata(zone.clone(), ttl, RData::SOA(SOA::new(zone.clone(), zone, 1, 1, 1, 1, minimum)))
    }

    fn ttl(cached: Cached) -> Result<u32, Option<u32>> {
        match cached {
            Cached::Fresh(message) => Ok(message.answers[0].ttl),
            Cached::Stale(message) => Err(Some(message.answers[0].ttl)),
            Cached::Missing => Err(None),
        }
    }

    #[test]
    fn an_answer_grows_old_and_is_kept_for_bad_days_only() {
        let (cache, start) = (Cache::new(Duration::from_secs(100)), Instant::now());
        cache.put(key(), &answer(60), start);
        let ttl = |seconds| ttl(cache.get(&key(), start + Duration::from_secs(seconds)));
        assert_eq!([ttl(0), ttl(20), ttl(59)], [Ok(60), Ok(40), Ok(1)]);
        assert_eq!([ttl(60), ttl(159), ttl(160)], [Err(Some(30)), Err(Some(30)), Err(None)]);
        let borrowed = key();
        let (key, late) = (borrowed.borrowed(), start + Duration::from_secs(60));
        assert!(cache.with_fresh(&key, cache.hash_of(&key), late, |_| Some(())).is_none());
        assert!(cache.with_fresh(&key, cache.hash_of(&key), start, |_| Some(())).is_some());
    }

    #[test]
    fn failures_and_nothing_without_a_term_are_not_remembered() {
        let (cache, now) = (Cache::default(), Instant::now());
        let mut failed = answer(60);
        failed.metadata.response_code = ResponseCode::ServFail;
        let mut cut = answer(60);
        cut.metadata.truncation = true;
        let empty = Message::new(1, MessageType::Response, OpCode::Query);
        for message in [failed, cut, empty, answer(0)] {
            cache.put(key(), &message, now);
            assert!(matches!(cache.get(&key(), now), Cached::Missing));
        }
    }

    #[test]
    fn nothing_is_remembered_as_long_as_its_soa_says() {
        let start = Instant::now();
        for (ttl, minimum, seconds) in [(300, 60, 60), (60, 300, 60), (100_000, 100_000, u64::from(LONGEST))] {
            let cache = Cache::default();
            let mut nothing = answer(60);
            nothing.answers.clear();
            nothing.metadata.response_code = ResponseCode::NXDomain;
            nothing.add_authority(soa(ttl, minimum));
            cache.put(key(), &nothing, start);
            let Cached::Fresh(message) = cache.get(&key(), start + Duration::from_secs(seconds - 1)) else {
                panic!("remembered")
            };
            assert_eq!(message.metadata.response_code, ResponseCode::NXDomain);
            assert!(matches!(cache.get(&key(), start + Duration::from_secs(seconds)), Cached::Stale(_)));
        }
    }

    #[test]
    fn types_and_wishes_are_apart() {
        let (cache, now) = (Cache::default(), Instant::now());
        cache.put(key(), &answer(60), now);
        for other in [
            named("other.example"),
            Key { kind: RecordType::AAAA, ..key() },
            Key { dnssec_ok: true, ..key() },
            Key { checking_disabled: true, ..key() },
        ] {
            assert!(matches!(cache.get(&other, now), Cached::Missing), "{other:?}");
        }
    }

    #[test]
    fn what_is_asked_for_stays_and_the_rest_makes_room() {
        let (cache, now) = (Cache::default(), Instant::now());
        cache.put(key(), &answer(60), now);
        for number in 0..MOST * 2 {
            cache.put(named(&format!("{number}.example")), &answer(60), now);
            if number % 1000 == 0 {
                assert!(matches!(cache.get(&key(), now), Cached::Fresh(_)), "asked for again and again: {number}");
            }
        }
        let (count, bytes) = cache.size();
        assert!(count <= MOST && count > MOST / 4 && bytes <= MOST_BYTES, "{count} answers in {bytes} bytes");
    }

    #[test]
    fn an_answer_in_demand_is_fetched_again_near_its_end_and_once() {
        let (cache, start) = (Cache::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        cache.put(key(), &answer(100), start);
        assert!(!cache.should_prefetch(&key(), at(95)), "nobody asked for it");
        (0..WANTED).for_each(|_| drop(cache.get(&key(), at(1))));
        assert!(!cache.should_prefetch(&key(), at(50)), "there is time");
        assert!(cache.should_prefetch(&key(), at(95)));
        assert!(!cache.should_prefetch(&key(), at(96)), "somebody is at it");
        cache.put(key(), &answer(100), at(97));
        (0..WANTED).for_each(|_| drop(cache.get(&key(), at(98))));
        assert!(cache.should_prefetch(&key(), at(192)), "the new answer grows old as well");
    }
}
