//! What stands before every page: size and time limits, forms only from our own pages, headers that leave a browser little
//! to be tricked into, and a page instead of a broken connection when a handler fails.

use crate::app::App;
use crate::error::{WebError, dress};
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, Response as HttpResponse, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::{CsrfLayer, ProtectionError};

/// The most a form may hold: a whole policy with room to spare, in bytes.
pub const LARGEST_FORM: usize = 1024 * 1024;
/// How long a page may take to be made.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nothing from elsewhere, nothing in line, in nobody's frame (Content Security Policy Level 3).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const HEADERS: [(&str, &str); 8] = [
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()"),
    ("cache-control", "no-store"),
];

/// Wraps the pages. From the inside out: size, time, panics, forged forms, error pages, headers.
pub(crate) fn wrap(pages: Router<App>, app: &App) -> Router<App> {
    pages
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn(limit))
        .layer(CatchPanicLayer::custom(caught as fn(_) -> _))
        .layer(CsrfLayer::new().with_rejection_response(forged as fn(_) -> _))
        .layer(from_fn_with_state(app.clone(), dress))
        .layer(from_fn(headers))
}

/// A form that says it is too large is refused before a byte of it is read; a page that takes too long is given up.
async fn limit(request: Request, next: Next) -> Response {
    if request.body().size_hint().lower() > LARGEST_FORM as u64 {
        return WebError::TooLarge.into_response();
    }
    match tokio::time::timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => WebError::NotNow("the page took too long to make; try again in a moment".into()).into_response(),
    }
}

/// The panic's own words may quote a form, so they are not logged.
fn caught(_: Box<dyn Any + Send + 'static>) -> HttpResponse<Body> {
    WebError::fault("a handler panicked").into_response()
}

fn forged(_: ProtectionError) -> HttpResponse<Body> {
    WebError::FromElsewhere.into_response()
}

async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in HEADERS {
        let name = HeaderName::from_static(name);
        if name != header::CACHE_CONTROL || !response.headers().contains_key(&name) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
    }
    response
}
