//! What becomes of an answer that a proxy asks about: it goes on as it was, or as it is read, or our own page is there instead. Its
//! request was written down when it was asked about (`reqmod.rs`); here only a refusal is.

use super::early;
use super::exchange::{Exchange, meant_host, path_of};
use crate::content::{Looked, Review};
use crate::proxy::{Body, Response, bad_request, closed_response, redirect_to_portal};
use crate::request::{Again, Answer, again, walk};
use hyper::Method;
use hyper::header::{ALT_SVC, CONTENT_LENGTH};
use hyper::http::{request, response};
use std::io;
use std::pin::pin;

/// Judges an answer and says what is shown.
pub(super) async fn answer(
    exchange: &Exchange<'_>,
    request: &request::Parts,
    mut parts: response::Parts,
    body: Body,
) -> io::Result<()> {
    // What a tunnel carries is nobody's to read; the word that it is open is no page.
    if request.method == Method::CONNECT {
        return unread(exchange, parts, body, false).await;
    }
    let Some(host) = meant_host(request) else {
        return exchange.answer_instead(bad_request("The address names no host that can be looked up.")).await;
    };
    let allowed = match again(exchange.shared(), exchange.asked(request, &host)) {
        Again::Closed => {
            let page = closed(exchange, request, &host);
            return exchange.answer_instead(page).await;
        }
        Again::Unseen => return unread(exchange, parts, body, false).await,
        Again::Open(allowed) => *allowed,
    };
    // Where this leads browsers, QUIC to wherever it says, no proxy sees them.
    let changed = parts.headers.remove(ALT_SVC).is_some();
    let path = path_of(request).unwrap_or("/");
    let Some(review) = Review::of_answer(exchange.shared(), allowed, &host, path, &request.method) else {
        return unread(exchange, parts, body, changed).await;
    };
    let bytes = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let head = parts.clone();
    let mut looking = pin!(review.look(exchange.shared(), Response::from_parts(parts, body), bytes));
    match early::looked_in_time(exchange, looking.as_mut()).await {
        Some(Looked::Passes(answer)) if !changed && exchange.may_pass(answer.body()) => exchange.pass().await,
        Some(Looked::Passes(answer) | Looked::Refused(answer)) => exchange.answer_instead(answer).await,
        None => early::answer(exchange, &head, looking).await,
    }
}

/// The page of a request that is closed by now, or that nobody asked about before.
fn closed(exchange: &Exchange<'_>, request: &request::Parts, host: &str) -> Response {
    let shared = exchange.shared();
    let answered = walk(shared, exchange.asked(request, host));
    if let Some(observation) = answered.observation {
        shared.observer.observe(observation);
    }
    match answered.answer {
        Answer::Closed(closed) => closed_response(shared, *closed),
        Answer::Own | Answer::Open { .. } | Answer::CredentialWanted | Answer::SignFirst => redirect_to_portal(shared),
    }
}

/// The answer that nobody looks into.
async fn unread(exchange: &Exchange<'_>, parts: response::Parts, body: Body, changed: bool) -> io::Result<()> {
    match !changed && exchange.may_pass(&body) {
        true => exchange.pass().await,
        false => exchange.answer_instead(Response::from_parts(parts, body)).await,
    }
}
