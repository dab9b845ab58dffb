//! The usual question read where it lies, without an allocation: one name of ordinary characters, type A, AAAA, PTR or
//! HTTPS, with or without a plain EDNS record. Whatever is not exactly that is left to `message.rs`, which knows all of DNS.

use crate::dns::cache::KeyRef;
use crate::dns::message::LARGEST_UDP;

/// Length of a packet's head (RFC 1035 section 4.1.1).
pub(super) const HEAD: usize = 12;
/// Longest name in a packet, its root included (RFC 1035 section 2.3.4).
const LONGEST_NAME: usize = 255;
/// An OPT record without options (RFC 6891 section 6.1.2).
const PLAIN_OPT: usize = 11;

pub(super) const A: u16 = 1;
pub(super) const AAAA: u16 = 28;
const PTR: u16 = 12;
const HTTPS: u16 = 65;
const INTERNET: u16 = 1;

/// Bits of the two bytes of flags, as one number (RFC 1035 section 4.1.1, RFC 6840 section 5.7).
const RECURSION_DESIRED: u16 = 0x0100;
const AUTHENTIC_DATA: u16 = 0x0020;
const CHECKING_DISABLED: u16 = 0x0010;
/// The one flag of EDNS (RFC 6891 section 6.1.4).
const DNSSEC_OK: u16 = 0x8000;

/// A character of a host in lower case; 0 for one that no host has.
const LOWER: [u8; 256] = lower();

const fn lower() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    loop {
        if byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// Room for the host of a question, used again for the next one.
#[derive(Clone)]
pub(crate) struct HostRoom([u8; LONGEST_NAME]);

impl Default for HostRoom {
    fn default() -> Self {
        Self([0; LONGEST_NAME])
    }
}

/// The usual question.
#[derive(Debug)]
pub(crate) struct QuickQuestion<'a> {
    packet: &'a [u8],
    /// The host asked for, in lower case, no final dot.
    pub(crate) host: &'a str,
    /// Where the question ends in the packet.
    end: usize,
    flags: u16,
    pub(super) kind: u16,
    /// What the client's OPT record says, if it has one.
    pub(super) edns: Option<QuickEdns>,
}

/// A plain OPT record.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuickEdns {
    payload: u16,
    pub(super) dnssec_ok: bool,
}

impl<'a> QuickQuestion<'a> {
    /// Reads a packet; `None` for anything unusual, well formed or not.
    pub(crate) fn read(packet: &'a [u8], room: &'a mut HostRoom) -> Option<Self> {
        let flags = number(packet, 2)?;
        let counts = packet.get(4..HEAD)?;
        let [0, 1, 0, 0, 0, 0, 0, additional @ (0 | 1)] = *counts else { return None };
        if flags & !(RECURSION_DESIRED | AUTHENTIC_DATA | CHECKING_DISABLED) != 0 {
            return None;
        }
        let (host_length, after) = host_of(packet, &mut room.0)?;
        let host = std::str::from_utf8(room.0.get(..host_length)?).ok()?;
        let kind = number(packet, after)?;
        if !matches!(kind, A | AAAA | PTR | HTTPS) || number(packet, after + 2)? != INTERNET {
            return None;
        }
        let end = after + 4;
        let edns = match packet.get(end..)? {
            [] if additional == 0 => None,
            opt if additional == 1 => Some(plain_opt(opt)?),
            _ => return None,
        };
        Some(Self { packet, host, end, flags, kind, edns })
    }

    /// What an answer to it is remembered under.
    pub(super) fn key(&self) -> KeyRef<'a> {
        KeyRef {
            host: self.host,
            kind: self.kind,
            dnssec_ok: self.dnssec_ok(),
            checking_disabled: self.flags & CHECKING_DISABLED != 0,
        }
    }

    /// Whether it asks for an address: other types are no visit.
    pub(super) fn is_for_address(&self) -> bool {
        matches!(self.kind, A | AAAA)
    }

    pub(super) fn dnssec_ok(&self) -> bool {
        self.edns.is_some_and(|edns| edns.dnssec_ok)
    }

    /// Whether the client understands the "authentic data" bit of an answer (RFC 6840 section 5.7).
    pub(super) fn wants_authentic_data(&self) -> bool {
        self.flags & AUTHENTIC_DATA != 0 || self.dnssec_ok()
    }

    /// Whether the client wants others to be asked. One that does not might learn what was asked for before.
    pub(super) fn wants_recursion(&self) -> bool {
        self.flags & RECURSION_DESIRED != 0
    }

    /// The id, as two bytes.
    pub(super) fn id(&self) -> &'a [u8] {
        self.packet.get(..2).unwrap_or_default()
    }

    /// The flags an answer repeats.
    pub(super) fn repeated_flags(&self) -> u16 {
        self.flags & (RECURSION_DESIRED | CHECKING_DISABLED)
    }

    /// The question's own bytes, capitals as asked: the answer repeats them.
    pub(super) fn question(&self) -> &'a [u8] {
        self.packet.get(HEAD..self.end).unwrap_or_default()
    }

    /// Longest answer this client takes over UDP.
    pub(super) fn largest(&self) -> usize {
        usize::from(self.edns.map_or(512, |edns| edns.payload.clamp(512, LARGEST_UDP)))
    }
}

/// Writes the host of the question in a packet, and says how long it is and where the name ends.
fn host_of(packet: &[u8], host: &mut [u8; LONGEST_NAME]) -> Option<(usize, usize)> {
    let mut at = HEAD;
    let mut written = 0;
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        // Longer ones are pointers, which have no place in a question, or nothing at all.
        if length > 63 || written + length + 2 >= LONGEST_NAME {
            return None;
        }
        if written > 0 {
            *host.get_mut(written)? = b'.';
            written += 1;
        }
        let label = packet.get(at..at + length)?;
        let mut ordinary = true;
        for (to, from) in host.get_mut(written..written + length)?.iter_mut().zip(label) {
            *to = LOWER[usize::from(*from)];
            ordinary &= *to != 0;
        }
        if !ordinary {
            return None;
        }
        written += length;
        at += length;
    }
    (written > 0).then_some((written, at))
}

/// Root name, type 41, the client's size, version 0, no flag but "DNSSEC OK", no options, and nothing after it.
fn plain_opt(opt: &[u8]) -> Option<QuickEdns> {
    if opt.len() != PLAIN_OPT {
        return None;
    }
    let flags = number(opt, 7)?;
    let plain = opt.starts_with(&[0, 0, 41]) && number(opt, 5)? == 0 && flags & !DNSSEC_OK == 0 && number(opt, 9)? == 0;
    plain.then_some(QuickEdns { payload: number(opt, 3)?, dnssec_ok: flags & DNSSEC_OK != 0 })
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..at + 2)?.first_chunk::<2>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::message::{Packet, read};
    use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query};
    use hickory_proto::rr::{Name, RecordType};
    use proptest::prelude::*;

    fn packet(host: &str, kind: RecordType, edns: Option<(u16, bool)>) -> Vec<u8> {
        let mut message = Message::new(0x1234, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        // Each label as it stands: names on the wire may hold any byte, and need not begin with a letter.
        let labels = host.split('.').filter(|label| !label.is_empty()).map(str::as_bytes);
        message.add_query(Query::query(Name::from_labels(labels).unwrap(), kind));
        if let Some((payload, dnssec_ok)) = edns {
            let mut edns = Edns::new();
            edns.set_max_payload(payload).set_dnssec_ok(dnssec_ok);
            message.set_edns(edns);
        }
        message.to_vec().unwrap()
    }

    /// What is read quickly is what is read slowly.
    fn agrees(bytes: &[u8]) {
        let mut room = HostRoom::default();
        let Some(quick) = QuickQuestion::read(bytes, &mut room) else { return };
        let Packet::Question(slow) = read(bytes) else { panic!("read quickly, and no question: {bytes:?}") };
        assert_eq!(slow.host.as_deref(), Some(quick.host));
        assert_eq!((u16::from(slow.kind), slow.id.to_be_bytes().as_slice()), (quick.kind, quick.id()));
        assert_eq!(slow.checking_disabled, quick.key().checking_disabled);
        assert_eq!(slow.recursion_desired, quick.repeated_flags() & RECURSION_DESIRED != 0);
        assert_eq!(usize::from(slow.udp_size()), quick.largest());
        let edns = slow.edns.map(|edns| edns.dnssec_ok);
        assert_eq!(edns, quick.edns.map(|edns| edns.dnssec_ok));
        let plain = slow.edns.is_none_or(|edns| edns.cookie.is_none() && !edns.padding && !edns.keepalive);
        assert!(plain, "an answer would have to carry an option");
    }

    #[test]
    fn the_usual_questions_are_read_quickly() {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::PTR, RecordType::HTTPS] {
            for edns in [None, Some((1232, false)), Some((4096, true))] {
                let bytes = packet("WWW.Lessons_-1.Example.", kind, edns);
                assert_eq!(
                    QuickQuestion::read(&bytes, &mut HostRoom::default()).unwrap().host,
                    "www.lessons_-1.example"
                );
                agrees(&bytes);
            }
        }
    }

    #[test]
    fn the_unusual_is_left_to_others() {
        let usual = packet("lessons.example.", RecordType::A, Some((1232, false)));
        let long = format!("{}.{}.{}.{}.", "a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61));
        let mut unusual = vec![
            packet("lessons.example.", RecordType::TXT, None),
            packet(".", RecordType::A, None),
            packet("les sons.example.", RecordType::A, None),
            packet("les\0sons.example.", RecordType::A, None),
            [usual.as_slice(), &[0]].concat(),
            usual[..usual.len() - 1].to_vec(),
        ];
        // Flags and opcode, counts, class, EDNS version, EDNS flags, EDNS options.
        for (at, byte) in [
            (2, 0x80),
            (2, 0x10),
            (3, 0x80),
            (5, 2),
            (7, 1),
            (9, 1),
            (11, 2),
            (30, 3),
            (32, 2),
            (39, 1),
            (40, 1),
            (43, 1),
        ] {
            let mut bytes = usual.clone();
            bytes[at] ^= byte;
            unusual.push(bytes);
        }
        for bytes in unusual {
            assert!(QuickQuestion::read(&bytes, &mut HostRoom::default()).is_none(), "{bytes:?}");
        }
        agrees(&packet(&long, RecordType::A, None));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_read_alike_or_left(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            agrees(&bytes);
        }

        #[test]
        fn a_question_with_changed_bytes_is_read_alike_or_left(
            host in "([A-Za-z0-9_-]{1,63}\\.){1,4}",
            edns in proptest::option::of((any::<u16>(), any::<bool>())),
            changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
            cut in proptest::option::of(any::<prop::sample::Index>()),
        ) {
            let mut bytes = packet(&host, RecordType::AAAA, edns);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            agrees(&bytes);
        }
    }
}
