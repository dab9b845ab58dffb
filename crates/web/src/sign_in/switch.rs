//! Another school in the header. A visitor looks at it; in a demonstration a reader becomes somebody there who holds the
//! same office, so that both schools can be compared from one chair.

use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::session::{Visit, school_cookie};
use crate::urls;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::Role;
use belisha_records::{PersonId, SchoolId, active_roles};
use belisha_store::{offices, people};

pub(crate) async fn submit(State(app): State<App>, visit: Visit, answers: Answers) -> WebResult {
    let wanted: SchoolId = answers.value("school").parse().map_err(|_| WebError::NotFound)?;
    let school = visit.other_schools.iter().find(|school| school.id == wanted).ok_or(WebError::NotFound)?;
    if let Some(reader) = &visit.reader
        && let Some(counterpart) = counterpart(&app, school, &reader.roles, visit.now).await?
    {
        return super::enter(&app, &visit, wanted, counterpart, urls::HOME).await;
    }
    let forget = crate::session::spent_cookie();
    let cookies =
        axum::response::AppendHeaders([(header::SET_COOKIE, school_cookie(wanted)), (header::SET_COOKIE, forget)]);
    Ok((cookies, Redirect::to(urls::HOME)).into_response())
}

/// Somebody there whose roles are most like these.
async fn counterpart(
    app: &App,
    school: &belisha_store::schools::School,
    roles: &[Role],
    now: jiff::Timestamp,
) -> WebResult<Option<PersonId>> {
    let mut tx = app.store.read(school.id).await?;
    let holdings = offices::list(&mut tx).await?;
    let today = school.calendar.day_of(now);
    let alike = |person: &belisha_records::Person| {
        let theirs = active_roles(person, &holdings, today);
        let shared = theirs.iter().filter(|role| roles.contains(role)).count();
        (shared, std::cmp::Reverse(theirs.len()))
    };
    let everybody = people::list(&mut tx).await?;
    let with_account = everybody.iter().filter(|person| person.username.is_some());
    Ok(with_account.filter(|person| alike(person).0 > 0).max_by_key(|person| alike(person)).map(|person| person.id))
}
