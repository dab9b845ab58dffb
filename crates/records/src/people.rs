//! People, the offices they hold, their classes and children. Rules on offices are in `offices`.

use crate::identifiers::*;
use crate::offices::is_at_school;
use belisha_policy::{Audience, Role, year_of};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A person's name. It has no `Display` and its `Debug` hides it, so that no log line, mail or error can carry it:
/// only a page about the person calls [`PersonName::reveal`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl PersonName {
    /// Wraps a name as typed.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
    /// The name, for a page the reader may see.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PersonName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PersonName(…)")
    }
}

/// A person known to one school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub id: PersonId,
    /// School.
    pub school: SchoolId,
    /// Full name.
    pub name: PersonName,
    /// What kind of member of the community, which sets the agreement they sign and the group the filter puts them in.
    pub audience: Audience,
    /// Year group of a pupil: `P1`, `7`, …; `None` for adults.
    pub year_group: Option<String>,
    /// Class of a pupil, or of the teacher who takes it.
    pub class: Option<ClassId>,
    /// Name typed to sign in, unique in the installation, lower case. `None`: cannot sign in.
    pub username: Option<String>,
    /// Address for mails that say only that something waits.
    pub email: Option<String>,
    /// First day at the school.
    pub joined: Date,
    /// Last day, once known. An account of somebody who left does not sign in.
    pub left: Option<Date>,
}

/// An office held by a person between two dates (MISSION 1A).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeHolding {
    /// Holder.
    pub person: PersonId,
    /// Office.
    pub role: Role,
    /// First day.
    pub from: Date,
    /// Last day, if an end is set.
    pub until: Option<Date>,
}

impl OfficeHolding {
    /// Whether the office is held on a day.
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// A class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Id.
    pub id: ClassId,
    /// Name, `7B`.
    pub name: String,
    /// Year group.
    pub year_group: String,
}

/// Who is in each year group that some keys name, `year:7`, on a day: ids as text. Keys of groups are left out, and a year group
/// with nobody in it is there and empty.
pub fn in_year_groups<'a>(
    people: &[Person],
    keys: impl IntoIterator<Item = &'a String>,
    today: Date,
) -> BTreeMap<String, Vec<String>> {
    let of_year = |year: &str| {
        let here = |person: &&Person| person.year_group.as_deref() == Some(year) && is_at_school(person, today);
        people.iter().filter(here).map(|person| person.id.to_string()).collect()
    };
    keys.into_iter().filter_map(|key| Some((key.clone(), of_year(year_of(key)?)))).collect()
}

/// The year groups of the people at school on a day, the youngest first: by their number, and those without one before.
pub fn year_groups(people: &[Person], today: Date) -> Vec<String> {
    let at_school = people.iter().filter(|person| is_at_school(person, today));
    let mut years: Vec<String> = at_school.filter_map(|person| person.year_group.clone()).collect();
    let number = |year: &str| year.trim_start_matches(|letter: char| !letter.is_ascii_digit()).parse().unwrap_or(0_u32);
    years.sort_by(|one, other| (number(one), one).cmp(&(number(other), other)));
    years.dedup();
    years
}

/// Who is acting: the person signed in, with the offices held today, or the system itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(PersonId),
    /// A job of the product, by name.
    Job(&'static str),
    /// A command typed on the server, by name.
    Command(&'static str),
}
