//! What the filter would decide about a page, and every step that leads there: for a group, or for a person where the
//! reader may find people on the roster. The address is sent, never put into the address bar, and kept nowhere.

use super::show::group_choices;
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
use belisha_records::{Permission, Person, is_at_school};
use belisha_store::people;
use jiff::Timestamp;
use jiff::civil::Time;

/// The longest address, in characters.
const LONGEST: usize = 2000;
/// The most people offered for one name.
const MOST_PEOPLE: u32 = 12;

/// An explanation: the answer, what is known, and the steps in their order.
struct Explained {
    page: String,
    whom: String,
    when: String,
    answer: String,
    facts: Vec<(String, String)>,
    steps: Vec<String>,
}

#[derive(Template)]
#[template(path = "filter/explain.html")]
struct ExplainPage {
    frame: Frame,
    answers: Answers,
    groups: Vec<Choice>,
    by_person: bool,
    /// People to choose from, where a name is several people's.
    people: Vec<Choice>,
    explained: Option<Explained>,
    facts: Vec<(String, String)>,
}

pub(crate) async fn page(reader: SignedIn) -> WebResult {
    reader.may(Permission::ExplainDecisions)?;
    shown(&reader, Answers::new().with("group", "pupil"), Vec::new(), None)
}

fn shown(reader: &SignedIn, answers: Answers, people: Vec<Choice>, mut explained: Option<Explained>) -> WebResult {
    let facts = explained.as_mut().map(|explained| std::mem::take(&mut explained.facts)).unwrap_or_default();
    let by_person = reader.can(Permission::SeePeople);
    show(ExplainPage { frame: reader.frame(), answers, groups: group_choices(), by_person, people, explained, facts })
}

fn again(reader: &SignedIn, answers: Answers, people: Vec<Choice>) -> WebResult<Response> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, shown(reader, answers, people, None)?).into_response())
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ExplainDecisions)?;
    let page = answers.required("page", "type the address of the page, such as maths.example", LONGEST);
    let at = moment(&reader, &mut answers);
    let group = answers.value("group").to_owned();
    if !group_choices().iter().any(|choice| choice.value == group) {
        answers.refuse("group", "choose a group");
    }
    let name = answers.value("person").to_owned();
    let mut found = Vec::new();
    if !name.is_empty() {
        reader.may(Permission::SeePeople)?;
        let mut tx = app.store.read(reader.school.id).await?;
        found = people::search(&mut tx, &name, MOST_PEOPLE).await?;
        found.retain(|person| is_at_school(person, reader.today()));
        let chosen = answers.value("which");
        if let Some(only) = found.iter().position(|person| person.id.to_string() == chosen) {
            found = vec![found.swap_remove(only)];
        }
        match found.len() {
            0 => answers.refuse(
                "person",
                "nobody at the school has these letters in their name; check the spelling, or leave it empty",
            ),
            1 => {}
            _ => answers.refuse("which", "several people have these letters in their name; choose one"),
        }
    }
    if answers.has_errors() {
        let several = if found.len() > 1 { found.iter().map(person_choice).collect() } else { Vec::new() };
        return again(&reader, answers, several);
    }
    let (rows, whom) = match found.first() {
        Some(person) => {
            (app.network.explain(reader.school.id, Some(person.id), &page, at), person.name.reveal().to_owned())
        }
        None => (
            app.network.explain_for_group(reader.school.id, &group, &page, at),
            crate::requests::group_label(&group).to_owned(),
        ),
    };
    let explained = explained(rows, page, whom, words::moment(at, &reader.zone()));
    shown(&reader, answers, Vec::new(), Some(explained))
}

fn person_choice(person: &Person) -> Choice {
    let year = person
        .year_group
        .as_deref()
        .map(|year| format!("Year group {year}"))
        .unwrap_or_else(|| person.audience.label().to_owned());
    Choice::new(person.id, person.name.reveal()).hint(year)
}

/// The time asked about: now, unless a day or a time of day is written.
fn moment(reader: &SignedIn, answers: &mut Answers) -> Timestamp {
    let calendar = &reader.school.calendar;
    let written = crate::answers::DATE_PARTS.iter().any(|(part, ..)| !answers.value_of_part("day", part).is_empty());
    let day = if written { answers.date("day", "write the day") } else { Some(reader.today()) };
    let typed = answers.value("time").replace('.', ":");
    let time = match typed.as_str() {
        "" if !written => return reader.now,
        "" => Time::constant(10, 0, 0, 0),
        typed => match typed
            .split_once(':')
            .and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok())
        {
            Some(time) => time,
            None => {
                answers.refuse("time", "write the time as 10:45");
                return reader.now;
            }
        },
    };
    day.map_or(reader.now, |day| calendar.moment(day.to_datetime(time)))
}

fn explained(rows: Vec<(String, String)>, page: String, whom: String, when: String) -> Explained {
    let (mut steps, mut facts, mut answer) = (Vec::new(), Vec::new(), String::new());
    for (label, says) in rows {
        let says = words::sentence(&says);
        match label.as_str() {
            step if step.starts_with("Step ") => steps.push(says),
            _ if answer.is_empty() => answer = says,
            "Group" => facts.push((label, crate::requests::group_label(&says.to_lowercase()).to_owned())),
            _ => facts.push((label, says)),
        }
    }
    if answer.is_empty() {
        answer = "No filter is running for this school, so nothing can be said.".into();
    }
    Explained { page, whom, when, answer, facts, steps }
}
