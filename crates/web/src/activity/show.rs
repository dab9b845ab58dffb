//! Activity in figures: how much was asked for and closed, by group and category, and the week's summary of the
//! monitoring. It names nobody, and small numbers are left out.

use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::reports::chart::{self, Chart};
use crate::requests::{category_label, group_label};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{RawQuery, State};
use belisha_policy::{Audience, GROUPS};
use belisha_records::{CountTable, Figure, Permission, PersonId, PublishedTable, publish};
use belisha_store::activity::{self, HourFigure};
use belisha_store::{Tx, alerts, look_ups, people};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday};
use std::collections::HashSet;

/// A table with its chart.
struct Drawn {
    chart: Chart,
    table: PublishedTable,
    caption: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

#[derive(Template)]
#[template(path = "activity/show.html")]
struct ActivityPage {
    frame: Frame,
    title: String,
    sentences: Vec<String>,
    drawn: Vec<Drawn>,
    nothing: bool,
    look_ups: String,
    may_look_up: bool,
    previous: String,
    next: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, RawQuery(query): RawQuery) -> WebResult {
    reader.may(Permission::SeeActivityTotals)?;
    let query = Answers::parse(query.unwrap_or_default().as_bytes());
    let this_week = monday_of(reader.today());
    let monday = query.value("week").parse::<Date>().map_or(this_week, monday_of).min(this_week);
    let next_monday = monday.saturating_add(7.days());
    let calendar = &reader.school.calendar;
    let range = (
        calendar.moment(monday.to_datetime(Time::midnight())),
        calendar.moment(next_monday.to_datetime(Time::midnight())),
    );
    let mut tx = app.store.read(reader.school.id).await?;
    let hours = activity::figures(&mut tx, range.0, range.1).await?;
    let mut raised = alerts::list_between(&mut tx, range.0, range.1).await?;
    // One about an adult is in no count: the one it is about may read this page.
    let adults: HashSet<PersonId> = people::list(&mut tx)
        .await?
        .into_iter()
        .filter(|person| !matches!(person.audience, Audience::Pupil | Audience::YoungerPupil))
        .map(|person| person.id)
        .collect();
    raised.retain(|alert| alert.person.is_none_or(|person| !adults.contains(&person)));
    let mut themes = CountTable::count("alerts", "Alerts of the monitoring", &[], &["Settled", "Open"], []);
    for alert in &raised {
        themes.add(
            &words::sentence(&alert.theme.replace('-', " ")),
            if alert.settled.is_some() { "Settled" } else { "Open" },
            1,
        );
    }
    let drawn: Vec<Drawn> =
        [asked(&hours), closed(&hours), themes].iter().map(|table| drawn(&publish(table, &[]))).collect();
    let sentences = sentences(&hours, &drawn);
    let look_ups = look_ups_of_term(&mut tx, &reader).await?;
    let week = |monday: Date| format!("{}?week={monday}", urls::ACTIVITY);
    show(ActivityPage {
        frame: reader.frame(),
        title: format!("{} to {}", monday.strftime("%-d %B"), words::day(monday.saturating_add(6.days()))),
        sentences,
        drawn,
        nothing: hours.is_empty() && raised.is_empty(),
        look_ups,
        may_look_up: reader.can(Permission::LookUpActivity),
        previous: week(monday.saturating_sub(7.days())),
        next: if monday < this_week { week(next_monday) } else { String::new() },
    })
}

fn monday_of(day: Date) -> Date {
    let since = i64::from(day.weekday().since(Weekday::Monday));
    day.saturating_sub(since.days())
}

fn number(requests: u64) -> u32 {
    u32::try_from(requests).unwrap_or(u32::MAX)
}

/// Requests of each group, opened at once or not.
fn asked(hours: &[HourFigure]) -> CountTable {
    let groups: Vec<&str> = GROUPS
        .iter()
        .map(|(key, label)| (hours.iter().any(|hour| hour.group == *key), *label))
        .filter(|(any, _)| *any)
        .map(|(_, label)| label)
        .collect();
    let mut table = CountTable::count("asked", "Pages asked for", &groups, &["Opened", "Not opened at once"], []);
    for hour in hours {
        let column = if hour.action == "allowed" { "Opened" } else { "Not opened at once" };
        table.add(group_label(&hour.group), column, number(hour.requests));
    }
    table
}

/// What was not opened at once, by category and group.
fn closed(hours: &[HourFigure]) -> CountTable {
    let mut table = CountTable::count("closed", "Pages that did not open at once", &[], &[], []);
    for hour in hours.iter().filter(|hour| hour.action != "allowed") {
        let category = hour.category.as_deref().map_or_else(|| "In no category".to_owned(), category_label);
        table.add(&category, group_label(&hour.group), number(hour.requests));
    }
    table
}

fn drawn(table: &PublishedTable) -> Drawn {
    let row = |label: &str, cells: &[Figure], total: Figure| {
        let figures = cells.iter().chain([&total]).map(|figure| figure.text());
        std::iter::once(label.to_owned()).chain(figures).collect::<Vec<_>>()
    };
    let mut rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .zip(&table.cells)
        .zip(&table.row_totals)
        .map(|((label, cells), total)| row(label, cells, *total))
        .collect();
    rows.push(row("All", &table.column_totals, table.total));
    let head =
        std::iter::once("What".to_owned()).chain(table.columns.iter().cloned()).chain(["All".to_owned()]).collect();
    Drawn { chart: chart::of(table), table: table.clone(), caption: format!("Figures: {}", table.title), head, rows }
}

/// The week in sentences, for whoever reads no chart.
fn sentences(hours: &[HourFigure], drawn: &[Drawn]) -> Vec<String> {
    let mut sentences: Vec<String> = drawn.iter().map(|one| format!("{}.", one.table.sentence())).collect();
    let total: u64 = hours.iter().map(|hour| hour.requests).sum();
    let shut: u64 = hours.iter().filter(|hour| hour.action != "allowed").map(|hour| hour.requests).sum();
    let shown = drawn.get(1).is_some_and(|one| matches!(one.table.total, Figure::Shown(_)));
    if shown && total > 0 {
        sentences.push(format!(
            "Of every hundred pages asked for, {} did not open at once.",
            (shut * 100 + total / 2) / total
        ));
    }
    sentences
}

/// How often somebody was looked up this term: what governors count.
pub(super) async fn look_ups_of_term(tx: &mut Tx, reader: &SignedIn) -> WebResult<String> {
    let (calendar, today) = (&reader.school.calendar, reader.today());
    let term = calendar.terms.iter().find(|term| term.first <= today && today <= term.last);
    let (since, name) = match term {
        Some(term) => (term.first, "this term"),
        None => (calendar.academic_year_span(today).0, "this school year"),
    };
    let from = calendar.moment(since.to_datetime(Time::midnight()));
    let made = look_ups::list_between(tx, from, reader.now + jiff::SignedDuration::from_secs(1)).await?.len();
    Ok(format!("{} {name}, since {}", words::count(made, "look-up", "look-ups"), words::day(since)))
}
