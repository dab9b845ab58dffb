//! The list: what is open, then what was settled and how.

use super::{holder, is_hidden, say};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::incidents::sight::Knowledge;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use belisha_records::{Permission, Settlement, sort_inbox};
use belisha_store::{Tx, alerts};
use std::collections::BTreeMap;

/// How many settled ones are shown.
const SETTLED: u32 = 50;

struct Row {
    href: String,
    sentence: String,
    clock: String,
    holder: String,
    excerpt: String,
    host: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "alerts/list.html")]
struct ListPage {
    frame: Frame,
    open: Vec<Row>,
    settled: Vec<(String, String, String)>,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Query(query): Query<BTreeMap<String, String>>,
) -> WebResult {
    reader.may(Permission::TriageAlerts)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let mut waiting = alerts::list_open(&mut tx, reader.person.id).await?;
    sort_inbox(&mut waiting);
    let row = |alert: &belisha_records::Alert| {
        let said = say(&reader, &knowledge, alert);
        Row {
            href: urls::alert(alert.id),
            sentence: said.sentence,
            clock: said.clock,
            holder: holder(&reader, &knowledge, alert),
            excerpt: alert.excerpt.clone(),
            host: alert.host.clone(),
            kind: said.kind,
            word: said.word,
        }
    };
    let open = waiting.iter().map(row).collect();
    let settled = settled(&mut tx, &reader, &knowledge).await?;
    let frame = if query.contains_key("dismissed") {
        reader.frame().with_notice("The alert is settled, with your reason.")
    } else {
        reader.frame()
    };
    show(ListPage { frame, open, settled })
}

async fn settled(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge) -> WebResult<Vec<(String, String, String)>> {
    let mut rows = Vec::new();
    for alert in alerts::list_settled(tx, reader.person.id, SETTLED).await? {
        if is_hidden(tx, reader, knowledge, &alert).await? {
            continue;
        }
        let how = match &alert.settled {
            Some(Settlement::Dismissed { reason, by, at }) => format!(
                "Not a concern: {reason} ({}, {})",
                knowledge.name(*by),
                words::day(reader.school.calendar.day_of(*at))
            ),
            Some(Settlement::Incident { by, at, .. }) => {
                format!("Became a case ({}, {})", knowledge.name(*by), words::day(reader.school.calendar.day_of(*at)))
            }
            None => continue,
        };
        rows.push((urls::alert(alert.id), say(reader, knowledge, &alert).sentence, how));
    }
    Ok(rows)
}

/// Open alerts: each urgent one in a line of its own, the others in one.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::TriageAlerts) {
        return Ok(Vec::new());
    }
    let knowledge = Knowledge::gather(tx, reader).await?;
    let mut waiting = alerts::list_open(tx, reader.person.id).await?;
    sort_inbox(&mut waiting);
    let (first, rest) = waiting.split_at(waiting.len().min(5));
    let need = |alert: &belisha_records::Alert| {
        let said = say(reader, &knowledge, alert);
        let detail = format!("{}. {}.", said.clock, holder(reader, &knowledge, alert));
        Need { label: said.sentence, href: urls::alert(alert.id), detail, kind: said.kind, word: said.word.into() }
    };
    let mut needs: Vec<Need> = first.iter().map(need).collect();
    if !rest.is_empty() {
        let label = format!("{} in the inbox", words::count(rest.len(), "more alert", "more alerts"));
        needs.push(Need {
            label,
            href: urls::ALERTS.into(),
            detail: "Less dangerous than those above".into(),
            kind: "needed",
            word: "Have a look".into(),
        });
    }
    Ok(needs)
}
