//! Reports that were issued, and the one that is due.

use super::{half_year, period};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::State;
use belisha_records::Permission;
use belisha_store::{Tx, reports};

struct Row {
    href: String,
    title: String,
    issued: String,
    read: String,
}

#[derive(Template)]
#[template(path = "reports/list.html")]
struct ReportsPage {
    frame: Frame,
    rows: Vec<Row>,
    may_issue: bool,
    current: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::SeeReports)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let mut rows = Vec::new();
    for report in reports::list(&mut tx).await? {
        let read = reports::acknowledgements(&mut tx, report.id).await?;
        let mine = read.iter().any(|(person, _)| *person == reader.person.id);
        rows.push(Row {
            href: urls::report(report.id),
            title: period(report.from, report.until),
            issued: words::moment(report.issued_at, &reader.zone()),
            read: format!(
                "Read by {}{}",
                words::count(read.len(), "person", "people"),
                if mine { ", you among them" } else { "" }
            ),
        });
    }
    let (from, until) = half_year(reader.today());
    show(ReportsPage {
        frame: reader.frame(),
        rows,
        may_issue: reader.can(Permission::IssueReport),
        current: period(from, until),
    })
}

/// Reports the reader has still to read.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::AcknowledgeReport) {
        return Ok(Vec::new());
    }
    let mut needs = Vec::new();
    for report in reports::list(tx).await? {
        if !reports::acknowledgements(tx, report.id).await?.iter().any(|(person, _)| *person == reader.person.id) {
            needs.push(Need {
                label: format!("Read the report {}", period(report.from, report.until)),
                href: urls::report(report.id),
                detail: format!("Issued on {}", words::day(reader.school.calendar.day_of(report.issued_at))),
                kind: "needed",
                word: "To read".into(),
            });
        }
    }
    Ok(needs)
}
