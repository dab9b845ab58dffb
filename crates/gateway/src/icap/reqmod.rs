//! What becomes of a request that a proxy asks about: it goes on as it was, or changed so that its answer is safe and can be read, or
//! our own page is its answer.

use super::exchange::{Exchange, path_of};
use super::http_heads::{host_of, under};
use crate::blockpage::GO_ON_PATH;
use crate::content::Review;
use crate::observe::Observation;
use crate::proxy::{
    Body, Response, bad_request, closed_response, pac, pass_warning, port_not_opened, redirect_to_portal, sign_first,
};
use crate::request::{Answer, Asked, is_wpad, walk};
use hyper::Method;
use hyper::header::{HOST, HeaderValue};
use hyper::http::request::Parts;
use std::io;

/// Judges a request and answers.
pub(super) async fn answer(exchange: &Exchange<'_>, mut parts: Parts, body: Body) -> io::Result<()> {
    let Some(host) = host_of(&parts) else {
        return exchange.answer_instead(bad_request("The address names no host that can be looked up.")).await;
    };
    match judge(exchange, &mut parts, &host, body).await {
        Becomes::Answered(response) => exchange.answer_instead(response).await,
        Becomes::Request { changed, body, review } => {
            let looked_at = review.as_ref().is_some_and(|review| review.copy().is_some());
            let sent = if !changed && !looked_at && exchange.may_pass(&body) {
                exchange.pass().await
            } else {
                exchange.request_instead(&parts, body).await
            };
            // Whatever was said of it until it broke off was said.
            if let Some(review) = review {
                review.sent(exchange.shared());
            }
            sent
        }
    }
}

/// What a request becomes.
enum Becomes {
    /// Our own answer; it is not made.
    Answered(Response),
    /// A request.
    Request { changed: bool, body: Body, review: Option<Box<Review>> },
}

async fn judge(exchange: &Exchange<'_>, parts: &mut Parts, host: &str, mut body: Body) -> Becomes {
    let shared = exchange.shared();
    let is_tunnel = parts.method == Method::CONNECT;
    if parts.method == Method::POST && path_of(parts) == Some(GO_ON_PATH) {
        let asked = Asked { path: None, ..exchange.asked(parts, host) };
        return Becomes::Answered(Box::pin(pass_warning(shared, asked, body)).await);
    }
    let answered = walk(shared, exchange.asked(parts, host));
    let observe = |observation: Option<Observation>| {
        if let Some(observation) = observation {
            shared.observer.observe(observation);
        }
    };
    let safe_search = match answered.answer {
        Answer::Own if is_wpad(host) && !is_tunnel => return Becomes::Answered(pac(shared, &parts.headers)),
        Answer::Own => None,
        Answer::SignFirst | Answer::CredentialWanted => {
            observe(answered.observation);
            return Becomes::Answered(if is_tunnel { sign_first(shared) } else { redirect_to_portal(shared) });
        }
        Answer::Closed(closed) => {
            observe(answered.observation);
            return Becomes::Answered(closed_response(shared, *closed));
        }
        Answer::Open { .. } if is_tunnel && !may_tunnel(&shared.config.tunnel_ports, parts) => {
            observe(answered.observation);
            return Becomes::Answered(port_not_opened());
        }
        Answer::Open { safe_search } => safe_search,
    };
    let before = (parts.uri.clone(), parts.headers.clone());
    let mut allowed = answered.observation;
    let path = path_of(parts).unwrap_or("/").to_owned();
    let review = match is_tunnel {
        true => None,
        false => Review::begin(shared, &mut allowed, host, &path, &parts.method, &mut parts.headers),
    };
    observe(allowed);
    if !is_tunnel {
        name_judged(parts);
    }
    if let Some(safe) = safe_search {
        make_safe(parts, safe);
    }
    if let Body::Encapsulated(body) = &mut body {
        body.copy(review.as_ref().and_then(Review::copy));
    }
    let changed = before != (parts.uri.clone(), parts.headers.clone());
    Becomes::Request { changed, body, review: review.map(Box::new) }
}

fn may_tunnel(ports: &[u16], parts: &Parts) -> bool {
    parts.uri.port_u16().is_some_and(|port| ports.contains(&port))
}

/// The `Host` of a request is the one that was judged, whatever it said (RFC 9112 section 3.2.2).
fn name_judged(parts: &mut Parts) {
    let Some(authority) = parts.uri.authority() else { return };
    let judged = authority.as_str().rsplit('@').next().unwrap_or_default();
    let same = parts.headers.get(HOST).is_some_and(|named| named.as_bytes().eq_ignore_ascii_case(judged.as_bytes()));
    if !same && let Ok(judged) = HeaderValue::from_str(judged) {
        parts.headers.insert(HOST, judged);
    }
}

/// Leads a request to a search engine's safe results: to the name they are under, and by the headers that engines heed
/// (`Prefer: safe`, RFC 8674; `YouTube-Restrict`).
fn make_safe(parts: &mut Parts, safe: &str) {
    if let Some(uri) = under(&parts.uri, safe) {
        parts.uri = uri;
    }
    if parts.method == Method::CONNECT {
        return;
    }
    parts.headers.insert("prefer", HeaderValue::from_static("safe"));
    match safe {
        "restrict.youtube.com" => parts.headers.insert("youtube-restrict", HeaderValue::from_static("Strict")),
        "restrictmoderate.youtube.com" => {
            parts.headers.insert("youtube-restrict", HeaderValue::from_static("Moderate"))
        }
        _ => None,
    };
}
