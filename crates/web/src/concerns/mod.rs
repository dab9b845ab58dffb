//! What people told through "tell someone", for those who answer for children's safety. Words that name the reader are for
//! somebody else to read first.

mod list;
mod show;

pub(crate) use list::needs;

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::incidents::sight::{Knowledge, sees};
use crate::session::SignedIn;
use crate::tell::KINDS;
use crate::urls;
use axum::Router;
use axum::routing::get;
use belisha_policy::Role;
use belisha_records::{Concern, ConcernId, Permission, Person, PersonId, roles_with};
use belisha_store::{Tx, concerns};
use std::collections::BTreeSet;

pub(crate) fn router() -> Router<App> {
    Router::new().route(urls::CONCERNS, get(list::page)).route("/concerns/{id}", get(show::page))
}

/// What was told, by the id in an address, if the reader may know of it.
pub(crate) async fn find(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge, id: &str) -> WebResult<Concern> {
    reader.may(Permission::ReadConcerns)?;
    let id: ConcernId = id.parse().map_err(|_| WebError::NotFound)?;
    let concern = concerns::find(tx, id).await?.ok_or(WebError::NotFound)?;
    if may_read(tx, reader, knowledge, &concern).await? { Ok(concern) } else { Err(WebError::NotFound) }
}

/// Not where it became a case that is hidden from the reader, and not where the words seem to be about the reader while
/// somebody else can read them.
async fn may_read(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge, concern: &Concern) -> WebResult<bool> {
    if let Some(incident) = concern.incident
        && !sees(tx, reader, knowledge, incident).await?
    {
        return Ok(false);
    }
    if !names(&concern.words, &reader.person, reader.is(Role::Headteacher)) {
        return Ok(true);
    }
    let head: BTreeSet<PersonId> = knowledge.holders(reader, Role::Headteacher).into_iter().collect();
    let others: BTreeSet<PersonId> =
        roles_with(Permission::ReadConcerns).iter().flat_map(|role| knowledge.holders(reader, *role)).collect();
    let free = |id: &PersonId| {
        *id != reader.person.id
            && knowledge.person(*id).is_some_and(|person| !names(&concern.words, person, head.contains(id)))
    };
    Ok(!others.iter().any(free))
}

/// Whether words seem to speak of a person: by the last part of their name, or of "the head" where they are.
pub(crate) fn names(words: &str, person: &Person, head: bool) -> bool {
    let said: Vec<String> = words
        .to_lowercase()
        .split(|letter: char| !letter.is_alphanumeric() && letter != '-')
        .map(str::to_owned)
        .collect();
    let last = person.name.reveal().to_lowercase();
    let last = last.split_whitespace().last().unwrap_or_default();
    let by_name =
        last.chars().count() > 2 && said.iter().any(|word| word.trim_end_matches('s') == last.trim_end_matches('s'));
    let by_office = |pair: &[String]| matches!(pair, [first, second] if first == "the" && second == "head" || first == "head" && second.starts_with("teacher"));
    by_name
        || head
            && (said.iter().any(|word| {
                word.starts_with("headteacher") || word.starts_with("headmaster") || word.starts_with("headmistress")
            }) || said.windows(2).any(by_office))
}

/// What the choice that was pressed says.
pub(crate) fn choice(concern: &Concern) -> &'static str {
    KINDS.iter().find(|kind| kind.key == concern.choice).map_or("Somebody told us something", |kind| kind.label)
}

/// Who told, as a page about it says.
pub(crate) fn teller(knowledge: &Knowledge, concern: &Concern) -> String {
    concern.by.map_or("Somebody who gave no name", |person| knowledge.name(person)).to_owned()
}
