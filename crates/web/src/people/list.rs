//! The roster: by kind of member, by class, or by letters of a name. The letters are posted, so that no name stands in an address.

use super::{DONE, offices_of};
use crate::answers::Answers;
use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, show};
use crate::notice::Done;
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use belisha_policy::Audience;
use belisha_records::{Class, OfficeHolding, Permission, Person, is_at_school};
use belisha_store::{Tx, classes, offices, people};
use serde::Deserialize;

/// The most people a search shows.
const MOST: u32 = 50;

/// Which part of the roster to show.
#[derive(Deserialize, Default)]
pub(crate) struct Wanted {
    #[serde(default)]
    audience: String,
    #[serde(default)]
    class: String,
}

struct Row {
    href: String,
    name: String,
    place: String,
    offices: String,
}

struct Group {
    href: String,
    label: String,
    count: usize,
    current: bool,
}

#[derive(Template)]
#[template(path = "people/list.html")]
struct PeoplePage {
    frame: Frame,
    answers: Answers,
    total: String,
    groups: Vec<Group>,
    classes: Vec<Group>,
    /// What the table shows; empty where nothing was asked for.
    caption: String,
    rows: Vec<Row>,
    may_manage: bool,
    may_import: bool,
}

/// What the roster holds.
struct Roster {
    people: Vec<Person>,
    classes: Vec<Class>,
    holdings: Vec<OfficeHolding>,
}

impl Roster {
    async fn read(tx: &mut Tx) -> WebResult<Self> {
        Ok(Self {
            people: people::list(tx).await?,
            classes: classes::list(tx).await?,
            holdings: offices::list(tx).await?,
        })
    }

    fn row(&self, person: &Person, reader: &SignedIn) -> Row {
        let today = reader.today();
        let class = person
            .class
            .and_then(|class| self.classes.iter().find(|one| one.id == class))
            .map(|class| format!(", {}", class.name));
        let left = person.left.filter(|left| *left < today).map(|left| format!(", left on {}", words::day(left)));
        Row {
            href: urls::person(person.id),
            name: person.name.reveal().to_owned(),
            place: format!("{}{}{}", person.audience.label(), class.unwrap_or_default(), left.unwrap_or_default()),
            offices: offices_of(person.id, &self.holdings, today),
        }
    }
}

pub(crate) async fn page(
    State(app): State<App>,
    reader: SignedIn,
    Query(wanted): Query<Wanted>,
    Query(done): Query<Done>,
) -> WebResult {
    reader.may(Permission::SeePeople)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let roster = Roster::read(&mut tx).await?;
    let today = reader.today();
    let class = roster.classes.iter().find(|class| class.id.to_string() == wanted.class);
    let audience = Audience::from_key(&wanted.audience);
    let left = wanted.audience == "left";
    let shown = |person: &&Person| match (class, audience) {
        (Some(class), _) => person.class == Some(class.id) && is_at_school(person, today),
        (None, Some(audience)) => person.audience == audience && person.left.is_none_or(|left| today <= left),
        (None, None) => left && person.left.is_some_and(|left| left < today),
    };
    let caption = match (class, audience, left) {
        (Some(class), ..) => format!("Class {}", class.name),
        (None, Some(audience), _) => audience.label().to_owned(),
        (None, None, true) => "People who left".to_owned(),
        (None, None, false) => String::new(),
    };
    let rows = roster.people.iter().filter(shown).map(|person| roster.row(person, &reader)).collect();
    let frame = done.said_on(reader.frame(), DONE);
    show(page_of(&reader, frame, &roster, &wanted, Answers::new(), caption, rows))
}

pub(crate) async fn search(State(app): State<App>, reader: SignedIn, mut answers: Answers) -> WebResult {
    reader.may(Permission::SeePeople)?;
    let letters = answers.required("name", "type some letters of a name", 80);
    let mut tx = app.store.read(reader.school.id).await?;
    let roster = Roster::read(&mut tx).await?;
    if answers.has_errors() {
        let page = page_of(&reader, reader.frame(), &roster, &Wanted::default(), answers, String::new(), Vec::new());
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, show(page)?).into_response());
    }
    let found = people::search(&mut tx, &letters, MOST).await?;
    let rows: Vec<Row> = found.iter().map(|person| roster.row(person, &reader)).collect();
    let caption = format!("{} found", words::count(rows.len(), "person", "people"));
    show(page_of(&reader, reader.frame(), &roster, &Wanted::default(), answers, caption, rows))
}

fn page_of(
    reader: &SignedIn,
    frame: Frame,
    roster: &Roster,
    wanted: &Wanted,
    answers: Answers,
    caption: String,
    rows: Vec<Row>,
) -> PeoplePage {
    let today = reader.today();
    let at_school = |person: &&Person| is_at_school(person, today);
    let group = |key: &str, label: &str, count: usize| Group {
        href: format!("{}?audience={key}", urls::PEOPLE),
        label: label.to_owned(),
        count,
        current: wanted.audience == key,
    };
    let mut groups: Vec<Group> = Audience::ALL
        .iter()
        .map(|audience| {
            (
                audience,
                roster
                    .people
                    .iter()
                    .filter(|person| person.audience == *audience && is_at_school(person, today))
                    .count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(audience, count)| group(audience.key(), audience.label(), count))
        .collect();
    let left = roster.people.iter().filter(|person| person.left.is_some_and(|left| left < today)).count();
    if left > 0 {
        groups.push(group("left", "People who left", left));
    }
    let class = |class: &Class| Group {
        href: format!("{}?class={}", urls::PEOPLE, class.id),
        label: class.name.clone(),
        count: roster
            .people
            .iter()
            .filter(|person| {
                person.class == Some(class.id) && person.year_group.is_some() && is_at_school(person, today)
            })
            .count(),
        current: wanted.class == class.id.to_string(),
    };
    PeoplePage {
        frame,
        answers,
        total: words::count(roster.people.iter().filter(at_school).count(), "person is", "people are"),
        groups,
        classes: roster.classes.iter().map(class).collect(),
        caption,
        rows,
        may_manage: reader.can(Permission::ManagePeople),
        may_import: reader.can(Permission::ImportPeople),
    }
}
