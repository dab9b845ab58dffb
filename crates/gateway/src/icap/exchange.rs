//! One request of an ICAP client: the HTTP messages in it, whose it is, and the answer: as it was, or another message in its place.

use super::head::{Head, Method};
use super::http_heads::{host_of, read_request, read_response, write_request, write_response};
use super::service::Icap;
use super::wire::Connection;
use crate::gateway::Shared;
use crate::observe::Protocol;
use crate::proxy::{Body, Response};
use crate::request::{Asked, Credential};
use http_body_util::BodyExt;
use hyper::header::CONTENT_LENGTH;
use hyper::http::{request, response};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Whose address a request is judged by that does not say whose it is: nobody's, so that the client proxy's own never names
/// somebody who signed in through it.
const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The HTTP messages in a request.
pub(super) struct Message {
    /// The HTTP request.
    pub(super) request: request::Parts,
    /// The answer to it, where that is what is asked about.
    pub(super) response: Option<response::Parts>,
    /// The body of whichever is asked about.
    pub(super) body: Body,
}

impl Message {
    /// Reads the HTTP heads; `None` where one of them is none, or is not there.
    pub(super) fn read(shared: &Shared, connection: &Connection, head: &Head, heads: &[u8]) -> Option<Self> {
        let parts = &head.encapsulated;
        // Nobody can judge an answer without knowing what it answers.
        let request = read_request(heads.get(parts.request.clone()?)?)?;
        let response = match head.method {
            Method::Respmod => Some(read_response(heads.get(parts.response.clone()?)?)?),
            Method::Reqmod | Method::Options => None,
        };
        let longest = if response.is_none() { shared.config.limits.body_bytes } else { u64::MAX };
        let body = match parts.has_body {
            true => Body::Encapsulated(connection.begin_body(head.preview, longest)),
            false => {
                connection.no_body();
                Body::Empty
            }
        };
        Some(Self { request, response, body })
    }
}

/// A request: who asks, for whom, and the way to answer.
pub(super) struct Exchange<'a> {
    pub(super) icap: &'a Icap,
    pub(super) connection: &'a Connection,
    pub(super) head: Head,
    /// Whether the HTTP answer has no body, whatever it says of one.
    pub(super) head_only: bool,
}

impl<'a> Exchange<'a> {
    pub(super) fn shared(&self) -> &'a Arc<Shared> {
        &self.icap.shared
    }

    /// Whose it is, and what for; `host` and `path` are those that are judged.
    pub(super) fn asked<'b>(&'b self, request: &'b request::Parts, host: &'b str) -> Asked<'b> {
        Asked {
            protocol: Protocol::Icap,
            device: self.head.client.unwrap_or(NOBODY),
            credential: match &self.head.username {
                Some(username) => Credential::Checked { username },
                None => Credential::None,
            },
            method: Some(request.method.as_str()),
            host,
            path: path_of(request),
        }
    }

    /// Whether "as it was" may be said of a message: its body is not read on, and the client has kept all it sent.
    pub(super) fn may_pass(&self, body: &Body) -> bool {
        let in_preview = self.head.preview.is_some() && !self.connection.was_told();
        body.passes() && (self.head.allow_204 || in_preview)
    }

    /// Says that the message goes on as it was (RFC 3507 section 4.6).
    pub(super) async fn pass(&self) -> io::Result<()> {
        let answer =
            format!("ICAP/1.0 204 No modifications needed\r\nISTag: {}\r\n{}\r\n", self.icap.tag(), self.goodbye());
        self.connection.write(answer.as_bytes()).await
    }

    /// Puts a request in the place of what came.
    pub(super) async fn request_instead(&self, parts: &request::Parts, body: Body) -> io::Result<()> {
        self.instead("req", &write_request(parts), body).await
    }

    /// Puts an answer in the place of what came.
    pub(super) async fn answer_instead(&self, response: Response) -> io::Result<()> {
        let (mut parts, mut body) = response.into_parts();
        if let Body::Whole(whole) = &body {
            parts.headers.insert(CONTENT_LENGTH, whole.len().into());
            if self.head_only {
                body = Body::Empty;
            }
        }
        self.instead("res", &write_response(&parts), body).await
    }

    async fn instead(&self, kind: &str, head: &[u8], mut body: Body) -> io::Result<()> {
        // The word that the rest may come must be said before an answer begins.
        let mut first = VecDeque::new();
        let draws = !matches!(body, Body::Empty | Body::Whole(_));
        if draws {
            while self.connection.is_previewing() {
                match body.frame().await {
                    Some(frame) => first.push_back(frame.map_err(io::Error::other)?),
                    None => break,
                }
            }
            self.connection.go_on().await?;
        }
        let follows = if matches!(body, Body::Empty) { "null" } else { kind };
        self.head(kind, follows, head).await?;
        if matches!(body, Body::Empty) {
            return Ok(());
        }
        while let Some(frame) = first.pop_front() {
            self.chunk(frame.data_ref().map_or(&[][..], |data| data)).await?;
        }
        self.rest(body, 0).await
    }

    /// Says that another message comes, and gives its head.
    async fn head(&self, kind: &str, follows: &str, head: &[u8]) -> io::Result<()> {
        let answer = format!(
            "ICAP/1.0 200 OK\r\nISTag: {}\r\nEncapsulated: {kind}-hdr=0, {follows}-body={}\r\n{}\r\n",
            self.icap.tag(),
            head.len(),
            self.goodbye(),
        );
        let mut begins = answer.into_bytes();
        begins.extend_from_slice(head);
        self.connection.write(&begins).await
    }

    /// Begins an answer with a body that follows later.
    pub(super) async fn begin_answer(&self, parts: &response::Parts) -> io::Result<()> {
        self.head("res", "res", &write_response(parts)).await
    }

    /// A body to its end, without its first bytes where those were sent. One that is closed in its middle ends without its last
    /// chunk, so that nobody takes it for whole.
    pub(super) async fn rest(&self, mut body: Body, mut sent: usize) -> io::Result<()> {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(io::Error::other)?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            let known = sent.min(data.len());
            sent -= known;
            self.chunk(data.get(known..).unwrap_or_default()).await?;
        }
        self.connection.write(b"0\r\n\r\n").await
    }

    /// A piece of a body.
    pub(super) async fn chunk(&self, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        let mut chunk = Vec::with_capacity(data.len() + 16);
        chunk.extend_from_slice(format!("{:x}\r\n", data.len()).as_bytes());
        chunk.extend_from_slice(data);
        chunk.extend_from_slice(b"\r\n");
        self.connection.write(&chunk).await
    }

    fn goodbye(&self) -> &'static str {
        if self.head.close { "Connection: close\r\n" } else { "" }
    }
}

/// The path and query of a request, where its address has one: a CONNECT has none.
pub(super) fn path_of(request: &request::Parts) -> Option<&str> {
    request.uri.path_and_query().map(|path| path.as_str()).filter(|_| request.method != hyper::Method::CONNECT)
}

/// The host that a request to a search engine's safe name was meant for: its `Host`, since we changed its address alone.
pub(super) fn meant_host(request: &request::Parts) -> Option<String> {
    let host = host_of(request)?;
    let named = crate::proxy::host_header(&request.headers);
    let leads = |named: &String| {
        [belisha_filter::safe_search(named), belisha_filter::safe_search_moderate(named)].contains(&Some(host.as_str()))
    };
    Some(named.filter(leads).unwrap_or(host))
}
