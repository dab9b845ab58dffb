//! The reader's own duties: overdue first, then due, then those kept lately.

use super::{DONE, days_between, is_mine, leads, stand, what};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::notice::Done;
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use belisha_policy::Policy;
use belisha_records::{DutyOccurrence, DutyStatus, Permission, Person, duty_status};
use belisha_store::{Tx, duties, people};
use std::collections::HashSet;

/// How many duties that were kept are shown.
const KEPT: usize = 9;
/// Open duties of one clause and period that are shown one by one.
const MOST_ALIKE: usize = 3;
/// Days ahead that home looks.
const SOON: i32 = 7;

struct Row {
    href: String,
    what: String,
    about: String,
    clock: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "duties/mine.html")]
struct DutiesPage {
    frame: Frame,
    summary: String,
    open: Vec<Row>,
    kept: Vec<Row>,
    may_see_all: bool,
    leads: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(done): Query<Done>) -> WebResult {
    reader.may(Permission::SeeDuties)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let policy = in_force(&mut tx, &reader).await?.map(|current| current.policy);
    let everyone = people::list(&mut tx).await?;
    let mine: Vec<DutyOccurrence> =
        duties::list(&mut tx).await?.into_iter().filter(|duty| is_mine(duty, &reader)).collect();
    let row = |duty: &DutyOccurrence| row(duty, policy.as_ref(), &everyone, &reader);
    let waiting: Vec<&DutyOccurrence> = mine.iter().filter(|duty| duty.done.is_none()).collect();
    let mut open: Vec<Row> = Vec::new();
    let mut gathered: HashSet<(&str, &str)> = HashSet::new();
    for duty in &waiting {
        let alike = waiting.iter().filter(|other| other.clause == duty.clause && other.period == duty.period).count();
        // One for each member of staff is one row, which opens into all of them.
        if alike <= MOST_ALIKE {
            open.push(row(duty));
        } else if gathered.insert((duty.clause.as_str(), duty.period.as_str())) {
            open.push(Row {
                href: format!("/duties/of/{}/{}", duty.clause, duty.period),
                about: words::count(alike, "person", "people"),
                ..row(duty)
            });
        }
    }
    let mut kept: Vec<&DutyOccurrence> = mine.iter().filter(|duty| duty.done.is_some()).collect();
    kept.sort_by_key(|duty| std::cmp::Reverse(duty.done.as_ref().map(|done| done.at)));
    let overdue = mine.iter().filter(|duty| duty_status(duty, reader.today()) == DutyStatus::Overdue).count();
    let summary = match (overdue, waiting.len()) {
        (0, 0) => "Nothing waits for you.".to_owned(),
        (0, open) => format!("{} for you, none of them overdue.", words::count(open, "duty waits", "duties wait")),
        (overdue, open) => format!("{} for you; {overdue} overdue.", words::count(open, "duty waits", "duties wait")),
    };
    show(DutiesPage {
        frame: done.said_on(reader.frame(), DONE),
        summary,
        open,
        kept: kept.into_iter().take(KEPT).map(row).collect(),
        may_see_all: leads(&reader) || reader.can(Permission::SeeBoard),
        leads: leads(&reader),
    })
}

fn row(duty: &DutyOccurrence, policy: Option<&Policy>, everyone: &[Person], reader: &SignedIn) -> Row {
    let (kind, word, clock) = stand(duty, reader.today());
    let about = duty.person.filter(|person| *person != reader.person.id);
    Row {
        href: urls::duty(duty.id),
        what: policy.map(|policy| what(policy, duty)).unwrap_or_default(),
        about: about
            .and_then(|id| everyone.iter().find(|person| person.id == id))
            .map(|person| person.name.reveal().to_owned())
            .unwrap_or_default(),
        clock: words::sentence(&clock),
        kind,
        word,
    }
}

/// The reader's duties that are overdue or fall due within the week.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::CompleteDuty) {
        return Ok(Vec::new());
    }
    let mut open = duties::list_open_of(tx, reader.person.id).await?;
    open.retain(|duty| days_between(reader.today(), duty.due) <= SOON);
    let Some(first) = open.first() else { return Ok(Vec::new()) };
    // Many, such as one for each member of staff, are one row.
    if open.len() > 3 {
        let overdue = open.iter().filter(|duty| duty_status(duty, reader.today()) == DutyStatus::Overdue).count();
        let (kind, word) = if overdue > 0 { ("overdue", "Overdue") } else { ("due", "Due") };
        let label = format!("{} of the policy wait for you", words::count(open.len(), "duty", "duties"));
        let detail = format!("{overdue} overdue; the oldest {}.", stand(first, reader.today()).2);
        return Ok(vec![Need { label, href: urls::DUTIES.into(), detail, kind, word: word.into() }]);
    }
    let policy = in_force(tx, reader).await?.map(|current| current.policy);
    let need = |duty: &DutyOccurrence| {
        let (kind, word, clock) = stand(duty, reader.today());
        let label = policy.as_ref().map(|policy| what(policy, duty)).unwrap_or_default();
        Need {
            label,
            href: urls::duty(duty.id),
            detail: format!("{}.", words::sentence(&clock)),
            kind,
            word: word.into(),
        }
    };
    Ok(open.iter().map(need).collect())
}
