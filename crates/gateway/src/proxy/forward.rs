//! Sends requests to their origins and takes the answers, both streamed. Connections to origins are kept and shared
//! within one name they were dialled under, so that a safe-search connection never serves somebody who is due another.

use super::arrival::Arrival;
use super::body::{Body, BodyError};
use super::dial::{DialError, dial, dial_plain};
use super::headers::{Pseudonym, Sent, strip_hop_by_hop};
use super::origin_io::OriginIo;
use super::parent;
use super::respond::{self, Response};
use super::rewrite::{incoming, outgoing};
use super::stalling::Stalling;
use super::target::{Target, host};
use crate::content::Copied;
use crate::gateway::Shared;
use crate::inspect::connect_tls;
use hyper::body::Incoming;
use hyper::{Request, StatusCode, Uri};
use hyper_util::client::legacy::{Client, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::collections::HashMap;
use std::error::Error;
use std::io::ErrorKind;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// How long an unused connection to an origin is kept.
const KEPT: Duration = Duration::from_secs(20);
/// Most unused connections kept to one origin.
const KEPT_PER_ORIGIN: usize = 64;

type OriginClient = Client<Connector, Body>;

/// A judged request on its way: whose it is and where it goes.
pub(super) struct Passage<'a> {
    pub(super) arrival: &'a Arrival,
    pub(super) sent: &'a Sent,
    pub(super) target: &'a Target,
    /// Path and query, as they were judged.
    pub(super) path: Option<&'a str>,
    /// Whether the origin is the portal, which is told which device asks.
    pub(super) own: bool,
    /// The name a search engine is dialled under.
    pub(super) safe_search: Option<&'static str>,
    /// Where the request's body is copied to as it passes.
    pub(super) copied: Option<Copied>,
}

/// Clients by the name of the safe results they dial, if any.
pub(super) struct Clients {
    shared: Arc<Shared>,
    pub(super) via: Pseudonym,
    by_safe_search: Mutex<HashMap<Option<&'static str>, OriginClient>>,
}

impl Clients {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), via: Pseudonym::new(&shared.entropy), by_safe_search: Mutex::default() }
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

    /// Sends a request on. Also says how many bytes the origin announced.
    pub(super) async fn forward(&self, passage: &Passage<'_>, request: Request<Incoming>) -> (Response, Option<u64>) {
        let shared = &self.shared;
        let Some(outgoing) = outgoing(shared, &self.via, passage, request) else {
            return (respond::bad_request("The address cannot be written in the form origins read."), None);
        };
        let answered = self.answer(passage.safe_search, outgoing.request, outgoing.progress.as_deref()).await;
        match (answered, outgoing.upgrading) {
            (Ok(upstream), upgrading) if upstream.status() == StatusCode::SWITCHING_PROTOCOLS => {
                let Some(upgrading) = upgrading else {
                    return (respond::unreachable(&DialError::Unreachable), None);
                };
                let mut answer = Response::new(Body::Empty);
                *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
                answer.headers_mut().clone_from(upstream.headers());
                strip_hop_by_hop(answer.headers_mut());
                (upgrading.carry(shared, passage, upstream, answer), None)
            }
            (Ok(upstream), _)
                if outgoing.to_parent && upstream.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED =>
            {
                (respond::unreachable(&parent::refused(upstream.status().as_u16())), None)
            }
            (Ok(upstream), _) => incoming(shared, &self.via, upstream),
            (Err(error), _) => (failed(&error), None),
        }
    }

    /// Waits for the head of an answer. A kept connection may have died unseen: what does no harm twice is sent once more
    /// (RFC 9110 section 9.2.2).
    async fn answer(
        &self,
        safe_search: Option<&'static str>,
        request: Request<Body>,
        progress: Option<&AtomicU64>,
    ) -> Result<hyper::Response<Incoming>, ForwardError> {
        let again = (progress.is_none() && request.method().is_safe()).then(|| head(&request));
        let client = self.client(safe_search);
        let idle = self.shared.config.limits.idle_time;
        match (unless_silent(client.request(request), idle, progress).await, again) {
            (Err(ForwardError::Client(error)), Some(again)) if is_broken(&error) => {
                unless_silent(client.request(again), idle, progress).await
            }
            (answered, _) => answered,
        }
    }
}

/// Waits for an answer as long as the body of its request still moves, and then no longer than `idle`.
async fn unless_silent(
    mut answer: ResponseFuture,
    idle: Duration,
    progress: Option<&AtomicU64>,
) -> Result<hyper::Response<Incoming>, ForwardError> {
    let mut before = 0;
    loop {
        if let Ok(answered) = timeout(idle, &mut answer).await {
            return answered.map_err(ForwardError::Client);
        }
        let now = progress.map_or(0, |progress| progress.load(Ordering::Relaxed));
        if now == before {
            return Err(ForwardError::TooSlow);
        }
        before = now;
    }
}

/// A request without a body once more.
fn head(request: &Request<Body>) -> Request<Body> {
    let mut again = Request::new(Body::Empty);
    again.method_mut().clone_from(request.method());
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    again
}

/// Whether a connection broke before the answer began.
fn is_broken(error: &hyper_util::client::legacy::Error) -> bool {
    let hyper = error.source().and_then(|source| source.downcast_ref::<hyper::Error>());
    hyper.is_some_and(|error| {
        let system = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
        error.is_incomplete_message()
            || error.is_closed()
            || error.is_canceled()
            || system.is_some_and(|system| {
                matches!(system.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::NotConnected)
            })
    })
}

/// Why there is no answer.
enum ForwardError {
    Client(hyper_util::client::legacy::Error),
    TooSlow,
}

fn failed(error: &ForwardError) -> Response {
    let ForwardError::Client(error) = error else {
        return respond::unreachable(&DialError::TooSlow);
    };
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(cause) = source {
        if let Some(dial) = cause.downcast_ref::<DialError>() {
            return respond::unreachable(dial);
        }
        match cause.downcast_ref::<BodyError>() {
            Some(BodyError::TooLarge) => return respond::too_large(),
            Some(BodyError::Silent) => {
                return respond::refused(
                    408,
                    "Nothing more came",
                    "The rest of what you sent did not arrive. Try again.",
                );
            }
            Some(BodyError::Broken(_) | BodyError::Encapsulated(_) | BodyError::Withheld | BodyError::Spool(_))
            | None => {}
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
    type Response = TokioIo<Stalling<OriginIo>>;
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
            let io = if uri.scheme_str() == Some("https") {
                let stream = dial(&shared, &target, safe_search).await?;
                OriginIo::Tls(Box::new(connect_tls(&shared, stream, &target.host).await?))
            } else {
                match dial_plain(&shared, &target, safe_search).await? {
                    (stream, true) => OriginIo::Upstream(stream),
                    (stream, false) => OriginIo::Plain(stream),
                }
            };
            Ok(TokioIo::new(Stalling::new(io, shared.config.limits.idle_time)))
        })
    }
}
