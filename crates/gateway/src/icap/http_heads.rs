//! The heads of HTTP messages inside ICAP: read with httparse, and written again. What belongs to one hop is the ICAP client's
//! affair (RFC 3507 section 4.4.2), and so is the framing: a body comes and goes in ICAP's own chunks.

use super::head::MOST_HEADERS;
use crate::proxy::host_header;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::{request, response};
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};

/// Reads the head of a request; `None` for what is none, or has bytes behind its end.
pub(crate) fn read_request(bytes: &[u8]) -> Option<request::Parts> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut read = httparse::Request::new(&mut headers);
    if !is_all(read.parse(bytes), bytes) {
        return None;
    }
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.method = Method::from_bytes(read.method?.as_bytes()).ok()?;
    parts.uri = read.path?.parse().ok()?;
    parts.version = version(read.version?);
    parts.headers = headers_of(read.headers)?;
    Some(parts)
}

/// Reads the head of an answer, as [`read_request`] does.
pub(crate) fn read_response(bytes: &[u8]) -> Option<response::Parts> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut read = httparse::Response::new(&mut headers);
    if !is_all(read.parse(bytes), bytes) {
        return None;
    }
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = StatusCode::from_u16(read.code?).ok()?;
    parts.version = version(read.version?);
    parts.headers = headers_of(read.headers)?;
    Some(parts)
}

/// The head of a request as it is written.
pub(super) fn write_request(parts: &request::Parts) -> Vec<u8> {
    write(&format!("{} {} {:?}", parts.method, parts.uri, parts.version), &parts.headers)
}

/// The head of an answer as it is written.
pub(super) fn write_response(parts: &response::Parts) -> Vec<u8> {
    let reason = parts.status.canonical_reason().unwrap_or_default();
    write(&format!("{:?} {} {reason}", parts.version, parts.status.as_str()), &parts.headers)
}

/// The host that a request is for: its address's, else the one its `Host` names.
pub(super) fn host_of(parts: &request::Parts) -> Option<String> {
    match parts.uri.host() {
        Some(host) => crate::proxy::host(host),
        None => host_header(&parts.headers),
    }
}

fn is_all(parsed: httparse::Result<usize>, bytes: &[u8]) -> bool {
    matches!(parsed, Ok(httparse::Status::Complete(length)) if length == bytes.len())
}

fn version(minor: u8) -> Version {
    if minor == 0 { Version::HTTP_10 } else { Version::HTTP_11 }
}

fn headers_of(read: &[httparse::Header<'_>]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(read.len());
    for header in read {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    Some(headers)
}

fn write(line: &str, headers: &HeaderMap) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    head.extend_from_slice(line.as_bytes());
    head.extend_from_slice(b"\r\n");
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The same address under another host.
pub(super) fn under(uri: &Uri, host: &str) -> Option<Uri> {
    let authority = match uri.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.authority = Some(authority.parse().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_head_is_written_as_it_was_read() {
        let request =
            b"GET http://lessons.example/a?b=c HTTP/1.1\r\nhost: lessons.example\r\nx-a: \xe9\r\nx-a: 2\r\n\r\n";
        assert_eq!(write_request(&read_request(request).unwrap()), request);
        let response = b"HTTP/1.0 404 Not Found\r\ncontent-type: text/html\r\n\r\n";
        assert_eq!(write_response(&read_response(response).unwrap()), response);
        let connect = b"CONNECT lessons.example:443 HTTP/1.1\r\n\r\n";
        assert_eq!(write_request(&read_request(connect).unwrap()), connect);
    }

    #[test]
    fn what_is_no_single_head_is_refused() {
        for bytes in [
            &b"GET / HTTP/1.1\r\nHost: a.example\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost : a.example\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a.example\r\n folded\r\n\r\n",
            b"GET / HTTP/2\r\n\r\n",
            b"",
        ] {
            assert!(read_request(bytes).is_none(), "{}", String::from_utf8_lossy(bytes));
        }
        assert!(read_response(b"HTTP/1.1 99 x\r\n\r\n").is_none());
    }

    #[test]
    fn an_address_moves_to_another_host_with_all_the_rest() {
        let moved = |uri: &str| under(&uri.parse().unwrap(), "safe.example").map(|uri| uri.to_string());
        assert_eq!(moved("http://a.example:8080/b?c").as_deref(), Some("http://safe.example:8080/b?c"));
        assert_eq!(moved("a.example:443").as_deref(), Some("safe.example:443"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused_and_what_is_read_is_written_the_same(
            bytes in proptest::collection::vec(any::<u8>(), 0..100),
            path in "/[a-z]{0,9}", value in "[ -~]{0,20}",
        ) {
            let _ = (read_request(&bytes), read_response(&bytes));
            let head = format!("POST {path} HTTP/1.1\r\nx-a: {value}\r\n\r\n");
            if let Some(parts) = read_request(head.as_bytes()) {
                let again = read_request(&write_request(&parts)).unwrap();
                prop_assert_eq!((again.uri, again.headers), (parts.uri, parts.headers));
            }
        }
    }
}
