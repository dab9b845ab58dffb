//! What the reader recorded, and how far it is, for those who open no cases: that it was received, is dealt with, or is closed.

use super::labels;
use super::sight::{Knowledge, seen};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::words;
use askama::Template;
use axum::extract::{Query, State};
use belisha_records::Permission;
use belisha_store::incidents::IncidentFilter;
use std::collections::BTreeMap;

#[derive(Template)]
#[template(path = "incidents/recorded.html")]
struct RecordedPage {
    frame: Frame,
    just_now: bool,
    /// When, kind and word of the status.
    rows: Vec<(String, &'static str, &'static str)>,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Query(query): Query<BTreeMap<String, String>>,
) -> WebResult {
    reader.may(Permission::RecordIncident)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let cases = seen(&mut tx, &reader, &knowledge, &IncidentFilter::default()).await?;
    let mine = cases.iter().filter(|(case, _)| case.recorded_by == reader.person.id);
    let rows = mine.map(|(case, _)| {
        let (kind, word) = labels::status(case.status);
        (words::moment(case.recorded_at, &reader.zone()), kind, if word == "Open" { "Being dealt with" } else { word })
    });
    show(RecordedPage { frame: reader.frame(), just_now: query.contains_key("recorded"), rows: rows.collect() })
}
