//! Every duty of the school: one row for each clause and period, counted, so that those who oversee see no names. Those who lead
//! open a row and see whose.

use super::{is_mine, leads, may_be_listed, stand, what};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use belisha_policy::Policy;
use belisha_records::{DutyOccurrence, DutyStatus, Permission, PersonId, duty_status};
use belisha_store::{duties, people};
use jiff::ToSpan;
use std::collections::BTreeMap;

/// Days back that kept duties are listed.
const BACK: i32 = 92;

struct Row {
    href: String,
    what: String,
    owner: String,
    clock: String,
    count: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "duties/all.html")]
struct AllPage {
    frame: Frame,
    summary: String,
    rows: Vec<Row>,
    leads: bool,
}

struct One {
    href: String,
    about: String,
    clock: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "duties/of.html")]
struct OfPage {
    frame: Frame,
    title: String,
    text: String,
    board: String,
    rows: Vec<One>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may_any(&[Permission::SeeBoard, Permission::IssueReport])?;
    let mut tx = app.store.read(reader.school.id).await?;
    let Some(current) = in_force(&mut tx, &reader).await? else {
        return show(AllPage {
            frame: reader.frame(),
            summary: String::new(),
            rows: Vec::new(),
            leads: leads(&reader),
        });
    };
    let since = reader.today().saturating_sub(BACK.days());
    let mut grouped: BTreeMap<(String, String), Vec<DutyOccurrence>> = BTreeMap::new();
    for duty in duties::list(&mut tx).await? {
        if may_be_listed(&current.policy, &duty) && (duty.done.is_none() || duty.due >= since) {
            grouped.entry((duty.clause.clone(), duty.period.clone())).or_default().push(duty);
        }
    }
    // Of what was kept, each clause shows its newest period: all of them stand on the board.
    let mut newest: BTreeMap<String, (jiff::civil::Date, String)> = BTreeMap::new();
    for ((clause, period), group) in &grouped {
        let due = group.iter().map(|duty| duty.due).max().unwrap_or(since);
        let seen = newest.entry(clause.clone()).or_insert_with(|| (due, period.clone()));
        if due > seen.0 {
            *seen = (due, period.clone());
        }
    }
    grouped.retain(|(clause, period), group| {
        group.iter().any(|duty| duty.done.is_none()) || newest.get(clause).is_some_and(|(_, newest)| newest == period)
    });
    let mut rows: Vec<(DutyStatus, jiff::civil::Date, Row)> =
        grouped.values().filter_map(|group| row(&current.policy, group, &reader)).collect();
    // Overdue, then due, then kept; the oldest first.
    rows.sort_by_key(|(status, due, _)| (std::cmp::Reverse(*status), *due));
    let overdue = rows.iter().filter(|(status, ..)| *status == DutyStatus::Overdue).count();
    let open = rows.iter().filter(|(status, ..)| *status == DutyStatus::Due).count();
    let summary = format!("{} overdue, {open} due.", words::count(overdue, "duty is", "duties are"));
    show(AllPage {
        frame: reader.frame(),
        summary,
        rows: rows.into_iter().map(|(.., row)| row).collect(),
        leads: leads(&reader),
    })
}

fn row(policy: &Policy, group: &[DutyOccurrence], reader: &SignedIn) -> Option<(DutyStatus, jiff::civil::Date, Row)> {
    let today = reader.today();
    let worst = group.iter().max_by_key(|duty| (duty_status(duty, today), std::cmp::Reverse(duty.due)))?;
    let (kind, word, clock) = stand(worst, today);
    let kept = group.iter().filter(|duty| duty.done.is_some()).count();
    let owners = super::clause_of(policy, worst)
        .map(|(_, duty)| duty.owners.iter().map(|role| role.label()).collect::<Vec<_>>().join(", "));
    let href = match (leads(reader), group) {
        (false, _) => urls::board_clause(&worst.clause),
        (true, [one]) => urls::duty(one.id),
        (true, _) => format!("/duties/of/{}/{}", worst.clause, worst.period),
    };
    let row = Row {
        href,
        what: what(policy, worst),
        owner: owners.unwrap_or_default(),
        clock: words::sentence(&clock),
        count: if group.len() > 1 { format!("{kept} of {} done", group.len()) } else { String::new() },
        kind,
        word,
    };
    Some((duty_status(worst, today), worst.due, row))
}

/// One clause in one period, person by person: all of them for those who lead, their own for whoever answers for them.
pub(crate) async fn one(
    State(app): State<App>,
    reader: SignedIn,
    Path((clause, period)): Path<(String, String)>,
) -> WebResult {
    reader.may(Permission::SeeDuties)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let current = in_force(&mut tx, &reader).await?.ok_or(WebError::NotFound)?;
    let mut group: Vec<DutyOccurrence> = duties::list_of_clause(&mut tx, &clause)
        .await?
        .into_iter()
        .filter(|duty| {
            duty.period == period
                && (is_mine(duty, &reader) || (leads(&reader) && may_be_listed(&current.policy, duty)))
        })
        .collect();
    let first = group.first().ok_or(WebError::NotFound)?.clone();
    let everyone = people::list(&mut tx).await?;
    let name = |id: Option<PersonId>| {
        id.and_then(|id| everyone.iter().find(|person| person.id == id)).map(|person| person.name.reveal().to_owned())
    };
    let today = reader.today();
    group.sort_by_key(|duty| (std::cmp::Reverse(duty_status(duty, today)), duty.due, name(duty.person)));
    let rows = group
        .iter()
        .map(|duty| {
            let (kind, word, clock) = stand(duty, today);
            let about =
                name(duty.person).or_else(|| name(duty.owner)).unwrap_or_else(|| "Nobody holds the office".to_owned());
            One { href: urls::duty(duty.id), about, clock: words::sentence(&clock), kind, word }
        })
        .collect();
    let found = current.policy.clause(&clause);
    show(OfPage {
        frame: reader.frame(),
        title: found.map_or_else(|| what(&current.policy, &first), |clause| clause.section.clone()),
        text: found.map(|clause| clause.text.clone()).unwrap_or_default(),
        board: urls::board_clause(&clause),
        rows,
    })
}
