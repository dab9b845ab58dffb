//! One person of the roster: where they belong, their offices with dates, their family at the school, and how their agreements
//! stand. Family and agreements are shown to those whose work needs them.

use super::DONE;
use crate::answers::{Answers, Choice};
use crate::app::App;
use crate::error::{WebError, WebResult};
use crate::frame::{Frame, show};
use crate::notice::Done;
use crate::session::SignedIn;
use crate::{portal, urls, words};
use askama::Template;
use axum::extract::{Path, Query, State};
use belisha_policy::Audience;
use belisha_records::{OfficeHolding, Permission, Person, PersonId};
use belisha_store::{Tx, classes, offices, parents_of, people};

struct Held {
    label: &'static str,
    dates: String,
    kind: &'static str,
    word: &'static str,
    /// Where it is ended; empty where it cannot be.
    end: String,
}

struct Relative {
    id: PersonId,
    href: String,
    name: String,
    kin: &'static str,
}

struct Agreed {
    title: String,
    kind: &'static str,
    word: &'static str,
    href: String,
}

#[derive(Template)]
#[template(path = "people/show.html")]
struct PersonPage {
    frame: Frame,
    answers: Answers,
    name: String,
    id: PersonId,
    facts: Vec<(String, String)>,
    offices: Vec<Held>,
    adult: bool,
    family: Option<Vec<Relative>>,
    kin: Vec<Choice>,
    agreements: Option<Vec<Agreed>>,
    here: bool,
    may_manage: bool,
    may_appoint: bool,
    may_look_up: bool,
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Path(id): Path<PersonId>,
    Query(done): Query<Done>,
) -> WebResult {
    reader.may(Permission::SeePeople)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let frame = done.said_on(reader.frame(), DONE);
    of(&mut tx, &reader, id, frame, Answers::new()).await
}

/// The page, with what was typed into its form.
pub(super) async fn of(tx: &mut Tx, reader: &SignedIn, id: PersonId, frame: Frame, answers: Answers) -> WebResult {
    let person = people::find(tx, id).await?.ok_or(WebError::NotFound)?;
    let holdings = offices::list_of(tx, id).await?;
    let may_manage = reader.can(Permission::ManagePeople);
    let knows_family = may_manage || reader.can(Permission::SeeAllSignatures) || reader.can(Permission::ReadConcerns);
    let may_appoint = reader.can(Permission::ManageOffices);
    let pupil = is_pupil(person.audience);
    let kin = if pupil {
        Choice::new("parent", "Their parent or carer")
    } else {
        Choice::new("child", "Their child at this school")
    };
    show(PersonPage {
        answers,
        name: person.name.reveal().to_owned(),
        id,
        facts: facts(tx, reader, &person).await?,
        offices: holdings.iter().map(|held| row(held, reader, may_appoint)).collect(),
        adult: !pupil,
        family: if knows_family { Some(family(tx, &person).await?) } else { None },
        kin: vec![kin],
        agreements: if reader.can(Permission::SeeAllSignatures) {
            Some(agreements(tx, reader, &person).await?)
        } else {
            None
        },
        here: person.left.is_none_or(|left| reader.today() <= left),
        may_manage,
        may_appoint,
        may_look_up: reader.can(Permission::LookUpActivity),
        frame,
    })
}

/// Whether somebody is a pupil of any age.
pub(super) fn is_pupil(audience: Audience) -> bool {
    matches!(audience, Audience::Pupil | Audience::YoungerPupil)
}

async fn facts(tx: &mut Tx, reader: &SignedIn, person: &Person) -> WebResult<Vec<(String, String)>> {
    let mut facts = vec![("Belongs to".to_owned(), person.audience.label().to_owned())];
    if let Some(class) = person.class
        && let Some(class) = classes::find(tx, class).await?
    {
        facts.push(("Class".into(), class.name));
    }
    if let Some(year) = &person.year_group {
        facts.push(("Year group".into(), year.clone()));
    }
    let taught: Vec<String> =
        classes::list_taught_by(tx, person.id).await?.into_iter().map(|class| class.name).collect();
    if !taught.is_empty() {
        facts.push(("Teaches".into(), taught.join(", ")));
    }
    facts.push((
        "Sign-in name".into(),
        person.username.clone().unwrap_or_else(|| "None yet; a one-time link lets them choose one".into()),
    ));
    if reader.can(Permission::ManagePeople) {
        facts.push((
            "E-mail".into(),
            person.email.clone().unwrap_or_else(|| "None; they are told nothing by mail".into()),
        ));
    }
    facts.push(("At the school".into(), span(person.joined, person.left)));
    Ok(facts)
}

fn span(from: jiff::civil::Date, until: Option<jiff::civil::Date>) -> String {
    match until {
        Some(until) => format!("{} to {}", words::day(from), words::day(until)),
        None => format!("Since {}", words::day(from)),
    }
}

fn row(held: &OfficeHolding, reader: &SignedIn, may_appoint: bool) -> Held {
    let today = reader.today();
    let (kind, word) = match held {
        held if held.covers(today) => ("open", "Holds it"),
        held if held.from > today => ("due", "To come"),
        _ => ("done", "Held it"),
    };
    let ended = held.until.is_some_and(|until| until < today);
    let end = if may_appoint && !ended {
        format!("/people/offices/end?person={}&role={}", held.person, held.role.key())
    } else {
        String::new()
    };
    Held { label: held.role.label(), dates: span(held.from, held.until), kind, word, end }
}

async fn family(tx: &mut Tx, person: &Person) -> WebResult<Vec<Relative>> {
    let mut family = Vec::new();
    let parents = parents_of::parents(tx, person.id).await?.into_iter().map(|id| (id, "parent"));
    let children = parents_of::children(tx, person.id).await?.into_iter().map(|id| (id, "child"));
    for (id, kin) in parents.chain(children) {
        if let Some(relative) = people::find(tx, id).await? {
            family.push(Relative { id, href: urls::person(id), name: relative.name.reveal().to_owned(), kin });
        }
    }
    Ok(family)
}

async fn agreements(tx: &mut Tx, reader: &SignedIn, person: &Person) -> WebResult<Vec<Agreed>> {
    let standing = portal::standing(tx, reader, person).await?;
    let agreed = |stand: &portal::Stand| Agreed {
        title: stand.title.clone(),
        kind: stand.kind(),
        word: stand.word(),
        href: if stand.state.signed_at.is_some() || stand.state.refused {
            urls::signed_text(person.id, &stand.state.agreement)
        } else {
            String::new()
        },
    };
    Ok(standing.states.iter().map(agreed).collect())
}
