//! The answer to a request: opened for some people until a time, or not, with a reason. A category that takes two people is
//! only proposed here; the second person is `second`'s.

use super::asked::{Asked, in_a_week, refused, shown};
use super::grant::{self, ASKER, GROUPS};
use super::proposal::{self, Proposal};
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use belisha_filter::Group;
use belisha_records::{AccessAnswer, AccessRequestId, FieldErrors, Permission, decide_request, longest_days};
use belisha_store::{Tx, approvals, people};
use jiff::{SignedDuration, Timestamp};

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<AccessRequestId>) -> WebResult {
    reader.may(Permission::SeeAccessRequests)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let asked = Asked::find(&mut tx, &app, &reader, id).await?;
    let asker = people::find(&mut tx, asked.request.by).await?;
    let first = asker.map_or(ASKER, |person| if Group::of(person.audience) == Group::Staff { "staff" } else { ASKER });
    shown(&mut tx, &app, &reader, &asked, Answers::new().with("group", first)).await
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<AccessRequestId>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::DecideAccessRequests)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let asked = Asked::find(&mut tx, &app, &reader, id).await?;
    if asked.proposed.is_some() {
        return Err(WebError::Conflict(
            "an opening of this site waits for a second person: agree with it or not, then decide again".into(),
        ));
    }
    let granted = match answers.value("answer") {
        "open" => true,
        "refuse" => false,
        _ => {
            answers.refuse("answer", "choose whether the site opens");
            false
        }
    };
    let groups: Vec<String> =
        answers.all("group").filter(|group| *group == ASKER || GROUPS.contains(group)).map(str::to_owned).collect();
    if granted && groups.is_empty() {
        answers.refuse("group", "choose who it opens for");
    }
    let until = if granted { end(&reader, &mut answers, longest_days(asked.approval())) } else { None };
    let answer = AccessAnswer {
        granted,
        groups: groups.iter().filter(|group| *group != ASKER).cloned().collect(),
        until,
        reason: answers.value("reason").to_owned(),
        by: reader.person.id,
        roles: reader.roles.clone(),
        second: None,
        at: reader.now,
    };
    let decided = decide_request(&asked.request, &answer, asked.approval());
    let waits_for_second = matches!(&decided, Err(errors) if only_second(errors)) && !answers.has_errors();
    if waits_for_second && let Some(until) = until {
        let proposed = Proposal { request: id, host: asked.request.host.clone(), groups, until };
        propose(&mut tx, &reader, &asked, &proposed, &answer.reason).await?;
        tx.commit().await?;
        return Ok(Redirect::to(&format!("{}?done=proposed", urls::REQUESTS)).into_response());
    }
    let decision = match decided {
        Ok(decision) if !answers.has_errors() => decision,
        Ok(_) => return refused(tx, &app, &reader, &asked, answers).await,
        Err(errors) => {
            let answers = without_second(answers, &errors);
            return refused(tx, &app, &reader, &asked, answers).await;
        }
    };
    grant::answer(&mut tx, &asked.request, &decision, &groups).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    let done = if granted { "granted" } else { "refused" };
    Ok(Redirect::to(&format!("{}?done={done}", urls::REQUESTS)).into_response())
}

/// The end that was chosen; `None` leaves it to the rules to say that one is missing.
fn end(reader: &SignedIn, answers: &mut Answers, longest: u16) -> Option<Timestamp> {
    let calendar = &reader.school.calendar;
    let latest = reader.now.checked_add(SignedDuration::from_hours(24 * i64::from(longest))).unwrap_or(Timestamp::MAX);
    match answers.value("until") {
        "lesson" => Some(calendar.period_ends(reader.now)),
        "today" => Some(calendar.end_of_day(reader.today())),
        "week" => Some(calendar.end_of_day(in_a_week(reader)).min(latest)),
        "day" => {
            let day = answers.date("end", "write the day on which the site closes again")?;
            // The last day that is allowed is allowed until the same time of day.
            let until = calendar.end_of_day(day);
            Some(if calendar.day_of(latest) == day { until.min(latest) } else { until })
        }
        _ => None,
    }
}

fn only_second(errors: &FieldErrors) -> bool {
    errors.iter().all(|(field, _)| field == "second")
}

/// What is wrong, without the second person: they are asked once the rest is right. A wrong day is said beside its boxes.
fn without_second(mut answers: Answers, errors: &FieldErrors) -> Answers {
    for (field, message) in errors.iter().filter(|(field, _)| *field != "second") {
        let own_day = field == "until" && answers.value("until") == "day";
        match (own_day, answers.error("end").is_some()) {
            (true, true) => {}
            (true, false) => answers.refuse("end", message),
            (false, _) => answers.refuse(field, message),
        }
    }
    answers
}

async fn propose(tx: &mut Tx, reader: &SignedIn, asked: &Asked, proposed: &Proposal, reason: &str) -> WebResult<()> {
    let question = approvals::Approval {
        id: String::new(),
        clause: proposal::clause_id(asked.clause.as_ref()).to_owned(),
        subject: proposed.sentence(),
        asked_by: reader.person.id,
        asked_at: reader.now,
        reason: reason.trim().to_owned(),
        decision: None,
    };
    approvals::insert(tx, &question).await?;
    Ok(())
}
