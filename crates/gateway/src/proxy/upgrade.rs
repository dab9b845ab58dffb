//! Connections that stop speaking HTTP: WebSocket (RFC 6455) and whatever else a client and an origin agree on by `Upgrade`.
//! The request was judged like any other; afterwards bytes are carried unread, until the host closes.

use super::carry::{Watched, carry};
use super::forward::Passage;
use super::respond::{self, Response};
use crate::gateway::Shared;
use crate::request::Asked;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::upgrade::{OnUpgrade, on};
use hyper::{Method, Request, Version};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use tokio::join;
use tokio::time::timeout;

/// What would bring further requests that nobody judges: other versions of HTTP, and TLS (RFC 2817).
const NEVER: [&str; 3] = ["h2c", "http", "tls"];

/// A client that wants to change to another protocol.
pub(super) struct Upgrading {
    pub(super) protocol: HeaderValue,
    client: OnUpgrade,
}

impl Upgrading {
    /// Reads what a request wants to change to; `None` where it wants nothing, or nothing that is carried.
    pub(super) fn wanted(request: &mut Request<Incoming>) -> Option<Self> {
        let protocol = request.headers().get(UPGRADE)?.clone();
        let plain = request.version() == Version::HTTP_11
            && request.method() == Method::GET
            && request.body().is_end_stream()
            && names_upgrade(request.headers().get_all(CONNECTION));
        let named = protocol.to_str().ok().filter(|_| plain)?;
        let mut names = named.split(',').map(|name| name.trim().split('/').next().unwrap_or_default());
        let carried = names.all(|name| !NEVER.iter().any(|never| name.eq_ignore_ascii_case(never)));
        carried.then(|| Self { protocol, client: on(request) })
    }

    /// The answer of an origin that changes, and the carrying of what follows in a task of its own.
    pub(super) fn carry(
        self,
        shared: &Arc<Shared>,
        passage: &Passage<'_>,
        mut upstream: hyper::Response<Incoming>,
        mut answer: Response,
    ) -> Response {
        let Some(protocol) = upstream.headers().get(UPGRADE).cloned() else {
            return respond::unreachable(&super::dial::DialError::Unreachable);
        };
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
        answer.headers_mut().insert(UPGRADE, protocol);
        let origin = on(&mut upstream);
        let path = passage.path.map(str::to_owned);
        let (sent, host) = (passage.sent.clone(), passage.target.host.clone());
        let (device, scheme, place) =
            (passage.arrival.device, passage.arrival.scheme, Arc::clone(&passage.arrival.place));
        let carried = Arc::clone(shared);
        shared.spawn_tunnel(async move {
            let _place = place;
            let both = async { join!(self.client, origin) };
            let Ok((Ok(client), Ok(origin))) = timeout(carried.config.limits.head_time, both).await else {
                return;
            };
            let asked = Asked {
                protocol: scheme.protocol(),
                device,
                credential: sent.credential(),
                method: Some("GET"),
                host: &host,
                path: path.as_deref(),
            };
            let watched = Watched { shared: &carried, asked: [Some(asked), None] };
            carry(&watched, TokioIo::new(client), TokioIo::new(origin), 0).await;
        });
        answer
    }
}

/// Whether `Connection` says that `Upgrade` is meant for this hop.
fn names_upgrade(values: hyper::header::GetAll<'_, HeaderValue>) -> bool {
    let mut names = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    names.any(|name| name.trim().eq_ignore_ascii_case("upgrade"))
}
