//! Where a request wants to go: host and port in the one form that is judged, dialled and logged.

use super::arrival::Scheme;
use hyper::Uri;
use hyper::http::uri::Authority;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
    if is_numbers(text) {
        return numbers(text).map(|address| address.to_string());
    }
    let labels = text.split('.').all(|label| (1..=63).contains(&label.len()));
    let characters = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    (labels && characters && text.len() <= 253).then(|| text.to_ascii_lowercase())
}

/// Whether a host is an address of numbers, however written: no name ends in a number.
fn is_numbers(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// The address that browsers and systems read in numbers: `192.0.2.7`, `0xc0.2.7`, `3221225991` (WHATWG URL, section 3.5).
fn numbers(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, bytes) = parts.split_last().filter(|(_, bytes)| bytes.len() < 4)?;
    let mut address = *last;
    // The last part is as many bytes as are left.
    if u64::from(*last) >= 1 << (8 * (4 - bytes.len())) {
        return None;
    }
    for (byte, shift) in bytes.iter().zip([24, 16, 8]) {
        address |= u32::from(u8::try_from(*byte).ok()?) << shift;
    }
    Some(Ipv4Addr::from(address))
}

/// A number as addresses have them: hexadecimal behind `0x`, octal behind `0`, else decimal.
fn number(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let (digits, radix) = match (lower.strip_prefix("0x"), lower.strip_prefix('0')) {
        (Some(""), _) => return Some(0),
        (Some(hexadecimal), _) => (hexadecimal, 16),
        (None, Some(octal)) if !octal.is_empty() => (octal, 8),
        _ => (&*lower, 10),
    };
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(())?;
    u32::from_str_radix(digits, radix).ok()
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
            ("3221225991", Some("192.0.2.7")),
            ("0xC0.0.2.7", Some("192.0.2.7")),
            ("0300.0.0x207", Some("192.0.2.7")),
            ("192.0.2.7.", Some("192.0.2.7")),
            ("192.0.2.256", None),
            ("1.2.3.4.5", None),
            ("site.123", None),
            ("99999999999", None),
            ("09.1.1.1", None),
            ("123.example", Some("123.example")),
            ("1a.example", Some("1a.example")),
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
