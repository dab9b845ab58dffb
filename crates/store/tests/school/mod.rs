//! A fictional school for the tests of the store: Marlowe Bridge High School, its head, a teacher, a pupil and a parent.
#![expect(dead_code, reason = "every test file uses its own part of the school")]

use belisha_policy::{Audience, Nation, Phase};
use belisha_records::*;
use belisha_store::testing::TestDatabase;
use belisha_store::{Tx, people, schools};
use jiff::Timestamp;

pub const NOW: Timestamp = Timestamp::constant(1_793_000_000, 0);
pub const SCHOOL: &str = "01920000-0000-7000-8000-00000000000a";
pub const OTHER: &str = "01920000-0000-7000-8000-00000000000b";

pub fn id<T: Identifier>(text: &str) -> T {
    T::from_uuid(text.parse::<SchoolId>().unwrap().uuid())
}

/// Person number `n`, the same in every test.
pub fn nth<T: Identifier>(n: u8) -> T {
    T::make(1_700_000_000_000, [n; 10])
}

pub fn school() -> SchoolId {
    id(SCHOOL)
}

pub fn calendar() -> SchoolCalendar {
    SchoolCalendar {
        time_zone: "Europe/London".into(),
        terms: Vec::new(),
        closed: Vec::new(),
        day: Vec::new(),
        boarding: Vec::new(),
    }
}

pub fn person(school: SchoolId, n: u8, name: &str, audience: Audience) -> Person {
    Person {
        id: nth(n),
        school,
        name: PersonName::new(name),
        audience,
        year_group: (audience == Audience::Pupil).then(|| "9".to_owned()),
        class: None,
        username: Some(format!("person{n}")),
        email: None,
        joined: "2020-09-01".parse().unwrap(),
        left: None,
    }
}

pub const HEAD: u8 = 1;
pub const TEACHER: u8 = 2;
pub const PUPIL: u8 = 3;
pub const PARENT: u8 = 4;

/// The school with its people, entered by a command.
pub async fn settle(database: &TestDatabase) {
    settle_as(database, school(), "Marlowe Bridge High School", 0).await;
}

/// A school whose people are numbered from `offset` on.
pub async fn settle_as(database: &TestDatabase, school: SchoolId, name: &str, offset: u8) {
    let mut tx = database.store.begin(&Actor::Command("test"), school, NOW).await.unwrap();
    let (nation, phase) = (Nation::England, Phase::Secondary);
    let entered = schools::School {
        id: school,
        name: name.into(),
        nation,
        phase,
        calendar: calendar(),
        settings: serde_json::json!({}),
        created_at: NOW,
    };
    schools::insert(&mut tx, &entered).await.unwrap();
    for (n, name, audience) in [
        (HEAD, "Ada Harrow", Audience::Staff),
        (TEACHER, "Bela Quince", Audience::Staff),
        (PUPIL, "Caro Reed", Audience::Pupil),
        (PARENT, "Dana Reed", Audience::Parent),
    ] {
        people::insert(&mut tx, &person(school, offset + n, name, audience)).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// A transaction of the head's.
pub async fn begin(database: &TestDatabase) -> Tx {
    database.store.begin(&Actor::Person(nth(HEAD)), school(), NOW).await.unwrap()
}

/// A transaction that only reads.
pub async fn read(database: &TestDatabase) -> Tx {
    database.store.read(school()).await.unwrap()
}

pub fn incident(n: u8, number: i64, alleged: Option<u8>) -> Incident {
    Incident {
        id: nth(n),
        school: school(),
        number,
        occurred: "2026-11-03T10:20:00".parse().unwrap(),
        place: "Room 12".into(),
        description: "A pupil got round the filter.".into(),
        action_taken: "The tablet was put away.".into(),
        recorded_by: nth(TEACHER),
        signed_as: PersonName::new("Bela Quince"),
        recorded_at: NOW,
        about: Some(belisha_policy::ActionSubject::Pupil),
        row: Some("p-proxy".into()),
        row_label: Some("Got round the filter".into()),
        policy_version: None,
        risk_areas: vec![RiskArea::Conduct],
        bullying: false,
        may_involve_indecent_images: false,
        involved: [
            Involvement { person: Some(nth(PUPIL)), described_as: None, part: Part::Witness },
            Involvement { person: None, described_as: Some("a pupil of another school".into()), part: Part::Harmed },
        ]
        .into_iter()
        .chain(alleged.map(|n| Involvement { person: Some(nth(n)), described_as: None, part: Part::Alleged }))
        .collect(),
        actions: vec![ActionDecision {
            column: "headteacher".into(),
            label: "Tell the headteacher".into(),
            by_policy: true,
            taken: false,
            reason: Some("The head saw it.".into()),
            done_at: None,
        }],
        status: IncidentStatus::Open,
        from_alert: None,
        closure: None,
    }
}
