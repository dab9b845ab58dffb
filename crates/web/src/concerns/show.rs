//! One thing that was told. Opening it is noted, so that whoever told it can see that somebody read it.

use super::{choice, find, teller};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::incidents::sight::Knowledge;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use belisha_records::Permission;
use belisha_store::concerns;

#[derive(Template)]
#[template(path = "concerns/show.html")]
struct ConcernPage {
    frame: Frame,
    choice: &'static str,
    facts: Vec<(&'static str, String)>,
    told: String,
    nameless: bool,
    case: Option<String>,
    record: String,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::ReadConcerns)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let concern = find(&mut tx, &reader, &knowledge, &id).await?;
    concerns::note_read(&mut tx, concern.id).await?;
    tx.commit().await?;
    let read = concern.read_at.map_or_else(|| "Just now, by you".to_owned(), |at| words::moment(at, &reader.zone()));
    show(ConcernPage {
        frame: reader.frame(),
        choice: choice(&concern),
        facts: vec![
            ("Who told", teller(&knowledge, &concern)),
            ("When", words::moment(concern.told_at, &reader.zone())),
            ("First read", read),
        ],
        told: concern.words.clone(),
        nameless: concern.by.is_none(),
        case: concern.incident.filter(|_| reader.can(Permission::SeeIncidents)).map(urls::incident),
        record: urls::record_concern(concern.id),
    })
}
