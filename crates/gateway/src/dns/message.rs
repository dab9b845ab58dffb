//! DNS packets to questions, and answers to packets. Every byte here may come from a stranger: what cannot be read is
//! answered with an error code or dropped, and nothing panics. What to answer is `answer.rs`'s.

use super::cookie::Cookie;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::SOA;
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// Largest UDP answer sent, in bytes (DNS flag day 2020), so that answers are not fragmented.
pub(crate) const LARGEST_UDP: u16 = 1232;
/// Types that ask for something else than a record: transfers, ANY and the like (RFC 6895 section 3.1).
const META_TYPES: std::ops::RangeInclusive<u16> = 128..=255;
/// How long a closed name may be remembered, in seconds: short, because a signature or a grant opens it at once.
pub(crate) const CLOSED_TTL: u32 = 10;

/// One question, as asked.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) id: u16,
    /// As asked, capitals included: the answer repeats it.
    pub(crate) query: Query,
    /// Lower case, no final dot; `None` for a name that no host can have.
    pub(crate) host: Option<String>,
    pub(crate) kind: RecordType,
    pub(crate) recursion_desired: bool,
    pub(crate) checking_disabled: bool,
    /// The client understands the "authentic data" bit (RFC 6840 section 5.7).
    pub(crate) authentic_data: bool,
    /// `None`: the client does not speak EDNS, and must not be answered in it.
    pub(crate) edns: Option<ClientEdns>,
}

/// What a client's OPT record says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientEdns {
    pub(crate) payload: u16,
    pub(crate) dnssec_ok: bool,
    pub(crate) cookie: Option<Cookie>,
    /// It wants the answer padded (RFC 7830).
    pub(crate) padding: bool,
    /// It wants to know how long a connection is kept (RFC 7828).
    pub(crate) keepalive: bool,
}

/// What a packet was.
#[derive(Debug)]
pub(crate) enum Packet {
    /// A question to answer.
    Question(Box<Question>),
    /// Answer this and no more.
    Reply(Vec<u8>),
    /// No answer: too short to have an id, or itself an answer. Answering those makes loops.
    Drop,
}

/// Extended DNS Errors this server gives (RFC 8914 section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExtendedError {
    /// 3: an answer beyond its time, because nobody could be asked (RFC 8767).
    Stale,
    /// 4: another answer than the true one, by the school's policy.
    Forged,
    /// 15: closed by the school's policy.
    Blocked,
    /// 16: closed by law, which the school cannot change.
    Censored,
    /// 18: this client must sign first.
    Prohibited,
    /// 22: no upstream server could be reached.
    NoReachableAuthority,
}

impl ExtendedError {
    /// Code of the EDNS option that carries it.
    pub(crate) const OPTION: u16 = 15;

    pub(crate) const fn code(self) -> u16 {
        match self {
            ExtendedError::Stale => 3,
            ExtendedError::Forged => 4,
            ExtendedError::Blocked => 15,
            ExtendedError::Censored => 16,
            ExtendedError::Prohibited => 18,
            ExtendedError::NoReachableAuthority => 22,
        }
    }
}

/// Reads a packet.
pub(crate) fn read(packet: &[u8]) -> Packet {
    let (Some(&[id_high, id_low]), Some(&flags)) =
        (packet.get(..2).and_then(|id| id.first_chunk::<2>()), packet.get(2))
    else {
        return Packet::Drop;
    };
    if packet.len() < 12 || flags & 0x80 != 0 {
        return Packet::Drop;
    }
    let id = u16::from_be_bytes([id_high, id_low]);
    let op_code = OpCode::from_u8((flags >> 3) & 0x0f);
    if op_code != OpCode::Query {
        return reply(id, op_code, ResponseCode::NotImp);
    }
    // One question and no answer: anything else is not a query, and a great many records are work for us alone.
    let count = |at: usize| {
        packet.get(at..at + 2).and_then(|two| two.first_chunk::<2>()).map_or(0, |two| u16::from_be_bytes(*two))
    };
    if count(4) != 1 || count(6) != 0 || count(8) > 8 || count(10) > 8 {
        return reply(id, op_code, ResponseCode::FormErr);
    }
    match Message::from_vec(packet) {
        Ok(message) => question(message),
        Err(_) => reply(id, op_code, ResponseCode::FormErr),
    }
}

fn question(mut message: Message) -> Packet {
    let id = message.metadata.id;
    let refuse = |code| reply(id, OpCode::Query, code);
    let Some(query) = message.queries.pop() else {
        return refuse(ResponseCode::FormErr);
    };
    let kind = query.query_type();
    let Ok(edns) = message.edns.as_ref().map(client_edns).transpose() else {
        return refuse(ResponseCode::FormErr);
    };
    let question = Question {
        id,
        host: host_of(query.name()),
        kind,
        recursion_desired: message.metadata.recursion_desired,
        checking_disabled: message.metadata.checking_disabled,
        authentic_data: message.metadata.authentic_data,
        edns,
        query,
    };
    let version = message.edns.as_ref().map_or(0, Edns::version);
    if version != 0 {
        return Packet::Reply(encode(&question.answer(ResponseCode::BADVERS), None));
    }
    // Transfers, ANY and the other meta-types are for the owners of a zone, and ANY is how reflectors are made (RFC 8482).
    let refused = kind == RecordType::OPT || META_TYPES.contains(&u16::from(kind));
    if refused || question.query.query_class() != DNSClass::IN {
        return Packet::Reply(encode(&question.answer(ResponseCode::Refused), None));
    }
    Packet::Question(Box::new(question))
}

fn client_edns(edns: &Edns) -> Result<ClientEdns, Malformed> {
    let cookie = match edns.option(EdnsCode::Cookie) {
        Some(EdnsOption::Unknown(_, data)) => Some(Cookie::read(data).ok_or(Malformed)?),
        _ => None,
    };
    Ok(ClientEdns {
        payload: edns.max_payload().max(512),
        dnssec_ok: edns.flags().dnssec_ok,
        cookie,
        padding: edns.option(EdnsCode::Padding).is_some(),
        keepalive: edns.option(EdnsCode::Keepalive).is_some(),
    })
}

/// An option whose length its RFC forbids.
struct Malformed;

fn reply(id: u16, op_code: OpCode, code: ResponseCode) -> Packet {
    Packet::Reply(encode(&Message::error_msg(id, op_code, code), None))
}

/// A name as hosts are written; `None` if some label has a character no host name has. Underscores are let in for service
/// names (RFC 8552).
pub(crate) fn host_of(name: &Name) -> Option<String> {
    let mut host = String::with_capacity(name.len());
    for label in name.iter() {
        if !host.is_empty() {
            host.push('.');
        }
        for byte in label {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => host.push(char::from(*byte)),
                b'A'..=b'Z' => host.push(char::from(byte.to_ascii_lowercase())),
                _ => return None,
            }
        }
    }
    Some(host)
}

impl Question {
    /// An answer to it without records.
    pub(crate) fn answer(&self, code: ResponseCode) -> Message {
        let mut message = Message::new(self.id, MessageType::Response, OpCode::Query);
        message.metadata.recursion_desired = self.recursion_desired;
        message.metadata.checking_disabled = self.checking_disabled;
        message.metadata.recursion_available = true;
        message.metadata.response_code = code;
        message.add_query(self.query.clone());
        if let Some(edns) = self.edns {
            message.set_edns(server_edns(edns.dnssec_ok));
        }
        message
    }

    /// An answer with the question's own name on each record.
    pub(crate) fn with(&self, ttl: u32, data: impl IntoIterator<Item = RData>) -> Message {
        let mut message = self.answer(ResponseCode::NoError);
        for data in data {
            message.add_answer(Record::from_rdata(self.query.name().clone(), ttl, data));
        }
        message
    }

    /// "There is such a name, but nothing of this type", or with `NXDomain` "there is no such name", in the form resolvers
    /// may remember for `ttl` seconds (RFC 2308).
    pub(crate) fn nothing(&self, code: ResponseCode, ttl: u32) -> Message {
        let mut message = self.answer(code);
        let here = self.query.name().clone();
        let times = i32::try_from(ttl).unwrap_or(i32::MAX);
        let soa = SOA::new(here.clone(), here.clone(), 1, times, times, times, ttl);
        message.add_authority(Record::from_rdata(here, ttl, RData::SOA(soa)));
        message
    }

    /// Longest UDP answer this client takes.
    pub(crate) fn udp_size(&self) -> u16 {
        self.edns.map_or(512, |edns| edns.payload.clamp(512, LARGEST_UDP))
    }
}

/// Our own OPT record; the "DNSSEC OK" bit comes back as it was sent (RFC 3225 section 3).
fn server_edns(dnssec_ok: bool) -> Edns {
    let mut edns = Edns::new();
    edns.set_max_payload(LARGEST_UDP).set_dnssec_ok(dnssec_ok);
    edns
}

/// Says why, to clients that can read it. `text` is for people and carries nothing personal.
pub(crate) fn explain(message: &mut Message, error: ExtendedError, text: &str) {
    if let Some(edns) = &mut message.edns {
        let mut data = error.code().to_be_bytes().to_vec();
        data.extend_from_slice(text.as_bytes());
        edns.options_mut().insert(EdnsOption::Unknown(ExtendedError::OPTION, data));
    }
}

/// The bytes of a message; with `largest`, cut to a truncated answer when longer. Empty if it cannot be written.
pub(crate) fn encode(message: &Message, largest: Option<u16>) -> Vec<u8> {
    let bytes = message.to_vec().unwrap_or_default();
    match largest {
        Some(largest) if bytes.len() > usize::from(largest) => message.truncate().to_vec().unwrap_or_default(),
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn packet(host: &str) -> Vec<u8> {
        let mut message = Message::new(7, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(Name::from_ascii(host).unwrap(), RecordType::A));
        message.set_edns(server_edns(false));
        message.to_vec().unwrap()
    }

    /// Whatever the packet was, what is sent back can be read and is an answer to it.
    fn check(bytes: &[u8]) {
        let sent = match read(bytes) {
            Packet::Drop => return,
            Packet::Reply(sent) => sent,
            Packet::Question(question) => {
                for message in [
                    question.nothing(ResponseCode::NXDomain, 5),
                    question.with(5, [RData::A(hickory_proto::rr::rdata::A::new(1, 2, 3, 4))]),
                ] {
                    assert!(encode(&message, Some(question.udp_size())).len() <= usize::from(question.udp_size()));
                }
                encode(&question.answer(ResponseCode::NoError), None)
            }
        };
        let answer = Message::from_vec(&sent).unwrap();
        assert_eq!(answer.metadata.id.to_be_bytes(), bytes[..2]);
        assert_eq!(answer.metadata.message_type, MessageType::Response);
    }

    #[test]
    fn hosts_are_lower_case_and_odd_characters_are_no_host() {
        let host = |name: &str| host_of(&Name::from_ascii(name).unwrap());
        assert_eq!(host("WWW.Lessons.Example.").as_deref(), Some("www.lessons.example"));
        assert_eq!(host("_dns.resolver.arpa.").as_deref(), Some("_dns.resolver.arpa"));
        assert_eq!(host(".").as_deref(), Some(""));
        let dotted = Name::from_labels([b"games.example".as_slice(), b"example"]).unwrap();
        assert_eq!(host_of(&dotted), None, "a dot inside a label is not two labels");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_answered_or_dropped(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            check(&bytes);
        }

        #[test]
        fn a_question_with_changed_bytes_is_answered_or_dropped(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
            cut in any::<prop::sample::Index>(),
            whole in any::<bool>(),
        ) {
            let mut bytes = packet("www.lessons.example.");
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if !whole {
                bytes.truncate(cut.index(bytes.len()));
            }
            check(&bytes);
        }
    }
}
