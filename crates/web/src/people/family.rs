//! Says who is whose parent or carer, or that somebody no longer is.

use super::show;
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::notice::go_on;
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_records::{Permission, Person, PersonId, is_at_school};
use belisha_store::{Tx, parents_of, people};

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<PersonId>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let is_parent = answers.value("kin") == "parent";
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let person = people::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    let pair = |other: PersonId| if is_parent { (other, id) } else { (id, other) };
    if let Ok(other) = answers.value("remove").parse::<PersonId>() {
        let (parent, pupil) = pair(other);
        parents_of::remove(&mut tx, parent, pupil).await?;
    } else {
        match find(&mut tx, &reader, &mut answers, &person, is_parent).await? {
            Some(other) => {
                let (parent, pupil) = pair(other);
                parents_of::insert(&mut tx, parent, pupil).await?;
            }
            None => {
                return Ok((
                    StatusCode::UNPROCESSABLE_ENTITY,
                    show::of(&mut tx, &reader, id, reader.frame(), answers).await?,
                )
                    .into_response());
            }
        }
    }
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(go_on(&urls::person(id), "family"))
}

/// The one person that was typed, by sign-in name or by a name that nobody else has.
async fn find(
    tx: &mut Tx,
    reader: &SignedIn,
    answers: &mut Answers,
    person: &Person,
    wants_parent: bool,
) -> WebResult<Option<PersonId>> {
    let typed = answers.required("who", "enter a sign-in name or a full name", 120);
    if answers.has_errors() {
        return Ok(None);
    }
    let mut found: Vec<Person> = people::find_by_username(tx, &typed).await?.into_iter().collect();
    if found.is_empty() {
        found = people::search(tx, &typed, 20)
            .await?
            .into_iter()
            .filter(|one| one.name.reveal().eq_ignore_ascii_case(&typed))
            .collect();
    }
    found.retain(|one| {
        one.id != person.id && is_at_school(one, reader.today()) && show::is_pupil(one.audience) != wants_parent
    });
    match (found.as_slice(), wants_parent) {
        ([one], _) => return Ok(Some(one.id)),
        ([], true) => {
            answers.refuse("who", "no adult of the school has this name; check the spelling, or add them first")
        }
        ([], false) => {
            answers.refuse("who", "no pupil of the school has this name; check the spelling, or add them first")
        }
        (_, _) => answers.refuse("who", "several people have this name; enter the sign-in name of the right one"),
    }
    Ok(None)
}
