//! One case. Opening it is itself an event of it. Somebody who only told or wrote it down sees that it is dealt with.

use super::follow_up::drafts;
use super::labels;
use super::sight::{Knowledge, find};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Path, Query, State};
use belisha_records::{
    Incident, IncidentStatus, Part, Permission, Sight, bullying_definition, indecent_image_steps, referral_checklist,
};
use belisha_store::{Tx, incidents, tasks};
use std::collections::BTreeMap;

/// An action as the case shows it.
struct ActionRow {
    label: String,
    note: String,
    kind: &'static str,
    word: &'static str,
}

#[derive(Template)]
#[template(path = "incidents/show.html")]
struct CasePage {
    frame: Frame,
    act: String,
    close: String,
    form: String,
    just_now: bool,
    number: i64,
    kind: &'static str,
    word: &'static str,
    about: String,
    facts: Vec<(&'static str, String)>,
    people: Vec<(&'static str, Vec<String>)>,
    images: bool,
    steps_for_images: &'static [&'static str],
    referral: Vec<(&'static str, &'static str)>,
    bullying: Option<String>,
    actions: Vec<ActionRow>,
    tasks: Vec<ActionRow>,
    timeline: Vec<(String, String, String)>,
    readings: Vec<(String, String)>,
    outcome: Option<(&'static str, String, String)>,
    open: bool,
    may_act: bool,
    may_close: bool,
    may_print: bool,
}

#[derive(Template)]
#[template(path = "incidents/status.html")]
struct StatusPage {
    frame: Frame,
    just_now: bool,
    number: i64,
    recorded: String,
    kind: &'static str,
    word: &'static str,
    closed: bool,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
) -> WebResult {
    reader.may(Permission::SeeIncidents)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let knowledge = Knowledge::gather(&mut tx, &reader).await?;
    let (incident, sight) = find(&mut tx, &reader, &knowledge, &id).await?;
    let just_now = query.contains_key("recorded");
    match sight {
        Sight::Whole => {
            incidents::note_viewed(&mut tx, incident.id).await?;
            let page = case_page(&mut tx, &reader, &knowledge, &incident, just_now).await?;
            tx.commit().await?;
            show(page)
        }
        Sight::Status => {
            let (kind, word) = labels::status(incident.status);
            let closed = incident.status == IncidentStatus::Closed;
            let recorded = words::moment(incident.recorded_at, &reader.zone());
            let word = if closed { word } else { "Being dealt with" };
            show(StatusPage { frame: reader.frame(), just_now, number: incident.number, recorded, kind, word, closed })
        }
        Sight::Task | Sight::Nothing => Err(WebError::NotFound),
    }
}

async fn case_page(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
    just_now: bool,
) -> WebResult<CasePage> {
    let zone = reader.zone();
    let (kind, word) = labels::status(incident.status);
    let nation = reader.school.nation;
    let events = incidents::list_events(tx, incident.id).await?;
    let who = |person: Option<belisha_records::PersonId>| {
        person.map_or("Belisha", |person| knowledge.name(person)).to_owned()
    };
    let (readings, happened): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event.verb == "viewed");
    let verb = |event: &incidents::IncidentEvent| match event.note.as_str() {
        "" => labels::event(&event.verb).to_owned(),
        note => format!("{}: {note}", labels::event(&event.verb)),
    };
    let open = incident.status == IncidentStatus::Open;
    let referral = referral_checklist(nation, knowledge.route(reader, incident));
    let definition = bullying_definition(nation);
    Ok(CasePage {
        frame: reader.frame(),
        act: urls::incident_verb(incident.id, "act"),
        close: urls::incident_verb(incident.id, "close"),
        form: urls::incident_verb(incident.id, "form.pdf"),
        just_now,
        number: incident.number,
        kind,
        word,
        about: incident
            .row_label
            .clone()
            .unwrap_or_else(|| labels::about(incident.about, knowledge.route(reader, incident)).to_owned()),
        facts: facts(reader, knowledge, incident),
        people: people(knowledge, incident),
        images: incident.may_involve_indecent_images,
        steps_for_images: indecent_image_steps(nation),
        referral: referral.iter().map(|step| (step.what, step.by.label())).collect(),
        bullying: incident.bullying.then(|| format!("Bullying: keep it in {} too.", definition.logged_in)),
        actions: incident
            .actions
            .iter()
            .filter(|action| action.taken || action.by_policy)
            .map(|action| action_row(reader, action))
            .collect(),
        tasks: task_rows(tx, reader, knowledge, incident).await?,
        timeline: happened
            .iter()
            .rev()
            .map(|event| (words::moment(event.at, &zone), verb(event), who(event.person)))
            .collect(),
        readings: readings.iter().rev().map(|event| (words::moment(event.at, &zone), who(event.person))).collect(),
        outcome: incident.closure.as_ref().map(|closure| {
            (
                labels::finding(closure.finding),
                closure.outcome.clone(),
                format!("{}, {}", knowledge.name(closure.by), words::moment(closure.at, &zone)),
            )
        }),
        open,
        may_act: open && reader.can(Permission::ActOnIncident),
        may_close: open && reader.can(Permission::CloseIncident),
        may_print: reader.can(Permission::PrintIncident),
    })
}

fn facts(reader: &SignedIn, knowledge: &Knowledge, incident: &Incident) -> Vec<(&'static str, String)> {
    let risks: Vec<&str> = incident.risk_areas.iter().map(|area| labels::risk_area(*area)).collect();
    vec![
        ("When", incident.occurred.strftime("%A %-d %B %Y, %H:%M").to_string()),
        ("Where", incident.place.clone()),
        ("What happened", incident.description.clone()),
        ("What was done at once", incident.action_taken.clone()),
        (
            "Recorded by",
            format!(
                "{}, signed as {}, {}",
                knowledge.name(incident.recorded_by),
                incident.signed_as.reveal(),
                words::moment(incident.recorded_at, &reader.zone())
            ),
        ),
        ("Kind of risk", risks.join(", ")),
    ]
}

fn people(knowledge: &Knowledge, incident: &Incident) -> Vec<(&'static str, Vec<String>)> {
    let name = |one: &belisha_records::Involvement| match (one.person, &one.described_as) {
        (Some(person), _) => knowledge.name(person).to_owned(),
        (None, words) => words.clone().unwrap_or_default(),
    };
    let of = |part: Part| {
        (labels::part(part), incident.involved.iter().filter(|one| one.part == part).map(name).collect::<Vec<_>>())
    };
    labels::PARTS.iter().map(|(part, ..)| of(*part)).filter(|(_, names)| !names.is_empty()).collect()
}

fn action_row(reader: &SignedIn, action: &belisha_records::ActionDecision) -> ActionRow {
    let why = action
        .reason
        .as_ref()
        .map(|reason| if action.taken { format!("Added: {reason}") } else { format!("Left out: {reason}") });
    let (kind, word, note) = match (action.taken, action.done_at) {
        (true, Some(at)) => ("kept", "Done", words::moment(at, &reader.zone())),
        (true, None) => ("open", "To do", String::new()),
        (false, _) => ("done", "Left out", String::new()),
    };
    let note =
        [note, why.unwrap_or_default()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(". ");
    ActionRow { label: action.label.clone(), note, kind, word }
}

/// The tasks given, and in amber those that nobody could be given.
async fn task_rows(
    tx: &mut Tx,
    reader: &SignedIn,
    knowledge: &Knowledge,
    incident: &Incident,
) -> WebResult<Vec<ActionRow>> {
    let given = tasks::list_in(tx, incident.id).await?;
    let zone = reader.zone();
    let mut rows: Vec<ActionRow> = given
        .iter()
        .map(|task| {
            let (kind, word) = match (task.done_at, task.due) {
                (Some(_), _) => ("kept", "Done"),
                (None, Some(due)) if due < reader.now => ("overdue", "Overdue"),
                (None, _) => ("open", "To do"),
            };
            let due = task
                .due
                .filter(|_| task.done_at.is_none())
                .map(|due| format!(", {}", labels::by(due, &zone)))
                .unwrap_or_default();
            ActionRow {
                label: task_here(&task.what, incident.number),
                note: format!("{}{due}", knowledge.name(task.assignee)),
                kind,
                word,
            }
        })
        .collect();
    if incident.status == IncidentStatus::Open {
        for draft in drafts(tx, reader, knowledge, incident, &incident.actions)
            .await?
            .into_iter()
            .filter(|draft| draft.assignee.is_none())
        {
            let note = format!(
                "Nobody free to do it is {} today. Ask somebody yourself.",
                draft.office.label().to_lowercase()
            );
            rows.push(ActionRow {
                label: task_here(&draft.what, incident.number),
                note,
                kind: "needed",
                word: "Nobody has it",
            });
        }
    }
    Ok(rows)
}

/// What a task asks for, on the page of its own case: without the number of the case before it.
fn task_here(what: &str, number: i64) -> String {
    words::sentence(what.strip_prefix(&format!("Case {number}: ")).unwrap_or(what))
}
