//! One alert: what is known, what is not, and the two ways to settle it.

use super::{find, holder, say};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::incidents::sight::Knowledge;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, State};
use belisha_records::{Alert, Permission, Settlement};
use belisha_store::Tx;

#[derive(Template)]
#[template(path = "alerts/show.html")]
struct AlertPage {
    frame: Frame,
    answers: Answers,
    sentence: String,
    kind: &'static str,
    word: &'static str,
    clock: String,
    facts: Vec<(&'static str, String)>,
    excerpt: String,
    unknown: bool,
    open: bool,
    record: String,
    dismiss: String,
    settled: String,
    case: Option<String>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::TriageAlerts)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let alert = find(&mut tx, &reader, &id).await?;
    form(&mut tx, &reader, &alert, Answers::new()).await
}

pub(super) async fn form(tx: &mut Tx, reader: &SignedIn, alert: &Alert, answers: Answers) -> WebResult {
    let knowledge = Knowledge::gather(tx, reader).await?;
    let said = say(reader, &knowledge, alert);
    let who = alert.person.map_or("Not known", |person| knowledge.name(person)).to_owned();
    let (settled, case) = match &alert.settled {
        None => (String::new(), None),
        Some(Settlement::Dismissed { reason, by, at }) => {
            (format!("{}, {}: not a concern. {reason}", knowledge.name(*by), words::moment(at, &reader.zone())), None)
        }
        Some(Settlement::Incident { incident, by, at }) => (
            format!("{}, {}: made it a case.", knowledge.name(*by), words::moment(at, &reader.zone())),
            Some(urls::incident(incident)),
        ),
    };
    show(AlertPage {
        frame: reader.frame(),
        answers,
        sentence: said.sentence,
        kind: if alert.settled.is_some() { "done" } else { said.kind },
        word: if alert.settled.is_some() { "Settled" } else { said.word },
        clock: said.clock,
        facts: vec![
            ("Seen", words::moment(alert.seen_at, &reader.zone())),
            ("Who", who),
            ("Device", alert.device.clone()),
            ("Where", alert.host.clone()),
            ("Who has it", holder(reader, &knowledge, alert)),
        ],
        excerpt: alert.excerpt.clone(),
        unknown: alert.person.is_none(),
        open: alert.settled.is_none(),
        record: urls::record_alert(alert.id),
        dismiss: format!("{}/dismiss", urls::alert(alert.id)),
        settled,
        case,
    })
}
