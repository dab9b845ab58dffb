//! Who is missing: in the reader's own classes, or in the whole school for those who look after it. Somebody who chose not to
//! sign stands here without blame: it is their right, and a talk is what follows.

use crate::app::App;
use crate::error::WebResult;
use crate::frame::{Frame, Need, show};
use crate::portal::{InForce, Stand, in_force};
use crate::session::SignedIn;
use crate::{urls, words};
use askama::Template;
use axum::extract::{Query, State};
use belisha_policy::Audience;
use belisha_records::{
    Class, ClassId, MissingSignature, Permission, Person, PersonId, agreements_for, is_at_school, missing_signatures,
};
use belisha_store::{Tx, classes, parents_of, people, signatures};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};

/// The whole school, for those who may.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    of: String,
}

struct Row {
    name: String,
    title: String,
    href: String,
    kind: &'static str,
    word: &'static str,
    detail: String,
}

struct Group {
    id: String,
    label: String,
    sentence: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "signatures/list.html")]
struct SignaturesPage {
    frame: Frame,
    policy: bool,
    summary: String,
    groups: Vec<Group>,
    /// Whether the reader sees the whole school now.
    whole: bool,
    may_see_all: bool,
    has_classes: bool,
}

/// Everything that says who is missing.
struct Missing {
    missing: Vec<MissingSignature>,
    people: Vec<Person>,
    titles: HashMap<String, (String, bool)>,
    /// People at the school to whom an agreement speaks.
    asked: HashSet<PersonId>,
}

pub(crate) async fn page(State(app): State<App>, reader: SignedIn, Query(wanted): Query<Wanted>) -> WebResult {
    reader.may(Permission::SeeClassSignatures)?;
    let mut tx = app.store.read(reader.school.id).await?;
    let may_see_all = reader.can(Permission::SeeAllSignatures);
    let taught = classes::list_taught_by(&mut tx, reader.person.id).await?;
    let has_classes = !taught.is_empty();
    let whole = may_see_all && (wanted.of == "school" || !has_classes);
    let Some(missing) = gather(&mut tx, &reader).await? else {
        return show(SignaturesPage {
            frame: reader.frame(),
            policy: false,
            summary: String::new(),
            groups: Vec::new(),
            whole,
            may_see_all,
            has_classes,
        });
    };
    let shown = if whole { classes::list(&mut tx).await? } else { taught };
    let mut groups: Vec<Group> = shown.iter().map(|class| missing.of_class(class, may_see_all)).collect();
    if whole {
        groups.extend(Audience::ALL.iter().filter_map(|audience| missing.of_audience(*audience, may_see_all)));
    }
    let rows: usize = groups.iter().map(|group| group.rows.len()).sum();
    let summary = if rows == 0 {
        "Nobody is missing.".to_owned()
    } else {
        format!("{} still to be completed.", words::count(rows, "agreement is", "agreements are"))
    };
    // Where most is missing, first.
    groups.sort_by_key(|group| std::cmp::Reverse(group.rows.len()));
    show(SignaturesPage { frame: reader.frame(), policy: true, summary, groups, whole, may_see_all, has_classes })
}

async fn gather(tx: &mut Tx, reader: &SignedIn) -> WebResult<Option<Missing>> {
    let Some(InForce { policy, .. }) = in_force(tx, reader).await? else { return Ok(None) };
    let people = people::list(tx).await?;
    let signed = signatures::list(tx).await?;
    let mut parents: HashMap<PersonId, Vec<PersonId>> = HashMap::new();
    for (parent, pupil) in parents_of::list(tx).await? {
        parents.entry(pupil).or_default().push(parent);
    }
    let today = reader.today();
    let missing = missing_signatures(
        &policy,
        &people,
        &|person| parents.get(&person).cloned().unwrap_or_default(),
        &signed,
        &reader.school.calendar,
        today,
    );
    let titles = policy
        .agreements()
        .map(|(clause, agreement)| (clause.id.0.clone(), (clause.section.clone(), agreement.opens_network)))
        .collect();
    let asked = people
        .iter()
        .filter(|person| is_at_school(person, today) && !agreements_for(&policy, person.audience).is_empty())
        .map(|person| person.id)
        .collect();
    Ok(Some(Missing { missing, people, titles, asked }))
}

impl Missing {
    fn of_class(&self, class: &Class, linked: bool) -> Group {
        let in_class = |person: &Person| person.class == Some(class.id) && person.year_group.is_some();
        self.group(class.id.to_string(), format!("Class {}", class.name), linked, in_class)
    }

    /// Everybody of an audience who is in no class; nothing where there is nobody.
    fn of_audience(&self, audience: Audience, linked: bool) -> Option<Group> {
        let pupil = |person: &Person| person.year_group.is_some() && person.class.is_some();
        let group = self.group(audience.key().to_owned(), audience.label().to_owned(), linked, |person| {
            person.audience == audience && !pupil(person)
        });
        (!group.sentence.is_empty()).then_some(group)
    }

    fn group(&self, id: String, label: String, linked: bool, belongs: impl Fn(&Person) -> bool) -> Group {
        let here: Vec<&Person> =
            self.people.iter().filter(|person| self.asked.contains(&person.id) && belongs(person)).collect();
        let mut rows = Vec::new();
        let mut incomplete = HashSet::new();
        for person in &here {
            for missing in self.missing.iter().filter(|missing| missing.person == person.id) {
                incomplete.insert(person.id);
                rows.push(self.row(person, missing, linked));
            }
        }
        let signed = here.len() - incomplete.len();
        let sentence = if here.is_empty() {
            String::new()
        } else {
            format!("Everything is signed for {signed} of {}.", words::count(here.len(), "person", "people"))
        };
        Group { id, label, sentence, rows }
    }

    fn row(&self, person: &Person, missing: &MissingSignature, linked: bool) -> Row {
        let (title, opens_network) = self.titles.get(&missing.state.agreement).cloned().unwrap_or_default();
        let stand = Stand { title: title.clone(), opens_network, state: missing.state.clone(), about: person.id };
        let acted = missing.state.signed_at.is_some() || missing.state.refused || missing.state.counter_refused;
        let lines = missing.state.unsigned.len();
        let detail = match () {
            () if missing.state.refused || missing.state.counter_refused => {
                "Their choice is kept; somebody they trust can talk with them.".to_owned()
            }
            () if missing.state.changed => {
                format!("Only {} to sign anew.", words::count(lines, "changed line", "changed lines"))
            }
            () => String::new(),
        };
        Row {
            name: person.name.reveal().to_owned(),
            title,
            href: if linked && acted { urls::signed_text(person.id, &missing.state.agreement) } else { String::new() },
            kind: if stand.kind() == "needed" { "due" } else { stand.kind() },
            word: stand.word(),
            detail,
        }
    }
}

/// For a teacher: how many of their own classes are missing. For those who look after the whole school there is the page.
pub(crate) async fn needs(tx: &mut Tx, reader: &SignedIn) -> WebResult<Vec<Need>> {
    if !reader.can(Permission::SeeClassSignatures) {
        return Ok(Vec::new());
    }
    let taught: Vec<ClassId> =
        classes::list_taught_by(tx, reader.person.id).await?.into_iter().map(|class| class.id).collect();
    if taught.is_empty() {
        return Ok(Vec::new());
    }
    let Some(missing) = gather(tx, reader).await? else { return Ok(Vec::new()) };
    // A pupil who chose not to sign is not asked again and again.
    let waiting: HashSet<PersonId> = missing
        .missing
        .iter()
        .filter(|one| {
            !one.state.signed() && !one.state.refused && one.class.is_some_and(|class| taught.contains(&class))
        })
        .filter(|one| missing.people.iter().any(|person| person.id == one.person && person.year_group.is_some()))
        .map(|one| one.person)
        .collect();
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let label = match waiting.len() {
        1 => "1 pupil in your classes has still to read and sign".to_owned(),
        many => format!("{many} pupils in your classes have still to read and sign"),
    };
    Ok(vec![Need {
        label,
        href: urls::SIGNATURES.into(),
        detail: "Until then the school’s network stays closed to them.".into(),
        kind: "due",
        word: "To sign".into(),
    }])
}
