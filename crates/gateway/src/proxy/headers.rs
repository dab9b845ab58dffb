//! What a proxy takes off a message and puts on it (RFC 9110 section 7.6). Framing is hyper's: lengths are worked out anew
//! from the body, so that nothing a client wrote about them travels on.

use super::target::host;
use crate::config::Entropy;
use crate::request::Credential;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRANSFER_ENCODING, UPGRADE, VIA,
};
use hyper::{HeaderMap, Version};

/// Names that hop-by-hop headers have though no `Connection` header names them.
///
/// `Trailer` is none of them: it says what comes behind the body, and hyper sends only what it names.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
    EXPECT,
];

/// Takes off what belongs to one hop only, and the proxy password with it.
pub(super) fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // A client may not take off what the proxy itself stands on.
        .filter(|name: &HeaderName| *name != HOST && *name != VIA && *name != CONTENT_LENGTH)
        .collect();
    let chunked = headers.contains_key(TRANSFER_ENCODING);
    for name in named.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
    if chunked {
        headers.remove(CONTENT_LENGTH);
    }
}

/// This proxy's name in `Via`, its own among others of the kind, so that a chain of two is no loop.
pub(super) struct Pseudonym {
    name: String,
    http1: HeaderValue,
    http2: HeaderValue,
}

impl Pseudonym {
    pub(super) fn new(entropy: &Entropy) -> Self {
        let mut random = [0; 4];
        entropy(&mut random);
        let name = format!("belisha-{:08x}", u32::from_be_bytes(random));
        let value = |version| HeaderValue::from_str(&format!("{version} {name}"));
        let unnamed = |_| HeaderValue::from_static("1.1 belisha");
        Self { http1: value("1.1").unwrap_or_else(unnamed), http2: value("2").unwrap_or_else(unnamed), name }
    }

    /// Adds this proxy to `Via`, behind the version the message came in.
    pub(super) fn add(&self, arrived: Version, headers: &mut HeaderMap) {
        let value = if arrived == Version::HTTP_2 { &self.http2 } else { &self.http1 };
        headers.append(VIA, value.clone());
    }

    /// Whether a request went through this proxy already.
    pub(super) fn is_loop(&self, headers: &HeaderMap) -> bool {
        let mut hops =
            headers.get_all(VIA).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        hops.any(|hop| hop.trim().split(' ').nth(1) == Some(&self.name))
    }
}

/// A user name and password as sent, kept while the request is judged.
#[derive(Clone)]
pub(crate) enum Sent {
    None,
    Unreadable,
    Basic(String),
}

impl Sent {
    /// Reads `Proxy-Authorization`.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(PROXY_AUTHORIZATION) else {
            return Sent::None;
        };
        let text = value.to_str().ok().and_then(|value| {
            let (scheme, encoded) = value.split_once(' ')?;
            let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
            String::from_utf8(decoded).ok().filter(|text| text.contains(':'))
        });
        text.map_or(Sent::Unreadable, Sent::Basic)
    }

    pub(super) fn credential(&self) -> Credential<'_> {
        match self {
            Sent::None => Credential::None,
            Sent::Unreadable => Credential::Unreadable,
            Sent::Basic(text) => match text.split_once(':') {
                Some((username, password)) => Credential::Basic { username, password },
                None => Credential::Unreadable,
            },
        }
    }
}

/// The host a client named in its `Host` header, in the form everything compares.
pub(crate) fn host_header(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(HOST).iter();
    let value = hosts.next()?.to_str().ok()?;
    if hosts.next().is_some() {
        return None;
    }
    let without_port = match value.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => value,
    };
    host(without_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn one_hop_s_headers_and_the_password_stay_here() {
        let mut sent = headers(&[
            ("connection", "close, x-secret, host"),
            ("x-secret", "1"),
            ("host", "a.example"),
            ("proxy-authorization", "Basic x"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("upgrade", "h2c"),
            ("accept", "*/*"),
        ]);
        strip_hop_by_hop(&mut sent);
        let mut left: Vec<_> = sent.keys().map(HeaderName::as_str).collect();
        left.sort_unstable();
        assert_eq!(left, ["accept", "host"]);
    }

    #[test]
    fn a_password_is_read_or_known_to_be_unreadable() {
        let of = |value| Sent::of(&headers(&[("proxy-authorization", value)]));
        assert!(matches!(of("Basic YTpiOmM=").credential(), Credential::Basic { username: "a", password: "b:c" }));
        assert!(matches!(of("basic YTpi").credential(), Credential::Basic { .. }));
        for value in ["Bearer YTpi", "Basic !!!", "Basic YWI=", "Basic"] {
            assert!(matches!(of(value).credential(), Credential::Unreadable), "{value}");
        }
        assert!(matches!(Sent::of(&HeaderMap::new()).credential(), Credential::None));
    }

    #[test]
    fn two_host_headers_are_no_host() {
        assert_eq!(host_header(&headers(&[("host", "A.example:8080")])).as_deref(), Some("a.example"));
        let mut two = headers(&[("host", "a.example")]);
        two.append(HOST, HeaderValue::from_static("b.example"));
        assert_eq!(host_header(&two), None);
    }
}
