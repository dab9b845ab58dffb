//! What was visited, three ways: figures that name nobody, one person's with a reason that is itself recorded, and one's
//! own (M57, ECOSYSTEM D5). What counts as a reason is `belisha_records::check_look_up`'s.

mod look_up;
mod mine;
mod show;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::get;
use belisha_policy::{DeviceKind, FilterAction};
use belisha_store::activity::Visit;
use jiff::tz::TimeZone;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::ACTIVITY, get(show::page))
        .route(urls::LOOK_UP, get(look_up::page).post(look_up::submit))
        .route(urls::MY_ACTIVITY, get(mine::page))
}

/// One visit as a page shows it.
struct Seen {
    at: String,
    host: String,
    kind: &'static str,
    word: &'static str,
    category: String,
    searched: Option<String>,
    /// How it was known who asked, and whose the device was.
    known: &'static str,
    whose: &'static str,
}

impl Seen {
    fn of(visit: Visit, zone: &TimeZone) -> Self {
        let (kind, word) = done(&visit.action);
        Self {
            at: visit.at.to_zoned(zone.clone()).strftime("%a %-d %b, %H:%M").to_string(),
            host: if visit.host.is_empty() { "not written down".to_owned() } else { visit.host },
            kind,
            word,
            category: visit.category.as_deref().map(crate::requests::category_label).unwrap_or_default(),
            searched: visit.search_term,
            known: visit.confidence.as_deref().map(known_by).unwrap_or_default(),
            whose: visit.device_kind.as_deref().and_then(DeviceKind::from_key).map_or("", DeviceKind::label),
        }
    }
}

/// How it was known who asked, the weakest first.
fn known_by(confidence: &str) -> &'static str {
    match confidence {
        "device" => "By the device; who held it, nobody said",
        "address" => "Signed in on this device",
        "session" => "Let on to the network by their own password",
        "request" => "By their proxy password, with each request",
        _ => "",
    }
}

/// What the filter did, as kind and word of a status.
pub(crate) fn done(action: &str) -> (&'static str, &'static str) {
    match action {
        "allowed" => ("kept", "Opened"),
        "warned" => ("open", "Warned"),
        "warning-passed" => ("open", "Opened after a warning"),
        "asked" => ("due", "Closed, may ask"),
        "sign-first" => ("undecided", "Sign first"),
        "noticed" => ("undecided", "A notice"),
        _ if FilterAction::from_key(action) == Some(FilterAction::Allow) => ("kept", "Opened"),
        _ => ("done", "Closed"),
    }
}
