//! Asking for a site, and deciding on it (M54, M55): nobody decides on their own request, every opening has an end, and a
//! category that takes two people takes two. What is allowed is `belisha_records::decide_request`'s.

mod ask;
mod asked;
mod decide;
mod end;
mod go_on;
mod grant;
mod list;
mod proposal;
mod second;

pub(crate) use list::{Open, running};

use crate::app::App;
use crate::error::WebResult;
use crate::frame::Need;
use crate::portal;
use crate::session::SignedIn;
use crate::{urls, words};
use axum::Router;
use axum::routing::{get, post};
use belisha_policy::{Approval, Audience, CATEGORIES, GROUPS};
use belisha_records::{Permission, Person, PersonId, SchoolId, may_decide_request, needs_two_people, unblock_clause};
use belisha_store::{Tx, access_requests, approvals, people};
use std::collections::HashMap;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::REQUESTS, get(list::page))
        .route(urls::ASK_FOR_SITE, get(ask::page).post(ask::submit))
        .route("/requests/exceptions/{exception}/end", post(end::submit))
        .route("/requests/{request}", get(decide::page).post(decide::submit))
        .route("/requests/{request}/second", post(second::submit))
}

/// The clause on opening sites in the policy in force: its id and what it asks for.
pub(crate) async fn clause(tx: &mut Tx, reader: &SignedIn) -> WebResult<Option<(String, Approval)>> {
    let in_force = portal::in_force(tx, reader).await?;
    Ok(in_force
        .and_then(|now| unblock_clause(&now.policy).map(|(clause, approval)| (clause.id.0.clone(), approval.clone()))))
}

/// A category as people read it; its own key where a list brought it.
pub(crate) fn category_label(key: &str) -> String {
    CATEGORIES
        .iter()
        .find(|(known, _)| *known == key)
        .map_or_else(|| words::sentence(&key.replace('-', " ")), |(_, label)| (*label).to_owned())
}

/// A group of the filter as people read it.
pub(crate) fn group_label(key: &str) -> &str {
    GROUPS.iter().find(|(known, _)| *known == key).map_or(key, |(_, label)| label)
}

/// The category that counts for a request: one that takes two people before any other, so that a host in several
/// categories is never opened by the milder one.
fn category(app: &App, school: SchoolId, host: &str, closed_by: Option<&str>) -> Option<String> {
    let listed = app.network.listed(school, host).categories;
    let strict = listed.iter().find(|category| needs_two_people(Some(category.as_str())));
    strict.cloned().or_else(|| closed_by.map(str::to_owned)).or_else(|| listed.first().cloned())
}

/// People by id, for pages that say who asked and who answered.
pub(crate) struct Names {
    people: HashMap<PersonId, Person>,
    by_name: bool,
    reader: PersonId,
}

impl Names {
    /// Everybody, by name if the reader may find people on the roster, by kind of member if not.
    pub(crate) async fn read(tx: &mut Tx, reader: &SignedIn) -> WebResult<Self> {
        let people = people::list(tx).await?.into_iter().map(|person| (person.id, person)).collect();
        Ok(Self { people, by_name: reader.can(Permission::SeePeople), reader: reader.person.id })
    }
    /// What this reader is told of a person.
    pub(crate) fn of(&self, person: PersonId) -> String {
        match self.people.get(&person) {
            _ if person == self.reader => "you".to_owned(),
            Some(known) if self.by_name => known.name.reveal().to_owned(),
            Some(known) => match known.audience {
                Audience::YoungerPupil | Audience::Pupil => "a pupil".to_owned(),
                Audience::Staff => "a member of staff".to_owned(),
                Audience::Governor => "a governor".to_owned(),
                _ => "somebody else".to_owned(),
            },
            None => "somebody who is not here any more".to_owned(),
        }
    }
}

/// Requests this reader can answer, as one line with its clock; and openings that wait for a second person's yes.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::DecideAccessRequests) {
        return Ok(Vec::new());
    }
    let clause = clause(tx, reader).await?;
    let open = access_requests::list_open(tx).await?;
    let asked = approvals::list_of_clause(tx, proposal::clause_id(clause.as_ref())).await?;
    let proposals = proposal::waiting(&asked);
    let mut needs = Vec::new();
    for (approval, proposed) in &proposals {
        let Some(request) = open.iter().find(|request| request.id == proposed.request) else {
            continue;
        };
        if approval.asked_by != reader.person.id && request.by != reader.person.id {
            needs.push(Need {
                label: "Agree, or not, to open a site that takes two people".into(),
                href: urls::request(request.id),
                detail: format!("{} waits since {}", request.host, words::moment(approval.asked_at, &reader.zone())),
                kind: "needed",
                word: "Second person".into(),
            });
        }
    }
    let approval = clause.as_ref().map(|(_, approval)| approval);
    let mine: Vec<_> = open
        .iter()
        .filter(|request| may_decide_request(reader.person.id, &reader.roles, request, approval))
        .filter(|request| !proposals.iter().any(|(_, proposed)| proposed.request == request.id))
        .collect();
    if let Some(oldest) = mine.first() {
        let late = reader.school.calendar.end_of_school_day_after(oldest.asked_at, 1) < reader.now;
        needs.push(Need {
            label: format!("Decide on {}", words::count(mine.len(), "request for a site", "requests for sites")),
            href: if mine.len() == 1 { urls::request(oldest.id) } else { urls::REQUESTS.to_owned() },
            detail: format!("The oldest has waited since {}", words::moment(oldest.asked_at, &reader.zone())),
            kind: if late { "overdue" } else { "needed" },
            word: if late { "Waits too long".into() } else { "To decide".into() },
        });
    }
    Ok(needs)
}
