//! Upstream answers remembered for their own time to live, within a bound. Decisions are never cached: rules may change in
//! the next second.

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{RData, RecordType};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Most answers remembered: what a school asks for in a day. Each takes about half a kilobyte.
const MOST: usize = 65_536;
/// Longest time to live, in seconds, so that a change elsewhere reaches the school within the lesson.
const LONGEST: u32 = 1800;

/// What an answer is remembered under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) host: Box<str>,
    pub(crate) kind: RecordType,
    pub(crate) dnssec_ok: bool,
    pub(crate) checking_disabled: bool,
}

struct Kept {
    message: Message,
    since: Instant,
    until: Instant,
}

/// Remembered answers.
#[derive(Default)]
pub(crate) struct Cache(Mutex<HashMap<Key, Kept>>);

impl Cache {
    /// A remembered answer, its times to live lowered by its age.
    pub(crate) fn get(&self, key: &Key, now: Instant) -> Option<Message> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(key).filter(|found| now < found.until)?;
        let age = u32::try_from(now.duration_since(found.since).as_secs()).unwrap_or(u32::MAX);
        let mut message = found.message.clone();
        for record in message.answers.iter_mut().chain(&mut message.authorities) {
            record.ttl = record.ttl.saturating_sub(age);
        }
        Some(message)
    }

    /// Remembers an answer if it may be remembered.
    pub(crate) fn put(&self, key: Key, message: &Message, now: Instant) {
        let Some(seconds) = lifetime(message) else { return };
        let until = now + Duration::from_secs(u64::from(seconds));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            kept.retain(|_, entry| now < entry.until);
            if kept.len() >= MOST {
                kept.clear();
            }
        }
        kept.insert(key, Kept { message: message.clone(), since: now, until });
    }
}

/// Seconds an answer may be kept: the least of its records', or what its SOA says about nothing (RFC 2308 section 5).
fn lifetime(message: &Message) -> Option<u32> {
    if message.metadata.truncation
        || !matches!(message.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain)
    {
        return None;
    }
    let least = if message.answers.is_empty() || message.metadata.response_code == ResponseCode::NXDomain {
        message.authorities.iter().find_map(|record| match &record.data {
            RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
            _ => None,
        })?
    } else {
        message.answers.iter().map(|record| record.ttl).min()?
    };
    (least > 0).then_some(least.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::{MessageType, OpCode};
    use hickory_proto::rr::rdata::A;
    use hickory_proto::rr::{Name, Record};

    fn key() -> Key {
        Key { host: "site.example".into(), kind: RecordType::A, dnssec_ok: false, checking_disabled: false }
    }

    fn answer(ttl: u32) -> Message {
        let mut message = Message::new(1, MessageType::Response, OpCode::Query);
        message.add_answer(Record::from_rdata(
            Name::from_ascii("site.example.").unwrap(),
            ttl,
            RData::A(A::new(192, 0, 3, 1)),
        ));
        message
    }

    #[test]
    fn an_answer_grows_old_and_is_forgotten() {
        let (cache, start) = (Cache::default(), Instant::now());
        cache.put(key(), &answer(60), start);
        let ttl =
            |seconds| cache.get(&key(), start + Duration::from_secs(seconds)).map(|message| message.answers[0].ttl);
        assert_eq!([ttl(0), ttl(20), ttl(59), ttl(60)], [Some(60), Some(40), Some(1), None]);
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
            assert!(cache.get(&key(), now).is_none());
        }
    }
}
