//! The second step: the first policy. One that ships, or the school's own document; its findings are shown before it is used.

use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::policy_versions::{Checked, check};
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use belisha_records::Permission;
use belisha_store::policies;

#[derive(Template)]
#[template(path = "setup/policy.html")]
struct PolicyPage {
    frame: Frame,
    answers: Answers,
    examples: Vec<Choice>,
    checked: Option<Checked>,
}

/// Only while there is no policy in force: afterwards a policy changes by draft, consultation and approval.
async fn allowed(app: &App, reader: &SignedIn) -> WebResult<()> {
    reader.may(Permission::ManageSchool)?;
    let mut tx = app.store.read(reader.school.id).await?;
    if policies::in_force(&mut tx).await?.is_some() {
        return Err(WebError::Conflict(
            "a policy is in force already; a new one is uploaded as a draft by those who lead the school".into(),
        ));
    }
    Ok(())
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::ManageSchool)?;
    let mut tx = app.store.read(reader.school.id).await?;
    if policies::in_force(&mut tx).await?.is_some() {
        return Ok(Redirect::to(urls::START_CALENDAR).into_response());
    }
    let likely = format!("{}-{}", reader.school.nation.key(), reader.school.phase.key());
    form(&app, &reader, Answers::new().with("from", likely), None)
}

fn form(app: &App, reader: &SignedIn, answers: Answers, checked: Option<Checked>) -> WebResult {
    let mut examples: Vec<Choice> = app
        .settings
        .examples
        .iter()
        .map(|example| Choice::new(example.key, example.label).hint("Complete, in force at once, and yours to change"))
        .collect();
    examples
        .push(Choice::new("own", "Our own document").hint("Choose a file that ends in .dj, or paste its text below"));
    show(PolicyPage { frame: reader.frame(), answers, examples, checked })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, multipart: Multipart) -> WebResult {
    allowed(&app, &reader).await?;
    let mut answers = Answers::from_multipart(multipart).await?;
    let from = answers.value("from").to_owned();
    let source = match app.settings.examples.iter().find(|example| example.key == from) {
        Some(example) => example.source.to_owned(),
        None => [answers.value("file"), answers.value("text")]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or("")
            .to_owned(),
    };
    if from.is_empty() {
        answers.refuse("from", "choose a policy to begin with");
    } else if source.is_empty() {
        answers.refuse("text", "choose a file or paste the text of your policy");
    }
    if answers.has_errors() {
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&app, &reader, answers, None)?).into_response());
    }
    let checked = check(&source, reader.today());
    if checked.errors > 0 {
        answers.refuse("from", "mend what is marked as an error below, then check it again");
        let answers = answers.with("text", &source);
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&app, &reader, answers, Some(checked))?).into_response());
    }
    if answers.value("then") != "use" {
        return form(&app, &reader, answers.with("text", &source), Some(checked));
    }
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let note = "The first policy, chosen when Belisha was set up";
    let version = policies::insert_draft(&mut tx, &source, true, note, Some(reader.person.id)).await?;
    policies::approve(&mut tx, version.id, reader.person.id, reader.today()).await?;
    policies::bring_into_force(&mut tx, version.id).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(Redirect::to(urls::START_CALENDAR).into_response())
}
