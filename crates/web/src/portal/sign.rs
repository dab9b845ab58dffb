//! Signing, line by line. The exact words shown are what is kept; a line whose words changed meanwhile is shown again.

use super::Act;
use crate::answers::Answers;
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_policy::{AgreementLine, Audience};
use belisha_records::{PersonId, Signature, SignatureKind, SignedLine};
use belisha_store::signatures;

#[derive(Template)]
#[template(path = "portal/sign.html")]
struct SignPage {
    frame: Frame,
    answers: Answers,
    act: Act,
    /// Lines to tick now.
    lines: Vec<AgreementLine>,
    /// Lines signed before whose words stand.
    standing: Vec<AgreementLine>,
    name: String,
    younger: bool,
}

#[derive(Template)]
#[template(path = "portal/signed.html")]
struct SignedPage {
    frame: Frame,
    title: String,
    /// Who signed, when, and the exact words.
    acts: Vec<(String, String, Vec<SignedLine>)>,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path((agreement, about)): Path<(String, PersonId)>,
) -> WebResult {
    let act = find(&app, &reader, &agreement, about).await?;
    form(&reader, act, Answers::new())
}

async fn find(app: &App, reader: &SignedIn, agreement: &str, about: PersonId) -> WebResult<Act> {
    let mut tx = app.store.read(reader.school.id).await?;
    Act::find(&mut tx, reader, agreement, about).await
}

fn form(reader: &SignedIn, act: Act, answers: Answers) -> WebResult {
    let lines = act.unsigned().to_vec();
    if lines.is_empty() && !act.state.refused && !act.state.counter_refused {
        return Ok(Redirect::to(&urls::signed(&act.agreement, act.about.id)).into_response());
    }
    let standing = act.lines.iter().filter(|line| !lines.iter().any(|asked| asked.id == line.id)).cloned().collect();
    let younger = act.own && reader.person.audience == Audience::YoungerPupil;
    let name = reader.person.name.reveal().to_owned();
    show(SignPage { frame: reader.frame(), answers, act, lines, standing, name, younger })
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    Path((agreement, about)): Path<(String, PersonId)>,
    mut answers: Answers,
) -> WebResult {
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let act = Act::find(&mut tx, &reader, &agreement, about).await?;
    let asked = act.unsigned().to_vec();
    // Each box carries the words it stood beside, so that nobody signs words they did not see.
    let ticked = |line: &AgreementLine| answers.has("line", words::fingerprint(&line.id.0, &line.text));
    let missing: Vec<&AgreementLine> = asked.iter().filter(|line| !ticked(line)).collect();
    if !missing.is_empty() {
        let changed = answers.value("version") != act.in_force.version.to_string();
        answers.refuse(
            "line",
            if changed {
                "the words changed while you were reading; read them again"
            } else {
                "tick every line you agree to, or choose not to sign"
            },
        );
        drop(tx);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&reader, act, answers)?).into_response());
    }
    let signature = Signature {
        id: app.id(),
        about: act.about.id,
        by: reader.person.id,
        kind: if act.own { SignatureKind::Signed } else { SignatureKind::CounterSigned },
        agreement: act.agreement.clone(),
        policy_version: act.in_force.version,
        lines: asked.iter().map(|line| SignedLine { id: line.id.0.clone(), text: line.text.clone() }).collect(),
        at: reader.now,
        reason: None,
    };
    signatures::insert(&mut tx, &signature).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(urls::PORTAL).into_response())
}

/// What was signed, in the words that were signed.
pub(crate) async fn signed(
    State(app): State<App>,
    reader: SignedIn,
    Path((agreement, about)): Path<(String, PersonId)>,
) -> WebResult {
    let mut tx = app.store.read(reader.school.id).await?;
    let act = Act::find(&mut tx, &reader, &agreement, about).await?;
    let kept = signatures::list_about(&mut tx, about).await?;
    let mut acts: Vec<_> =
        kept.into_iter().filter(|signature| signature.agreement == agreement && !signature.lines.is_empty()).collect();
    if acts.is_empty() {
        return Err(WebError::NotFound);
    }
    acts.sort_by_key(|signature| std::cmp::Reverse(signature.at));
    let zone = reader.zone();
    let who = |signature: &Signature| match signature.by {
        by if by == reader.person.id => "You".to_owned(),
        by if by == about => act.about.name.reveal().to_owned(),
        _ => "A parent or carer".to_owned(),
    };
    let acts = acts
        .into_iter()
        .map(|signature| (who(&signature), words::moment(signature.at, &zone), signature.lines))
        .collect();
    show(SignedPage { frame: reader.frame(), title: act.title, acts })
}
