//! The usual answers written straight into a packet: a copy of a remembered one, the address of the block page, "nothing of
//! this type". They say what `message.rs` would say; the properties in `mod.rs` hold the two together.

use super::question::{A, AAAA, HEAD, QuickQuestion};
use crate::dns::cache::Stored;
use crate::dns::message::{CLOSED_TTL, ExtendedError, LARGEST_UDP};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Room for one answer: the largest that is sent. Not a multiple of a page, so that neighbours do not crowd each other out of
/// the processor's cache.
const ROOM: usize = LARGEST_UDP as usize + 112;

/// Bits of the flags of an answer, as one number (RFC 1035 section 4.1.1).
const RESPONSE: u16 = 0x8000;
const TRUNCATED: u16 = 0x0200;
const RECURSION_AVAILABLE: u16 = 0x0080;
const AUTHENTIC_DATA: u16 = 0x0020;
/// A name that stands at the beginning of the question (RFC 1035 section 4.1.4).
const SAME_NAME: [u8; 2] = [0xc0, 12];
const SOA: u16 = 6;
const INTERNET: u16 = 1;

/// An answer on its way out.
pub(crate) struct AnswerPacket {
    bytes: [u8; ROOM],
    length: usize,
}

impl Default for AnswerPacket {
    fn default() -> Self {
        Self { bytes: [0; ROOM], length: 0 }
    }
}

/// How many records follow the question.
#[derive(Clone, Copy, Default)]
struct Counts {
    answers: u16,
    authorities: u16,
}

impl AnswerPacket {
    /// What was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// An empty answer that sends a client to TCP. `None`, here and below: it does not fit, and somebody else must answer.
    pub(super) fn cut_short(&mut self, question: &QuickQuestion<'_>) -> Option<()> {
        self.head(question, TRUNCATED, Counts::default())?;
        self.end(question, None)
    }

    /// A remembered answer in this client's terms, times to live lowered by its age.
    pub(super) fn remembered(&mut self, question: &QuickQuestion<'_>, stored: &Stored, age: u32) -> Option<()> {
        let packet = stored.packet();
        let asked = question.question();
        let records = packet.get(HEAD + asked.len()..)?;
        let number = |at: usize| Some(u16::from_be_bytes(*packet.get(at..at + 2)?.first_chunk::<2>()?));
        let flags = number(2)?;
        let authentic = if question.wants_authentic_data() { flags & AUTHENTIC_DATA } else { 0 };
        let code = flags & 0x000f;
        self.head(question, authentic | code, Counts { answers: number(6)?, authorities: number(8)? })?;
        self.push(records)?;
        for at in stored.ttl_places() {
            let place = self.bytes.get_mut(at..at + 4)?.first_chunk_mut::<4>()?;
            *place = u32::from_be_bytes(*place).saturating_sub(age).to_be_bytes();
        }
        self.end(question, None)
    }

    /// The address of the block page; for other types than addresses, nothing.
    pub(super) fn closed(
        &mut self,
        question: &QuickQuestion<'_>,
        v4: Ipv4Addr,
        v6: Option<Ipv6Addr>,
        error: ExtendedError,
        why: [&str; 2],
    ) -> Option<()> {
        match (question.kind, v6) {
            (A, _) => self.address(question, &v4.octets())?,
            (AAAA, Some(v6)) => self.address(question, &v6.octets())?,
            _ => self.nothing(question)?,
        }
        self.end(question, Some((error, why)))
    }

    fn address(&mut self, question: &QuickQuestion<'_>, address: &[u8]) -> Option<()> {
        self.head(question, 0, Counts { answers: 1, authorities: 0 })?;
        self.record(question.kind, address.len())?;
        self.push(address)
    }

    /// As `Question::nothing` in `message.rs`: an SOA of the name itself.
    fn nothing(&mut self, question: &QuickQuestion<'_>) -> Option<()> {
        self.head(question, 0, Counts { answers: 0, authorities: 1 })?;
        self.record(SOA, 2 * SAME_NAME.len() + 5 * size_of::<u32>())?;
        self.push(&SAME_NAME)?;
        self.push(&SAME_NAME)?;
        for value in [1, CLOSED_TTL, CLOSED_TTL, CLOSED_TTL, CLOSED_TTL] {
            self.push(&value.to_be_bytes())?;
        }
        Some(())
    }

    fn head(&mut self, question: &QuickQuestion<'_>, flags: u16, counts: Counts) -> Option<()> {
        let flags = RESPONSE | RECURSION_AVAILABLE | question.repeated_flags() | flags;
        let mut head = [0; HEAD];
        for (place, value) in [(2, flags), (4, 1), (6, counts.answers), (8, counts.authorities)] {
            *head.get_mut(place..)?.first_chunk_mut::<2>()? = value.to_be_bytes();
        }
        head.get_mut(..2)?.copy_from_slice(question.id());
        // Is there a record for EDNS at the end? RFC 6891 section 7: only for those who sent one.
        *head.last_mut()? = u8::from(question.edns.is_some());
        self.length = 0;
        self.push(&head)?;
        self.push(question.question())
    }

    /// The head of a record of the name asked for.
    fn record(&mut self, kind: u16, length: usize) -> Option<()> {
        self.push(&SAME_NAME)?;
        self.push(&kind.to_be_bytes())?;
        self.push(&INTERNET.to_be_bytes())?;
        self.push(&CLOSED_TTL.to_be_bytes())?;
        self.push(&u16::try_from(length).ok()?.to_be_bytes())
    }

    /// Our OPT record, for those who sent one, with the reason if there is one (RFC 8914 section 2).
    fn end(&mut self, question: &QuickQuestion<'_>, error: Option<(ExtendedError, [&str; 2])>) -> Option<()> {
        if let Some(edns) = question.edns {
            let [size_high, size_low] = LARGEST_UDP.to_be_bytes();
            let dnssec_ok = if edns.dnssec_ok { 0x80 } else { 0 };
            self.push(&[0, 0, 41, size_high, size_low, 0, 0, dnssec_ok, 0])?;
            let Some((error, [text, more])) = error else {
                self.push(&[0, 0])?;
                return self.fits(question);
            };
            let length = u16::try_from(2 + text.len() + more.len()).ok()?;
            for value in [length + 4, ExtendedError::OPTION, length, error.code()] {
                self.push(&value.to_be_bytes())?;
            }
            self.push(text.as_bytes())?;
            self.push(more.as_bytes())?;
        }
        self.fits(question)
    }

    fn fits(&self, question: &QuickQuestion<'_>) -> Option<()> {
        (self.length <= question.largest()).then_some(())
    }

    fn push(&mut self, part: &[u8]) -> Option<()> {
        self.bytes.get_mut(self.length..self.length + part.len())?.copy_from_slice(part);
        self.length += part.len();
        Some(())
    }
}
