//! The addresses under `/gateway/` that gateways elsewhere ask: rules and lists, what happened at the portal, and what they saw.
//! None is a page, none knows a session; the first argument of every handler is a gateway that proved itself.

use super::feed::FeedRefusal;
use super::token::{KnownGateway, Refusal};
use crate::app::App;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use belisha_records::Actor;
use belisha_store::gateways::{self, Seen};
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The longest an answer is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(55);
/// The longest name of a batch, of a mark, and of a version.
const LONGEST_NAME: usize = 80;
/// Most counters of a heartbeat.
const COUNTERS: usize = 200;

fn text(status: StatusCode, words: &str) -> Response {
    (status, words.to_owned()).into_response()
}

fn refused(refusal: FeedRefusal) -> Response {
    match refusal {
        FeedRefusal::Malformed(words) => text(StatusCode::UNPROCESSABLE_ENTITY, &words),
        FeedRefusal::NotNow(words) => text(StatusCode::SERVICE_UNAVAILABLE, &words),
    }
}

fn feeds_nobody() -> Response {
    text(StatusCode::NOT_FOUND, "this server feeds no gateways; it runs no filter")
}

/// How long a gateway would wait: `Prefer: wait=50` (RFC 7240 section 4.3).
fn wait(headers: &HeaderMap) -> Duration {
    let preferences = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let seconds = preferences.flat_map(|value| value.split(',')).find_map(|preference| {
        let (name, value) = preference.split(';').next()?.split_once('=')?;
        name.trim().eq_ignore_ascii_case("wait").then(|| value.trim().parse::<u64>().ok())?
    });
    Duration::from_secs(seconds.unwrap_or(0)).min(LONGEST_WAIT)
}

/// `GET /gateway/rules`: the rules, once they are others than those in `If-None-Match`.
pub(super) async fn rules(gateway: KnownGateway, State(app): State<App>, headers: HeaderMap) -> Response {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.map(|tag| tag.trim_start_matches("W/").trim_matches('"').to_owned());
    let Some(feed) = app.network.feed() else { return feeds_nobody() };
    let answer = feed.rules(gateway.school, known, wait(&headers)).await;
    if let Err(revoked) = gateway.still_is(&app).await {
        return revoked.into_response();
    }
    match answer {
        Ok(None) => StatusCode::NOT_MODIFIED.into_response(),
        Ok(Some(rules)) => {
            let tag = HeaderValue::from_str(&format!("\"{}\"", rules.tag));
            let mut response = ([(header::CONTENT_TYPE, "application/json")], rules.body).into_response();
            response.headers_mut().extend(tag.ok().map(|tag| (header::ETAG, tag)));
            response
        }
        Err(refusal) => refused(refusal),
    }
}

/// `GET /gateway/lists/{file}`: a list by its name, from a byte on where a download was cut short (RFC 9110 section 14.2). Its
/// name changes with its content, so no validator is needed.
pub(super) async fn list(
    gateway: KnownGateway,
    State(app): State<App>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(feed) = app.network.feed() else { return feeds_nobody() };
    let found = feed.list(gateway.school, &file);
    let Some(bytes) = found else {
        return text(StatusCode::NOT_FOUND, "there is no such list any more; ask for the rules again");
    };
    let whole = bytes.len();
    let (status, part) = match range(&headers) {
        None => (StatusCode::OK, bytes),
        Some(first) if first < whole => (StatusCode::PARTIAL_CONTENT, bytes.slice(first..)),
        Some(_) => {
            let mut response = text(StatusCode::RANGE_NOT_SATISFIABLE, "the list is not that long");
            response.headers_mut().extend(content_range(&format!("bytes */{whole}")));
            return response;
        }
    };
    let first = whole - part.len();
    let mut response = (status, [(header::CONTENT_TYPE, "application/octet-stream")], Body::from(part)).into_response();
    response.headers_mut().insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if status == StatusCode::PARTIAL_CONTENT {
        response.headers_mut().extend(content_range(&format!("bytes {first}-{}/{whole}", whole - 1)));
    }
    response
}

fn content_range(value: &str) -> Option<(header::HeaderName, HeaderValue)> {
    Some((header::CONTENT_RANGE, HeaderValue::from_str(value).ok()?))
}

/// The first byte of `bytes=N-`. Any other range is not one we answer, and then the whole is sent.
fn range(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::RANGE)?.to_str().ok()?.trim().strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// `GET /gateway/events?after=MARK`: what happened at the portal since a mark.
pub(super) async fn events(
    gateway: KnownGateway,
    State(app): State<App>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let after = query.strip_prefix("after=").unwrap_or_default();
    if !is_a_name(after) && !after.is_empty() {
        return text(StatusCode::BAD_REQUEST, "the mark after which to tell cannot be read; leave it out");
    }
    let Some(feed) = app.network.feed() else { return feeds_nobody() };
    let answer = feed.events(gateway.school, after.to_owned(), wait(&headers)).await;
    if let Err(revoked) = gateway.still_is(&app).await {
        return revoked.into_response();
    }
    match answer {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(refusal) => refused(refusal),
    }
}

/// `POST /gateway/observations/{batch}`: what the gateway saw. 204 only once it is stored.
pub(super) async fn observations(
    gateway: KnownGateway,
    State(app): State<App>,
    Path(batch): Path<String>,
    body: Bytes,
) -> Response {
    if !is_a_name(&batch) {
        return text(StatusCode::BAD_REQUEST, "a batch is named by letters, digits and hyphens, 80 at most");
    }
    let Some(feed) = app.network.feed() else { return feeds_nobody() };
    let stored = feed.observations(gateway.school, gateway.id, batch, body).await;
    stored.map_or_else(refused, |()| StatusCode::NO_CONTENT.into_response())
}

/// `POST /gateway/blocks`: pages that were closed lately.
pub(super) async fn blocks(gateway: KnownGateway, State(app): State<App>, body: Bytes) -> Response {
    let Some(feed) = app.network.feed() else { return feeds_nobody() };
    let taken = feed.blocks(gateway.school, &body);
    taken.map_or_else(refused, |()| StatusCode::NO_CONTENT.into_response())
}

/// What a gateway says of itself every minute.
#[derive(Debug, Deserialize)]
pub(super) struct Heartbeat {
    version: String,
    rules_tag: Option<String>,
    rules_made_at: Option<Timestamp>,
    counters: BTreeMap<String, u64>,
}

/// `POST /gateway/heartbeat`: it is there, and how it fares.
pub(super) async fn heartbeat(gateway: KnownGateway, State(app): State<App>, Json(said): Json<Heartbeat>) -> Response {
    let is_a_counter = |name: &String| {
        name.len() <= LONGEST_NAME && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    if said.counters.len() > COUNTERS
        || !said.counters.keys().all(is_a_counter)
        || !said.rules_tag.as_deref().is_none_or(is_a_name)
        || !said.version.bytes().all(|byte| byte.is_ascii_graphic())
        || said.version.len() > LONGEST_NAME
    {
        return text(StatusCode::UNPROCESSABLE_ENTITY, "this heartbeat cannot be read; bring the gateway up to date");
    }
    let seen = Seen {
        at: gateway.now,
        version: said.version,
        rules_tag: said.rules_tag,
        rules_made_at: said.rules_made_at,
        counters: said.counters,
    };
    let noted = async {
        let mut tx = app.store.begin(&Actor::Job("gateways"), gateway.school, gateway.now).await?;
        gateways::seen(&mut tx, gateway.id, &seen).await?;
        tx.commit().await
    };
    match noted.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(_) => Refusal::NotNow.into_response(),
    }
}

/// Whether something is a short name of letters, digits and hyphens.
fn is_a_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::HeaderName::from_static(name), HeaderValue::from_static(value))])
    }

    #[test]
    fn a_wait_is_read_and_bounded() {
        assert_eq!(wait(&headers("prefer", "respond-async, wait=50")), Duration::from_secs(50));
        assert_eq!(wait(&headers("prefer", "Wait=5; x=y")), Duration::from_secs(5));
        assert_eq!(wait(&headers("prefer", "wait=99999")), LONGEST_WAIT);
        for none in ["", "wait", "wait=soon", "await=5"] {
            assert_eq!(wait(&headers("prefer", none)), Duration::ZERO, "{none}");
        }
    }

    #[test]
    fn only_an_open_range_is_answered_in_part() {
        assert_eq!(range(&headers("range", "bytes=100-")), Some(100));
        for whole in ["bytes=0-99", "bytes=-5", "bytes=1-,5-", "lines=1-", "bytes=x-"] {
            assert_eq!(range(&headers("range", whole)), None, "{whole}");
        }
    }
}
