//! The proxy further up, where there is one: which targets go through it, and CONNECT spoken to it. What it finds out about
//! a name is its own: private addresses are refused here only where they are written as such.

use super::dial::DialError;
use super::settings::UpstreamProxy;
use super::target::Target;
use crate::config::local_record;
use crate::gateway::Shared;
use crate::request::is_wpad;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest head of its answer to CONNECT.
const LONGEST_HEAD: usize = 16 * 1024;

/// The upstream proxy, if a host is asked through it. The school's own pages, records and zones never are.
pub(super) fn for_host<'a>(shared: &'a Shared, host: &str) -> Option<&'a UpstreamProxy> {
    let config = &shared.config;
    let upstream = config.proxy.upstream.as_ref()?;
    let own = is_wpad(host)
        || config.portal.is_own(host)
        || shared.zones.speak_of(host)
        || local_record(&config.local_records, host).is_some();
    (!own && upstream.leads(host)).then_some(upstream)
}

/// A connection to the upstream proxy itself.
pub(super) async fn reach(upstream: &UpstreamProxy) -> Result<TcpStream, DialError> {
    TcpStream::connect(&upstream.address).await.map_err(|error| {
        tracing::warn!("the upstream proxy `{}` cannot be reached: {error}", upstream.address);
        DialError::UpstreamAway
    })
}

/// Asks the upstream proxy for a tunnel to a target; afterwards the connection is one to the target.
pub(super) async fn connect(upstream: &UpstreamProxy, host: &str, port: u16) -> Result<TcpStream, DialError> {
    let mut stream = reach(upstream).await?;
    let authority = Target { host: host.to_owned(), port }.with_port();
    let mut ask = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
    if let Some(authorization) = upstream.authorization() {
        ask.push_str(&format!("Proxy-Authorization: {authorization}\r\n"));
    }
    ask.push_str("\r\n");
    stream.write_all(ask.as_bytes()).await.map_err(|_| DialError::UpstreamAway)?;
    match status(&mut stream).await? {
        200..=299 => Ok(stream),
        status => Err(refused(status)),
    }
}

/// Says that the upstream proxy did not do as it was asked, to the log and to whoever asked.
pub(super) fn refused(status: u16) -> DialError {
    tracing::warn!("the upstream proxy answered with status {status}");
    DialError::UpstreamRefused
}

/// Reads the head of its answer, and not a byte more: what follows is the target's.
async fn status(stream: &mut TcpStream) -> Result<u16, DialError> {
    let mut head = Vec::with_capacity(256);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= LONGEST_HEAD {
            return Err(DialError::UpstreamRefused);
        }
        head.push(stream.read_u8().await.map_err(|_| DialError::UpstreamAway)?);
    }
    parse_status(&head).ok_or(DialError::UpstreamRefused)
}

/// The status in the first line of an answer: `HTTP/1.1 200 Connection established`.
fn parse_status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|byte| *byte == b'\r').next()?).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let figures = rest.get(..3).filter(|_| matches!(version, "HTTP/1.1" | "HTTP/1.0"))?;
    figures.parse().ok().filter(|status| (100..600).contains(status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn its_status_is_read_or_it_is_not_believed() {
        assert_eq!(parse_status(b"HTTP/1.1 200 Connection established\r\n\r\n"), Some(200));
        assert_eq!(parse_status(b"HTTP/1.0 407\r\n\r\n"), Some(407));
        for head in
            ["", "200 OK", "HTTP/2 200\r\n\r\n", "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 \u{20ac}\r\n\r\n", "HTTP/1.1 999 x"]
        {
            assert_eq!(parse_status(head.as_bytes()), None, "{head}");
        }
    }

    proptest! {
        #[test]
        fn any_head_is_read_or_refused(head in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse_status(&head);
        }
    }
}
