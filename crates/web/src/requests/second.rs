//! The second person's yes or no to an opening that takes two, and the first taking their proposal back.

use super::asked::{Asked, Form, form_for, refused};
use super::grant::{self, ASKER};
use super::proposal::Proposal;
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::session::SignedIn;
use crate::urls;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect};
use belisha_records::{
    AccessAnswer, AccessDecision, AccessRequestId, FieldErrors, Permission, active_roles, decide_request,
};
use belisha_store::approvals::{self, ApprovalDecision};
use belisha_store::{Tx, offices, people};

/// The second person's answer, or the first taking theirs back.
pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<AccessRequestId>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::DecideAccessRequests)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let asked = Asked::find(&mut tx, &app, &reader, id).await?;
    let Some((question, proposed)) = asked.proposed.clone() else {
        return Err(WebError::Conflict("nothing waits for a second person here any more".into()));
    };
    let form = form_for(&asked, &reader);
    let agrees = match (form, answers.value("answer")) {
        (Form::Second, "agree") => true,
        (Form::Second, "disagree") | (Form::TakeBack, _) => false,
        (Form::Second, _) => {
            answers.refuse("answer", "choose whether you agree");
            return refused(tx, &app, &reader, &asked, answers).await;
        }
        _ => {
            return Err(WebError::Conflict(
                "this is not yours to agree to: it takes somebody who neither asked nor decided".into(),
            ));
        }
    };
    let reason = if form == Form::TakeBack {
        "taken back".to_owned()
    } else {
        answers.required("reason", "say in a few words why", 1000)
    };
    if answers.has_errors() {
        return refused(tx, &app, &reader, &asked, answers).await;
    }
    let until = agrees.then_some(proposed.until);
    approvals::decide(
        &mut tx,
        &question.id,
        &ApprovalDecision { granted: agrees, until, by: reader.person.id, at: reader.now, reason },
    )
    .await?;
    if agrees {
        let decision = match agreed(&mut tx, &reader, &asked, &question, &proposed).await? {
            Ok(decision) => decision,
            Err(errors) => {
                let why = errors.iter().next().map(|(_, message)| message.to_owned()).unwrap_or_default();
                answers.refuse("answer", why);
                return refused(tx, &app, &reader, &asked, answers).await;
            }
        };
        grant::answer(&mut tx, &asked.request, &decision, &proposed.groups).await?;
    }
    tx.commit().await?;
    if agrees {
        app.network.rules_changed(reader.school.id).await;
    }
    let done = if agrees { "granted" } else { "disagreed" };
    Ok(Redirect::to(&format!("{}?done={done}", urls::REQUESTS)).into_response())
}

/// The first person's answer with the second's agreement, by the same rules; the first must still hold their office.
async fn agreed(
    tx: &mut Tx,
    reader: &SignedIn,
    asked: &Asked,
    question: &approvals::Approval,
    proposed: &Proposal,
) -> WebResult<Result<AccessDecision, FieldErrors>> {
    let first = people::find(tx, question.asked_by).await?.ok_or(WebError::NotFound)?;
    let held = offices::list_of(tx, first.id).await?;
    let answer = AccessAnswer {
        granted: true,
        groups: proposed.groups.iter().filter(|group| *group != ASKER).cloned().collect(),
        until: Some(proposed.until),
        reason: question.reason.clone(),
        by: first.id,
        roles: active_roles(&first, &held, reader.today()),
        second: Some(reader.person.id),
        at: reader.now,
    };
    Ok(decide_request(&asked.request, &answer, asked.approval()))
}
