//! Everything that can go wrong on a page, and the one place that turns it into a page: what happened, and what to do.

use crate::app::App;
use crate::frame::{Frame, show};
use crate::session::Visit;
use crate::urls;
use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use belisha_records::{Permission, roles_with};
use belisha_store::StoreError;
use std::sync::Arc;

/// Why a page cannot be shown, or a form not be taken.
#[derive(Debug, Clone)]
pub enum WebError {
    /// No such page, or none that this person may know of.
    NotFound,
    /// The reader's offices do not allow it.
    Forbidden(Permission),
    /// Somebody must sign in first.
    SignIn,
    /// More was sent than any form of ours needs.
    TooLarge,
    /// The form did not arrive whole.
    Interrupted,
    /// The form was sent from a page that is not ours.
    FromElsewhere,
    /// What was asked does not fit what is there now; the sentence says how.
    Conflict(String),
    /// The server is busy or full; nothing was kept. The sentence says which.
    NotNow(String),
    /// The server failed. The cause is logged under a reference, which the page shows.
    Fault(Arc<str>),
}

/// Result of a handler.
pub type WebResult<T = Response> = Result<T, WebError>;

impl WebError {
    /// A failure of the server, with its cause for the log. The cause must name no person.
    pub fn fault(cause: impl std::fmt::Display) -> Self {
        Self::Fault(cause.to_string().into())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Forbidden(_) | Self::FromElsewhere => StatusCode::FORBIDDEN,
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Interrupted => StatusCode::BAD_REQUEST,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::NotNow(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<StoreError> for WebError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(_) => Self::NotFound,
            StoreError::Busy | StoreError::Full => Self::NotNow(error.to_string()),
            StoreError::Conflict(_) => Self::Conflict(error.to_string()),
            other => Self::fault(other),
        }
    }
}

impl From<askama::Error> for WebError {
    fn from(error: askama::Error) -> Self {
        Self::fault(error)
    }
}

/// The error travels in the response's extensions to [`dress`], which knows the reader and can show a whole page.
impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Any address that no page has.
pub(crate) async fn no_such_page() -> WebError {
    WebError::NotFound
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    heading: &'static str,
    happened: String,
    next: String,
    reference: Option<String>,
}

/// Whether the router refused an address that no page of ours leads to, such as one with an id that is none. Its own words are
/// for programmers and repeat what was typed.
fn is_bare_refusal(response: &Response) -> bool {
    let media = response.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
    response.status() == StatusCode::BAD_REQUEST && media.is_some_and(|media| media.starts_with("text/plain"))
}

/// Puts a page where a handler returned an error. A visitor who must sign in is taken there, and back afterwards.
pub(crate) async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let seen = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    let error = match response.extensions().get::<WebError>() {
        Some(error) => error.clone(),
        None if is_bare_refusal(&response) => WebError::NotFound,
        None => return response,
    };
    if matches!(error, WebError::SignIn) {
        let page =
            seen.uri.path_and_query().filter(|_| seen.method == Method::GET).map_or(urls::HOME, |page| page.as_str());
        return Redirect::to(&if page == urls::HOME { urls::SIGN_IN.to_owned() } else { urls::sign_in_then(page) })
            .into_response();
    }
    let frame = match Visit::of(&app, &seen).await {
        Ok(visit) => visit.frame(),
        Err(_) => Frame::bare(),
    };
    let status = error.status();
    let page = page_of(&app, error, frame);
    let mut response = show(page).unwrap_or_else(|_| status.into_response());
    *response.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}

fn page_of(app: &App, error: WebError, frame: Frame) -> ErrorPage {
    let (heading, happened, next) = match &error {
        WebError::NotFound => (
            "There is no such page",
            "The address may be mistyped, or the page may have been removed.".into(),
            "Check the address, or start again from your home page.".into(),
        ),
        WebError::Forbidden(permission) => (
            "This page is not for your role",
            format!("Your school lets these people {}: {}.", belisha_records::lets(*permission), roles(*permission)),
            "If your work needs it, ask the head teacher to give you the office that it goes with.".into(),
        ),
        WebError::TooLarge => (
            "That is too much to send at once",
            "A form here may hold one megabyte. Nothing was saved.".into(),
            "Go back, shorten what you wrote or choose a smaller file, and send it again.".into(),
        ),
        WebError::Interrupted => (
            "The form did not arrive whole",
            "The connection broke while the form was being sent. Nothing was saved.".into(),
            "Go back and send it again.".into(),
        ),
        WebError::FromElsewhere => (
            "This form came from another site",
            "Forms are taken only from Belisha’s own pages, so that no other site can act in your name. Nothing was saved.".into(),
            "Open the page here and fill it in again.".into(),
        ),
        WebError::Conflict(sentence) => ("That no longer fits", format!("{}.", crate::words::sentence(sentence)), "Go back, look at how things stand now, and try again.".into()),
        WebError::NotNow(sentence) => ("Belisha cannot do that just now", format!("{}.", crate::words::sentence(sentence)), "Nothing was half-saved.".into()),
        WebError::SignIn | WebError::Fault(_) => (
            "Something went wrong here",
            "It is Belisha’s fault, not yours. What you were doing may not have been saved.".into(),
            "Try again in a minute. If it happens again, tell your technician and give the reference below.".into(),
        ),
    };
    let reference = if let WebError::Fault(cause) = &error {
        let reference = reference(app.random());
        tracing::error!(%reference, %cause, "a page failed");
        Some(reference)
    } else {
        None
    };
    ErrorPage { frame, heading, happened, next, reference }
}

fn roles(permission: Permission) -> String {
    roles_with(permission).iter().map(|role| role.label().to_lowercase()).collect::<Vec<_>>().join(", ")
}

/// Eight letters that can be read out on the telephone: no vowels, nothing that looks like something else.
fn reference(random: [u8; 8]) -> String {
    const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    let letter = |byte: &u8| LETTERS.get(usize::from(*byte) % LETTERS.len()).copied().map_or('B', char::from);
    let letters: String = random.iter().map(letter).collect();
    let (first, second) = letters.split_at(4);
    format!("{first}-{second}")
}
