//! What Belisha says about itself: how accessible it is, and what it records about its reader.

use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::Visit;
use crate::urls;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use belisha_policy::{Policy, RecordKind, compile};
use belisha_store::policies;

#[derive(Template)]
#[template(path = "about/accessibility.html")]
struct AccessibilityPage {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "about/privacy.html")]
struct PrivacyPage {
    frame: Frame,
    kept: Vec<(&'static str, String)>,
    signed_in: bool,
}

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::ACCESSIBILITY, get(accessibility)).route(urls::PRIVACY, get(privacy))
}

async fn accessibility(visit: Visit) -> WebResult {
    show(AccessibilityPage { frame: visit.frame() })
}

async fn privacy(State(app): State<App>, visit: Visit) -> WebResult {
    let policy = match &visit.school {
        Some(school) => {
            let mut tx = app.store.read(school.id).await?;
            let version = policies::in_force(&mut tx).await?;
            version.and_then(|version| compile(&version.source, school.calendar.day_of(visit.now)).policy)
        }
        None => None,
    };
    let kept = RecordKind::ALL.iter().map(|kind| (kind.label(), how_long(policy.as_ref(), *kind))).collect();
    show(PrivacyPage { frame: visit.frame(), kept, signed_in: visit.reader.is_some() })
}

/// What the policy promises, never a guess.
fn how_long(policy: Option<&Policy>, kind: RecordKind) -> String {
    match policy.and_then(|policy| policy.retention_days(kind)) {
        Some(days) if days >= 730 && days % 365 < 8 => crate::words::count((days / 365) as usize, "year", "years"),
        Some(days) => crate::words::count(days as usize, "day", "days"),
        None => "The policy does not say; ask the school".into(),
    }
}
