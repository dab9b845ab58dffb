//! The board: every clause of the policy in force with its status and what shows it. Status is decided in
//! `belisha_records::board`; this area gathers the counts and shows them. It names nobody.

mod clause;
pub(crate) mod evidence;
mod print;
mod show;

pub(crate) use show::{needs, shorten};

use crate::app::App;
use crate::urls;
use axum::Router;
use axum::routing::get;
use belisha_records::{ClauseStatus, ProofLink};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::BOARD, get(show::page))
        .route("/board/policy.pdf", get(print::pdf))
        .route("/board/{clause}", get(clause::page))
}

/// The kind of status as `components/show.html` draws it.
pub(crate) fn kind(status: ClauseStatus) -> &'static str {
    match status {
        ClauseStatus::Broken => "broken",
        ClauseStatus::Overdue => "overdue",
        ClauseStatus::Due => "due",
        ClauseStatus::Undecided => "undecided",
        ClauseStatus::Kept => "kept",
        ClauseStatus::Guidance => "guidance",
    }
}

/// Where the proof is looked at, and the words of the link; `None` where there is no page for it.
pub(crate) fn proof_link(link: ProofLink) -> Option<(&'static str, &'static str)> {
    match link {
        ProofLink::Signatures => Some((urls::SIGNATURES, "Who has signed")),
        ProofLink::Duties => Some((urls::DUTIES, "The duties")),
        ProofLink::Offices => Some((urls::PEOPLE, "Who holds which office")),
        ProofLink::FilterRules => Some((urls::FILTER, "The filter’s rules")),
        ProofLink::Incidents => Some((urls::INCIDENTS, "The cases")),
        ProofLink::AccessRequests => Some((urls::REQUESTS, "The log of requests")),
        ProofLink::Jobs => Some((urls::JOBS, "The jobs")),
        ProofLink::Table | ProofLink::Register | ProofLink::Nothing => None,
    }
}
