//! The list: unread ones first.

use super::{choice, may_read, teller};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::incidents::labels::waited;
use crate::incidents::sight::Knowledge;
use crate::session::SignedIn;
use crate::urls;
use askama::Template;
use axum::extract::State;
use belisha_records::{Concern, Permission};
use belisha_store::{Tx, concerns};

struct Row {
    href: String,
    label: String,
    detail: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "concerns/list.html")]
struct ListPage {
    frame: Frame,
    unread: Vec<Row>,
    read: Vec<Row>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn) -> WebResult {
    reader.may(Permission::ReadConcerns)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let seen = seen(&mut tx, &reader, &knowledge).await?;
    let (unread, read): (Vec<_>, Vec<_>) = seen.iter().partition(|concern| concern.read_at.is_none());
    let rows =
        |concerns: Vec<&Concern>| concerns.into_iter().map(|concern| row(&reader, &knowledge, concern)).collect();
    show(ListPage { frame: reader.frame(), unread: rows(unread), read: rows(read) })
}

async fn seen(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge) -> WebResult<Vec<Concern>> {
    let mut seen = Vec::new();
    for concern in concerns::list(tx).await? {
        if may_read(tx, reader, knowledge, &concern).await? {
            seen.push(concern);
        }
    }
    Ok(seen)
}

fn row(reader: &SignedIn, knowledge: &Knowledge, concern: &Concern) -> Row {
    let (kind, word) = match (concern.incident, concern.read_at) {
        (Some(_), _) => ("done", "Became a case"),
        (None, Some(_)) => ("kept", "Read"),
        (None, None) => ("needed", "Not read yet"),
    };
    let detail = format!("{}, {} ago", teller(knowledge, concern), waited(concern.told_at, reader.now));
    Row { href: urls::concern(concern.id), label: choice(concern).to_owned(), detail, kind, word }
}

/// What was told and nobody has read.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::ReadConcerns) {
        return Ok(Vec::new());
    }
    let knowledge = Knowledge::gather(tx, reader).await?;
    let unread = seen(tx, reader, &knowledge).await?.into_iter().filter(|concern| concern.read_at.is_none());
    let calendar = &reader.school.calendar;
    let need = |concern: Concern| {
        // Whoever tells should hear back by the end of the next school day.
        let late = calendar.end_of_school_day_after(concern.told_at, 1) < reader.now;
        Need {
            label: format!("Told to the school: {}", choice(&concern).to_lowercase()),
            href: urls::concern(concern.id),
            detail: format!("{}, waiting {}", teller(&knowledge, &concern), waited(concern.told_at, reader.now)),
            kind: if late { "overdue" } else { "needed" },
            word: "Not read yet".into(),
        }
    };
    Ok(unread.map(need).collect())
}
