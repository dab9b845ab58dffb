//! What changes in a message that passes: a request as its origin gets it, an answer as the client gets it. What belongs to
//! one hop only is `headers.rs`'s list.

use super::arrival::Scheme;
use super::body::{Body, Carried};
use super::forward::Passage;
use super::headers::{Pseudonym, strip_hop_by_hop};
use super::parent;
use super::respond::Response;
use super::settings::UpstreamProxy;
use super::upgrade::Upgrading;
use crate::gateway::Shared;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    ALT_SVC, CONNECTION, CONTENT_LENGTH, COOKIE, EXPECT, FORWARDED, HOST, HeaderName, HeaderValue, PROXY_AUTHORIZATION,
    TE, UPGRADE,
};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, StatusCode, Uri, Version};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long an origin that was asked whether it wants a body is waited for (RFC 9110 section 10.1.1: not without end, since
/// many never say).
const WANTED: Duration = Duration::from_secs(1);
/// Headers in which others name a client; towards the portal only the gateway does.
const NAMING: [HeaderName; 3] =
    [FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

/// A request ready for its origin.
pub(super) struct Outgoing {
    pub(super) request: Request<Body>,
    /// How far the body has come; `None` without one.
    pub(super) progress: Option<Arc<AtomicU64>>,
    /// Whether it goes to the proxy further up as it is, not through a tunnel of its.
    pub(super) to_parent: bool,
    /// What the client wants to change to.
    pub(super) upgrading: Option<Upgrading>,
}

/// The request as the origin gets it: the host is the one that was judged, whatever the `Host` header said. `None` where no
/// address can be made of it.
pub(super) fn outgoing(
    shared: &Shared,
    via: &Pseudonym,
    passage: &Passage<'_>,
    mut request: Request<Incoming>,
) -> Option<Outgoing> {
    let scheme = passage.arrival.scheme;
    let upgrading = Upgrading::wanted(&mut request);
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = passage.target.authority(scheme);
    let host = HeaderValue::from_str(&authority).ok()?;
    parts.uri = Uri::builder().scheme(scheme.as_str()).authority(authority).path_and_query(path).build().ok()?;
    let arrived = std::mem::replace(&mut parts.version, Version::HTTP_11);
    parts.extensions.clear();
    let trailers = parts.headers.get(TE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"trailers"));
    let expects = parts.headers.contains_key(EXPECT) && !body.is_end_stream();
    strip_hop_by_hop(&mut parts.headers);
    if arrived == Version::HTTP_2 {
        join_cookies(&mut parts.headers);
    }
    if let Some(upgrading) = &upgrading {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        parts.headers.insert(UPGRADE, upgrading.protocol.clone());
    } else if trailers {
        parts.headers.insert(CONNECTION, HeaderValue::from_static("te"));
        parts.headers.insert(TE, HeaderValue::from_static("trailers"));
    }
    parts.headers.insert(HOST, host);
    via.add(arrived, &mut parts.headers);
    if passage.own {
        name_device(shared, passage.arrival.device, &mut parts.headers);
    }
    let parent = (scheme == Scheme::Http).then(|| parent::for_host(shared, &passage.target.host)).flatten();
    let to_parent = parent.is_some();
    if let Some(proof) = parent.and_then(UpstreamProxy::authorization) {
        parts.headers.insert(PROXY_AUTHORIZATION, HeaderValue::from_str(&proof).ok()?);
    }
    if body.is_end_stream() {
        let request = Request::from_parts(parts, Body::Empty);
        return Some(Outgoing { request, progress: None, to_parent, upgrading });
    }
    let progress = Arc::new(AtomicU64::new(0));
    let limits = &shared.config.limits;
    let carried =
        Carried::new(body, limits.body_bytes, limits.idle_time).counted(&progress).copied(passage.copied.clone());
    let request = if expects {
        expecting(parts, carried, limits.idle_time)
    } else {
        Request::from_parts(parts, Body::Carried(carried))
    };
    Some(Outgoing { request, progress: Some(progress), to_parent, upgrading })
}

/// A request whose body waits until the origin wants it. The client, which waits likewise, is told to go on when the body is
/// read; where the origin answers without wanting it, it is never sent.
fn expecting(mut parts: Parts, body: Carried, idle: Duration) -> Request<Body> {
    parts.headers.insert(EXPECT, HeaderValue::from_static("100-continue"));
    let (tell, mut told) = watch::channel(false);
    let wanted = async move {
        let said = async { told.wait_for(|wanted| *wanted).await.is_ok() };
        if let Ok(false) = timeout(WANTED, said).await {
            // Answered already. The answer may still be passing, so the connection is not broken off yet.
            sleep(idle).await;
            return false;
        }
        true
    };
    let mut request = Request::from_parts(parts, Body::Carried(body.once(wanted)));
    hyper::ext::on_informational(&mut request, move |informational| {
        if informational.status() == StatusCode::CONTINUE {
            tell.send_replace(true);
        }
    });
    request
}

/// HTTP/2 sends cookies in as many fields as it likes; HTTP/1.1 knows one (RFC 9113 section 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    let crumbs: Vec<&[u8]> = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if let Ok(joined) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..])) {
        headers.insert(COOKIE, joined);
    }
}

fn name_device(shared: &Shared, device: IpAddr, headers: &mut HeaderMap) {
    for name in &NAMING {
        headers.remove(name);
    }
    let Some(secret) = &shared.config.portal.forwarded_secret else {
        return;
    };
    let node = match device {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    };
    if let Ok(mut value) = HeaderValue::from_str(&format!("for={node};secret=\"{secret}\"")) {
        value.set_sensitive(true);
        headers.insert(FORWARDED, value);
    }
}

/// The answer as the client gets it, and how many bytes the origin announced.
pub(super) fn incoming(
    shared: &Shared,
    via: &Pseudonym,
    response: hyper::Response<Incoming>,
) -> (Response, Option<u64>) {
    let bytes = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let (mut parts, body) = response.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    // Where this leads browsers, QUIC to wherever it says, no proxy sees them.
    parts.headers.remove(ALT_SVC);
    via.add(parts.version, &mut parts.headers);
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    let body = match body.is_end_stream() {
        true => Body::Empty,
        false => Body::Carried(Carried::new(body, u64::MAX, shared.config.limits.idle_time)),
    };
    (Response::from_parts(parts, body), bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crumbs_of_a_cookie_become_one_field() {
        let mut headers = HeaderMap::new();
        for crumb in ["a=1", "b=2", "c=3"] {
            headers.append(COOKIE, HeaderValue::from_static(crumb));
        }
        join_cookies(&mut headers);
        assert_eq!(headers.get_all(COOKIE).iter().collect::<Vec<_>>(), ["a=1; b=2; c=3"]);
    }
}
