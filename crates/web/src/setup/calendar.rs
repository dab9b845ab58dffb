//! The third step: terms, closed days and the school's day. Deadlines and "in lesson time" are counted in them.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::{Nation, Period};
use belisha_records::{BoardingHours, ClosedDays, DayPart, Permission, SchoolCalendar, Term};
use belisha_store::schools;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// The moments of a school day: field, label.
const MOMENTS: [(&str, &str); 6] = [
    ("starts", "First lesson starts"),
    ("break-from", "Break starts"),
    ("break-until", "Break ends"),
    ("lunch-from", "Lunch starts"),
    ("lunch-until", "Lunch ends"),
    ("ends", "Last lesson ends"),
];
const TERMS: [(&str, &str); 3] = [("autumn", "Autumn term"), ("spring", "Spring term"), ("summer", "Summer term")];

#[derive(Template)]
#[template(path = "setup/calendar.html")]
struct CalendarPage {
    frame: Frame,
    answers: Answers,
}

/// What is usual in a nation for the school year that a moment falls in: something to correct, not to trust.
pub(crate) fn usual(nation: Nation, now: Timestamp) -> SchoolCalendar {
    let today = now.to_zoned(TimeZone::UTC).date();
    let (dates, first_month): ([[(i8, i8); 2]; 3], i8) = match nation {
        Nation::England => ([[(9, 2), (12, 18)], [(1, 5), (3, 26)], [(4, 13), (7, 21)]], 9),
        Nation::Scotland => ([[(8, 18), (12, 22)], [(1, 6), (4, 2)], [(4, 19), (6, 25)]], 8),
    };
    let year = if today.month() >= first_month { today.year() } else { today.year() - 1 };
    let on = |(month, day): (i8, i8)| Date::new(if month >= 8 { year } else { year + 1 }, month, day).unwrap_or(today);
    let terms = TERMS
        .iter()
        .zip(dates)
        .map(|((_, name), [first, last])| Term { name: (*name).into(), first: on(first), last: on(last) })
        .collect();
    let at = |hour, minute| Time::new(hour, minute, 0, 0).unwrap_or(Time::midnight());
    let day = day_parts([at(8, 50), at(10, 50), at(11, 10), at(12, 40), at(13, 30), at(15, 20)]);
    SchoolCalendar { time_zone: "Europe/London".into(), terms, closed: Vec::new(), day, boarding: Vec::new() }
}

fn day_parts([starts, break_from, break_until, lunch_from, lunch_until, ends]: [Time; 6]) -> Vec<DayPart> {
    let part = |period, from, until| DayPart { period, from, until };
    vec![
        part(Period::Lesson, starts, break_from),
        part(Period::Break, break_from, break_until),
        part(Period::Lesson, break_until, lunch_from),
        part(Period::Break, lunch_from, lunch_until),
        part(Period::Lesson, lunch_until, ends),
    ]
}

pub(crate) async fn page(reader: SignedIn) -> WebResult {
    reader.may(Permission::ManageSchool)?;
    let calendar = &reader.school.calendar;
    let mut answers = Answers::new();
    for ((field, _), term) in TERMS.iter().zip(&calendar.terms) {
        answers = answers.with(format!("{field}-first"), term.first).with(format!("{field}-last"), term.last);
    }
    let edges: Vec<Time> =
        calendar.day.iter().map(|part| part.from).chain(calendar.day.last().map(|part| part.until)).collect();
    for ((field, _), time) in MOMENTS.iter().zip(edges) {
        answers = answers.with(*field, time.strftime("%H:%M"));
    }
    let closed: Vec<String> =
        calendar.closed.iter().map(|days| format!("{} {} {}", days.first, days.last, days.name)).collect();
    let boarding: Vec<String> = calendar.boarding.iter().map(boarding_line).collect();
    answers = answers.with("closed", closed.join("\n")).with("boarding", boarding.join("\n"));
    show(CalendarPage { frame: reader.frame(), answers })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageSchool)?;
    let calendar = read(&mut answers, &reader.school.calendar.time_zone);
    if answers.has_errors() {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, show(CalendarPage { frame: reader.frame(), answers })?).into_response()
        );
    }
    let mut school = reader.school.clone();
    school.calendar = calendar;
    let mut tx = app.store.begin(&reader.actor(), school.id, reader.now).await?;
    schools::update(&mut tx, &school).await?;
    tx.commit().await?;
    app.network.rules_changed(school.id).await;
    Ok(Redirect::to(urls::START_PEOPLE).into_response())
}

fn read(answers: &mut Answers, time_zone: &str) -> SchoolCalendar {
    let mut terms: Vec<Term> = Vec::new();
    for (field, name) in TERMS {
        let (first_field, last_field) = (format!("{field}-first"), format!("{field}-last"));
        let (first, last) = (answers.value(&first_field).parse::<Date>(), answers.value(&last_field).parse::<Date>());
        let after = terms.last().map(|term| term.last);
        match (first, last) {
            (Ok(first), Ok(last)) if first > last => {
                answers.refuse(&last_field, "the term ends before it starts; change one of the two")
            }
            (Ok(first), Ok(_)) if after.is_some_and(|end| end >= first) => {
                answers.refuse(&first_field, "the term starts before the one above ends")
            }
            (Ok(first), Ok(last)) => terms.push(Term { name: name.into(), first, last }),
            (Err(_), _) => answers.refuse(&first_field, "enter the first school day of the term"),
            (_, Err(_)) => answers.refuse(&last_field, "enter the last school day of the term"),
        }
    }
    let mut times = Vec::new();
    for (field, label) in MOMENTS {
        match answers.value(field).parse::<Time>() {
            Ok(time) if times.last().is_some_and(|before| *before >= time) => {
                answers.refuse(field, format!("`{label}` must come after the time above it"))
            }
            Ok(time) => times.push(time),
            Err(_) => answers.refuse(field, format!("enter a time for `{label}`, such as 10:50")),
        }
    }
    let (closed, boarding) = (closed(answers), boarding(answers));
    let day = <[Time; 6]>::try_from(times).map(day_parts).unwrap_or_default();
    SchoolCalendar { time_zone: time_zone.to_owned(), terms, closed, day, boarding }
}

/// Closed days, one line each: first day, last day, why.
fn closed(answers: &mut Answers) -> Vec<ClosedDays> {
    let lines: Vec<String> =
        answers.value("closed").lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let mut closed = Vec::new();
    for line in lines {
        let mut parts = line.splitn(3, char::is_whitespace);
        let days = (parts.next().map(str::parse::<Date>), parts.next().map(str::parse::<Date>), parts.next());
        match days {
            (Some(Ok(first)), Some(Ok(last)), Some(name)) if first <= last => {
                closed.push(ClosedDays { name: name.trim().to_owned(), first, last })
            }
            _ => answers.refuse(
                "closed",
                format!("`{line}` is not two days and a reason; write it as 2026-10-26 2026-10-30 Half term"),
            ),
        }
    }
    closed
}

fn boarding_line(hours: &BoardingHours) -> String {
    let days = if hours.weekend { "weekend" } else { "weekdays" };
    format!("{days} {} {}", hours.from.strftime("%H:%M"), hours.until.strftime("%H:%M"))
}

/// Boarding hours, one line each: which days, from, until. Midnight at the end is written 00:00.
fn boarding(answers: &mut Answers) -> Vec<BoardingHours> {
    let lines: Vec<String> =
        answers.value("boarding").lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let mut boarding = Vec::new();
    for line in lines {
        match boarding_hours(&line) {
            Some(hours) => boarding.push(hours),
            None => answers.refuse(
                "boarding",
                format!("`{line}` is not boarding time; write it as weekdays 18:00 22:00, or weekend 08:00 00:00"),
            ),
        }
    }
    boarding
}

fn boarding_hours(line: &str) -> Option<BoardingHours> {
    let mut parts = line.split_whitespace();
    let weekend = match parts.next()? {
        "weekend" => true,
        "weekdays" => false,
        _ => return None,
    };
    let (from, until) = (parts.next()?.parse::<Time>().ok()?, parts.next()?.parse::<Time>().ok()?);
    let whole = parts.next().is_none() && (from < until || until == Time::midnight());
    whole.then_some(BoardingHours { weekend, from, until })
}
