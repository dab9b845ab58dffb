//! What bringing a file in would do: who is new, which classes are made, whose parents are whose, and which lines are not
//! taken. Writing it is `import`'s.

use super::roster::{Line, Reading, Refused};
use super::show::is_pupil;
use crate::error::WebResult;
use crate::session::SignedIn;
use belisha_records::{Class, ClassId, Person, PersonId, PersonName, is_at_school};
use belisha_store::{Store, Tx, classes, people};
use std::collections::{HashMap, HashSet};

/// What would be written.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) people: Vec<Person>,
    pub(super) classes: Vec<Class>,
    pub(super) ties: Vec<(PersonId, PersonId)>,
    pub(super) refused: Vec<Refused>,
}

/// Whether a text has the shape of an address for mail. Whether mail arrives is found out by sending.
pub(super) fn looks_like_email(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    let [name, host] = parts.as_slice() else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && text.chars().count() <= 250
        && !text.chars().any(|letter| letter.is_whitespace() || letter.is_control() || ",<>\"".contains(letter))
}

/// Compares a file with the roster. `tx` makes the ids of what is new.
pub(super) async fn make(tx: &mut Tx, store: &Store, reader: &SignedIn, reading: Reading) -> WebResult<Plan> {
    let everyone = people::list(tx).await?;
    let mut known: HashMap<String, ClassId> =
        classes::list(tx).await?.into_iter().map(|class| (class.name.to_lowercase(), class.id)).collect();
    let taken = taken(store, &reading).await?;
    let mut seen: HashSet<String> = HashSet::new();
    let mut plan = Plan { refused: reading.refused, ..Plan::default() };
    let mut parents: Vec<(PersonId, Line)> = Vec::new();
    for line in reading.lines {
        if let Some(why) = refusal(&line, &everyone, &taken, &mut seen, reader) {
            plan.refused.push(Refused { number: line.number, why: why.into() });
            continue;
        }
        let class = match line.class.as_ref().filter(|_| is_pupil(line.audience)) {
            Some(name) => match known.get(&name.to_lowercase()) {
                Some(class) => Some(*class),
                None => {
                    let Some(year_group) = line.year_group.clone() else {
                        plan.refused.push(Refused {
                            number: line.number,
                            why: "there is no such class yet; give the year group too, and it is made".into(),
                        });
                        continue;
                    };
                    let class = Class { id: tx.new_id(), name: name.clone(), year_group };
                    known.insert(name.to_lowercase(), class.id);
                    plan.classes.push(class);
                    plan.classes.last().map(|class| class.id)
                }
            },
            None => None,
        };
        let person = person(tx, reader, &line, class);
        if !line.parent_of.is_empty() {
            parents.push((person.id, line));
        }
        plan.people.push(person);
    }
    tie(&mut plan, parents, &everyone, reader);
    year_groups(tx, &mut plan).await?;
    plan.refused.sort_by_key(|refused| refused.number);
    Ok(plan)
}

/// The sign-in names of the file that somebody of the installation has.
async fn taken(store: &Store, reading: &Reading) -> WebResult<HashSet<String>> {
    let mut tx = store.read_installation().await?;
    let mut taken = HashSet::new();
    for username in reading.lines.iter().filter_map(|line| line.username.as_ref()) {
        if people::locate_username(&mut tx, username).await?.is_some() {
            taken.insert(username.clone());
        }
    }
    Ok(taken)
}

fn refusal(
    line: &Line,
    everyone: &[Person],
    taken: &HashSet<String>,
    seen: &mut HashSet<String>,
    reader: &SignedIn,
) -> Option<&'static str> {
    if let Some(username) = &line.username {
        if taken.contains(username) {
            return Some("somebody has this sign-in name already; if it is the same person, they are on the roster");
        }
        if !seen.insert(username.clone()) {
            return Some("another line of the file has the same sign-in name");
        }
    }
    let same = |person: &&Person| {
        person.audience == line.audience
            && person.name.reveal().eq_ignore_ascii_case(&line.name)
            && is_at_school(person, reader.today())
    };
    // With a sign-in name of their own they are somebody else of the same name.
    if line.username.is_none() && everyone.iter().any(|person| same(&person)) {
        return Some(
            "somebody of this name and kind is on the roster; correct their record there, or give a sign-in name that tells the two apart",
        );
    }
    None
}

fn person(tx: &Tx, reader: &SignedIn, line: &Line, class: Option<ClassId>) -> Person {
    Person {
        id: tx.new_id(),
        school: reader.school.id,
        name: PersonName::new(line.name.clone()),
        audience: line.audience,
        year_group: line.year_group.clone().filter(|_| is_pupil(line.audience)),
        class,
        username: line.username.clone(),
        email: line.email.clone(),
        joined: reader.today(),
        left: None,
    }
}

/// A pupil whose line gives only the class has the class's year group.
async fn year_groups(tx: &mut Tx, plan: &mut Plan) -> WebResult<()> {
    let mut years: HashMap<ClassId, String> =
        classes::list(tx).await?.into_iter().map(|class| (class.id, class.year_group)).collect();
    years.extend(plan.classes.iter().map(|class| (class.id, class.year_group.clone())));
    for pupil in plan.people.iter_mut().filter(|person| person.year_group.is_none()) {
        pupil.year_group = pupil.class.and_then(|class| years.get(&class).cloned());
    }
    Ok(())
}

/// Ties parents to their children, on the roster or in the file. A parent whose child is not found is not taken: half a family
/// would let nobody sign.
fn tie(plan: &mut Plan, parents: Vec<(PersonId, Line)>, everyone: &[Person], reader: &SignedIn) {
    let mut lost: HashSet<PersonId> = HashSet::new();
    for (parent, line) in parents {
        let mut ties = Vec::new();
        let mut why = None;
        for child in &line.parent_of {
            let called = |person: &&Person| {
                is_pupil(person.audience)
                    && is_at_school(person, reader.today())
                    && (person.username.as_deref() == Some(child.to_lowercase().as_str())
                        || person.name.reveal().eq_ignore_ascii_case(child))
            };
            let found: Vec<PersonId> =
                everyone.iter().chain(&plan.people).filter(called).map(|person| person.id).collect();
            match found.as_slice() {
                [one] => ties.push((parent, *one)),
                [] => why = Some("a child it names is neither on the roster nor among the lines that are taken"),
                _ => why = Some("several pupils have the name of a child it gives; give the pupil’s sign-in name"),
            }
        }
        match why {
            Some(why) => {
                plan.refused.push(Refused { number: line.number, why: why.into() });
                lost.insert(parent);
            }
            None => plan.ties.extend(ties),
        }
    }
    plan.people.retain(|person| !lost.contains(&person.id));
}
