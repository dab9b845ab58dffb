//! A question as another server gets it: a packet of our own, in which nothing of the client's passes but the question and
//! its wish for signatures. Random id, random capitals (0x20) and a cookie (RFC 7873) are what a forger must guess.

use super::super::message::LARGEST_UDP;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use std::io;

const COOKIE: u16 = 10;
const PADDING: u16 = 12;
/// Encrypted questions are a multiple of so many bytes long (RFC 8467 section 4.1).
const BLOCK: usize = 128;
/// Length of a DNS header, and of what follows a name in a question.
const HEADER: usize = 12;
const AFTER_NAME: usize = 4;

/// A question for another server.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) query: Query,
    pub(crate) dnssec_ok: bool,
    pub(crate) checking_disabled: bool,
}

/// How a packet is dressed up.
#[derive(Debug, Clone, Default)]
pub(super) struct Dress {
    /// Bits that say which letters are capitals; `None` leaves them as they are.
    pub(super) capitals: Option<u64>,
    pub(super) cookie: Option<Vec<u8>>,
    pub(super) padded: bool,
    /// Without EDNS, for servers that know none (RFC 6891 section 6.2.2).
    pub(super) plain: bool,
}

/// A packet whose id is still to be written.
#[derive(Debug)]
pub(super) struct Packet {
    pub(super) bytes: Vec<u8>,
    /// Bytes of the question, which begins after the header.
    pub(super) question: usize,
}

impl Outgoing {
    pub(super) fn packet(&self, dress: &Dress) -> io::Result<Packet> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        // "I understand this bit in the answer" (RFC 6840 section 5.7).
        message.metadata.authentic_data = true;
        message.metadata.checking_disabled = self.checking_disabled;
        message.add_query(self.query.clone());
        if !dress.plain {
            message.set_edns(self.edns(dress));
        }
        let mut bytes = message.to_vec().map_err(io::Error::other)?;
        if dress.padded && !dress.plain {
            let length = bytes.len() + 4;
            let padding = vec![0; length.next_multiple_of(BLOCK) - length];
            if let Some(edns) = &mut message.edns {
                edns.options_mut().insert(EdnsOption::Unknown(PADDING, padding));
            }
            bytes = message.to_vec().map_err(io::Error::other)?;
        }
        let name = name_length(&bytes);
        if let (Some(capitals), Some(name)) = (dress.capitals, bytes.get_mut(HEADER..HEADER + name)) {
            mix(name, capitals);
        }
        Ok(Packet { bytes, question: name + AFTER_NAME })
    }

    fn edns(&self, dress: &Dress) -> Edns {
        let mut edns = Edns::new();
        edns.set_max_payload(LARGEST_UDP).set_dnssec_ok(self.dnssec_ok);
        if let Some(cookie) = &dress.cookie {
            edns.options_mut().insert(EdnsOption::Unknown(COOKIE, cookie.clone()));
        }
        edns
    }
}

/// Length of the name after the header, in a packet we wrote: labels until the root.
fn name_length(packet: &[u8]) -> usize {
    let mut length = 0;
    while let Some(label @ 1..) = packet.get(HEADER + length) {
        length += 1 + usize::from(*label);
    }
    length + 1
}

/// Turns letters into capitals as the bits say, round and round. Lengths of labels are below the letters and stay.
fn mix(name: &mut [u8], capitals: u64) {
    for (at, byte) in name.iter_mut().enumerate() {
        if byte.is_ascii_alphabetic() {
            let capital = capitals.rotate_right(u32::try_from(at % 64).unwrap_or_default()) & 1 == 1;
            *byte = if capital { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() };
        }
    }
}

/// The cookie in an answer.
pub(super) fn cookie_of(message: &Message) -> Option<&[u8]> {
    match message.edns.as_ref()?.option(EdnsCode::Cookie)? {
        EdnsOption::Unknown(_, data) => Some(data),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::{Name, RecordType};

    fn outgoing(host: &str) -> Outgoing {
        let query = Query::query(Name::from_ascii(host).unwrap(), RecordType::A);
        Outgoing { query, dnssec_ok: true, checking_disabled: false }
    }

    #[test]
    fn capitals_are_mixed_and_the_question_is_where_it_is_said_to_be() {
        let dress = Dress { capitals: Some(0b0110), ..Dress::default() };
        let packet = outgoing("WWW.games.example.").packet(&dress).unwrap();
        let question = &packet.bytes[HEADER..HEADER + packet.question];
        assert!(question.ends_with(&[0, 0, 1, 0, 1]), "{question:?}");
        assert_eq!(&question[..5], b"\x03WWw\x05");
        let read = Message::from_vec(&packet.bytes).unwrap();
        assert!(read.edns.as_ref().unwrap().flags().dnssec_ok && read.metadata.recursion_desired);
        assert_eq!(read.queries[0].name(), &Name::from_ascii("www.games.example.").unwrap());
    }

    #[test]
    fn an_encrypted_question_is_padded_and_carries_its_cookie() {
        let dress = Dress { cookie: Some(vec![7; 8]), padded: true, ..Dress::default() };
        let packet = outgoing("a.example.").packet(&dress).unwrap();
        assert_eq!(packet.bytes.len() % BLOCK, 0);
        assert_eq!(cookie_of(&Message::from_vec(&packet.bytes).unwrap()), Some(&[7; 8][..]));
    }

    #[test]
    fn the_root_and_a_name_without_letters_can_be_asked() {
        for host in [".", "1.2.0.192.in-addr.arpa."] {
            let dress = Dress { capitals: Some(u64::MAX), ..Dress::default() };
            let packet = outgoing(host).packet(&dress).unwrap();
            assert_eq!(packet.bytes[HEADER..HEADER + packet.question].last_chunk(), Some(&[0, 1, 0, 1]));
        }
    }
}
