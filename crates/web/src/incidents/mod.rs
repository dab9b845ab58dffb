//! Cases: recorded in under a minute, worked through by the policy's own table, closed with an outcome, printed on the school's
//! form. Who may see one is decided by `belisha_records`; a case somebody has no sight of does not exist for them.

mod act;
mod close;
mod draft;
pub(crate) mod follow_up;
mod keep;
pub(crate) mod labels;
mod list;
mod print;
mod record;
mod recorded;
mod roster;
mod show;
pub(crate) mod sight;

use crate::app::App;
use crate::error::WebResult;
use crate::frame::Need;
use crate::session::SignedIn;
use crate::{urls, words};
use axum::Router;
use axum::routing::get;
use belisha_records::{IncidentStatus, Permission, Sight};
use belisha_store::Tx;
use belisha_store::incidents::IncidentFilter;
use sight::Knowledge;

pub(crate) fn router() -> Router<App> {
    Router::new()
        .route(urls::INCIDENTS, get(list::page))
        .route(urls::RECORD, get(record::page).post(record::submit))
        .route(urls::RECORDED, get(recorded::page))
        .route("/incidents/{id}", get(show::page))
        .route("/incidents/{id}/act", get(act::page).post(act::submit))
        .route("/incidents/{id}/close", get(close::page).post(close::submit))
        .route("/incidents/{id}/form.pdf", get(print::pdf))
}

/// Open cases in which every action is done: they wait for an outcome. Said to those who may close them.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::CloseIncident) {
        return Ok(Vec::new());
    }
    let knowledge = Knowledge::gather(tx, reader).await?;
    let open = IncidentFilter { status: Some(IncidentStatus::Open), ..IncidentFilter::default() };
    let seen = sight::seen(tx, reader, &knowledge, &open).await?;
    let ready = seen.into_iter().filter(|(incident, sight)| {
        *sight == Sight::Whole && !incident.actions.iter().any(|action| action.taken && action.done_at.is_none())
    });
    let need = |(incident, _): (belisha_records::Incident, Sight)| Need {
        label: format!("Case {} waits for an outcome", incident.number),
        href: urls::incident(incident.id),
        detail: format!(
            "Recorded {} ago. Nothing is left to do but to say how it ended.",
            labels::waited(incident.recorded_at, reader.now)
        ),
        kind: "open",
        word: "To close".into(),
    };
    let needs: Vec<Need> = ready.map(need).collect();
    // One line each while they can be told apart at a glance.
    if needs.len() <= 3 {
        return Ok(needs);
    }
    let label = format!("{} for an outcome", words::count(needs.len(), "case waits", "cases wait"));
    Ok(vec![Need { label, href: urls::INCIDENTS.into(), detail: String::new(), kind: "open", word: "To close".into() }])
}
