//! A report: one that was issued, or the half-year so far.

use super::chart::{self, Chart};
use super::{count, figures, half_year, period};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::words;
use askama::Template;
use axum::extract::{Path, State};
use belisha_records::{Figure, HalfYearlyReport, Permission, PublishedTable, ReportId};
use belisha_store::reports;

struct Drawn {
    chart: Chart,
    table: PublishedTable,
}

impl Drawn {
    /// Rows of the table: label, figures, total of the row.
    fn rows(&self) -> impl Iterator<Item = (&String, &Vec<Figure>, &Figure)> {
        self.table
            .rows
            .iter()
            .zip(&self.table.cells)
            .zip(&self.table.row_totals)
            .map(|((label, cells), total)| (label, cells, total))
    }
}

#[derive(Template)]
#[template(path = "reports/show.html")]
struct ReportPage {
    frame: Frame,
    title: String,
    facts: String,
    sentences: Vec<String>,
    drawn: Vec<Drawn>,
    notes: Vec<String>,
    /// Issued: its address. The half-year so far has none.
    issued: Option<String>,
    may_issue: bool,
    may_acknowledge: bool,
    read_by: String,
}

pub(crate) async fn now(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::IssueReport)?;
    let (from, until) = half_year(reader.today());
    let mut tx = app.store.read(reader.school.id).await?;
    let report = count::report(&mut tx, &reader, from, until).await?;
    show(page_of(&reader, &report, "The half-year so far; nobody has been sent it.".into()))
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<ReportId>) -> WebResult {
    reader.may(Permission::SeeReports)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let issued = reports::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    let report = figures(&issued).ok_or_else(|| WebError::fault("an issued report cannot be read"))?;
    let read = reports::acknowledgements(&mut tx, id).await?;
    let mut page = page_of(&reader, &report, format!("Issued on {}", words::moment(issued.issued_at, &reader.zone())));
    page.may_issue = false;
    page.may_acknowledge =
        reader.can(Permission::AcknowledgeReport) && !read.iter().any(|(person, _)| *person == reader.person.id);
    page.read_by = crate::words::count(read.len(), "person", "people");
    page.issued = Some(crate::urls::report(id));
    show(page)
}

fn page_of(reader: &SignedIn, report: &HalfYearlyReport, facts: String) -> ReportPage {
    ReportPage {
        frame: reader.frame(),
        title: period(report.from, report.until),
        facts,
        sentences: report.tables.iter().map(PublishedTable::sentence).collect(),
        drawn: report.tables.iter().map(|table| Drawn { chart: chart::of(table), table: table.clone() }).collect(),
        notes: report.notes.clone(),
        issued: None,
        may_issue: reader.can(Permission::IssueReport),
        may_acknowledge: false,
        read_by: String::new(),
    }
}
