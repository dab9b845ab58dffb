//! The words, and the receipt. The safeguarding lead learns at once that something waits, never by mail what it is.

use super::{Kind, kind, receipt};
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::concerns::names;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::Visit;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::Role;
use belisha_records::{Actor, Concern, PersonId, holders};
use belisha_store::{Tx, concerns, offices, outbox, people};
use jiff::civil::Date;

const LONGEST: usize = 4000;
/// What a told message's mail says: that something waits.
const MAIL_SUBJECT: &str = "Somebody told the school something";
const MAIL_BODY: &str = "A message is waiting for you in Belisha. Sign in to read it; it may be urgent.";

#[derive(Template)]
#[template(path = "tell/words.html")]
struct WordsPage {
    frame: Frame,
    answers: Answers,
    kind: &'static Kind,
    names: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "tell/receipt.html")]
struct ReceiptPage {
    frame: Frame,
    receipt: String,
    named: bool,
}

pub(crate) async fn page(visit: Visit, Path(key): Path<String>) -> WebResult {
    let kind = kind(&key).ok_or(WebError::NotFound)?;
    form(&visit, kind, Answers::new())
}

fn form(visit: &Visit, kind: &'static Kind, answers: Answers) -> WebResult {
    let mut frame = visit.frame().with_exit();
    frame.for_pupils = true;
    let names = match &visit.reader {
        Some(reader) => vec![
            Choice::new("yes", format!("Yes, my name is {}", reader.person.name.reveal()))
                .hint("They can talk with you and help sooner"),
            Choice::new("no", "No, not now").hint("Nobody will know that it was you, so nobody can ask you more"),
        ],
        None => Vec::new(),
    };
    show(WordsPage { frame, answers, kind, names })
}

pub(crate) async fn submit(
    State(app): State<App>,
    visit: Visit,
    Path(key): Path<String>,
    mut answers: Answers,
) -> WebResult {
    let kind = kind(&key).ok_or(WebError::NotFound)?;
    let school = visit.school()?.clone();
    let words = answers.required("words", "write a few words; they do not have to be the right ones", LONGEST);
    if visit.reader.is_some() && answers.value("name").is_empty() {
        answers.refuse("name", "choose whether they may know who you are");
    }
    if answers.has_errors() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&visit, kind, answers)?).into_response());
    }
    let by = visit.reader.as_ref().filter(|_| answers.value("name") == "yes").map(|reader| reader.person.id);
    let receipt = receipt::make(app.random());
    let id = receipt::record(&receipt).ok_or_else(|| WebError::fault("a receipt could not be made"))?;
    let concern = Concern {
        id,
        school: school.id,
        by,
        choice: kind.key.into(),
        words,
        told_at: visit.now,
        read_at: None,
        incident: None,
    };
    // A message without a name is written by the page itself, so that the ledger does not name who told it either.
    let actor = by.map_or(Actor::Job("tell-someone"), Actor::Person);
    let mut tx = app.store.begin(&actor, school.id, visit.now).await?;
    concerns::insert(&mut tx, &concern).await?;
    tell_the_lead(&mut tx, school.calendar.day_of(visit.now), &concern.words).await?;
    tx.commit().await?;
    let mut frame = visit.frame().with_exit();
    frame.for_pupils = true;
    show(ReceiptPage { frame, receipt, named: by.is_some() })
}

/// Tells the first office that somebody holds, in the order of who answers for children's safety. Whoever the words seem to be
/// about is passed over, as on the pages: a mail about something that cannot be found would tell them of it.
async fn tell_the_lead(tx: &mut Tx, today: Date, words: &str) -> WebResult<()> {
    const ORDER: [Role; 5] = [
        Role::DesignatedSafeguardingLead,
        Role::ChildProtectionCoordinator,
        Role::DeputyDesignatedSafeguardingLead,
        Role::OnlineSafetyLead,
        Role::Headteacher,
    ];
    let holdings = offices::list(tx).await?;
    let heads = holders(Role::Headteacher, &holdings, today);
    let mut first: Vec<PersonId> = Vec::new();
    for role in ORDER {
        let all = holders(role, &holdings, today);
        let mut free = Vec::new();
        for id in &all {
            let person = people::find(tx, *id).await?;
            if person.is_some_and(|person| !names(words, &person, heads.contains(id))) {
                free.push(*id);
            }
        }
        if !free.is_empty() {
            first = free;
            break;
        }
        // Where nobody else is left, they read it themselves, as on the pages.
        if first.is_empty() {
            first = all;
        }
    }
    for person in first {
        outbox::queue(tx, person, MAIL_SUBJECT, MAIL_BODY).await?;
    }
    Ok(())
}
