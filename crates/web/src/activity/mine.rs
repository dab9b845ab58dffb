//! What is recorded about the reader: their own visits, how long they are kept, and who may see them. Nobody else's.

use super::Seen;
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::portal;
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{RawQuery, State};
use belisha_policy::RecordKind;
use belisha_records::{Permission, roles_with};
use belisha_store::activity;
use jiff::SignedDuration;

/// The most rows shown; the newest come first.
const MOST_ROWS: u32 = 300;
/// Spans to choose from, in days.
const SPANS: [(i64, &str); 3] = [(1, "Last 24 hours"), (7, "Last 7 days"), (30, "Last 30 days")];

struct Span {
    href: String,
    label: &'static str,
    current: bool,
}

#[derive(Template)]
#[template(path = "activity/mine.html")]
struct MinePage {
    frame: Frame,
    rows: Vec<Seen>,
    more: bool,
    spans: Vec<Span>,
    kept: String,
    who: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeOwnRecord)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let asked = query.value("days").parse().unwrap_or(7);
    let days = SPANS.iter().map(|(days, _)| *days).find(|days| *days == asked).unwrap_or(7);
    // A transaction that names its actor: the store gives out the rows of that person alone.
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let from = reader.now - SignedDuration::from_hours(24 * days);
    let visits = activity::list_own(&mut tx, from, reader.now + SignedDuration::from_secs(1), MOST_ROWS).await?;
    let policy = portal::in_force(&mut tx, &reader).await?;
    let kept_days = policy.and_then(|now| now.policy.retention_days(RecordKind::ActivityNamed));
    drop(tx);
    let zone = reader.zone();
    let span = |(span, label): (i64, &'static str)| Span {
        href: format!("{}?days={span}", urls::MY_ACTIVITY),
        label,
        current: span == days,
    };
    show(MinePage {
        frame: reader.frame(),
        more: visits.len() >= MOST_ROWS as usize,
        rows: visits.into_iter().map(|visit| Seen::of(visit, &zone)).collect(),
        spans: SPANS.into_iter().map(span).collect(),
        kept: kept_days.map_or_else(
            || "as long as the school’s policy says".into(),
            |days| format!("for {days} days, then removed by itself"),
        ),
        who: roles_with(Permission::LookUpActivity)
            .iter()
            .map(|role| role.label().to_lowercase())
            .collect::<Vec<_>>()
            .join(", "),
    })
}
