//! A one-time link of one person's own: they choose a username and a password, and are in.

use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::{Visit, hash_of};
use crate::{passwords, urls};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use belisha_records::{Actor, PersonId};
use belisha_store::credentials::OneTimeLink;
use belisha_store::{Tx, credentials, people, sessions};
use jiff::SignedDuration;

/// How long a link can be used.
const LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Template)]
#[template(path = "sign_in/welcome.html")]
struct WelcomePage {
    frame: Frame,
    answers: Answers,
    name: String,
    token: String,
}

#[derive(Template)]
#[template(path = "sign_in/spent.html")]
struct SpentPage {
    frame: Frame,
}

/// Makes a one-time link for a person and answers its path. Whoever opens it becomes them, so it is shown once and sent by hand.
///
/// # Errors
/// Those of the store.
pub async fn make_link(tx: &mut Tx, app: &App, person: PersonId) -> WebResult<String> {
    let token = URL_SAFE_NO_PAD.encode(app.random::<24>());
    credentials::insert_link(tx, &hash_of(&token), person, "welcome", tx.now() + LASTS).await?;
    Ok(urls::welcome(&token))
}

pub(crate) async fn page(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> WebResult {
    let Some(link) = credentials::find_link(&app.store, &hash_of(&token), visit.now).await? else {
        return spent(&visit);
    };
    form(&app, &visit, &link, token, Answers::new()).await
}

fn spent(visit: &Visit) -> WebResult {
    Ok((StatusCode::GONE, show(SpentPage { frame: visit.frame() })?).into_response())
}

async fn form(app: &App, visit: &Visit, link: &OneTimeLink, token: String, mut answers: Answers) -> WebResult {
    let mut tx = app.store.read(link.school).await?;
    let person = people::find(&mut tx, link.person).await?.ok_or(WebError::NotFound)?;
    if answers.value("username").is_empty()
        && let Some(username) = &person.username
    {
        answers = answers.with("username", username);
    }
    show(WelcomePage { frame: visit.frame(), answers, name: person.name.reveal().to_owned(), token })
}

pub(crate) async fn submit(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    mut answers: Answers,
) -> WebResult {
    let hash = hash_of(&token);
    let Some(link) = credentials::find_link(&app.store, &hash, visit.now).await? else {
        return spent(&visit);
    };
    let username = username(&mut answers, &app, Some(link.person)).await?;
    let password = password(&mut answers);
    if answers.has_errors() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&app, &visit, &link, token, answers).await?).into_response());
    }
    let hashed = app.guard.hasher.hash(&password, app.random()).await?;
    let mut tx = app.store.begin(&Actor::Person(link.person), link.school, visit.now).await?;
    credentials::use_link(&mut tx, &hash).await?;
    let mut person = people::find(&mut tx, link.person).await?.ok_or(WebError::NotFound)?;
    person.username = Some(username);
    people::update(&mut tx, &person).await?;
    credentials::set_password_hash(&mut tx, link.person, &hashed).await?;
    sessions::revoke_all(&mut tx, link.person).await?;
    tx.commit().await?;
    super::enter(&app, &visit, link.school, link.person, urls::HOME).await
}

/// A username that nobody else of the installation has.
pub(crate) async fn username(answers: &mut Answers, app: &App, own: Option<PersonId>) -> WebResult<String> {
    let username = answers.required("username", "choose a username", 60).to_lowercase();
    if !username.chars().all(|letter| letter.is_alphanumeric() || ".-_'@".contains(letter)) {
        answers.refuse("username", "use letters, digits, full stops and hyphens, without spaces");
    }
    let mut tx = app.store.read_installation().await?;
    if people::locate_username(&mut tx, &username).await?.is_some_and(|(_, person)| Some(person) != own) {
        answers.refuse("username", "somebody has this username; choose another");
    }
    Ok(username)
}

/// A password long enough to guess badly; nothing else is asked of it (NIST SP 800-63B-4 section 3.1.1.2).
pub(crate) fn password(answers: &mut Answers) -> String {
    let password = answers.exactly("password").to_owned();
    let length = password.chars().count();
    if length < passwords::SHORTEST {
        answers.refuse(
            "password",
            format!("choose at least {} characters; three words together are easy to remember", passwords::SHORTEST),
        );
    } else if password.len() > passwords::LONGEST {
        answers.refuse("password", "choose a shorter password");
    } else if password.to_lowercase().contains(answers.value("username")) && !answers.value("username").is_empty() {
        answers.refuse("password", "leave your username out of the password");
    }
    password
}
