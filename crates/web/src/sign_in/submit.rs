//! Signing in with a username and a password. What an unknown name, a wrong password and an account that has ended say is
//! the same, and takes as long.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::{NewSession, Visit, school_cookie};
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use belisha_records::{Actor, PersonId, SchoolId, is_at_school};
use belisha_store::{credentials, people, schools, sessions};
use serde::Deserialize;

const WRONG: &str = "the username or the password is not right; check both, or ask the school office for a new link";

/// Where to go on to afterwards.
#[derive(Deserialize)]
pub(crate) struct Onward {
    then: Option<String>,
}

#[derive(Template)]
#[template(path = "sign_in/show.html")]
struct SignInPage {
    frame: Frame,
    answers: Answers,
    waits: Option<String>,
}

pub(crate) async fn show_form(visit: Visit, Query(onward): Query<Onward>) -> WebResult {
    if visit.school.is_none() {
        return Ok(Redirect::to(urls::HOME).into_response());
    }
    let answers = Answers::new().with("then", onward.then.unwrap_or_default());
    show(SignInPage { frame: visit.frame(), answers, waits: None })
}

pub(crate) async fn submit(State(app): State<App>, visit: Visit, mut answers: Answers) -> WebResult {
    let username = answers.required("username", "enter your username", 100).to_lowercase();
    let password = answers.exactly("password").to_owned();
    if password.is_empty() {
        answers.refuse("password", "enter your password");
    }
    if answers.has_errors() {
        return again(&visit, answers, None, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let now = app.now();
    if let Some(until) = app.guard.attempts.wait_until(&username, visit.address, now) {
        let zone = visit.school()?.calendar.zone();
        return again(&visit, answers, Some(words::clock_time(until, &zone)), StatusCode::TOO_MANY_REQUESTS);
    }
    // A place among the failures is taken before the password is checked, so that a burst cannot slip past the limit.
    app.guard.attempts.failed(&username, visit.address, now);
    let account = account(&app, &username).await?;
    let hash = account.as_ref().and_then(|account| account.hash.as_deref());
    let right = password.len() <= crate::passwords::LONGEST && app.guard.hasher.check(&password, hash).await?;
    let Some(account) = account.filter(|_| right) else {
        answers.refuse("username", WRONG);
        return again(&visit, answers, None, StatusCode::UNPROCESSABLE_ENTITY);
    };
    app.guard.attempts.succeeded(&username, visit.address, now);
    let onward = urls::ours(answers.value("then")).unwrap_or(urls::HOME).to_owned();
    enter(&app, &visit, account.school, account.person, &onward).await
}

struct Account {
    school: SchoolId,
    person: PersonId,
    hash: Option<String>,
}

/// The account of a name; without a hash if it has no password or its owner is not at the school today.
async fn account(app: &App, username: &str) -> WebResult<Option<Account>> {
    let mut tx = app.store.read_installation().await?;
    let Some((school, person)) = people::locate_username(&mut tx, username).await? else {
        return Ok(None);
    };
    let Some(place) = schools::find(&mut tx, school).await? else {
        return Ok(None);
    };
    drop(tx);
    let mut tx = app.store.read(school).await?;
    let today = place.calendar.day_of(app.now());
    let present = people::find(&mut tx, person).await?.is_some_and(|person| is_at_school(&person, today));
    let hash = if present { credentials::password_hash(&mut tx, person).await? } else { None };
    Ok(Some(Account { school, person, hash }))
}

/// Opens a session for a person, puts their device on the network, and goes on.
pub(crate) async fn enter(app: &App, visit: &Visit, school: SchoolId, person: PersonId, onward: &str) -> WebResult {
    let session = NewSession::make(app, visit.now);
    let mut tx = app.store.begin(&Actor::Person(person), school, visit.now).await?;
    sessions::insert(&mut tx, person, &session.token_hash, session.until).await?;
    crate::portal::device::note(&mut tx, visit.address, person, session.until).await?;
    tx.commit().await?;
    app.network.sign_in_device(visit.address, school, person, session.until).await;
    let cookies = AppendHeaders([(header::SET_COOKIE, session.cookie), (header::SET_COOKIE, school_cookie(school))]);
    Ok((cookies, Redirect::to(onward)).into_response())
}

fn again(visit: &Visit, answers: Answers, waits: Option<String>, status: StatusCode) -> WebResult {
    let page: Response = show(SignInPage { frame: visit.frame(), answers, waits })?;
    Ok((status, page).into_response())
}
