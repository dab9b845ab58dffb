//! What the school's devices ask for at this moment, for whoever keeps the network going. It names no person and no device; what
//! may be shown at all is settled behind [`LiveRequests`], the same as `belisha tail` prints. Each look is begun by a button, is
//! in the ledger before anything is shown, and ends by itself.

use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::requests::{category_label, group_label};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use belisha_filter::RuleKind;
use belisha_records::{Permission, PersonId, SchoolId};
use belisha_store::schools;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a look lasts.
const LOOK: SignedDuration = SignedDuration::from_mins(10);

/// One visit without who and where. Neither helplines nor illegal content become one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveVisit {
    /// When.
    pub at: Timestamp,
    /// Key of the filter group.
    pub group: String,
    /// What the gateway did: `allowed`, `blocked`, …
    pub outcome: String,
    /// Host asked for.
    pub host: String,
    /// Category that decided.
    pub category: Option<String>,
    /// Key of the reason, as `belisha explain` has it.
    #[serde(default)]
    pub reason: String,
}

impl LiveVisit {
    /// Whether the site did not open.
    pub fn is_closed(&self) -> bool {
        !matches!(self.outcome.as_str(), "allowed" | "warning-passed" | "noticed")
    }
}

/// What came while somebody looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// When it ends by itself.
    pub until: Timestamp,
    /// The newest visits, the newest first.
    pub visits: Vec<LiveVisit>,
    /// How many were left out, because they came faster than they could be kept.
    pub missed: u64,
}

/// Lets people look at what is asked for. One look for each person; nothing is kept for anybody who does not look.
pub trait LiveRequests: Send + Sync {
    /// Begins a person's look at their school; one that runs begins anew.
    ///
    /// # Errors
    /// In words for the page, where too many look already.
    fn begin(&self, school: SchoolId, person: PersonId, now: Timestamp, lasts: SignedDuration) -> Result<(), String>;
    /// What a person's look shows, or only what did not open; `None` where they do not look, or it is over.
    fn seen(&self, school: SchoolId, person: PersonId, now: Timestamp, closed_only: bool) -> Option<Look>;
    /// Ends a person's look.
    fn end(&self, school: SchoolId, person: PersonId);
}

/// One line of the page.
struct Row {
    at: String,
    group: String,
    host: String,
    kind: &'static str,
    word: &'static str,
    why: String,
}

/// A look that runs, as the page shows it.
struct Running {
    rows: Vec<Row>,
    missed: u64,
    now: String,
    until: String,
}

#[derive(Template)]
#[template(path = "filter/live.html")]
struct LivePage {
    frame: Frame,
    running: Option<Running>,
    closed_only: bool,
    refused: Option<String>,
    may_filter: bool,
    minutes: i64,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeLiveRequests)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    shown(&app, &reader, query.value("only") == "closed", None)
}

fn shown(app: &App, reader: &SignedIn, closed_only: bool, refused: Option<String>) -> WebResult {
    let zone = reader.zone();
    let look =
        app.network.live().and_then(|live| live.seen(reader.school.id, reader.person.id, reader.now, closed_only));
    show(LivePage {
        frame: reader.frame(),
        running: look.map(|look| running(look, reader.now, &zone)),
        closed_only,
        refused: refused.as_deref().map(words::sentence),
        may_filter: reader.can(Permission::SeeFilterRules),
        minutes: LOOK.as_mins(),
    })
}

pub(crate) async fn begin(State(app): State<App>, reader: SignedIn) -> WebResult<Response> {
    reader.may(Permission::SeeLiveRequests)?;
    let (school, person) = (reader.school.id, reader.person.id);
    let begun = match app.network.live() {
        Some(live) => live.begin(school, person, reader.now, LOOK).map(|()| live),
        None => Err("no filter is running for this school, so nothing can be shown".into()),
    };
    let live = match begun {
        Ok(live) => live,
        Err(why) => {
            let page = shown(&app, &reader, false, Some(why))?;
            return Ok((StatusCode::SERVICE_UNAVAILABLE, page).into_response());
        }
    };
    // Nothing is shown before it is certain that the look was kept.
    if let Err(error) = written_down(&app, &reader).await {
        live.end(school, person);
        return Err(error);
    }
    Ok(Redirect::to(urls::LIVE).into_response())
}

async fn written_down(app: &App, reader: &SignedIn) -> Result<(), WebError> {
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    schools::watched(&mut tx, reader.school.id).await?;
    Ok(tx.commit().await?)
}

pub(crate) async fn end(State(app): State<App>, reader: SignedIn) -> WebResult<Response> {
    reader.may(Permission::SeeLiveRequests)?;
    if let Some(live) = app.network.live() {
        live.end(reader.school.id, reader.person.id);
    }
    Ok(Redirect::to(urls::LIVE).into_response())
}

fn running(look: Look, now: Timestamp, zone: &TimeZone) -> Running {
    Running {
        missed: look.missed,
        now: second(now, zone),
        until: words::clock_time(look.until, zone),
        rows: look.visits.into_iter().map(|visit| row(visit, zone)).collect(),
    }
}

fn second(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()
}

fn row(visit: LiveVisit, zone: &TimeZone) -> Row {
    let (kind, word) = crate::activity::done(&visit.outcome);
    let category = visit.category.as_deref().map(category_label);
    Row {
        at: second(visit.at, zone),
        group: group_label(&visit.group).to_owned(),
        host: visit.host,
        kind,
        word,
        why: category.into_iter().chain(why(&visit.reason)).collect::<Vec<_>>().join(": "),
    }
}

/// Why, in a few words; nothing where no rule spoke.
fn why(reason: &str) -> Option<String> {
    let known = match reason {
        "" | "default" => return None,
        "page-words" => "words on the page",
        "file-kind" => "kind of file",
        "malware" => "harmful file",
        "not-scanned" => "a file that could not be checked",
        "page-unread" => "a page that could not be read",
        "agreement-unsigned" => "nothing is signed yet",
        other => RuleKind::ALL.iter().find(|kind| kind.key() == other).map_or(other, |kind| kind.label()),
    };
    Some(known.to_owned())
}
