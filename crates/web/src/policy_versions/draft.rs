//! A new text of the policy: checked, compared with the version in force, and kept as a draft, with or without errors.

use super::differences::{self, Differences};
use super::{Checked, check};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::notice::go_on;
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::compile;
use belisha_records::Permission;
use belisha_store::{Tx, policies};

#[derive(Template)]
#[template(path = "policy_versions/draft.html")]
struct DraftPage {
    frame: Frame,
    answers: Answers,
    checked: Option<Checked>,
    differences: Option<Differences>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::ManagePolicy)?;
    let mut tx = app.store.read(reader.school.id).await?;
    // One begins with the text that is in force.
    let text = policies::in_force(&mut tx).await?.map(|version| version.source).unwrap_or_default();
    show(DraftPage {
        frame: reader.frame(),
        answers: Answers::new().with("text", text),
        checked: None,
        differences: None,
    })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, multipart: Multipart) -> WebResult {
    reader.may(Permission::ManagePolicy)?;
    let mut answers = Answers::from_multipart(multipart).await?;
    let source = [answers.exactly("file"), answers.exactly("text")]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .unwrap_or_default()
        .to_owned();
    if source.is_empty() {
        answers.refuse("text", "choose a file or paste the text of the policy");
    }
    let keeps = answers.value("then") == "keep";
    let note = if keeps {
        answers.required("note", "say in a sentence what changes", 300)
    } else {
        answers.value("note").to_owned()
    };
    let wrong = answers.has_errors();
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    if keeps && !wrong {
        let compiled = compile(&source, reader.today()).policy.is_some();
        let version = policies::insert_draft(&mut tx, &source, compiled, &note, Some(reader.person.id)).await?;
        tx.commit().await?;
        return Ok(go_on(&urls::policy_version(version.id), "drafted"));
    }
    let page = checked(&mut tx, &reader, &source, answers, note).await?;
    let status = if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, show(page)?).into_response())
}

async fn checked(tx: &mut Tx, reader: &SignedIn, source: &str, answers: Answers, note: String) -> WebResult<DraftPage> {
    let current = in_force(tx, reader).await?;
    let compiled = compile(source, reader.today()).policy;
    let differences = current.as_ref().zip(compiled.as_ref()).map(|(current, after)| differences::of(current, after));
    let errors = answers.errors().fold(belisha_records::FieldErrors::new(), |mut errors, (field, message)| {
        errors.add(field, message);
        errors
    });
    // A chosen file is shown as text, so that it is there when it is kept.
    let answers = Answers::new().with("text", source).with("note", note).refused(&errors);
    Ok(DraftPage {
        frame: reader.frame(),
        answers,
        checked: (!source.is_empty()).then(|| check(source, reader.today())),
        differences,
    })
}
