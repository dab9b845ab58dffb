//! Classes: how many pupils, who teaches them. Who is in a class stands with the pupil.

use super::DONE;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::{Done, go_on};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::Audience;
use belisha_records::{Class, ClassId, Permission, Person, PersonId, is_at_school};
use belisha_store::{Tx, classes, people};

struct Row {
    href: String,
    name: String,
    year: String,
    pupils: usize,
    teachers: String,
}

#[derive(Template)]
#[template(path = "people/classes.html")]
struct ClassesPage {
    frame: Frame,
    answers: Answers,
    rows: Vec<Row>,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "people/class.html")]
struct ClassPage {
    frame: Frame,
    answers: Answers,
    class: Class,
    pupils: String,
    pupils_href: String,
    teachers: Vec<(PersonId, String)>,
    others: Vec<Choice>,
    may_manage: bool,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(done): Query<Done>) -> WebResult {
    reader.may(Permission::SeePeople)?;
    let mut tx = app.store.read(reader.school.id).await?;
    list(&mut tx, &reader, done.said_on(reader.frame(), DONE), Answers::new()).await
}

async fn list(tx: &mut Tx, reader: &SignedIn, frame: Frame, answers: Answers) -> WebResult {
    let everyone = people::list(tx).await?;
    let mut rows = Vec::new();
    for class in classes::list(tx).await? {
        let teachers = names(&everyone, &classes::teachers(tx, class.id).await?);
        rows.push(Row {
            href: urls::class(class.id),
            pupils: pupils(&everyone, class.id, reader),
            teachers: teachers.into_iter().map(|(_, name)| name).collect::<Vec<_>>().join(", "),
            name: class.name,
            year: class.year_group,
        });
    }
    show(ClassesPage { frame, answers, rows, may_manage: reader.can(Permission::ManagePeople) })
}

fn pupils(everyone: &[Person], class: ClassId, reader: &SignedIn) -> usize {
    everyone
        .iter()
        .filter(|person| {
            person.class == Some(class) && person.year_group.is_some() && is_at_school(person, reader.today())
        })
        .count()
}

fn names(everyone: &[Person], ids: &[PersonId]) -> Vec<(PersonId, String)> {
    everyone
        .iter()
        .filter(|person| ids.contains(&person.id))
        .map(|person| (person.id, person.name.reveal().to_owned()))
        .collect()
}

/// Adds a class.
pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let class = Class {
        id: app.id(),
        name: answers.required("name", "enter the name of the class, such as 7B", 40),
        year_group: answers.required("year", "enter its year group, such as 7", 20),
    };
    if classes::list(&mut tx).await?.iter().any(|other| other.name.eq_ignore_ascii_case(&class.name)) {
        answers.refuse("name", "there is a class with this name already");
    }
    if answers.has_errors() {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, list(&mut tx, &reader, reader.frame(), answers).await?).into_response()
        );
    }
    classes::insert(&mut tx, &class).await?;
    tx.commit().await?;
    Ok(go_on(&urls::class(class.id), "class"))
}

pub(crate) async fn one(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<ClassId>,
    Query(done): Query<Done>,
) -> WebResult {
    reader.may(Permission::SeePeople)?;
    let mut tx = app.store.read(reader.school.id).await?;
    form(&mut tx, &reader, id, done.said_on(reader.frame(), DONE), Answers::new()).await
}

async fn form(tx: &mut Tx, reader: &SignedIn, id: ClassId, frame: Frame, answers: Answers) -> WebResult {
    let class = classes::find(tx, id).await?.ok_or(WebError::NotFound)?;
    let everyone = people::list(tx).await?;
    let teachers = names(&everyone, &classes::teachers(tx, id).await?);
    let teaches = |person: &Person| teachers.iter().any(|(teacher, _)| *teacher == person.id);
    let mut others = vec![Choice::new("", "Choose a person")];
    others.extend(
        everyone
            .iter()
            .filter(|person| {
                person.audience == Audience::Staff && is_at_school(person, reader.today()) && !teaches(person)
            })
            .map(|person| Choice::new(person.id, person.name.reveal())),
    );
    show(ClassPage {
        frame,
        answers,
        pupils: words::count(pupils(&everyone, id, reader), "pupil", "pupils"),
        pupils_href: format!("{}?class={id}", urls::PEOPLE),
        class,
        teachers,
        others,
        may_manage: reader.can(Permission::ManagePeople),
    })
}

/// Adds a teacher to a class, or takes one away.
pub(crate) async fn change(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<ClassId>,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::ManagePeople)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    if let Ok(teacher) = answers.value("remove").parse::<PersonId>() {
        classes::remove_teacher(&mut tx, id, teacher).await?;
    } else {
        let teacher = match answers.value("teacher").parse::<PersonId>() {
            Ok(teacher) => people::find(&mut tx, teacher).await?.filter(|person| person.audience == Audience::Staff),
            Err(_) => None,
        };
        let Some(teacher) = teacher else {
            answers.refuse("teacher", "choose who teaches the class");
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, form(&mut tx, &reader, id, reader.frame(), answers).await?)
                .into_response());
        };
        classes::add_teacher(&mut tx, id, teacher.id).await?;
    }
    tx.commit().await?;
    Ok(go_on(&urls::class(id), "class"))
}
