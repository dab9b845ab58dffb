//! The last touch on an answer: what belongs to this client and this way of asking (cookie, padding, how long a connection
//! is kept), then the bytes. What the answer says was settled in `answer.rs`.

use super::answer::{Client, Transport};
use super::connection::idle;
use super::message::{Question, encode};
use crate::gateway::Shared;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use std::net::IpAddr;

const COOKIE: u16 = 10;
const KEEPALIVE: u16 = 11;
const PADDING: u16 = 12;
/// Padded answers are a multiple of so many bytes long (RFC 8467 section 4.1).
const BLOCK: usize = 468;

/// The packet for a client.
pub(crate) fn deliver(shared: &Shared, question: &Question, client: Client, mut message: Message) -> Vec<u8> {
    let Some(asked) = question.edns else {
        return encode(&message, largest(question, client.transport));
    };
    let mut add = |code, data: Vec<u8>| {
        if let Some(edns) = &mut message.edns {
            edns.options_mut().insert(EdnsOption::Unknown(code, data));
        }
    };
    if let Some(cookie) = asked.cookie {
        add(COOKIE, shared.dns_cookies.make(cookie.client, client.device, seconds(shared)).to_vec());
    }
    if asked.keepalive && matches!(client.transport, Transport::Tcp | Transport::Tls) {
        let idle = idle(&shared.config.limits).as_millis() / 100;
        add(KEEPALIVE, u16::try_from(idle).unwrap_or(u16::MAX).to_be_bytes().to_vec());
    }
    // Padding in clear would hide nothing and feed reflectors.
    if asked.padding && matches!(client.transport, Transport::Tls | Transport::Https) {
        let length = encode(&message, Some(u16::MAX)).len() + 4;
        let padding = length.next_multiple_of(BLOCK) - length;
        if length + padding <= usize::from(u16::MAX)
            && let Some(edns) = &mut message.edns
        {
            edns.options_mut().insert(EdnsOption::Unknown(PADDING, vec![0; padding]));
        }
    }
    encode(&message, largest(question, client.transport))
}

/// An empty answer that sends a client to TCP.
pub(crate) fn cut_short(shared: &Shared, question: &Question, client: Client) -> Vec<u8> {
    let mut message = question.answer(ResponseCode::NoError);
    message.metadata.truncation = true;
    deliver(shared, question, client, message)
}

/// Whether a question carries a cookie that shows its address to be its own.
pub(crate) fn proven(shared: &Shared, question: &Question, device: IpAddr) -> bool {
    let cookie = question.edns.and_then(|edns| edns.cookie);
    cookie.is_some_and(|cookie| shared.dns_cookies.proves(&cookie, device, seconds(shared)))
}

fn largest(question: &Question, transport: Transport) -> Option<u16> {
    Some(if transport == Transport::Udp { question.udp_size() } else { u16::MAX })
}

/// The time as cookies carry it: seconds since 1970, round and round.
fn seconds(shared: &Shared) -> u32 {
    shared.now().as_second() as u32
}
