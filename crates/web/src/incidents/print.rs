//! The school's own form of a case, as PDF. That it was printed is an event of the case.

use super::labels;
use super::sight::{Knowledge, whole};
use crate::app::App;
use crate::error::WebResult;
use crate::session::SignedIn;
use crate::{paper, words};
use axum::extract::{Path, State};
use belisha_print::{ActionLine, IncidentForm, InvolvedPerson, Outcome, incident_form};
use belisha_records::{Incident, Involvement, Permission};
use belisha_store::{Tx, classes, incidents, policies};

pub(crate) async fn pdf(State(app): State<App>, reader: SignedIn, Path(id): Path<String>) -> WebResult {
    reader.may(Permission::PrintIncident)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let incident = whole(&mut tx, &reader, &knowledge, &id).await?;
    let form = form(&mut tx, &reader, &knowledge, &incident).await?;
    incidents::add_event(&mut tx, incident.id, "printed", "").await?;
    tx.commit().await?;
    paper::answer(&format!("case-{}.pdf", incident.number), move || incident_form(&form)).await
}

async fn form(tx: &mut Tx, reader: &SignedIn, knowledge: &Knowledge, incident: &Incident) -> WebResult<IncidentForm> {
    let zone = reader.zone();
    let version = match incident.policy_version {
        Some(version) => policies::find(tx, version).await?,
        None => None,
    };
    let whose = incident.about.map(|about| about.label());
    let actions = incident.actions.iter().filter(|action| action.taken || action.by_policy).map(|action| ActionLine {
        label: action.label.clone(),
        by_policy: action.by_policy,
        taken: action.taken,
        reason: action.reason.clone(),
        done_at: action.done_at.map(|at| words::moment(at, &zone)),
    });
    Ok(IncidentForm {
        imprint: paper::imprint(reader),
        case_number: incident.number.to_string(),
        date: incident.occurred.strftime("%-d %B %Y, %H:%M").to_string(),
        place: incident.place.clone(),
        description: incident.description.clone(),
        action_taken: incident.action_taken.clone(),
        recorded_by: knowledge.name(incident.recorded_by).to_owned(),
        signed_as: incident.signed_as.reveal().to_owned(),
        recorded_at: words::moment(incident.recorded_at, &zone),
        kind: incident.row_label.clone(),
        policy: whose.zip(version).map(|(whose, version)| format!("{whose}, policy version {}", version.number)),
        risk_areas: incident.risk_areas.iter().map(|area| labels::risk_area(*area).to_owned()).collect(),
        involved: involved(tx, reader, knowledge, incident).await?,
        actions: actions.collect(),
        outcome: incident.closure.as_ref().map(|closure| Outcome {
            finding: labels::finding(closure.finding).to_owned(),
            words: closure.outcome.clone(),
            closed_by: knowledge.name(closure.by).to_owned(),
            closed_at: words::moment(closure.at, &zone),
        }),
    })
}

/// Each person once, with every part they had.
async fn involved(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
) -> WebResult<Vec<InvolvedPerson>> {
    let classes = classes::list(tx).await?.into_iter().map(|class| (class.id, class.name)).collect();
    let mut people: Vec<(&Involvement, InvolvedPerson)> = Vec::new();
    for one in &incident.involved {
        let part = labels::part(one.part).to_owned();
        if let Some((_, known)) =
            people.iter_mut().find(|(known, _)| known.person == one.person && known.described_as == one.described_as)
        {
            known.parts.push(part);
            continue;
        }
        let person = one.person.and_then(|person| knowledge.person(person));
        let name = match (one.person, &one.described_as) {
            (Some(person), _) => knowledge.name(person).to_owned(),
            (None, words) => words.clone().unwrap_or_default(),
        };
        let place_in_school = person.map(|person| knowledge.place(person, reader.today(), &classes));
        people.push((one, InvolvedPerson { name, place_in_school, parts: vec![part] }));
    }
    Ok(people.into_iter().map(|(_, person)| person).collect())
}
