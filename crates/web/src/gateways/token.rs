//! A gateway's token, and who it proves. It is made of the school, the gateway and a secret of 256 random bits, of which the server
//! keeps the SHA-256; it opens the feed of that school and no page.

use crate::app::App;
use crate::session::hash_of;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use belisha_records::{GatewayId, SchoolId};
use belisha_store::gateways;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What every token begins with, so that a lost one is recognised.
const PREFIX: &str = "belisha-gateway";
/// What a revoked gateway is told.
const REVOKED: &str = "this gateway was revoked; add it anew on the page Gateways";
/// Requests of one gateway in a minute; one that works as it should makes a few hundred at the busiest.
const REQUESTS: u32 = 3_000;
/// Most gateways whose requests are counted at a time.
const MOST: usize = 10_000;

/// A new token, and the hash under which it is known.
pub(super) struct NewToken {
    pub(super) token: String,
    pub(super) hash: String,
}

impl NewToken {
    pub(super) fn make(app: &App, school: SchoolId, gateway: GatewayId) -> Self {
        let secret = URL_SAFE_NO_PAD.encode(app.random::<32>());
        Self { hash: hash_of(&secret), token: format!("{PREFIX}.{school}.{gateway}.{secret}") }
    }
}

/// The parts of a token.
fn parts(token: &str) -> Option<(SchoolId, GatewayId, &str)> {
    let mut parts = token.splitn(4, '.');
    let known = parts.next()? == PREFIX;
    let (school, gateway, secret) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
    known.then_some((school, gateway, secret))
}

/// Compares two hashes in the same time wherever they differ.
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len()
        && left.bytes().zip(right.bytes()).fold(0, |differs, (left, right)| differs | (left ^ right)) == 0
}

/// A gateway that proved itself.
#[derive(Debug, Clone)]
pub(crate) struct KnownGateway {
    /// The school it filters for.
    pub(super) school: SchoolId,
    /// Which.
    pub(super) id: GatewayId,
    /// When it asked.
    pub(super) now: Timestamp,
}

impl KnownGateway {
    /// Asks again, after an answer that was waited for: the gateway may have been revoked meanwhile.
    pub(super) async fn still_is(&self, app: &App) -> Result<(), Refusal> {
        let mut tx = app.store.read(self.school).await.map_err(|_| Refusal::NotNow)?;
        let found = gateways::find(&mut tx, self.id).await.map_err(|_| Refusal::NotNow)?;
        match found.filter(|gateway| gateway.revoked_at.is_none()) {
            Some(_) => Ok(()),
            None => Err(Refusal::Unknown(REVOKED)),
        }
    }
}

/// Why a gateway is turned away, in words for its log.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// No token, a wrong one, or one that was revoked.
    Unknown(&'static str),
    /// Too many requests.
    TooMany,
    /// The records do not answer.
    NotNow,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, words) = match self {
            Self::Unknown(words) => (StatusCode::UNAUTHORIZED, words),
            Self::TooMany => (StatusCode::TOO_MANY_REQUESTS, "this gateway asks too often; wait a minute"),
            Self::NotNow => (StatusCode::SERVICE_UNAVAILABLE, "the records cannot be read just now; ask again later"),
        };
        let mut response = (status, words).into_response();
        let (name, value) = match status {
            // RFC 6750 section 3.
            StatusCode::UNAUTHORIZED => (header::WWW_AUTHENTICATE, "Bearer realm=\"belisha gateway\""),
            _ => (header::RETRY_AFTER, "60"),
        };
        response.headers_mut().insert(name, header::HeaderValue::from_static(value));
        response
    }
}

impl FromRequestParts<App> for KnownGateway {
    type Rejection = Refusal;
    async fn from_request_parts(request: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let unknown = Refusal::Unknown("this needs the token of a gateway; add one on the page Gateways");
        let written = request.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some((scheme, token)) = written.and_then(|written| written.split_once(' ')) else { return Err(unknown) };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unknown);
        }
        let Some((school, id, secret)) = parts(token.trim()) else { return Err(unknown) };
        let mut tx = app.store.read(school).await.map_err(|_| Refusal::NotNow)?;
        let found = gateways::find(&mut tx, id).await.map_err(|_| Refusal::NotNow)?;
        drop(tx);
        let Some(gateway) = found.filter(|gateway| same(&gateway.token_hash, &hash_of(secret))) else {
            return Err(unknown);
        };
        if gateway.revoked_at.is_some() {
            return Err(Refusal::Unknown(REVOKED));
        }
        let now = app.now();
        if !app.guard.gateway_requests.allows(id, now) {
            return Err(Refusal::TooMany);
        }
        Ok(Self { school, id, now })
    }
}

/// How often each gateway asked in this minute.
#[derive(Default)]
pub(crate) struct Requests(Mutex<HashMap<GatewayId, (i64, u32)>>);

impl Requests {
    fn allows(&self, gateway: GatewayId, now: Timestamp) -> bool {
        let minute = now.as_second().div_euclid(60);
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST {
            counted.retain(|_, (counted_in, _)| *counted_in == minute);
        }
        let (counted_in, requests) = counted.entry(gateway).or_default();
        if *counted_in != minute {
            (*counted_in, *requests) = (minute, 0);
        }
        *requests += 1;
        *requests <= REQUESTS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::Identifier;

    #[test]
    fn only_a_whole_token_is_taken_apart() {
        let (school, gateway) = (SchoolId::make(1, [1; 10]), GatewayId::make(1, [2; 10]));
        let token = format!("{PREFIX}.{school}.{gateway}.secret");
        assert_eq!(parts(&token), Some((school, gateway, "secret")));
        for wrong in
            ["", ".", "belisha-gateway", &token.replace("gateway.", "gatewai."), &format!("{PREFIX}.{school}.secret")]
        {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
        assert!(same("abc", "abc") && !same("abc", "abd") && !same("abc", "ab") && !same("", "a"));
    }

    #[test]
    fn a_gateway_that_asks_too_often_waits_for_the_next_minute_and_others_do_not() {
        let requests = Requests::default();
        let now: Timestamp = "2026-11-03T10:00:30Z".parse().unwrap();
        let (one, other) = (GatewayId::make(1, [1; 10]), GatewayId::make(1, [2; 10]));
        assert!((0..REQUESTS).all(|_| requests.allows(one, now)));
        assert!(!requests.allows(one, now) && requests.allows(other, now));
        assert!(requests.allows(one, now + jiff::SignedDuration::from_secs(30)));
    }
}
