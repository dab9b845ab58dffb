//! An issued report on paper.

use super::{figures, period};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::paper;
use crate::session::SignedIn;
use axum::extract::{Path, State};
use belisha_print::{Bar, BarChart, Figure, FigureRow, FigureTable, HalfYearlyPaper, half_yearly_report};
use belisha_records::{HalfYearlyReport, Permission, PublishedTable, ReportId};
use belisha_store::reports;

pub(crate) async fn pdf(State(app): State<App>, reader: SignedIn, Path(id): Path<ReportId>) -> WebResult {
    reader.may(Permission::SeeReports)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let issued = reports::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    let report = figures(&issued).ok_or_else(|| WebError::fault("an issued report cannot be read"))?;
    let on_paper = paper_of(&reader, report);
    paper::answer("online-safety-report.pdf", move || half_yearly_report(&on_paper)).await
}

fn paper_of(reader: &SignedIn, report: HalfYearlyReport) -> HalfYearlyPaper {
    HalfYearlyPaper {
        imprint: paper::imprint(reader),
        title: "Half-yearly report on online safety".into(),
        period: period(report.from, report.until),
        prepared_for: "For the headteacher and governors".into(),
        prepared_by: None,
        key_sentences: report.tables.iter().map(PublishedTable::sentence).collect(),
        charts: report.tables.iter().filter(|table| has_bars(table)).take(1).map(chart).collect(),
        tables: report.tables.iter().filter(|table| !table.rows.is_empty()).map(table).collect(),
        notes: report.notes,
    }
}

/// A figure as the paper prints it: one that is not shown may be large, so it is not called small.
fn figure(figure: belisha_records::Figure) -> Figure {
    match figure {
        belisha_records::Figure::Shown(number) => Figure::Count(number.into()),
        belisha_records::Figure::Hidden => Figure::Words("not shown".into()),
    }
}

/// A chart in which nearly every figure is not shown would say nothing.
fn has_bars(table: &PublishedTable) -> bool {
    table
        .row_totals
        .iter()
        .filter(|figure| matches!(figure, belisha_records::Figure::Shown(number) if *number > 0))
        .count()
        >= 2
}

fn chart(table: &PublishedTable) -> BarChart {
    let bars = table.rows.iter().zip(&table.row_totals).map(|(label, total)| Bar {
        label: label.clone(),
        now: figure(*total),
        before: None,
    });
    BarChart {
        title: table.title.clone(),
        summary: table.sentence(),
        counted: table.title.clone(),
        now: "This half-year".into(),
        before: None,
        bars: bars.collect(),
    }
}

fn table(table: &PublishedTable) -> FigureTable {
    let rows = table.rows.iter().zip(&table.cells).zip(&table.row_totals).map(|((label, cells), total)| FigureRow {
        label: label.clone(),
        figures: cells.iter().chain([total]).copied().map(figure).collect(),
    });
    let totals = FigureRow {
        label: "All".into(),
        figures: table.column_totals.iter().chain([&table.total]).copied().map(figure).collect(),
    };
    FigureTable {
        title: table.title.clone(),
        sentence: Some(table.sentence()),
        columns: std::iter::once("Kind".to_owned())
            .chain(table.columns.iter().cloned())
            .chain(["All".into()])
            .collect(),
        rows: rows.chain([totals]).collect(),
    }
}
