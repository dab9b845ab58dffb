//! Where a request wants to go: host and port in the one form that is judged, dialled and logged.

use super::arrival::Scheme;
use hyper::Uri;
use hyper::http::uri::Authority;
use std::net::{IpAddr, Ipv6Addr};

/// A host, in lower case without a final dot or brackets, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Target {
    /// The target of an absolute `http` address.
    pub(super) fn of_request(uri: &Uri) -> Option<Self> {
        Self::of_authority(uri.authority()?, Some(80))
    }

    /// The target of a CONNECT, which must name its port.
    pub(super) fn of_connect(uri: &Uri) -> Option<Self> {
        Self::of_authority(uri.authority()?, None)
    }

    fn of_authority(authority: &Authority, default_port: Option<u16>) -> Option<Self> {
        if authority.as_str().contains('@') {
            return None;
        }
        let port = match authority.port() {
            Some(port) => port.as_str().parse().ok().filter(|port| *port != 0),
            // `host:` with nothing behind it is not a port left out but one that cannot be read.
            None if authority.as_str().ends_with(':') => None,
            None => default_port,
        }?;
        Some(Self { host: host(authority.host())?, port })
    }

    /// Host and port as a `Host` header has them: the scheme's own port stays out.
    pub(crate) fn authority(&self, scheme: Scheme) -> String {
        let bracketed = self.host.contains(':');
        match (bracketed, self.port == scheme.port()) {
            (true, true) => format!("[{}]", self.host),
            (true, false) => format!("[{}]:{}", self.host, self.port),
            (false, true) => self.host.clone(),
            (false, false) => format!("{}:{}", self.host, self.port),
        }
    }

    /// Host and port, the port always: what a CONNECT names.
    pub(crate) fn with_port(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// The address, when the host is one.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

/// A host as sent, in the form everything compares; `None` for what no host can be.
pub(crate) fn host(text: &str) -> Option<String> {
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return inner.parse::<Ipv6Addr>().ok().map(|address| IpAddr::V6(address).to_canonical().to_string());
    }
    let text = text.strip_suffix('.').unwrap_or(text);
    let labels = text.split('.').all(|label| (1..=63).contains(&label.len()));
    let characters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    (labels && characters && text.len() <= 253).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_in_one_form_or_not_at_all() {
        for (text, expected) in [
            ("Lessons.Example", Some("lessons.example")),
            ("lessons.example.", Some("lessons.example")),
            ("[::1]", Some("::1")),
            ("[::ffff:127.0.0.1]", Some("127.0.0.1")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("a..b", None),
            ("", None),
            (".", None),
            ("a b", None),
            ("a%2eb", None),
            ("[::1", None),
        ] {
            assert_eq!(host(text).as_deref(), expected, "{text}");
        }
        assert_eq!(host(&"a.".repeat(130)), None);
    }

    #[test]
    fn ports_are_read_or_refused() {
        let request = |text: &str| Target::of_request(&text.parse().ok()?).map(|target| target.port);
        assert_eq!(request("http://a.example/"), Some(80));
        assert_eq!(request("http://a.example:8080/"), Some(8080));
        assert_eq!(request("http://user@a.example/"), None);
        let connect = |text: &str| Target::of_connect(&text.parse().ok()?).map(|target| target.port);
        assert_eq!(connect("a.example:443"), Some(443));
        assert_eq!(connect("a.example:99999"), None);
        assert_eq!(connect("a.example:0"), None);
    }
}
