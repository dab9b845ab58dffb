//! The inbox: what the monitoring noticed, the most dangerous first, one sentence each, its clock, and who has it. A flag is not a
//! judgement: each is settled by a person, with a reason or by a case.

mod dismiss;
mod list;
mod show;

pub(crate) use list::needs;

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::incidents::labels::{by, waited};
use crate::incidents::sight::{Knowledge, sees};
use crate::session::SignedIn;
use crate::urls;
use axum::Router;
use axum::routing::{get, post};
use belisha_policy::Role;
use belisha_records::{Alert, AlertId, Danger, Permission, Settlement, may_triage};
use belisha_store::{Tx, alerts};

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::ALERTS, get(list::page))
        .route("/alerts/{id}", get(show::page))
        .route("/alerts/{id}/dismiss", post(dismiss::submit))
}

/// An alert by the id in an address. One about the reader, and one that became a case hidden from them, is not found.
pub(crate) async fn find(tx: &mut Tx, reader: &SignedIn, id: &str) -> WebResult<Alert> {
    reader.may(Permission::TriageAlerts)?;
    let id: AlertId = id.parse().map_err(|_| WebError::NotFound)?;
    let alert = alerts::find(tx, reader.person.id, id).await?.ok_or(WebError::NotFound)?;
    if !may_triage(reader.person.id, &alert) {
        return Err(WebError::NotFound);
    }
    let knowledge = Knowledge::gather(tx, reader).await?;
    if is_hidden(tx, reader, &knowledge, &alert).await? { Err(WebError::NotFound) } else { Ok(alert) }
}

/// Whether the alert became a case that the reader has no sight of: then the alert would tell of it.
async fn is_hidden(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge, alert: &Alert) -> WebResult<bool> {
    match &alert.settled {
        Some(Settlement::Incident { incident, .. }) => Ok(!sees(tx, reader, knowledge, *incident).await?),
        _ => Ok(false),
    }
}

/// One alert in one sentence, with its clock.
pub(crate) struct Said {
    pub(crate) sentence: String,
    pub(crate) clock: String,
    pub(crate) kind: &'static str,
    pub(crate) word: &'static str,
}

pub(crate) fn say(reader: &SignedIn, knowledge: &Knowledge, alert: &Alert) -> Said {
    let theme = crate::words::theme(&alert.theme);
    let sentence = match alert.person {
        Some(person) => format!("A worry about {theme}: {}", knowledge.name(person)),
        None => format!("A worry about {theme}: we do not know who"),
    };
    let calendar = &reader.school.calendar;
    let after = |days| calendar.end_of_school_day_after(alert.seen_at, days);
    let (kind, word, due) = match alert.danger {
        Danger::Urgent => ("danger", "Now", None),
        Danger::Serious => ("needed", "Today", Some(after(0))),
        Danger::Low => ("needed", "Have a look", Some(after(3))),
    };
    let waited = waited(alert.seen_at, reader.now);
    let clock = match due {
        None => format!("Waiting {waited}. Look at it now"),
        Some(due) if due < reader.now => {
            format!("Waiting {waited}. It should have been looked at {}", by(due, &reader.zone()))
        }
        Some(due) => format!("Waiting {waited}. Look at it {}", by(due, &reader.zone())),
    };
    let late = due.is_some_and(|due| due < reader.now);
    Said {
        sentence,
        clock,
        kind: if late && kind == "needed" { "overdue" } else { kind },
        word: if late { "Overdue" } else { word },
    }
}

/// Who has the open alerts today: whoever answers for children's safety first.
pub(crate) fn holder(reader: &SignedIn, knowledge: &Knowledge, alert: &Alert) -> String {
    const ORDER: [Role; 6] = [
        Role::DesignatedSafeguardingLead,
        Role::ChildProtectionCoordinator,
        Role::DeputyDesignatedSafeguardingLead,
        Role::OnlineSafetyLead,
        Role::OnlineSafetyCoordinator,
        Role::Headteacher,
    ];
    let first =
        ORDER.iter().flat_map(|role| knowledge.holders(reader, *role)).find(|person| alert.person != Some(*person));
    match first {
        Some(person) if person == reader.person.id => "You have it".to_owned(),
        Some(person) => format!("With {}", knowledge.name(person)),
        None => "Nobody has it".to_owned(),
    }
}
