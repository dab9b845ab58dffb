//! Recording a concern: five short question pages that work on a phone, without script. What the policy asks for appears
//! ticked at the end; leaving something out or adding it asks why.

use super::draft::{ConductGroup, PartFields, Step, answers_of, carried, check, conduct_groups, part_fields};
use super::keep::{Record, keep};
use super::labels::RISK_AREAS;
use super::roster::Roster;
use super::sight::Knowledge;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::concerns;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::portal::{InForce, in_force};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect};
use belisha_policy::{Nation, Role};
use belisha_records::{
    ActionDecision, Alert, Concern, IncidentFacts, IncidentForm, InvolvementForm, Part, Permission, Sight,
    action_table, bullying_definition, decide_actions, demanded_actions, incident_form_from_alert,
    indecent_image_steps, reason_field,
};
use belisha_store::Tx;
use std::collections::{BTreeMap, BTreeSet};

/// One action as the last page shows it.
struct ActionRow {
    id: String,
    column: String,
    label: String,
    taken: bool,
    by_policy: bool,
    /// The field of the reason, and whether it is asked.
    reason: String,
    asks: bool,
}

#[derive(Template)]
#[template(path = "incidents/record.html")]
struct RecordPage {
    frame: Frame,
    answers: Answers,
    step: &'static str,
    number: usize,
    title: &'static str,
    carried: Vec<(String, String)>,
    tell_first: String,
    from: Option<String>,
    images: bool,
    /// The page that interrupts: what must be done before a word is written.
    stops: bool,
    steps_for_images: &'static [&'static str],
    image_choices: Vec<Choice>,
    parts: Vec<PartFields>,
    people: Vec<String>,
    groups: Vec<ConductGroup>,
    risks: Vec<Choice>,
    bullying: Vec<Choice>,
    actions: Vec<ActionRow>,
    row_label: String,
}

/// What the pages of a record stand on.
pub(super) struct Ground {
    pub(super) knowledge: Knowledge,
    pub(super) in_force: Option<InForce>,
    roster: Roster,
    pub(super) alert: Option<Alert>,
    pub(super) concern: Option<Concern>,
}

impl Ground {
    async fn gather(tx: &mut Tx, reader: &SignedIn, alert: &str, concern: &str) -> WebResult<Self> {
        let knowledge = Knowledge::gather(tx, reader).await?;
        let roster = Roster::gather(tx, reader, &knowledge).await?;
        let alert = if alert.is_empty() { None } else { Some(crate::alerts::find(tx, reader, alert).await?) };
        let concern =
            if concern.is_empty() { None } else { Some(concerns::find(tx, reader, &knowledge, concern).await?) };
        Ok(Self { in_force: in_force(tx, reader).await?, knowledge, roster, alert, concern })
    }

    fn policy(&self) -> Option<&belisha_policy::Policy> {
        self.in_force.as_ref().map(|in_force| &in_force.policy)
    }

    /// What the policy demands for the row that was chosen, and the row's label.
    fn demanded(&self, answers: &Answers) -> (Vec<ActionDecision>, String) {
        let (about, row) = answers.value("conduct").split_once(':').unwrap_or(("", ""));
        let table =
            belisha_policy::ActionSubject::from_key(about).and_then(|about| action_table(self.policy()?, about));
        let label =
            table.and_then(|table| table.rows.iter().find(|known| known.id.0 == row)).map(|row| row.label.clone());
        (table.map(|table| demanded_actions(table, row)).unwrap_or_default(), label.unwrap_or_default())
    }
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Query(query): Query<BTreeMap<String, String>>,
) -> WebResult {
    reader.may(Permission::RecordIncident)?;
    let given = |key: &str| query.get(key).map(String::as_str).unwrap_or_default();
    let mut tx = app.store.read(reader.school.id).await?;
    let ground = Ground::gather(&mut tx, &reader, given("alert"), given("concern")).await?;
    let calendar = &reader.school.calendar;
    let form = match (&ground.alert, &ground.concern) {
        (Some(alert), _) if alert.settled.is_some() => {
            return Err(WebError::Conflict("somebody has settled this alert already: open it to see how".into()));
        }
        (Some(alert), _) => incident_form_from_alert(alert, calendar),
        (None, Some(concern)) => form_of_concern(concern, &reader),
        (None, None) => IncidentForm::default(),
    };
    let mut answers = answers_of(&form, &ground.roster);
    if form.occurred_date.is_empty() {
        let now = calendar.local(reader.now);
        answers = Answers::new()
            .with("occurred-date", now.date())
            .with("occurred-time", words::clock_time(reader.now, &reader.zone()));
    }
    for (name, value) in [("alert", given("alert")), ("concern", given("concern"))] {
        if !value.is_empty() {
            answers = answers.with(name, value);
        }
    }
    form_page(&reader, &ground, answers, Step::Image, None)
}

/// What somebody told, as the form starts: their words, the day they told it, and them as the one who told, if they gave a name.
fn form_of_concern(concern: &Concern, reader: &SignedIn) -> IncidentForm {
    let told = reader.school.calendar.local(concern.told_at);
    let described_as = if concern.by.is_none() { "somebody who gave no name".to_owned() } else { String::new() };
    IncidentForm {
        occurred_date: told.date().to_string(),
        occurred_time: format!("{:02}:{:02}", told.hour(), told.minute()),
        description: format!("Somebody told the school: “{}”", concern.words),
        bullying: concern.choice == "unkind",
        involved: vec![InvolvementForm { person: concern.by, described_as, part: Part::Reporter }],
        ..IncidentForm::default()
    }
}

pub(crate) async fn submit(
    State(app): State<App>,
    reader: SignedIn,
    headers: HeaderMap,
    mut answers: Answers,
) -> WebResult {
    reader.may(Permission::RecordIncident)?;
    // Nothing but words: where a picture may show a child, there must be no way to send it.
    let media = headers.get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    if !media.starts_with("application/x-www-form-urlencoded") {
        return Err(WebError::Conflict(
            "a record takes words only, never a file or a picture; nothing was kept".into(),
        ));
    }
    let step = Step::from_key(answers.value("step"));
    // Only the last page writes.
    let mut tx = if step == Step::Actions {
        app.store.begin(&reader.actor(), reader.school.id, reader.now).await?
    } else {
        app.store.read(reader.school.id).await?
    };
    let ground = Ground::gather(&mut tx, &reader, answers.value("alert"), answers.value("concern")).await?;
    match answers.value("go") {
        "back" => return form_page(&reader, &ground, answers, step.previous(), None),
        add if add.starts_with("add-") => {
            let add = add.trim_start_matches("add-").to_owned();
            return form_page(&reader, &ground, answers, Step::People, Some(&add));
        }
        // From the steps for indecent images on to the words.
        "words" => return form_page(&reader, &ground, answers, Step::Facts, None),
        _ => {}
    }
    let (facts, errors) =
        check(&answers, &ground.roster, ground.policy(), reader.school.calendar.local(reader.now), step);
    answers = answers.refused(&errors);
    if let Some(first) = errors.iter().map(|(field, _)| Step::of_field(field)).min() {
        return refused(&reader, &ground, answers, first);
    }
    if step == Step::Image && answers.value("may-involve-indecent-images") == "yes" {
        return stop_page(&reader, &ground, answers);
    }
    if step < Step::Actions {
        return form_page(&reader, &ground, answers, step.next(), None);
    }
    let Some(facts) = facts else {
        return refused(&reader, &ground, answers, Step::Image);
    };
    match decide(&ground, &answers, &facts) {
        Ok(actions) => record(tx, &app, &reader, &ground, answers, (facts, actions)).await,
        Err(errors) => refused(&reader, &ground, answers.refused(&errors), Step::Actions),
    }
}

fn refused(reader: &SignedIn, ground: &Ground, answers: Answers, step: Step) -> WebResult {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, form_page(reader, ground, answers, step, None)?).into_response())
}

fn decide(
    ground: &Ground,
    answers: &Answers,
    facts: &IncidentFacts,
) -> Result<Vec<ActionDecision>, belisha_records::FieldErrors> {
    let (demanded, _) = ground.demanded(answers);
    let reasons: BTreeMap<String, String> =
        answers.under("reason-").map(|(column, reason)| (column.to_owned(), reason.to_owned())).collect();
    let demanded = if facts.row.is_some() { demanded } else { Vec::new() };
    decide_actions(&demanded, &taken(answers, &demanded), &reasons)
}

/// The actions ticked; those of the policy before the reader has seen them, or where another row was chosen since.
fn taken(answers: &Answers, demanded: &[ActionDecision]) -> BTreeSet<String> {
    if answers.value("decided") == answers.value("conduct") && !answers.value("conduct").is_empty() {
        answers.all("actions").map(str::to_owned).collect()
    } else {
        demanded.iter().filter(|action| action.by_policy).map(|action| action.column.clone()).collect()
    }
}

async fn record(
    mut tx: Tx,
    app: &App,
    reader: &SignedIn,
    ground: &Ground,
    mut answers: Answers,
    decided: (IncidentFacts, Vec<ActionDecision>),
) -> WebResult {
    if ground.alert.as_ref().is_some_and(|alert| alert.settled.is_some()) {
        answers.refuse(
            "signed-as",
            "somebody has settled the alert this came from: go to the alerts to see how before you record it again",
        );
        return refused(reader, ground, answers, Step::Actions);
    }
    let random = u32::from_be_bytes(app.random());
    let incident = keep(&mut tx, reader, ground, Record { facts: decided.0, actions: decided.1, random }).await?;
    let sight = ground.knowledge.sight(reader, &incident);
    tx.commit().await?;
    // Whoever may not open cases learns only that it was received; so does somebody who recorded a case about themselves.
    let to = match sight {
        Sight::Whole | Sight::Status if reader.can(Permission::SeeIncidents) => {
            format!("{}?recorded", urls::incident(incident.id))
        }
        _ => format!("{}?recorded", urls::RECORDED),
    };
    Ok(Redirect::to(&to).into_response())
}

fn form_page(reader: &SignedIn, ground: &Ground, answers: Answers, step: Step, add: Option<&str>) -> WebResult {
    show(make_page(reader, ground, answers, step, add))
}

fn stop_page(reader: &SignedIn, ground: &Ground, answers: Answers) -> WebResult {
    let page = make_page(reader, ground, answers, Step::Image, None);
    show(RecordPage { stops: true, title: "Stop and do this first", ..page })
}

fn make_page(reader: &SignedIn, ground: &Ground, answers: Answers, step: Step, add: Option<&str>) -> RecordPage {
    let (demanded, row_label) = ground.demanded(&answers);
    let ticked = taken(&answers, &demanded);
    let row = |(place, action): (usize, ActionDecision)| {
        let (taken, reason) = (ticked.contains(&action.column), reason_field(&action.column));
        let asks = taken != action.by_policy;
        let id = if place == 0 { "actions".to_owned() } else { format!("actions-{place}") };
        ActionRow { id, taken, asks, by_policy: action.by_policy, label: action.label, column: action.column, reason }
    };
    let images = answers.value("may-involve-indecent-images") == "yes";
    let nation = reader.school.nation;
    RecordPage {
        frame: reader.frame(),
        step: step.key(),
        number: Step::ALL.iter().position(|known| *known == step).unwrap_or(0) + 1,
        title: title(step),
        carried: carried(&answers, step),
        tell_first: tell_first(reader, &ground.knowledge),
        from: from(ground),
        images,
        stops: false,
        steps_for_images: indecent_image_steps(nation),
        image_choices: vec![Choice::new("no", "No"), Choice::new("yes", "Yes, or I am not sure")],
        parts: part_fields(&answers, &ground.roster, add),
        people: ground.roster.labels().into_iter().map(str::to_owned).collect(),
        groups: conduct_groups(ground.policy()),
        risks: RISK_AREAS.iter().map(|(_, key, label, hint)| Choice::new(key, *label).hint(*hint)).collect(),
        bullying: vec![Choice::new("yes", "This is, or may be, bullying").hint(bullying_hint(nation))],
        actions: demanded.into_iter().enumerate().map(row).collect(),
        row_label,
        answers,
    }
}

fn bullying_hint(nation: Nation) -> String {
    let definition = bullying_definition(nation);
    format!("{}. It is also kept in {}.", definition.words, definition.logged_in)
}

fn title(step: Step) -> &'static str {
    match step {
        Step::Image => "Could it show somebody under 18 undressed or sexual?",
        Step::Facts => "What happened?",
        Step::People => "Who was involved, and how?",
        Step::Kind => "What kind of thing is it?",
        Step::Actions => "What happens now, and your name",
    }
}

/// Whom to go to in person when a child is in danger.
fn tell_first(reader: &SignedIn, knowledge: &Knowledge) -> String {
    const ORDER: [Role; 4] = [
        Role::DesignatedSafeguardingLead,
        Role::ChildProtectionCoordinator,
        Role::DeputyDesignatedSafeguardingLead,
        Role::Headteacher,
    ];
    // The one who answers for it goes to the next.
    let first =
        ORDER.iter().flat_map(|role| knowledge.holders(reader, *role)).find(|person| *person != reader.person.id);
    first.map_or_else(|| "the head".to_owned(), |person| knowledge.name(person).to_owned())
}

fn from(ground: &Ground) -> Option<String> {
    match (&ground.alert, &ground.concern) {
        (Some(alert), _) => Some(format!(
            "This starts from an alert about {}. Recording it settles the alert.",
            alert.theme.replace('-', " ")
        )),
        (None, Some(_)) => Some(
            "This starts from what somebody told the school. Their words are in the next page for you to check."
                .to_owned(),
        ),
        (None, None) => None,
    }
}
