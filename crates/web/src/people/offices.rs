//! Who holds which office, what the policy asks for that nobody holds, and offices that get in each other's way.

use super::DONE;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::notice::{Done, go_on};
use crate::portal::in_force;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::{Audience, Role};
use belisha_records::{
    Collision, OfficeHolding, Permission, Person, PersonId, Vacancy, collisions, is_at_school, may, vacancies,
};
use belisha_store::{Tx, offices, people};
use jiff::civil::Date;

struct Row {
    office: &'static str,
    href: String,
    name: String,
    dates: String,
    end: String,
}

/// Something about offices that a person should look at.
struct Warned {
    kind: &'static str,
    word: &'static str,
    what: String,
    remedy: String,
}

#[derive(Template)]
#[template(path = "people/offices.html")]
struct OfficesPage {
    frame: Frame,
    answers: Answers,
    warned: Vec<Warned>,
    /// What giving this office would bring about; shown before it is given.
    would: Vec<Warned>,
    rows: Vec<Row>,
    may_appoint: bool,
    roles: Vec<Choice>,
    people: Vec<Choice>,
}

/// Offices that can be given. The others come with being a member of the school's community.
fn given() -> impl Iterator<Item = Role> {
    const WITH_MEMBERSHIP: &[Role] =
        &[Role::SupportStaff, Role::Volunteer, Role::Parent, Role::Pupil, Role::Visitor, Role::CommunityUser];
    Role::ALL.iter().copied().filter(|role| !WITH_MEMBERSHIP.contains(role))
}

/// Who can be given one.
fn can_hold(person: &Person, day: Date) -> bool {
    matches!(person.audience, Audience::Staff | Audience::Governor | Audience::Volunteer) && is_at_school(person, day)
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(done): Query<Done>) -> WebResult {
    reader.may(Permission::SeePeople)?;
    let today = reader.today();
    let answers =
        Answers::new().with("from-day", today.day()).with("from-month", today.month()).with("from-year", today.year());
    let mut tx = app.store.read(reader.school.id).await?;
    form(&mut tx, &reader, done.said_on(reader.frame(), DONE), answers, Vec::new()).await
}

async fn form(tx: &mut Tx, reader: &SignedIn, frame: Frame, answers: Answers, would: Vec<Warned>) -> WebResult {
    let (today, may_appoint) = (reader.today(), reader.can(Permission::ManageOffices));
    let everyone = people::list(tx).await?;
    let holdings = offices::list(tx).await?;
    let name = |id: PersonId| {
        everyone.iter().find(|person| person.id == id).map(|person| person.name.reveal().to_owned()).unwrap_or_default()
    };
    let mut warned: Vec<Warned> = vacant(tx, reader, &holdings).await?.iter().map(vacancy).collect();
    warned.extend(collisions(reader.school.nation, &holdings, today).iter().map(collision));
    let mut current: Vec<&OfficeHolding> =
        holdings.iter().filter(|held| held.until.is_none_or(|until| today <= until)).collect();
    current.sort_by_key(|held| (held.role, held.from));
    let row = |held: &&OfficeHolding| Row {
        office: held.role.label(),
        href: urls::person(held.person),
        name: name(held.person),
        dates: held.until.map_or_else(
            || format!("since {}", words::day(held.from)),
            |until| format!("{} to {}", words::day(held.from), words::day(until)),
        ),
        end: if may_appoint {
            format!("/people/offices/end?person={}&role={}", held.person, held.role.key())
        } else {
            String::new()
        },
    };
    let mut roles = vec![Choice::new("", "Choose an office")];
    roles.extend(given().map(|role| Choice::new(role.key(), role.label())));
    let mut holders = vec![Choice::new("", "Choose a person")];
    holders.extend(
        everyone
            .iter()
            .filter(|person| can_hold(person, today))
            .map(|person| Choice::new(person.id, person.name.reveal())),
    );
    show(OfficesPage {
        frame,
        answers,
        warned,
        would,
        rows: current.iter().map(row).collect(),
        may_appoint,
        roles,
        people: holders,
    })
}

pub(crate) async fn submit(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::ManageOffices)?;
    let mut tx = app.store.begin(&reader.actor(), reader.school.id, reader.now).await?;
    let everyone = people::list(&mut tx).await?;
    let Some(holding) = read(&reader, &everyone, &mut answers) else {
        return Ok((
            StatusCode::UNPROCESSABLE_ENTITY,
            form(&mut tx, &reader, reader.frame(), answers, Vec::new()).await?,
        )
            .into_response());
    };
    let before = offices::list(&mut tx).await?;
    let brought = brought_about(&reader, &before, &holding);
    if !brought.is_empty() && answers.value("anyway") != "yes" {
        return form(&mut tx, &reader, reader.frame(), answers, brought).await;
    }
    offices::insert(&mut tx, &holding).await?;
    tx.commit().await?;
    app.network.rules_changed(reader.school.id).await;
    Ok(go_on(urls::OFFICES, "appointed"))
}

fn read(reader: &SignedIn, everyone: &[Person], answers: &mut Answers) -> Option<OfficeHolding> {
    let role = Role::from_key(answers.value("role")).filter(|role| given().any(|one| one == *role));
    if role.is_none() {
        answers.refuse("role", "choose the office");
    }
    let person =
        answers.value("person").parse().ok().and_then(|id: PersonId| {
            everyone.iter().find(|person| person.id == id && can_hold(person, reader.today()))
        });
    if person.is_none() {
        answers.refuse("person", "choose who holds it");
    }
    // Nobody opens cases to themselves; the head answers for the school, and may be the only one.
    if let (Some(role), Some(person)) = (role, person)
        && person.id == reader.person.id
        && !reader.is(Role::Headteacher)
        && may(&[role], Permission::SeeIncidents)
    {
        answers.refuse("person", "ask the head teacher to give you this office: it opens cases about children");
    }
    let from = answers.date("from", "enter the first day");
    let no_end = ["day", "month", "year"].iter().all(|part| answers.value_of_part("until", part).is_empty());
    let until = if no_end { None } else { answers.date("until", "enter the last day") };
    if from.zip(until).is_some_and(|(from, until)| until < from) {
        answers.refuse("until", "choose a last day that is not before the first");
    }
    if answers.has_errors() {
        return None;
    }
    Some(OfficeHolding { person: person?.id, role: role?, from: from?, until })
}

/// The collisions that are there with a holding and not without it.
fn brought_about(reader: &SignedIn, before: &[OfficeHolding], holding: &OfficeHolding) -> Vec<Warned> {
    let day = holding.from.max(reader.today());
    let nation = reader.school.nation;
    let old = collisions(nation, before, day);
    let with: Vec<OfficeHolding> = before.iter().chain([holding]).cloned().collect();
    let new = collisions(nation, &with, day);
    new.iter()
        .filter(|one| !old.iter().any(|other| other.code == one.code && other.people == one.people))
        .map(collision)
        .collect()
}

async fn vacant(tx: &mut Tx, reader: &SignedIn, holdings: &[OfficeHolding]) -> WebResult<Vec<Vacancy>> {
    let Some(current) = in_force(tx, reader).await? else { return Ok(Vec::new()) };
    let mut vacancies = vacancies(&current.policy, holdings, reader.today());
    // People read the number of a clause, never its key.
    for vacancy in &mut vacancies {
        if let Some(clause) = current.policy.clauses.iter().find(|clause| clause.id.0 == vacancy.clause) {
            vacancy.clause = clause.number.to_string();
        }
    }
    Ok(vacancies)
}

fn vacancy(vacancy: &Vacancy) -> Warned {
    let held = match (vacancy.held, vacancy.ended) {
        (0, Some(ended)) => format!("nobody has held it since {}", words::day(ended)),
        (0, None) => "nobody holds it".to_owned(),
        (held, _) => format!("{held} of the {} that the policy asks for hold it", vacancy.at_least),
    };
    Warned {
        kind: "needed",
        word: "Nobody there",
        what: format!("{}: {held}", vacancy.role.label()),
        remedy: format!("Give the office to somebody below, or change clause {} of the policy.", vacancy.clause),
    }
}

fn collision(collision: &Collision) -> Warned {
    Warned {
        kind: "due",
        word: "Get in each other’s way",
        what: words::sentence(collision.what),
        remedy: format!("The way out: {}.", collision.remedy),
    }
}

/// Offices of the policy that nobody holds, for those who can give them.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::ManageOffices) {
        return Ok(Vec::new());
    }
    let holdings = offices::list(tx).await?;
    let vacant = vacant(tx, reader, &holdings).await?;
    let [first, ..] = vacant.as_slice() else { return Ok(Vec::new()) };
    let label = match vacant.len() {
        1 => "1 office of the policy is held by too few people".to_owned(),
        many => format!("{many} offices of the policy are held by too few people"),
    };
    let detail = format!("{}: {} of {}", first.role.label(), first.held, first.at_least);
    Ok(vec![Need { label, href: urls::OFFICES.into(), detail, kind: "needed", word: "To fill".into() }])
}
