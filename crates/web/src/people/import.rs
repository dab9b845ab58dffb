//! Brings people in from a file: first a dry run that says what would happen line by line, then, when somebody says so, the
//! good lines; those that were not taken are named by their number.

use super::plan::{self, Plan};
use super::roster::{self, Refused};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::words;
use askama::Template;
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::Audience;
use belisha_records::Permission;
use belisha_store::{classes, parents_of, people};

#[derive(Template)]
#[template(path = "people/import.html")]
struct ImportPage {
    frame: Frame,
    answers: Answers,
    said: Option<Said>,
}

/// What a file would do, or did.
struct Said {
    done: bool,
    /// `12 pupils`, `3 staff`.
    who: Vec<String>,
    people: usize,
    classes: Vec<String>,
    ties: usize,
    refused: Vec<Refused>,
    ignored: String,
}

pub(crate) async fn page(reader: SignedIn) -> WebResult {
    reader.may(Permission::ImportPeople)?;
    show(ImportPage { frame: reader.frame(), answers: Answers::new(), said: None })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, multipart: Multipart) -> WebResult {
    reader.may(Permission::ImportPeople)?;
    let mut answers = Answers::from_multipart(multipart).await?;
    let text = [answers.value("file"), answers.value("text")]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned();
    if text.is_empty() {
        answers.refuse("text", "choose a file or paste its lines");
    }
    let reading = match roster::read(&text) {
        Ok(reading) => reading,
        Err(why) => {
            answers.refuse("text", why);
            let answers = answers.with("text", &text);
            return Ok((
                StatusCode::UNPROCESSABLE_ENTITY,
                show(ImportPage { frame: reader.frame(), answers, said: None })?,
            )
                .into_response());
        }
    };
    let ignored = reading.ignored.join(", ");
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let plan = plan::make(&mut tx, &app.store, &reader, reading).await?;
    let use_it = answers.value("then") == "use" && !plan.people.is_empty();
    if use_it {
        for class in &plan.classes {
            classes::insert(&mut tx, class).await?;
        }
        for person in &plan.people {
            people::insert(&mut tx, person).await?;
        }
        for (parent, pupil) in &plan.ties {
            parents_of::insert(&mut tx, *parent, *pupil).await?;
        }
        tx.commit().await?;
        app.network.rules_changed(reader.school.id).await;
    } else {
        tx.rollback().await?;
    }
    let answers = if use_it { Answers::new() } else { Answers::new().with("text", text) };
    show(ImportPage { frame: reader.frame(), answers, said: Some(said(plan, ignored, use_it)) })
}

fn said(plan: Plan, ignored: String, done: bool) -> Said {
    let count = |audience: &Audience| plan.people.iter().filter(|person| person.audience == *audience).count();
    Said {
        done,
        who: Audience::ALL
            .iter()
            .map(|audience| (audience, count(audience)))
            .filter(|(_, count)| *count > 0)
            .map(|(audience, count)| format!("{}: {count}", audience.label()))
            .collect(),
        people: plan.people.len(),
        classes: plan.classes.into_iter().map(|class| class.name).collect(),
        ties: plan.ties.len(),
        refused: plan.refused,
        ignored,
    }
}

impl Said {
    fn title(&self) -> String {
        let people = words::count(self.people, "person", "people");
        match (self.done, self.people) {
            (true, _) => format!("{people} brought in"),
            (false, 0) => "No line can be taken yet".into(),
            (false, _) => format!("{people} can be brought in"),
        }
    }
}
