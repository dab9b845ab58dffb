//! The cases the reader needs to know, open ones first, and how far those are that they recorded themselves.

use super::labels;
use super::sight::{Knowledge, seen};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::State;
use belisha_records::{Incident, IncidentStatus, Permission, Sight};
use belisha_store::incidents::IncidentFilter;

struct Row {
    href: String,
    title: String,
    what: String,
    recorded: String,
    left: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "incidents/list.html")]
struct ListPage {
    frame: Frame,
    open: Vec<Row>,
    closed: Vec<Row>,
    told: Vec<Row>,
    records: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeIncidents)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let cases = seen(&mut tx, &reader, &knowledge, &IncidentFilter::default()).await?;
    let of = |wanted: Sight, status: Option<IncidentStatus>| -> Vec<Row> {
        let chosen =
            cases.iter().filter(|(case, sight)| *sight == wanted && status.is_none_or(|status| case.status == status));
        chosen.map(|(case, sight)| row(&reader, &knowledge, case, *sight)).collect()
    };
    show(ListPage {
        frame: reader.frame(),
        open: of(Sight::Whole, Some(IncidentStatus::Open)),
        closed: of(Sight::Whole, Some(IncidentStatus::Closed)),
        told: of(Sight::Status, None),
        records: reader.can(Permission::RecordIncident),
    })
}

fn row(reader: &SignedIn, knowledge: &Knowledge, incident: &Incident, sight: Sight) -> Row {
    let (kind, word) = labels::status(incident.status);
    let waiting = incident.actions.iter().filter(|action| action.taken && action.done_at.is_none()).count();
    let left = match (incident.status, waiting) {
        (IncidentStatus::Closed, _) => {
            incident.closure.as_ref().map_or("", |closure| labels::finding(closure.finding)).to_owned()
        }
        (IncidentStatus::Open, 0) => "Nothing left to do but to close it".to_owned(),
        (IncidentStatus::Open, waiting) => format!("{} left to do", words::count(waiting, "action", "actions")),
    };
    let whole = sight == Sight::Whole;
    Row {
        href: urls::incident(incident.id),
        title: format!("Case {}", incident.number),
        what: if whole {
            incident
                .row_label
                .clone()
                .unwrap_or_else(|| labels::about(incident.about, knowledge.route(reader, incident)).to_owned())
        } else {
            String::new()
        },
        recorded: format!(
            "Recorded {} ago, {}",
            labels::waited(incident.recorded_at, reader.now),
            words::day(reader.school.calendar.day_of(incident.recorded_at))
        ),
        left: if whole { left } else { String::new() },
        kind,
        word,
    }
}
