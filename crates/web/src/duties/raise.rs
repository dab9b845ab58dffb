//! Starts a duty that an event sets off: new technology, a day of the school's year, somebody who joins. Duties that a case
//! sets off are left to the case.

use super::tells_of_a_case;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::go_on;
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::{Clause, Due, Duty, Policy};
use belisha_records::{
    DutyOccurrence, OfficeHolding, Permission, Person, PersonId, duty_for_event, holders, is_at_school,
};
use belisha_store::{Tx, duties, offices, people};
use jiff::civil::Time;

#[derive(Template)]
#[template(path = "duties/raise.html")]
struct RaisePage {
    frame: Frame,
    answers: Answers,
    duties: Vec<Choice>,
    people: Vec<Choice>,
}

/// The duties that can be started here.
fn startable(policy: &Policy) -> impl Iterator<Item = (&Clause, &Duty)> {
    policy.duties().filter(|(_, duty)| matches!(&duty.due, Due::On { event, .. } if !tells_of_a_case(*event)))
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::IssueReport)?;
    let today = reader.today();
    let answers =
        Answers::new().with("on-day", today.day()).with("on-month", today.month()).with("on-year", today.year());
    form(&mut app.store.read(reader.school.id).await?, &reader, answers).await
}

async fn form(tx: &mut Tx, reader: &SignedIn, answers: Answers) -> WebResult {
    let current = in_force(tx, reader).await?;
    let choice = |(clause, duty): (&Clause, &Duty)| {
        let event = if let Due::On { event, .. } = &duty.due { event.label() } else { "" };
        Choice::new(&clause.id.0, crate::words::sentence(event)).hint(crate::board::shorten(&clause.text))
    };
    let mut concerned = vec![Choice::new("", "Nobody in particular")];
    let everyone = people::list(tx).await?;
    let adult = |person: &&Person| person.year_group.is_none() && is_at_school(person, reader.today());
    concerned.extend(everyone.iter().filter(adult).map(|person| Choice::new(person.id, person.name.reveal())));
    let duties = current.as_ref().map(|current| startable(&current.policy).map(choice).collect()).unwrap_or_default();
    show(RaisePage { frame: reader.frame(), answers, duties, people: concerned })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::IssueReport)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let current = in_force(&mut tx, &reader).await?.ok_or(WebError::NotFound)?;
    let found = startable(&current.policy).find(|(clause, _)| clause.id.0 == answers.value("duty"));
    if found.is_none() {
        answers.refuse("duty", "choose what has happened");
    }
    let on = answers.date("on", "enter the day it happened");
    if on.is_some_and(|on| on > reader.today()) {
        answers.refuse("on", "choose a day that is not still to come");
    }
    let everyone = people::list(&mut tx).await?;
    let wanted: Option<PersonId> = answers.value("person").parse().ok();
    let concerned = everyone.iter().find(|person| Some(person.id) == wanted && is_at_school(person, reader.today()));
    if let Some((_, Duty { who: Some(audience), .. })) = found
        && concerned.is_none_or(|person| person.audience != *audience)
    {
        answers.refuse(
            "person",
            format!("this duty is about one person; choose one of: {}", audience.label().to_lowercase()),
        );
    }
    let (Some((clause, duty)), Some(on), false) = (found, on, answers.has_errors()) else {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&mut tx, &reader, answers).await?).into_response());
    };
    let at = reader.school.calendar.moment(on.to_datetime(Time::midnight()));
    let period = duty_for_event(duty, &reader.school.calendar, &on.to_string(), at).ok_or(WebError::NotFound)?;
    let occurrence = DutyOccurrence {
        id: tx.new_id(),
        school: reader.school.id,
        clause: clause.id.0.clone(),
        period: period.key,
        person: duty.who.and(concerned).map(|person| person.id),
        owner: owner(duty, &offices::list(&mut tx).await?, &everyone, &reader),
        due: period.due,
        done: None,
        chasers: 0,
    };
    if !duties::insert_new(&mut tx, &occurrence).await? {
        answers.refuse("on", "it was started for this day already; it stands in the list of duties");
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&mut tx, &reader, answers).await?).into_response());
    }
    tx.commit().await?;
    Ok(go_on(urls::DUTIES, "raised"))
}

/// Whoever holds the first office of the duty that somebody holds today.
fn owner(duty: &Duty, held: &[OfficeHolding], everyone: &[Person], reader: &SignedIn) -> Option<PersonId> {
    let today = reader.today();
    let here = |id: &PersonId| everyone.iter().any(|person| person.id == *id && is_at_school(person, today));
    duty.owners.iter().find_map(|role| holders(*role, held, today).into_iter().find(here))
}
