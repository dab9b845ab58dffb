//! Looking one person up. The reason comes first and is kept in the same transaction that reads the rows: without it
//! nothing is shown and nothing is written. Searches are blurred until somebody asks for them.

use super::Seen;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::words;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use belisha_records::{Permission, Person, check_look_up};
use belisha_store::{Tx, activity, look_ups, people};
use jiff::civil::{Date, Time};
use jiff::{Timestamp, ToSpan};

/// The most rows shown; the newest come first.
const MOST_ROWS: u32 = 500;
/// The most people offered for one name.
const MOST_PEOPLE: u32 = 12;

/// What was found.
struct Found {
    name: String,
    range: String,
    reason: String,
    rows: Vec<Seen>,
    more: bool,
}

#[derive(Template)]
#[template(path = "activity/look_up.html")]
struct LookUpPage {
    frame: Frame,
    answers: Answers,
    people: Vec<Choice>,
    found: Option<Found>,
    counted: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::LookUpActivity)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let answers =
        with_day(with_day(Answers::new(), "from", reader.today().saturating_sub(6.days())), "until", reader.today());
    shown(&mut tx, &reader, answers, Vec::new(), None).await
}

fn with_day(answers: Answers, name: &str, day: Date) -> Answers {
    answers
        .with(format!("{name}-day"), day.day())
        .with(format!("{name}-month"), day.month())
        .with(format!("{name}-year"), day.year())
}

async fn shown(
    tx: &mut Tx,
    reader: &SignedIn,
    answers: Answers,
    people: Vec<Choice>,
    found: Option<Found>,
) -> WebResult {
    let counted = super::show::look_ups_of_term(tx, reader).await?;
    show(LookUpPage { frame: reader.frame(), answers, people, found, counted })
}

async fn again(app: &App, reader: &SignedIn, answers: Answers, people: Vec<Choice>) -> WebResult<Response> {
    let mut tx = app.store.read(reader.school.id).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(&mut tx, reader, answers, people, None).await?).into_response())
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::LookUpActivity)?;
    if answers.value("reason").is_empty() {
        answers.refuse("reason", "write why you look this person up; it is kept with the look-up");
    }
    let range = range(&reader, &mut answers);
    let several = match who(&app, &reader, &mut answers).await? {
        Who::One(person) => match range.filter(|_| !answers.has_errors()) {
            Some(range) => return found(&app, &reader, answers, &person, range).await,
            None => Vec::new(),
        },
        Who::Several(people) => people,
        Who::Nobody => Vec::new(),
    };
    again(&app, &reader, answers, several).await
}

enum Who {
    One(Box<Person>),
    Several(Vec<Choice>),
    Nobody,
}

/// The person meant, by some letters of their name; where several have them, the one chosen. Those who left count too.
async fn who(app: &App, reader: &SignedIn, answers: &mut Answers) -> WebResult<Who> {
    let name = answers.required("person", "write some letters of the person’s name", 200);
    if name.is_empty() {
        return Ok(Who::Nobody);
    }
    let mut tx = app.store.read(reader.school.id).await?;
    let mut people = people::search(&mut tx, &name, MOST_PEOPLE).await?;
    let chosen = answers.value("which").to_owned();
    if let Some(place) = people.iter().position(|person| person.id.to_string() == chosen) {
        return Ok(Who::One(Box::new(people.swap_remove(place))));
    }
    match people.len() {
        0 => answers.refuse("person", "nobody has these letters in their name; check the spelling"),
        1 => return Ok(people.pop().map_or(Who::Nobody, |person| Who::One(Box::new(person)))),
        _ => answers.refuse("which", "several people have these letters in their name; choose one"),
    }
    let choice = |person: &Person| {
        let year = person
            .year_group
            .as_deref()
            .map_or_else(|| person.audience.label().to_owned(), |year| format!("Year group {year}"));
        Choice::new(person.id, person.name.reveal()).hint(year)
    };
    Ok(Who::Several(people.iter().map(choice).collect()))
}

fn range(reader: &SignedIn, answers: &mut Answers) -> Option<(Timestamp, Timestamp)> {
    let from = answers.date("from", "write the first day");
    let until = answers.date("until", "write the last day");
    let calendar = &reader.school.calendar;
    Some((
        calendar.moment(from?.to_datetime(Time::midnight())),
        calendar.moment(until?.saturating_add(1.day()).to_datetime(Time::midnight())),
    ))
}

async fn found(
    app: &App,
    reader: &SignedIn,
    answers: Answers,
    person: &Person,
    range: (Timestamp, Timestamp),
) -> WebResult {
    let reason = match check_look_up(reader.person.id, person.id, answers.value("reason"), range) {
        Ok(reason) => reason,
        Err(errors) => return again(app, reader, answers.refused(&errors), Vec::new()).await,
    };
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    look_ups::insert(&mut tx, reader.person.id, person.id, &reason, range).await?;
    let visits = activity::list_of(&mut tx, person.id, range.0, range.1, MOST_ROWS).await?;
    // Nothing is shown before it is certain that the look-up was kept.
    tx.commit().await?;
    let zone = reader.zone();
    let more = visits.len() >= MOST_ROWS as usize;
    let calendar = &reader.school.calendar;
    let last = calendar.day_of(range.1).saturating_sub(1.day());
    let found = Found {
        name: person.name.reveal().to_owned(),
        range: format!("{} to {}", words::day(calendar.day_of(range.0)), words::day(last)),
        reason,
        rows: visits.into_iter().map(|visit| Seen::of(visit, &zone)).collect(),
        more,
    };
    let mut tx = app.store.read(reader.school.id).await?;
    shown(&mut tx, reader, Answers::new(), Vec::new(), Some(found)).await
}
