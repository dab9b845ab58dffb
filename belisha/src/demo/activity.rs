//! What was browsed at an example school in a term: enough rows, spread over real school days, for the weekly figures to mean
//! something. Invented by a small generator that gives the same rows for the same day.

use super::term::Living;
use crate::commands::Failure;
use belisha_policy::DeviceKind;
use belisha_records::{Actor, PersonId};
use belisha_store::activity::{self, Visit};

/// School days of browsing.
const DAYS: i32 = 25;
/// Rows on a school day, for each school.
const ROWS_A_DAY: u64 = 70;

/// Host, category that decided, whether pupils may open it, how often it comes.
const HOSTS: &[(&str, Option<&str>, bool, u64)] = &[
    ("encyclopedia.example", None, true, 22),
    ("lessons.example", None, true, 30),
    ("museum.example", None, true, 9),
    ("news.example", None, true, 7),
    ("search.example", Some("search"), true, 18),
    ("games.example", Some("games"), false, 8),
    ("video.example", Some("streaming"), false, 6),
    ("chat.example", Some("messaging"), false, 4),
    ("shop.example", Some("shopping"), false, 3),
    ("proxy.example", Some("proxy-avoidance"), false, 2),
    ("casino.example", Some("gambling"), false, 1),
];

/// Words searched for, none of them worrying.
const SEARCHES: &[&str] = &[
    "how do volcanoes work",
    "roman roads",
    "photosynthesis",
    "french verbs",
    "tides and the moon",
    "how to draw a horse",
    "fractions",
];

/// Small deterministic generator (xorshift64): a demonstration needs variety, not secrecy.
struct Variety(u64);

impl Variety {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound.max(1)
    }
    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(usize::try_from(self.below(all.len() as u64)).unwrap_or(0))
    }
}

/// Stores a term of browsing.
///
/// # Errors
/// When the records cannot be written.
pub async fn browse(living: &Living<'_>) -> Result<(), Failure> {
    let mut names: Vec<&str> = living.school.parents.keys().copied().collect();
    names.sort_unstable();
    let pupils: Vec<PersonId> = names.iter().filter_map(|name| living.school.people.get(name).copied()).collect();
    let mut variety = Variety(0x00be_1154_a000 + pupils.len() as u64);
    for days_ago in (0..DAYS).rev() {
        let visits: Vec<Visit> =
            (0..ROWS_A_DAY).filter_map(|_| visit(living, &pupils, days_ago, &mut variety)).collect();
        let at = visits.iter().map(|visit| visit.at).max().unwrap_or(living.now);
        let mut tx = living.installation.store.begin(&Actor::Job("ingest-activity"), living.school.id, at).await?;
        activity::insert_batch(&mut tx, &format!("demo-{days_ago}"), &visits).await?;
        tx.commit().await?;
    }
    Ok(())
}

fn visit(living: &Living<'_>, pupils: &[PersonId], days_ago: i32, variety: &mut Variety) -> Option<Visit> {
    let total: u64 = HOSTS.iter().map(|(.., often)| often).sum();
    let mut turn = variety.below(total);
    let (host, category, open, _) = HOSTS.iter().find(|(.., often)| {
        let here = turn < *often;
        turn = turn.saturating_sub(*often);
        here
    })?;
    let place = usize::try_from(variety.below(pupils.len() as u64)).ok()?;
    let hour = i8::try_from(9 + variety.below(6)).ok()?;
    let minute = i8::try_from(variety.below(60)).ok()?;
    let search = *host == "search.example";
    let person = if variety.below(9) == 0 { None } else { pupils.get(place).copied() };
    Some(Visit {
        at: living.at(days_ago, (hour, minute), 0),
        // One device in nine is nobody's: a visitor's tablet, a forgotten sign-in.
        person,
        device: format!("10.20.{}.{}", 1 + place / 200, 10 + place % 200),
        confidence: person.map(|_| "address".to_owned()),
        device_kind: Some(DeviceKind::SchoolIndividual.key().to_owned()),
        group: "pupil".into(),
        host: (*host).into(),
        path: None,
        search_term: if search { variety.one_of(SEARCHES).map(|words| (*words).to_owned()) } else { None },
        action: if *open { "allowed" } else { "blocked" }.into(),
        category: category.map(str::to_owned),
        reason: if category.is_some() { "category" } else { "default" }.into(),
    })
}
