//! The half-yearly anonymous report (M27): live, issued, read, on paper. What may be shown is decided in
//! `belisha_records::half_yearly_report`; this area counts, draws and keeps.

mod acknowledge;
pub(crate) mod chart;
mod count;
mod issue;
mod list;
mod print;
mod show;

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};
use belisha_records::HalfYearlyReport;
use belisha_store::reports::IssuedReport;
use jiff::civil::{Date, date};

pub(crate) use list::needs;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::REPORTS, get(list::page))
        .route("/reports/now", get(show::now).post(issue::submit))
        .route("/reports/{report}", get(show::page))
        .route("/reports/{report}/report.pdf", get(print::pdf))
        .route("/reports/{report}/acknowledge", post(acknowledge::submit))
}

/// The half-year a day lies in: December's report covers July to December, June's January to June.
pub(crate) fn half_year(today: Date) -> (Date, Date) {
    if today.month() >= 7 {
        (date(today.year(), 7, 1), date(today.year(), 12, 31))
    } else {
        (date(today.year(), 1, 1), date(today.year(), 6, 30))
    }
}

/// `July to December 2026`.
pub(crate) fn period(from: Date, until: Date) -> String {
    format!("{} to {}", from.strftime("%B"), until.strftime("%B %Y"))
}

/// The figures of an issued report, if they can be read.
pub(crate) fn figures(report: &IssuedReport) -> Option<HalfYearlyReport> {
    serde_json::from_value(report.content.clone()).ok()
}
