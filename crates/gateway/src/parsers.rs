//! The parsers of strangers' bytes as plain functions, for the fuzz targets in `fuzz/`. Nothing else calls them here.

use crate::dns::cache::{Cache, Cached, Key};
use crate::dns::message::{self, Packet};
use crate::dns::quick::{HostRoom, QuickQuestion};
use crate::dns::{https, scrub, zones};
use crate::icap::{
    self,
    chunks::{Chunks, Step},
};
use crate::identity::{self, LeaseFormat};
use hickory_proto::op::Message;
use hickory_proto::rr::RData;
use hickory_proto::rr::rdata::svcb::SvcParamKey;
use tokio::time::Instant;

/// Reads a DNS packet both ways. What the quick way reads, the other reads as the same question.
///
/// # Panics
/// When the two disagree, which is what is looked for.
pub fn dns_question(bytes: &[u8]) {
    let slow = message::read(bytes);
    let mut room = HostRoom::default();
    let Some(quick) = QuickQuestion::read(bytes, &mut room) else { return };
    let Packet::Question(question) = slow else {
        panic!("a question to the quick way and none to the other: {bytes:?}");
    };
    assert_eq!(question.host.as_deref(), Some(quick.host), "{bytes:?}");
}

/// Reads a DNS answer of another server, takes out what must not be shown, remembers it and writes it again.
///
/// # Panics
/// When the key of an encrypted hello is left, or what is written cannot be read: that is what is looked for.
pub fn dns_answer(bytes: &[u8]) {
    let Ok(mut answer) = Message::from_vec(bytes) else { return };
    let Some(query) = answer.queries.first().cloned() else { return };
    scrub::clean(&mut answer, &query);
    for record in &answer.answers {
        let service = match &record.data {
            RData::HTTPS(https) => &https.0,
            RData::SVCB(service) => service,
            _ => continue,
        };
        assert!(service.svc_params.iter().all(|(key, _)| *key != SvcParamKey::EchConfigList), "{bytes:?}");
    }
    let Some(host) = message::host_of(query.name()) else { return };
    let key = Key { host: host.into(), kind: query.query_type(), dnssec_ok: false, checking_disabled: false };
    let (cache, now) = (Cache::default(), Instant::now());
    cache.put(key.clone(), &answer, now);
    if let Cached::Fresh(kept) | Cached::Stale(kept) = cache.get(&key, now) {
        assert_eq!(kept.answers.len(), answer.answers.len(), "{bytes:?}");
        let written = message::encode(&kept, None);
        assert!(Message::from_vec(&written).is_ok(), "{bytes:?}");
    }
}

/// Reads the question in the address of a request for DNS over HTTPS, and a line of the school's own records.
pub fn dns_text(text: &str) {
    if let Some(packet) = https::in_address(text) {
        dns_question(&packet);
    }
    let _ = zones::read(text);
}

/// Reads a TLS ClientHello both ways. What both read names the same host.
///
/// # Panics
/// When the two disagree, which is what is looked for.
pub fn client_hello(bytes: &[u8]) {
    crate::proxy::read_both_ways(bytes);
}

/// Reads a RADIUS accounting packet with a secret, and acknowledges it; says whether it was believed, and how long the
/// acknowledgement is.
pub fn radius(bytes: &[u8], secret: &[u8]) -> (bool, usize) {
    (identity::radius::read(bytes, secret).is_ok(), identity::radius::acknowledge(bytes, secret).len())
}

/// Reads a lease file; how many addresses it speaks of.
pub fn leases(format: LeaseFormat, text: &str) -> usize {
    identity::leases::read_leases(format, text).len()
}

/// Reads one datagram of the kernel's table of neighbours; how many it holds, and whether the table ended.
pub fn neighbours(bytes: &[u8]) -> (usize, bool) {
    let mut found = Vec::new();
    let ended = identity::neighbours::read(bytes, &mut found);
    (found.len(), ended)
}

/// Reads an ICAP head, the heads of HTTP messages inside one, and a body in chunks, whole and byte by byte.
///
/// # Panics
/// When a body depends on the pieces it comes in, or a head lies outside what follows: that is what is looked for.
pub fn icap(bytes: &[u8]) {
    if let Ok(head) = icap::head::Head::read(bytes) {
        let parts = [head.encapsulated.request, head.encapsulated.response];
        assert!(parts.iter().flatten().all(|part| part.end <= head.encapsulated.heads), "{bytes:?}");
    }
    let _ = (icap::http_heads::read_request(bytes), icap::http_heads::read_response(bytes));
    assert_eq!(chunked(bytes, bytes.len()), chunked(bytes, 1), "{bytes:?}");
}

/// The body in a run of chunks shown so many bytes at a time, and whether it ended; `None` where it is none.
fn chunked(bytes: &[u8], at_a_time: usize) -> Option<(Vec<u8>, bool)> {
    let (mut chunks, mut body, mut held) = (Chunks::new(), Vec::new(), Vec::new());
    for piece in bytes.chunks(at_a_time.max(1)) {
        held.extend_from_slice(piece);
        loop {
            let (done, step) = chunks.step(&held).ok()?;
            match step {
                Step::Data(ref range) => body.extend_from_slice(held.get(range.clone())?),
                Step::End { .. } => return Some((body, true)),
                Step::More => {}
            }
            let more = step == Step::More;
            held.drain(..done);
            if more {
                break;
            }
        }
    }
    Some((body, false))
}

/// Reads a file of the spool: how many whole records it has, how many damaged ones, and where the last whole one ends.
pub fn spool(bytes: &[u8]) -> (usize, u64, usize) {
    let (found, damaged, end) = crate::spool::records(bytes);
    (found.len(), damaged, end)
}
