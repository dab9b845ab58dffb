//! Carries a plain HTTP request to its origin and the answer back, both streamed. Connections to origins are kept and shared
//! within one name they were dialled under, so that a safe-search connection never serves somebody who is due another.

use super::arrival::Arrival;
use super::dial::{DialError, dial};
use super::headers::{add_via, strip_hop_by_hop};
use super::origin_io::OriginIo;
use super::respond::{self, Body, Response};
use super::target::{Target, host};
use crate::gateway::Shared;
use crate::inspect::connect_tls;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, FORWARDED, HOST, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::collections::HashMap;
use std::error::Error;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// How long an unused connection to an origin is kept.
const KEPT: Duration = Duration::from_secs(20);
/// Most unused connections kept to one origin.
const KEPT_PER_ORIGIN: usize = 64;
/// Headers in which others name a client; towards the portal only the gateway does.
const NAMING: [HeaderName; 3] =
    [FORWARDED, HeaderName::from_static("x-forwarded-for"), HeaderName::from_static("x-real-ip")];

type OriginClient = Client<Connector, Body>;

/// Clients by the name of the safe results they dial, if any.
pub(super) struct Clients {
    shared: Arc<Shared>,
    by_safe_search: Mutex<HashMap<Option<&'static str>, OriginClient>>,
}

impl Clients {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), by_safe_search: Mutex::default() }
    }

    fn client(&self, safe_search: Option<&'static str>) -> OriginClient {
        let mut clients = self.by_safe_search.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let mut builder = Client::builder(TokioExecutor::new());
            builder
                .timer(TokioTimer::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(KEPT)
                .pool_max_idle_per_host(KEPT_PER_ORIGIN);
            builder.build(Connector { shared: Arc::clone(&self.shared), safe_search })
        };
        clients.entry(safe_search).or_insert_with(new).clone()
    }

    /// Sends a request on. Also says how many bytes the origin announced. `own`: the origin is the portal, which is told
    /// which device asks.
    pub(super) async fn forward(
        &self,
        arrival: &Arrival,
        target: &Target,
        request: Request<Incoming>,
        own: bool,
        safe_search: Option<&'static str>,
    ) -> (Response, Option<u64>) {
        let shared = &self.shared;
        let Some(request) = outgoing(shared, arrival, target, request, own) else {
            return (respond::bad_request("The address cannot be written in the form origins read."), None);
        };
        match timeout(shared.config.limits.idle_time, self.client(safe_search).request(request)).await {
            Ok(Ok(response)) => incoming(response),
            Ok(Err(error)) => (failed(&error), None),
            Err(_) => (respond::unreachable(&DialError::TooSlow), None),
        }
    }
}

/// The request as the origin gets it: the host is the one that was judged, whatever the `Host` header said.
fn outgoing(
    shared: &Shared,
    arrival: &Arrival,
    target: &Target,
    request: Request<Incoming>,
    own: bool,
) -> Option<Request<Body>> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let authority = target.authority(arrival.scheme);
    let host = HeaderValue::from_str(&authority).ok()?;
    parts.uri =
        Uri::builder().scheme(arrival.scheme.as_str()).authority(authority).path_and_query(path).build().ok()?;
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    strip_hop_by_hop(&mut parts.headers);
    parts.headers.insert(HOST, host);
    add_via(&mut parts.headers);
    if own {
        name_device(shared, arrival.device, &mut parts.headers);
    }
    let limit = usize::try_from(shared.config.limits.body_bytes).unwrap_or(usize::MAX);
    Some(Request::from_parts(parts, Limited::new(body, limit).boxed()))
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

fn incoming(response: hyper::Response<Incoming>) -> (Response, Option<u64>) {
    let bytes = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let (mut parts, body) = response.into_parts();
    strip_hop_by_hop(&mut parts.headers);
    add_via(&mut parts.headers);
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    (Response::from_parts(parts, body.map_err(Into::into).boxed()), bytes)
}

fn failed(error: &hyper_util::client::legacy::Error) -> Response {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if let Some(dial) = cause.downcast_ref::<DialError>() {
            return respond::unreachable(dial);
        }
        if cause.is::<LengthLimitError>() {
            return respond::refused(
                413,
                "This is too large to send",
                "Send it in smaller parts, or ask your technician for another way.",
            );
        }
        source = cause.source();
    }
    respond::unreachable(&DialError::Unreachable)
}

/// Opens connections for the client, through [`dial`] and its refusals.
#[derive(Clone)]
struct Connector {
    shared: Arc<Shared>,
    safe_search: Option<&'static str>,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<OriginIo>;
    type Error = DialError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, DialError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), DialError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (shared, safe_search) = (Arc::clone(&self.shared), self.safe_search);
        Box::pin(async move {
            let target = Target {
                host: uri.host().and_then(host).ok_or(DialError::NotFound)?,
                port: uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 }),
            };
            let stream = dial(&shared, &target, safe_search).await?;
            Ok(TokioIo::new(match uri.scheme_str() {
                Some("https") => OriginIo::Tls(Box::new(connect_tls(&shared, stream, &target.host).await?)),
                _ => OriginIo::Plain(stream),
            }))
        })
    }
}
