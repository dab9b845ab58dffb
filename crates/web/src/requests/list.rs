//! Requests that wait, what is open now, and the log of what was decided, which is the filter's change-control log (M54).

use super::{Names, category_label, clause, group_label, proposal};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use belisha_records::{AccessRequest, Permission, may_decide_request};
use belisha_store::exceptions::{self, GrantedException};
use belisha_store::{access_requests, approvals};
use jiff::SignedDuration;

/// How far back the log goes.
const LOG: SignedDuration = SignedDuration::from_hours(24 * 366);

/// A request that waits.
struct Waiting {
    href: String,
    host: String,
    about: String,
    kind: &'static str,
    word: &'static str,
    clock: String,
}

/// An opening that holds now.
pub(crate) struct Open {
    pub(crate) host: String,
    pub(crate) groups: String,
    pub(crate) until: String,
    pub(crate) reason: String,
    pub(crate) by: String,
    pub(crate) end: String,
}

#[derive(Template)]
#[template(path = "requests/list.html")]
struct RequestsPage {
    frame: Frame,
    waiting: Vec<Waiting>,
    open: Vec<Open>,
    log: Vec<Vec<String>>,
    may_decide: bool,
    may_ask: bool,
    deciders: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeAccessRequests)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let mut tx = app.store.read(reader.school.id).await?;
    let clause = clause(&mut tx, &reader).await?;
    let names = Names::read(&mut tx, &reader).await?;
    let asked = approvals::list_of_clause(&mut tx, proposal::clause_id(clause.as_ref())).await?;
    let proposed: Vec<_> = proposal::waiting(&asked).into_iter().map(|(_, proposed)| proposed.request).collect();
    let open = access_requests::list_open(&mut tx).await?;
    let approval = clause.as_ref().map(|(_, approval)| approval);
    let waiting = open.iter().map(|request| {
        let mine = may_decide_request(reader.person.id, &reader.roles, request, approval);
        waiting(&reader, request, &names, mine, proposed.contains(&request.id))
    });
    let waiting = waiting.collect();
    let open = running(exceptions::list_open(&mut tx, reader.now).await?, &reader, &names);
    let all = exceptions::list(&mut tx).await?;
    let decided =
        access_requests::list_between(&mut tx, reader.now - LOG, reader.now + SignedDuration::from_secs(1)).await?;
    let log = decided.iter().filter_map(|request| row(&reader, request, &names, &all)).collect();
    let deciders = approval.map_or_else(String::new, |approval| {
        approval.by.iter().map(|role| role.label().to_lowercase()).collect::<Vec<_>>().join(" or ")
    });
    let mut frame = reader.frame();
    frame.notice = match query.value("done") {
        "granted" => Some("The site is open now. Whoever asked is told that there is an answer.".into()),
        "refused" => Some("The site stays closed. Whoever asked is told that there is an answer.".into()),
        "proposed" => Some("A second person has to agree before it opens.".into()),
        "disagreed" => Some("It stays closed, and the request waits for an answer.".into()),
        "ended" => Some("The site is closed again.".into()),
        _ => None,
    };
    let (may_decide, may_ask) = (reader.can(Permission::DecideAccessRequests), reader.can(Permission::AskForSite));
    show(RequestsPage { frame, waiting, open, log, may_decide, may_ask, deciders })
}

fn waiting(reader: &SignedIn, request: &AccessRequest, names: &Names, mine: bool, proposed: bool) -> Waiting {
    let late = reader.school.calendar.end_of_school_day_after(request.asked_at, 1) < reader.now;
    let category = request.category.as_deref().map_or_else(|| "in no list".to_owned(), category_label);
    let (kind, word) = match (proposed, mine, late) {
        (true, ..) => ("needed", "Second person"),
        (_, true, true) => ("overdue", "Waits too long"),
        (_, true, false) => ("needed", "To decide"),
        _ => ("open", "Waiting"),
    };
    Waiting {
        href: urls::request(request.id),
        host: request.host.clone(),
        about: format!("{category} · asked for by {}", names.of(request.by)),
        kind,
        word,
        clock: format!("since {}", words::moment(request.asked_at, &reader.zone())),
    }
}

/// Openings as a page shows them.
pub(crate) fn running(open: Vec<GrantedException>, reader: &SignedIn, names: &Names) -> Vec<Open> {
    let zone = reader.zone();
    let one = |exception: GrantedException| Open {
        groups: for_whom(&exception, names),
        until: words::moment(exception.until, &zone),
        by: exception.granted_by.map_or_else(|| "nobody by name".into(), |by| names.of(by)),
        end: urls::end_exception(&exception.id),
        host: exception.host,
        reason: exception.reason,
    };
    open.into_iter().map(one).collect()
}

fn for_whom(exception: &GrantedException, names: &Names) -> String {
    let person = exception.person.map(|person| names.of(person));
    let groups = exception.groups.iter().map(|group| group_label(group).to_lowercase());
    person.into_iter().chain(groups).collect::<Vec<_>>().join(", ")
}

fn row(reader: &SignedIn, request: &AccessRequest, names: &Names, opened: &[GrantedException]) -> Option<Vec<String>> {
    let decision = request.decision.as_ref()?;
    let zone = reader.zone();
    let exception = opened.iter().find(|one| one.request == Some(request.id));
    let whom = exception.map(|exception| for_whom(exception, names)).unwrap_or_default();
    let until = exception
        .map(|exception| exception.closed_at.unwrap_or(exception.until).min(exception.until))
        .or(decision.until);
    let answer = match until.filter(|_| decision.granted) {
        Some(until) => format!("Opened for {whom}, until {}", words::moment(until, &zone)),
        None => "Not opened".to_owned(),
    };
    Some(vec![
        request.host.clone(),
        request.category.as_deref().map(category_label).unwrap_or_default(),
        format!("{}, {}", names.of(request.by), words::day(reader.school.calendar.day_of(request.asked_at))),
        answer,
        format!("{}, {}", names.of(decision.by), words::moment(decision.at, &zone)),
        decision.reason.clone(),
    ])
}
