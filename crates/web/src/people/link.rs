//! A one-time link for a person, shown once. Whoever opens it becomes them, so they are told, and a link for somebody who
//! handles cases is made only by those who give offices.

use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::sign_in::welcome;
use crate::urls;
use askama::Template;
use axum::extract::{Path, State};
use belisha_policy::Role;
use belisha_records::{CaseRoute, Permission, PersonId, active_roles, handlers, may};
use belisha_store::{credentials, offices, outbox, people};

const SUBJECT: &str = "A new sign-in link was made for you in Belisha";
const BODY: &str = "Somebody who keeps your school's roster made a one-time link with which your password can be set anew. If you did not ask for it, \
    tell the head teacher today.";

#[derive(Template)]
#[template(path = "people/link.html")]
struct LinkPage {
    frame: Frame,
    name: String,
    link: String,
    back: String,
    told: bool,
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, Path(id): Path<PersonId>) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let person = people::find(&mut tx, id).await?.ok_or(WebError::NotFound)?;
    let roles = active_roles(&person, &offices::list_of(&mut tx, id).await?, reader.today());
    if roles.is_empty() {
        return Err(WebError::Conflict("this person is not at the school today, so a link would open nothing".into()));
    }
    if may(&roles, Permission::LookUpActivity)
        || may(&roles, Permission::SeeIncidents)
        || may(&roles, Permission::ManageOffices)
    {
        reader.may(Permission::ManageOffices)?;
    }
    let has_password = credentials::password_hash(&mut tx, id).await?.is_some();
    // Cases about the head go to these offices: the head must not be able to become them.
    let judges = handlers(CaseRoute::Head, reader.school.nation);
    if has_password
        && reader.is(Role::Headteacher)
        && id != reader.person.id
        && judges.iter().any(|role| roles.contains(role))
    {
        return Err(WebError::Conflict(
            "this person takes what is told about the head, so the head makes no link for them: ask the system administrator".into(),
        ));
    }
    let told = person.email.is_some() && has_password;
    let link = welcome::make_link(&mut tx, &app, id).await?;
    if told {
        outbox::queue(&mut tx, id, SUBJECT, BODY).await?;
    }
    tx.commit().await?;
    show(LinkPage { frame: reader.frame(), name: person.name.reveal().to_owned(), link, back: urls::person(id), told })
}
