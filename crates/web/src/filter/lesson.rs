//! The sites checked for a lesson (M56): a class sees them and no others until the list ends. A list only narrows, so it
//! needs nobody's yes; it has a name, a reason, whoever made it, and an end the same day.

use super::host;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::requests::Names;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::Period;
use belisha_records::{Class, Permission};
use belisha_store::lesson_lists::{self, CheckedSites};
use belisha_store::{Tx, classes};
use jiff::Timestamp;
use jiff::civil::Time;
use std::collections::HashMap;

/// The longest name.
const LONGEST_NAME: usize = 60;
/// The most sites of one list.
const MOST_SITES: usize = 50;

/// A list that holds.
struct Holding {
    name: String,
    class: String,
    hosts: String,
    until: String,
    by: String,
    reason: String,
    /// Where it is ended; `None` where this reader may not.
    end: Option<String>,
}

#[derive(Template)]
#[template(path = "filter/lesson.html")]
struct LessonPage {
    frame: Frame,
    answers: Answers,
    classes: Vec<Choice>,
    holding: Vec<Holding>,
    lesson_ends: Option<String>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::CheckLessonSites)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let notice = match query.value("done") {
        "made" => Some("The class sees these sites and no others until the list ends."),
        "ended" => Some("The list has ended. The class sees what it saw before."),
        _ => None,
    };
    let mut tx = app.store.read(reader.school.id).await?;
    shown(&mut tx, &reader, Answers::new(), notice).await
}

/// The classes a reader may keep to a list: their own, or all for whoever keeps the filter's rules.
async fn own_classes(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Class>> {
    Ok(match reader.can(Permission::ManageFilterRules) {
        true => classes::list(tx).await?,
        false => classes::list_taught_by(tx, reader.person.id).await?,
    })
}

async fn shown(tx: &mut Tx, reader: &SignedIn, answers: Answers, notice: Option<&str>) -> WebResult {
    let names = Names::read(tx, reader).await?;
    let of_school: HashMap<_, _> = classes::list(tx).await?.into_iter().map(|class| (class.id, class.name)).collect();
    let zone = reader.zone();
    let holding = lesson_lists::list_open(tx, reader.now).await?.into_iter().map(|list| Holding {
        class: list.class.and_then(|class| of_school.get(&class).cloned()).unwrap_or_default(),
        hosts: list.hosts.join(", "),
        until: words::clock_time(list.until, &zone),
        by: list.made_by.map_or_else(|| "nobody".to_owned(), |by| names.of(by)),
        end: may_end(reader, &list).then(|| urls::end_lesson_sites(&list.id)),
        name: list.name,
        reason: list.reason,
    });
    let holding = holding.collect();
    let mut frame = reader.frame();
    frame.notice = notice.map(str::to_owned);
    show(LessonPage {
        frame,
        answers,
        classes: own_classes(tx, reader).await?.iter().map(|class| Choice::new(class.id, &class.name)).collect(),
        holding,
        lesson_ends: lesson_ends(reader).map(|ends| words::clock_time(ends, &zone)),
    })
}

/// When the lesson that runs now ends.
fn lesson_ends(reader: &SignedIn) -> Option<Timestamp> {
    let calendar = &reader.school.calendar;
    (calendar.period_at(reader.now) == Period::Lesson).then(|| calendar.period_ends(reader.now))
}

fn may_end(reader: &SignedIn, list: &CheckedSites) -> bool {
    list.made_by == Some(reader.person.id) || reader.can(Permission::ManageFilterRules)
}

pub(crate) async fn make(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::CheckLessonSites)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let chosen = answers.value("class").to_owned();
    let class = own_classes(&mut tx, &reader).await?.into_iter().find(|class| class.id.to_string() == chosen);
    if class.is_none() {
        answers.refuse("class", "choose one of your classes");
    }
    let list = CheckedSites {
        id: String::new(),
        name: answers.required("name", "say what the lesson is, such as 7B, geography", LONGEST_NAME),
        hosts: hosts(&app, &reader, &mut answers),
        class: class.map(|class| class.id),
        groups: Vec::new(),
        from: reader.now,
        until: until(&reader, &mut answers),
        reason: answers.reason("say what the lesson is about"),
        made_by: Some(reader.person.id),
        closed_at: None,
    };
    if answers.has_errors() {
        let page = shown(&mut tx, &reader, answers, None).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    }
    lesson_lists::insert(&mut tx, &list).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=made", urls::LESSON_SITES)).into_response())
}

pub(crate) async fn end(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::CheckLessonSites)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let open = lesson_lists::list_open(&mut tx, reader.now).await?;
    if !open.iter().any(|list| list.id == id && may_end(&reader, list)) {
        return Err(WebError::NotFound);
    }
    lesson_lists::close(&mut tx, &id).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(&format!("{}?done=ended", urls::LESSON_SITES)).into_response())
}

/// The end: a time today, or when the lesson that runs ends.
fn until(reader: &SignedIn, answers: &mut Answers) -> Timestamp {
    let typed = answers.value("until").replace('.', ":");
    if typed.is_empty() {
        return lesson_ends(reader).unwrap_or_else(|| {
            answers.refuse("until", "write when the list ends, such as 11:20: no lesson runs now");
            reader.now
        });
    }
    let time =
        typed.split_once(':').and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
    let moment = time.map(|time| reader.school.calendar.moment(reader.today().to_datetime(time)));
    match moment {
        Some(until) if until > reader.now => until,
        Some(_) => {
            answers.refuse("until", "this time has passed; a list ends later today");
            reader.now
        }
        None => {
            answers.refuse("until", "write the time as 11:20");
            reader.now
        }
    }
}

/// The sites, one a line.
fn hosts(app: &App, reader: &SignedIn, answers: &mut Answers) -> Vec<String> {
    answers.required("hosts", "write the sites, one a line", 5000);
    let hosts = host::lines(answers, "hosts", |host| app.network.listed(reader.school.id, host).beyond_reach);
    if hosts.len() > MOST_SITES {
        answers.refuse("hosts", format!("a lesson has room for {MOST_SITES} sites; leave some out"));
    }
    hosts
}
