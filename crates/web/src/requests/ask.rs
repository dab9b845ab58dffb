//! Asking for a site. What was closed is known by the number on the block page and shown only to the person it was closed
//! for; everybody else types the site. Below it, what one asked for before and what became of it.

use super::{category, category_label, go_on};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::filter::host::{Wish, typed};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::Audience;
use belisha_records::{AccessRequest, Permission, SHORTEST_REASON};
use belisha_store::exceptions::{self, GrantedException};
use belisha_store::{Tx, access_requests, offices, outbox};

/// The most requests of one person that may wait at once.
const MOST_WAITING: usize = 20;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 1000;

/// The page that was closed for this reader.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) id: String,
    pub(super) host: String,
    pub(super) category: Option<String>,
    pub(super) may_warn: bool,
}

impl Closed {
    fn label(&self) -> String {
        self.category.as_deref().map(category_label).unwrap_or_default()
    }
}

/// One request as its asker sees it.
struct Mine {
    host: String,
    asked: String,
    reason: String,
    kind: &'static str,
    word: &'static str,
    answer: String,
}

#[derive(Template)]
#[template(path = "requests/ask.html")]
struct AskPage {
    frame: Frame,
    answers: Answers,
    closed: Option<Closed>,
    /// A number was given, and it is not known any more or was not this reader's.
    lost: bool,
    mine: Vec<Mine>,
    pupil: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::AskForSite)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let notice =
        (query.value("done") == "asked").then_some("Your request is on its way. The answer will be on this page.");
    form(&app, &reader, Answers::new().with("block", query.value("block")), notice).await
}

fn closed(app: &App, reader: &SignedIn, id: &str) -> Option<Closed> {
    let block = app.network.block(reader.school.id, id).filter(|block| block.person == Some(reader.person.id))?;
    Some(Closed { id: id.to_owned(), host: block.host, category: block.category, may_warn: block.may_warn })
}

async fn form(app: &App, reader: &SignedIn, answers: Answers, notice: Option<&str>) -> WebResult {
    let closed = closed(app, reader, answers.value("block"));
    let mut tx = app.store.read(reader.school.id).await?;
    let opened = exceptions::list(&mut tx).await?;
    let asked = access_requests::list_by(&mut tx, reader.person.id).await?;
    let mine = asked.iter().map(|request| mine(reader, request, &opened)).collect();
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    let pupil = matches!(reader.person.audience, Audience::Pupil | Audience::YoungerPupil);
    show(AskPage { frame, lost: closed.is_none() && !answers.value("block").is_empty(), answers, closed, mine, pupil })
}

fn mine(reader: &SignedIn, request: &AccessRequest, opened: &[GrantedException]) -> Mine {
    let zone = reader.zone();
    let (kind, word, answer) = match &request.decision {
        None => ("open", "Waiting", "Nobody has answered yet.".to_owned()),
        Some(decision) if !decision.granted => ("done", "Not opened", decision.reason.clone()),
        Some(decision) => {
            let ended = opened.iter().filter(|one| one.request == Some(request.id)).find_map(|one| one.closed_at);
            let until = decision.until.map(|until| words::moment(until, &zone)).unwrap_or_default();
            match ended {
                Some(at) => ("done", "Closed again", format!("It was open until {}.", words::moment(at, &zone))),
                None if decision.until.is_some_and(|until| until <= reader.now) => {
                    ("done", "Closed again", format!("It was open until {until}."))
                }
                None => ("kept", "Open", format!("Open until {until}. {}", decision.reason)),
            }
        }
    };
    Mine {
        host: request.host.clone(),
        asked: words::moment(request.asked_at, &zone),
        reason: request.reason.clone(),
        kind,
        word,
        answer,
    }
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::AskForSite)?;
    let closed = closed(&app, &reader, answers.value("block"));
    let reason = answers.required("reason", "say what you need it for", LONGEST_REASON);
    if !reason.is_empty() && reason.chars().filter(|letter| letter.is_alphanumeric()).count() < SHORTEST_REASON {
        answers.refuse("reason", "the reason is too short: say in a few words what you need it for");
    }
    if let Some(closed) =
        closed.as_ref().filter(|closed| closed.may_warn && answers.value("do") == "go-on" && !answers.has_errors())
    {
        return go_on::submit(&app, &reader, closed, &answers).await;
    }
    let host = match &closed {
        Some(closed) => closed.host.clone(),
        None => typed(answers.value("host"), Wish::Open).unwrap_or_else(|wrong| {
            answers.refuse("host", wrong);
            String::new()
        }),
    };
    let field = if closed.is_some() { "reason" } else { "host" };
    if !host.is_empty() && app.network.listed(reader.school.id, &host).beyond_reach {
        answers.refuse(field, "nobody at the school can open this one");
    }
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let before = access_requests::list_by(&mut tx, reader.person.id).await?;
    let waiting = || before.iter().filter(|request| request.decision.is_none());
    if waiting().any(|request| request.host == host) {
        answers.refuse(field, "you have asked for this one already; the answer will be on this page");
    } else if waiting().count() >= MOST_WAITING {
        answers
            .refuse(field, format!("{MOST_WAITING} of your requests wait already; ask again when some are answered"));
    }
    if answers.has_errors() {
        drop(tx);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&app, &reader, answers, None).await?).into_response());
    }
    let category =
        category(&app, reader.school.id, &host, closed.as_ref().and_then(|closed| closed.category.as_deref()));
    let request = AccessRequest {
        id: app.id(),
        school: reader.school.id,
        by: reader.person.id,
        host,
        category,
        reason,
        asked_at: reader.now,
        decision: None,
    };
    access_requests::insert(&mut tx, &request).await?;
    tell_deciders(&mut tx, &reader).await?;
    tx.commit().await?;
    Ok(Redirect::to(&format!("{}?done=asked", urls::ASK_FOR_SITE)).into_response())
}

/// One mail to each holder of the offices that the policy names; it says that something waits, never what or whose.
async fn tell_deciders(tx: &mut Tx, reader: &SignedIn) -> WebResult<()> {
    let Some((_, approval)) = super::clause(tx, reader).await? else {
        return Ok(());
    };
    let mut told = vec![reader.person.id];
    for role in approval.by {
        for holder in offices::holders(tx, role, reader.today()).await? {
            if !told.contains(&holder) {
                outbox::queue(
                    tx,
                    holder,
                    "A request waits for you",
                    &format!("Somebody asks for something that you decide on. Sign in and open {}.", urls::REQUESTS),
                )
                .await?;
                told.push(holder);
            }
        }
    }
    Ok(())
}
