//! Enters an example school: calendar, people, offices, classes, parents, sign-in cards, and the policy in force.

use super::cast::{Adult, ExampleSchool};
use crate::commands::Failure;
use crate::installation::Installation;
use belisha_policy::{Audience, Nation, Period, Role};
use belisha_records::{
    Actor, Class, ClassId, ClosedDays, DayPart, Identifier, OfficeHolding, Person, PersonId, PersonName,
    SchoolCalendar, SchoolId, Term,
};
use belisha_store::schools::School;
use belisha_store::{Tx, classes, credentials, offices, parents_of, people, policies, schools};
use jiff::civil::{Date, date, time};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use serde::Serialize;
use std::collections::HashMap;

/// What somebody needs to sign in.
#[derive(Debug, Clone, Serialize)]
pub struct Card {
    /// School.
    pub school: String,
    /// Who: `head`, `pupil`, …
    pub label: String,
    /// Name, so that the person can be recognised on the pages.
    pub name: String,
    /// Sign-in name; the proxy takes it too.
    pub username: String,
    /// Password for the pages.
    pub password: String,
    /// Password for the proxy.
    pub proxy_password: String,
}

/// First names of parents, in turn.
const PARENTS: [&str; 17] = [
    "Sam", "Alexis", "Robin", "Ines", "Jo", "Marek", "Kim", "Leila", "Chris", "Noor", "Pat", "Sunita", "Ash", "Tamsin",
    "Lee", "Rafael", "Morgan",
];

/// A school that was entered.
pub struct Entered {
    /// Id.
    pub id: SchoolId,
    /// Calendar.
    pub calendar: SchoolCalendar,
    /// People by full name.
    pub people: HashMap<&'static str, PersonId>,
    /// Parents by the pupil's full name.
    pub parents: HashMap<&'static str, PersonId>,
    /// Sign-in cards.
    pub cards: Vec<Card>,
    /// The policy version in force.
    pub policy: belisha_records::PolicyVersionId,
}

/// The calendar of the school year that holds a day.
pub fn calendar(nation: Nation, today: Date) -> SchoolCalendar {
    let year = if today.month() >= 8 { today.year() } else { today.year() - 1 };
    let term = |name: &str, first: Date, last: Date| Term { name: format!("{name} {}", first.year()), first, last };
    let closed = |name: &str, first: Date, last: Date| ClosedDays { name: name.to_owned(), first, last };
    let (terms, closed) = match nation {
        Nation::England => (
            vec![
                term("Autumn", date(year, 9, 2), date(year, 12, 18)),
                term("Spring", date(year + 1, 1, 5), date(year + 1, 3, 26)),
                term("Summer", date(year + 1, 4, 12), date(year + 1, 7, 21)),
            ],
            vec![
                closed("Autumn half term", date(year, 10, 26), date(year, 10, 30)),
                closed("Spring half term", date(year + 1, 2, 15), date(year + 1, 2, 19)),
                closed("Summer half term", date(year + 1, 5, 31), date(year + 1, 6, 4)),
            ],
        ),
        Nation::Scotland => (
            vec![
                term("Autumn", date(year, 8, 18), date(year, 12, 18)),
                term("Spring", date(year + 1, 1, 6), date(year + 1, 4, 1)),
                term("Summer", date(year + 1, 4, 19), date(year + 1, 6, 30)),
            ],
            vec![
                closed("October holiday", date(year, 10, 12), date(year, 10, 23)),
                closed("Mid-term", date(year + 1, 2, 15), date(year + 1, 2, 17)),
            ],
        ),
    };
    let part = |period, from: (i8, i8), until: (i8, i8)| DayPart {
        period,
        from: time(from.0, from.1, 0, 0),
        until: time(until.0, until.1, 0, 0),
    };
    let day = vec![
        part(Period::Lesson, (8, 50), (10, 50)),
        part(Period::Break, (10, 50), (11, 10)),
        part(Period::Lesson, (11, 10), (12, 40)),
        part(Period::Break, (12, 40), (13, 30)),
        part(Period::Lesson, (13, 30), (15, 20)),
    ];
    SchoolCalendar { time_zone: "Europe/London".into(), terms, closed, day, boarding: Vec::new() }
}

/// Enters a school with everybody in it.
///
/// # Errors
/// When the records cannot be written, or the shipped policy does not compile.
pub async fn enter(
    installation: &Installation,
    school: &'static ExampleSchool,
    now: Timestamp,
) -> Result<Entered, Failure> {
    let today = now.to_zoned(TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)).date();
    let calendar = calendar(school.nation, today);
    let joined = calendar.terms.first().map_or(today, |term| term.first);
    let began = joined.at(7, 30, 0, 0).to_zoned(TimeZone::UTC)?.timestamp().min(now);
    let mut random = [0; 10];
    (installation.entropy)(&mut random);
    let id = SchoolId::make(began.as_millisecond(), random);
    let mut tx = installation.store.begin(&Actor::Command("demo"), id, began).await?;
    let record = School {
        id,
        name: school.name.into(),
        nation: school.nation,
        phase: school.phase,
        calendar: calendar.clone(),
        settings: serde_json::json!({ "safe_search": true }),
        created_at: began,
    };
    schools::insert(&mut tx, &record).await?;
    let mut entry = Entry { installation, school, id, joined, tx, people: HashMap::new(), parents: HashMap::new() };
    entry.classes().await?;
    entry.adults().await?;
    let cards = entry.cards().await?;
    let policy = entry.policy(today).await?;
    let Entry { tx, people, parents, .. } = entry;
    tx.commit().await?;
    Ok(Entered { id, calendar, people, parents, cards, policy })
}

/// What is being entered.
struct Entry<'a> {
    installation: &'a Installation,
    school: &'static ExampleSchool,
    id: SchoolId,
    joined: Date,
    tx: Tx,
    people: HashMap<&'static str, PersonId>,
    parents: HashMap<&'static str, PersonId>,
}

impl Entry<'_> {
    async fn person(
        &mut self,
        name: &str,
        audience: Audience,
        class: Option<(ClassId, &str)>,
    ) -> Result<PersonId, Failure> {
        let id: PersonId = self.tx.new_id();
        let username = format!("{}{}", self.school.user_prefix, name.to_lowercase().replace([' ', '\''], "."));
        let person = Person {
            id,
            school: self.id,
            name: PersonName::new(name),
            audience,
            year_group: class.map(|(_, year)| year.to_owned()),
            class: class.map(|(class, _)| class),
            email: (!matches!(audience, Audience::Pupil | Audience::YoungerPupil))
                .then(|| format!("{username}@school.example")),
            username: Some(username),
            joined: self.joined,
            left: None,
        };
        people::insert(&mut self.tx, &person).await?;
        Ok(id)
    }

    async fn office(&mut self, person: PersonId, role: Role) -> Result<(), Failure> {
        Ok(offices::insert(&mut self.tx, &OfficeHolding { person, role, from: self.joined, until: None }).await?)
    }

    async fn classes(&mut self) -> Result<(), Failure> {
        for class in self.school.classes {
            let id: ClassId = self.tx.new_id();
            classes::insert(&mut self.tx, &Class { id, name: class.name.into(), year_group: class.year_group.into() })
                .await?;
            let audience = if class.younger { Audience::YoungerPupil } else { Audience::Pupil };
            for pupil in class.pupils {
                let person = self.person(pupil, audience, Some((id, class.year_group))).await?;
                self.people.insert(pupil, person);
                let surname = pupil.split_once(' ').map_or(*pupil, |(_, surname)| surname);
                let parent = self
                    .person(
                        &format!("{} {surname}", PARENTS[self.parents.len() % PARENTS.len()]),
                        Audience::Parent,
                        None,
                    )
                    .await?;
                parents_of::insert(&mut self.tx, parent, person).await?;
                self.parents.insert(pupil, parent);
            }
            let teachers: Vec<&Adult> =
                self.school.adults.iter().filter(|adult| adult.class == Some(class.name)).collect();
            for teacher in teachers {
                let person = self.adult(teacher).await?;
                classes::add_teacher(&mut self.tx, id, person).await?;
            }
        }
        Ok(())
    }

    async fn adults(&mut self) -> Result<(), Failure> {
        for adult in self.school.adults.iter().filter(|adult| adult.class.is_none()) {
            self.adult(adult).await?;
        }
        Ok(())
    }

    async fn adult(&mut self, adult: &Adult) -> Result<PersonId, Failure> {
        let person = self.person(adult.name, adult.audience, None).await?;
        self.people.insert(adult.name, person);
        for role in adult.roles {
            self.office(person, *role).await?;
        }
        Ok(person)
    }

    /// Gives the people with a card a password each.
    async fn cards(&mut self) -> Result<Vec<Card>, Failure> {
        let mut cards = Vec::new();
        for (label, name) in self.school.cards {
            let of_a_parent =
                || self.parents.iter().find(|(pupil, _)| pupil.ends_with(name)).map(|(_, parent)| *parent);
            let of_anybody = || self.people.iter().find(|(full, _)| full.starts_with(name)).map(|(_, person)| *person);
            let Some(person) = (if *label == "parent" { of_a_parent() } else { of_anybody() }) else { continue };
            let Some(record) = people::find(&mut self.tx, person).await? else { continue };
            let password = password(self.installation);
            let hash = belisha_web::passwords::hash(&password, &salt(self.installation))
                .map_err(|_| Failure("a password could not be hashed".into()))?;
            credentials::set_password_hash(&mut self.tx, person, &hash).await?;
            cards.push(Card {
                school: self.school.name.into(),
                label: (*label).into(),
                name: record.name.reveal().into(),
                username: record.username.unwrap_or_default(),
                password,
                proxy_password: self.installation.keys.proxy_password(person),
            });
        }
        Ok(cards)
    }

    async fn policy(&mut self, today: Date) -> Result<belisha_records::PolicyVersionId, Failure> {
        let compilation = belisha_policy::compile(self.school.policy, today);
        if compilation.policy.is_none() || compilation.count(belisha_policy::Severity::Error) > 0 {
            return Err(Failure(format!(
                "the policy shipped for {} does not compile; run `belisha policy check` on it",
                self.school.name
            )));
        }
        let head = self
            .school
            .adults
            .iter()
            .find(|adult| adult.roles.contains(&Role::Headteacher))
            .and_then(|head| self.people.get(head.name));
        let version = policies::insert_draft(
            &mut self.tx,
            self.school.policy,
            true,
            "First version for the school year",
            head.copied(),
        )
        .await?;
        if let Some(head) = head {
            policies::approve(&mut self.tx, version.id, *head, self.joined).await?;
            policies::bring_into_force(&mut self.tx, version.id).await?;
        }
        Ok(version.id)
    }
}

/// A password somebody can type from a card: two words and two digits.
fn password(installation: &Installation) -> String {
    const WORDS: [&str; 32] = [
        "amber", "badger", "copper", "dapple", "ember", "falcon", "garnet", "hazel", "indigo", "juniper", "kestrel",
        "lantern", "maple", "nutmeg", "otter", "pebble", "quarry", "robin", "saffron", "thistle", "umber", "velvet",
        "willow", "yarrow", "zebra", "bramble", "clover", "drizzle", "fern", "heron", "linnet", "meadow",
    ];
    let mut bytes = [0u8; 4];
    (installation.entropy)(&mut bytes);
    let word = |byte: u8| WORDS[usize::from(byte) % WORDS.len()];
    format!("{}-{}-{:02}{}", word(bytes[0]), word(bytes[1]), bytes[2] % 100, bytes[3] % 10)
}

fn salt(installation: &Installation) -> [u8; 16] {
    let mut bytes = [0; 16];
    (installation.entropy)(&mut bytes);
    bytes
}

/// The school day so many school days before a day.
pub fn school_day_before(calendar: &SchoolCalendar, today: Date, days: i32) -> Date {
    let mut day = today;
    let mut left = days;
    for _ in 0..400 {
        if left == 0 && calendar.is_school_day(day) {
            return day;
        }
        day = day.saturating_sub(1.day());
        if calendar.is_school_day(day) && left > 0 {
            left -= 1;
        }
    }
    today.saturating_sub(days.days())
}
