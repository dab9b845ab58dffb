//! The head of an ICAP request (RFC 3507 sections 4.3 and 4.4): what is asked, of which service, for whom, and where in what follows
//! the HTTP heads and the body are. Those heads are `http_heads.rs`'s.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::net::IpAddr;
use std::ops::Range;

/// The most headers of one head.
pub(super) const MOST_HEADERS: usize = 128;
/// The longest user name that is read, in bytes.
const LONGEST_USERNAME: usize = 256;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// What can you do?
    Options,
    /// May this request be made, and how?
    Reqmod,
    /// May this answer be shown?
    Respmod,
}

/// Why a request cannot be answered; the number is the status (RFC 3507 section 4.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It cannot be understood.
    Malformed,
    /// It asks for something else than `OPTIONS`, `REQMOD` or `RESPMOD`.
    UnknownMethod,
    /// It speaks another version.
    UnknownVersion,
}

impl Refused {
    /// The line of the answer.
    pub(super) const fn status(self) -> &'static str {
        match self {
            Refused::Malformed => "400 Bad request",
            Refused::UnknownMethod => "501 Method not implemented",
            Refused::UnknownVersion => "505 ICAP version not supported",
        }
    }
}

/// The head of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: Method,
    /// The service: the path of its address, without a query.
    pub(crate) service: String,
    /// How much of the body comes before the client waits for a word; `None`: all of it comes.
    pub(crate) preview: Option<u64>,
    /// Whether "as it was" may be the answer to a whole body too.
    pub(crate) allow_204: bool,
    /// Whether the client hangs up afterwards.
    pub(crate) close: bool,
    /// `X-Client-IP`.
    pub(crate) client: Option<IpAddr>,
    /// `X-Authenticated-User` or `X-Client-Username`, without scheme and domain.
    pub(crate) username: Option<String>,
    /// Where the HTTP heads and the body are.
    pub(crate) encapsulated: Encapsulated,
}

impl Head {
    /// Reads a head, with the empty line at its end.
    ///
    /// # Errors
    /// When it is none, or two readers could take it for different ones.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let end = bytes.windows(2).position(|two| two == b"\r\n").ok_or(Refused::Malformed)?;
        let (line, rest) = bytes.split_at_checked(end).ok_or(Refused::Malformed)?;
        let (method, service) = request_line(line)?;
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let headers = match httparse::parse_headers(rest.get(2..).unwrap_or_default(), &mut headers) {
            Ok(httparse::Status::Complete((length, headers))) if length + end + 2 == bytes.len() => headers,
            _ => return Err(Refused::Malformed),
        };
        // Of a header that comes twice nobody knows which counts.
        let one = |name: &str| {
            let mut found = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            let value = found.next().map(|header| std::str::from_utf8(header.value).map(str::trim));
            match (value, found.next()) {
                (None, _) => Ok(None),
                (Some(Ok(value)), None) => Ok(Some(value)),
                (Some(_), _) => Err(Refused::Malformed),
            }
        };
        let says = |name: &str, word: &str| {
            one(name).map(|value| {
                value.is_some_and(|value| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word)))
            })
        };
        let encapsulated = match one("encapsulated")? {
            Some(value) => Encapsulated::read(method, value).ok_or(Refused::Malformed)?,
            None if method == Method::Options => Encapsulated::default(),
            None => return Err(Refused::Malformed),
        };
        let username = match one("x-authenticated-user")? {
            Some(value) => authenticated_user(value),
            None => one("x-client-username")?.and_then(username),
        };
        Ok(Self {
            method,
            service,
            preview: one("preview")?.map(figures).transpose()?,
            allow_204: says("allow", "204")?,
            close: says("connection", "close")?,
            client: match one("x-client-ip")? {
                Some(address) => Some(address.parse::<IpAddr>().map_err(|_| Refused::Malformed)?.to_canonical()),
                None => None,
            },
            username,
            encapsulated,
        })
    }
}

/// `REQMOD icap://gateway.example:1344/request ICAP/1.0`
fn request_line(line: &[u8]) -> Result<(Method, String), Refused> {
    let line = std::str::from_utf8(line).map_err(|_| Refused::Malformed)?;
    let mut words = line.split(' ');
    let (Some(method), Some(address), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Refused::Malformed);
    };
    if !version.starts_with("ICAP/") {
        return Err(Refused::Malformed);
    }
    if version != "ICAP/1.0" {
        return Err(Refused::UnknownVersion);
    }
    let method = match method {
        "OPTIONS" => Method::Options,
        "REQMOD" => Method::Reqmod,
        "RESPMOD" => Method::Respmod,
        _ => return Err(Refused::UnknownMethod),
    };
    let rest = address.strip_prefix("icap://").ok_or(Refused::Malformed)?;
    let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
    let path = path.split('?').next().unwrap_or_default();
    match path.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok((method, path.to_owned())),
        false => Err(Refused::Malformed),
    }
}

fn figures(text: &str) -> Result<u64, Refused> {
    let plain = (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain).ok_or(Refused::Malformed)
}

/// `WinNT://SCHOOL/ada`, in base64 or plain: clients differ. Anything else in it is the name itself.
fn authenticated_user(value: &str) -> Option<String> {
    let decoded = STANDARD.decode(value).ok().and_then(|decoded| String::from_utf8(decoded).ok());
    let text = decoded.filter(|text| text.contains("://")).unwrap_or_else(|| value.to_owned());
    let name = text.split_once("://").map_or(text.as_str(), |(_, path)| path.rsplit('/').next().unwrap_or_default());
    username(name)
}

fn username(name: &str) -> Option<String> {
    let plain = name.len() <= LONGEST_USERNAME && !name.chars().any(char::is_control);
    (plain && !matches!(name, "" | "-")).then(|| name.to_owned())
}

/// Where the parts behind an ICAP head are, in bytes from its end (RFC 3507 section 4.4.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Encapsulated {
    /// The head of the HTTP request.
    pub(crate) request: Option<Range<usize>>,
    /// The head of the HTTP response.
    pub(crate) response: Option<Range<usize>>,
    /// How long the heads are in all.
    pub(crate) heads: usize,
    /// Whether a body follows, in chunks.
    pub(crate) has_body: bool,
}

impl Encapsulated {
    /// Reads `req-hdr=0, res-hdr=137, res-body=296`; `None` for what the method cannot have.
    fn read(method: Method, value: &str) -> Option<Self> {
        let mut parts = Vec::with_capacity(3);
        for part in value.split(',') {
            let (name, offset) = part.trim().split_once('=')?;
            parts.push((name.trim().to_ascii_lowercase(), usize::try_from(figures(offset.trim()).ok()?).ok()?));
        }
        let starts_at_nought = parts.first()?.1 == 0;
        if !starts_at_nought || !parts.is_sorted_by(|one, next| one.1 < next.1) {
            return None;
        }
        let (body, heads) = parts.split_last()?;
        let names: Vec<&str> = heads.iter().map(|(name, _)| name.as_str()).collect();
        let known = match (method, names.as_slice(), body.0.as_str()) {
            (Method::Options, [], "null-body") => true,
            (Method::Reqmod, ["req-hdr"], "req-body" | "null-body") => true,
            (Method::Respmod, ["req-hdr", "res-hdr"], "res-body" | "null-body") => true,
            // Answers that nobody can judge are answered so, not taken for broken.
            (Method::Respmod, ["res-hdr"] | ["req-hdr"] | [], "res-body" | "null-body") => true,
            _ => false,
        };
        let range = |name: &str| {
            let at = parts.iter().position(|(other, _)| other == name)?;
            Some(parts.get(at)?.1..parts.get(at + 1)?.1)
        };
        known.then(|| Self {
            request: range("req-hdr"),
            response: range("res-hdr"),
            heads: body.1,
            has_body: body.0 != "null-body",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<Head, Refused> {
        Head::read(text.replace('\n', "\r\n").as_bytes())
    }

    #[test]
    fn a_head_is_read() {
        let head = read(
            "RESPMOD icap://gateway.example:1344/response?x=1 ICAP/1.0\nHost: gateway.example\nAllow: 204, trailers\nPreview: 1024\n\
             X-Client-IP: ::ffff:10.0.0.9\nX-Client-Username: SCHOOL\\ada\nEncapsulated: req-hdr=0, res-hdr=137, res-body=296\n\n",
        )
        .unwrap();
        assert_eq!((head.method, head.service.as_str()), (Method::Respmod, "/response"));
        assert_eq!((head.preview, head.allow_204, head.close), (Some(1024), true, false));
        assert_eq!(head.client, Some(IpAddr::from([10, 0, 0, 9])));
        assert_eq!(head.username.as_deref(), Some("SCHOOL\\ada"));
        let encapsulated = Encapsulated { request: Some(0..137), response: Some(137..296), heads: 296, has_body: true };
        assert_eq!(head.encapsulated, encapsulated);
    }

    #[test]
    fn a_user_is_named_in_any_of_the_usual_ways() {
        for (value, name) in [
            ("V2luTlQ6Ly9TQ0hPT0wvYWRh", Some("ada")),
            ("WinNT://SCHOOL/ada", Some("ada")),
            ("Local://ada", Some("ada")),
            ("ada", Some("ada")),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(authenticated_user(value).as_deref(), name, "{value}");
        }
    }

    #[test]
    fn what_could_be_taken_two_ways_is_refused() {
        let line = "REQMOD icap://g.example/request ICAP/1.0\n";
        let wrong = |rest: &str| assert_eq!(read(&format!("{line}{rest}\n")), Err(Refused::Malformed), "{rest}");
        wrong("");
        for encapsulated in [
            "req-hdr=0",
            "req-hdr=1, null-body=9",
            "req-hdr=0, req-body=0",
            "req-hdr=9, null-body=0",
            "null-body=0, req-hdr=3",
            "req-hdr=0, res-hdr=9, null-body=20",
            "req-hdr=0, req-hdr=4, null-body=9",
            "req-hdr=0, null-body=-9",
            "req-hdr=0, null-body=9999999999",
            "req-hdr=0; null-body=9",
            "null-body=0",
            "",
        ] {
            wrong(&format!("Encapsulated: {encapsulated}\n"));
        }
        let good = "Encapsulated: req-hdr=0, null-body=9\n";
        assert!(read(&format!("{line}{good}\n")).is_ok());
        for twice in [good, "Preview: 1\nPreview: 2\n", "Preview: x\n", "X-Client-IP: 10.0.0.300\n", " folded\n"] {
            wrong(&format!("{good}{twice}"));
        }
    }

    #[test]
    fn other_methods_and_versions_are_told_apart_from_nonsense() {
        for (text, refused) in [
            ("GET / HTTP/1.1\n\n", Refused::Malformed),
            ("LOGMOD icap://g.example/request ICAP/1.0\n\n", Refused::UnknownMethod),
            ("OPTIONS icap://g.example/request ICAP/2.0\n\n", Refused::UnknownVersion),
            ("OPTIONS /request ICAP/1.0\n\n", Refused::Malformed),
            ("OPTIONS  icap://g.example/request ICAP/1.0\n\n", Refused::Malformed),
            ("OPTIONS icap://g.example/request ICAP/1.0\n", Refused::Malformed),
        ] {
            assert_eq!(read(text), Err(refused), "{text}");
        }
        assert_eq!(read("OPTIONS icap://g.example ICAP/1.0\n\n").unwrap().service, "/");
    }

    proptest! {
        #[test]
        fn any_head_is_read_or_refused(rest in "(.|\r\n){0,120}", encapsulated in "[a-z,=0-9 -]{0,40}") {
            let _ = Head::read(rest.as_bytes());
            let text = format!("REQMOD icap://g.example/request ICAP/1.0\r\nEncapsulated: {encapsulated}\r\n{rest}\r\n\r\n");
            if let Ok(head) = Head::read(text.as_bytes()) {
                let parts = [head.encapsulated.request, head.encapsulated.response];
                prop_assert!(parts.iter().flatten().all(|part| part.start < part.end && part.end <= head.encapsulated.heads));
            }
        }
    }
}
