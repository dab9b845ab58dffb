//! Marlowe Bridge High School, small enough for a test: one person of each kind, the English example policy in force, nothing
//! signed. A clock that stands still until a story turns it.

use super::Client;
use crate::app::{App, BlockedPage, Doing, Listed, Network, Settings, example_policies};
use crate::filter::lists::{DecidedList, ListGeneration, ListInUse};
use crate::filter::live::{LiveRequests, LiveVisit, Look};
use crate::gateways::feed::{Answering, FeedRefusal, GatewayFeed, Tagged};
use crate::passwords;
use axum::body::Bytes;
use belisha_filter::{Change, Effect, IllegalList, Rules, Ruleset, Seen, Timetable, built_in_index};
use belisha_policy::{Audience, Nation, Phase, Role};
use belisha_records::{
    Actor, Class, ClassId, GatewayId, Identifier, OfficeHolding, Person, PersonId, PersonName, SchoolId,
};
use belisha_store::schools::School;
use belisha_store::{Store, classes, credentials, offices, parents_of, people, policies, schools};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// Everybody's password.
pub const PASSWORD: &str = "zebra crossing amber";

/// Somebody of the fictional school. The username is the role's short name.
#[derive(Debug)]
pub struct TestPerson {
    /// Username.
    pub username: &'static str,
    /// Name.
    pub name: &'static str,
    /// Kind of member.
    pub audience: Audience,
    /// Offices.
    pub roles: &'static [Role],
}

/// Everybody. The parent is the pupil's.
pub const PEOPLE: &[TestPerson] = &[
    TestPerson { username: "head", name: "Imogen Strand", audience: Audience::Staff, roles: &[Role::Headteacher] },
    TestPerson {
        username: "lead",
        name: "Tobias Quill",
        audience: Audience::Staff,
        roles: &[Role::DesignatedSafeguardingLead, Role::OnlineSafetyLead, Role::Teacher],
    },
    TestPerson { username: "teacher", name: "Bea Larkspur", audience: Audience::Staff, roles: &[Role::Teacher] },
    TestPerson {
        username: "technician",
        name: "Ravi Kestrel",
        audience: Audience::Staff,
        roles: &[Role::IctTechnician, Role::IctManager],
    },
    TestPerson {
        username: "administrator",
        name: "Dora Finch",
        audience: Audience::Staff,
        roles: &[Role::SystemAdministrator],
    },
    TestPerson {
        username: "office",
        name: "Wilf Tansy",
        audience: Audience::Staff,
        roles: &[Role::OfficeAdministrator],
    },
    TestPerson { username: "governor", name: "Agnes Holloway", audience: Audience::Governor, roles: &[Role::Governor] },
    TestPerson {
        username: "chair",
        name: "Edmund Larch",
        audience: Audience::Governor,
        roles: &[Role::ChairOfGovernors],
    },
    TestPerson {
        username: "officer",
        name: "Nia Rowan",
        audience: Audience::Staff,
        roles: &[Role::LocalAuthorityOfficer],
    },
    TestPerson { username: "pupil", name: "Jory Penhale", audience: Audience::Pupil, roles: &[] },
    TestPerson { username: "other-pupil", name: "Mina Osei", audience: Audience::Pupil, roles: &[] },
    TestPerson { username: "parent", name: "Cass Penhale", audience: Audience::Parent, roles: &[] },
    TestPerson { username: "visitor", name: "Otto Brand", audience: Audience::Visitor, roles: &[] },
];

/// What the pages told the network, in order, in words; and until when each person looks at what is asked for now.
#[derive(Default)]
struct Heard(Mutex<Vec<String>>, Mutex<HashMap<(SchoolId, PersonId), Timestamp>>);

impl Heard {
    fn note(&self, words: String) -> Doing<'_> {
        self.0.lock().unwrap().push(words);
        Box::pin(std::future::ready(()))
    }
}

/// What a gateway elsewhere would be given, in words: the answer says which school it is for.
impl GatewayFeed for Heard {
    fn rules(&self, school: SchoolId, known: Option<String>, _: Duration) -> Answering<'_, Option<Tagged>> {
        let rules = Tagged { tag: "tag1".into(), body: format!("rules of {school}").into() };
        Box::pin(std::future::ready(Ok((known.as_deref() != Some("tag1")).then_some(rules))))
    }
    fn list(&self, _: SchoolId, file: &str) -> Option<Bytes> {
        (file == "known.index").then(|| Bytes::from_static(b"0123456789"))
    }
    fn events(&self, school: SchoolId, after: String, _: Duration) -> Answering<'_, Bytes> {
        Box::pin(std::future::ready(Ok(format!("events of {school} after {after}").into())))
    }
    fn observations(&self, school: SchoolId, _: GatewayId, batch: String, body: Bytes) -> Answering<'_, ()> {
        let refused = match &body[..] {
            b"rubbish" => Err(FeedRefusal::Malformed("this is no batch".into())),
            b"later" => Err(FeedRefusal::NotNow("not now".into())),
            _ => Ok(()),
        };
        drop(self.note(format!("{school} saw {batch}: {} bytes", body.len())));
        Box::pin(std::future::ready(refused))
    }
    fn blocks(&self, school: SchoolId, body: &[u8]) -> Result<(), FeedRefusal> {
        drop(self.note(format!("{school} closed {} bytes", body.len())));
        Ok(())
    }
}

/// While somebody looks, there was a visit to maths and one to games.
impl LiveRequests for Heard {
    fn begin(&self, school: SchoolId, person: PersonId, now: Timestamp, lasts: SignedDuration) -> Result<(), String> {
        self.1.lock().unwrap().insert((school, person), now + lasts);
        Ok(())
    }
    fn seen(&self, school: SchoolId, person: PersonId, now: Timestamp, closed_only: bool) -> Option<Look> {
        let until = *self.1.lock().unwrap().get(&(school, person)).filter(|until| **until > now)?;
        let visit = |host: &str, outcome: &str, category: Option<&str>, reason: &str| LiveVisit {
            at: now,
            group: "pupil".into(),
            outcome: outcome.into(),
            host: host.into(),
            category: category.map(str::to_owned),
            reason: reason.into(),
        };
        let mut visits = vec![
            visit("games.example", "blocked", Some("games"), "category"),
            visit("maths.example", "allowed", None, "default"),
        ];
        visits.retain(|visit| !closed_only || visit.is_closed());
        Some(Look { until, visits, missed: 0 })
    }
    fn end(&self, school: SchoolId, person: PersonId) {
        self.1.lock().unwrap().remove(&(school, person));
    }
}

impl Network for Heard {
    fn live(&self) -> Option<&dyn LiveRequests> {
        Some(self)
    }
    fn feed(&self) -> Option<&dyn GatewayFeed> {
        Some(self)
    }
    fn sign_in_device(&self, address: IpAddr, _: SchoolId, person: PersonId, _: Timestamp) -> Doing<'_> {
        self.note(format!("device {address} is {person}"))
    }
    fn sign_out_device(&self, address: IpAddr, _: SchoolId) -> Doing<'_> {
        self.note(format!("device {address} is nobody"))
    }
    fn rules_changed(&self, _: SchoolId) -> Doing<'_> {
        self.note("rules changed".into())
    }
    fn explain(&self, _: SchoolId, _: Option<PersonId>, page: &str, _: Timestamp) -> Vec<(String, String)> {
        vec![("Decision".into(), format!("closed: `{page}`"))]
    }
    fn explain_for_group(&self, _: SchoolId, group: &str, page: &str, _: Timestamp) -> Vec<(String, String)> {
        vec![
            ("Answer".into(), format!("closed: `{page}`")),
            ("Group".into(), group.into()),
            ("Step 1".into(), "helplines: nothing here".into()),
        ]
    }
    /// The number of a block says what it is: `WHO-HOST`, and `WHO-warned-HOST` for a warning.
    fn block(&self, _: SchoolId, id: &str) -> Option<BlockedPage> {
        let (who, host) = id.rsplit_once('-')?;
        let warned = who.strip_suffix("-warned");
        let place = PEOPLE.iter().position(|person| person.username == warned.unwrap_or(who))?;
        let person = PersonId::make(1_790_000_000_000, [u8::try_from(place + 1).ok()?; 10]);
        Some(BlockedPage {
            host: host.into(),
            category: Some("games".into()),
            person: Some(person),
            may_warn: warned.is_some(),
        })
    }
    fn pass_warning(&self, _: SchoolId, id: &str) -> bool {
        drop(self.note(format!("warning passed: {id}")));
        id.contains("-warned-")
    }
    /// By the example policy and the built-in list, with no school day: every time is before or after school.
    fn what_if(
        &self,
        _: SchoolId,
        change: &Change,
        seen: &mut dyn Iterator<Item = Seen<'_>>,
    ) -> Result<Effect, String> {
        let source = example_policies().first().unwrap().source;
        let policy = belisha_policy::compile(source, "2026-11-03".parse().unwrap()).policy.unwrap();
        let timetable = Timetable::new("Europe/London", Vec::new(), Vec::new(), Vec::new()).unwrap();
        let (index, illegal) = (Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])));
        let rules = Ruleset::compile(Rules::new(policy, timetable), index, illegal);
        let changed = rules.with_change(change).map_err(|error| error.to_string())?;
        Ok(rules.effect(&changed, seen))
    }
    /// A list that is well, and one with an update that waits.
    fn lists(&self) -> Vec<ListInUse> {
        let generation = |number: u64, difference: &str, names: u64| ListGeneration {
            number,
            fetched_at: "2026-11-02T02:15:00Z".parse().unwrap(),
            difference: difference.into(),
            categories: vec![("games".into(), names)],
            refused: vec!["line 2, column 1: `co.uk`: refused".into()],
        };
        let well = ListInUse {
            name: "well".into(),
            source: "https://lists.example/well.txt".into(),
            in_force: Some(generation(4, "+3, −2, 1 line refused", 300)),
            every: "every night",
            proves: "its signature",
            ..ListInUse::default()
        };
        let waits = ListInUse {
            name: "waits".into(),
            held: Some(generation(0, "+0, −250", 50)),
            held_for: vec!["250 of the 300 names under `games` would be gone at once".into()],
            before: Some(generation(3, "+1, −1", 298)),
            asked: Some(("2026-11-03T02:15:00Z".parse().unwrap(), "held".into())),
            ..well.clone()
        };
        vec![well, waits]
    }
    /// Nothing but the update of `waits` can be decided about.
    fn decide_list(&self, decided: DecidedList) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        let DecidedList { name, decision, reason, actor, .. } = decided;
        let done = match name.as_str() {
            "waits" => Ok(()),
            _ => Err("no update waits; nothing was changed".into()),
        };
        drop(self.note(format!("list {name}: {decision:?} by {actor:?}: {reason}")));
        Box::pin(std::future::ready(done))
    }
    /// A host says what it is: `weapons.example` is listed as weapons, `illegal.example` is beyond everybody’s reach.
    fn listed(&self, _: SchoolId, host: &str) -> Listed {
        let category = host.split('.').next().unwrap_or_default();
        Listed { categories: vec![category.to_owned()], beyond_reach: category == "illegal" }
    }
}

/// The fictional school behind the real router.
pub struct TestSchool {
    /// What the router was made of.
    pub app: App,
    /// The school.
    pub id: SchoolId,
    now: Arc<Mutex<Timestamp>>,
    heard: Arc<Heard>,
}

impl TestSchool {
    /// Opens the school on a database: Tuesday 3 November 2026, 10:00, in lesson time.
    pub async fn open(store: Store) -> Self {
        let school = Self::bare(store, Settings::default());
        school.fill().await;
        school
    }

    /// The same server before its first start: no school, nobody.
    pub fn bare(store: Store, settings: Settings) -> Self {
        let now = Arc::new(Mutex::new("2026-11-03T10:00:00Z".parse::<Timestamp>().unwrap()));
        let hand = Arc::clone(&now);
        let heard = Arc::new(Heard::default());
        let app = App::new(
            store,
            Arc::new(move || *hand.lock().unwrap()),
            belisha_store::testing::entropy(),
            heard.clone(),
            settings,
        );
        let id = SchoolId::make(1_790_000_000_000, [7; 10]);
        Self { app, id, now, heard }
    }

    async fn fill(&self) {
        let now = self.app.now();
        let mut calendar = crate::setup::usual_calendar(Nation::England, now);
        calendar.time_zone = "Europe/London".into();
        let school = School {
            id: self.id,
            name: "Marlowe Bridge High School".into(),
            nation: Nation::England,
            phase: Phase::Secondary,
            calendar,
            settings: serde_json::json!({}),
            created_at: now,
        };
        let joined = "2024-09-02".parse().unwrap();
        let class =
            Class { id: ClassId::make(now.as_millisecond(), [9; 10]), name: "7B".into(), year_group: "7".into() };
        let mut tx = self.app.store.begin(&Actor::Job("test"), self.id, now).await.unwrap();
        schools::insert(&mut tx, &school).await.unwrap();
        classes::insert(&mut tx, &class).await.unwrap();
        for (member, place) in PEOPLE.iter().zip(1..) {
            let pupil = member.audience == Audience::Pupil;
            let person = Person {
                id: PersonId::make(1_790_000_000_000, [place; 10]),
                school: self.id,
                name: PersonName::new(member.name),
                audience: member.audience,
                year_group: pupil.then(|| "7".to_owned()),
                class: pupil.then_some(class.id),
                username: Some(member.username.to_owned()),
                email: Some(format!("{}@marlowe-bridge.example", member.username)),
                joined,
                left: None,
            };
            people::insert(&mut tx, &person).await.unwrap();
            credentials::set_password_hash(&mut tx, person.id, hash()).await.unwrap();
            for role in member.roles {
                offices::insert(&mut tx, &OfficeHolding { person: person.id, role: *role, from: joined, until: None })
                    .await
                    .unwrap();
            }
        }
        parents_of::insert(&mut tx, self.person("parent"), self.person("pupil")).await.unwrap();
        let source = example_policies()[0].source;
        let version = policies::insert_draft(&mut tx, source, true, "first", Some(self.person("lead"))).await.unwrap();
        policies::approve(&mut tx, version.id, self.person("head"), "2026-09-01".parse().unwrap()).await.unwrap();
        policies::bring_into_force(&mut tx, version.id).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A person's id, by username.
    pub fn person(&self, username: &str) -> PersonId {
        let place = PEOPLE
            .iter()
            .position(|person| person.username == username)
            .unwrap_or_else(|| panic!("nobody is called `{username}`"));
        PersonId::make(1_790_000_000_000, [u8::try_from(place + 1).unwrap(); 10])
    }

    /// A browser with nobody signed in, on a device of its own.
    pub fn visitor(&self) -> Client {
        self.visitor_from([10, 0, 0, 9])
    }

    /// A browser at an address.
    pub fn visitor_from(&self, address: [u8; 4]) -> Client {
        Client::new(crate::router(self.app.clone()), SocketAddr::from((address, 40_000)))
    }

    /// A browser in which somebody has signed in with their username, which is the role's short name: see [`PEOPLE`].
    pub async fn signed_in(&self, username: &str) -> Client {
        let place =
            u8::try_from(PEOPLE.iter().position(|person| person.username == username).unwrap_or_default()).unwrap();
        let client = self.visitor_from([10, 0, 1, place]);
        let seen = client.post("/sign-in", &[("username", username), ("password", PASSWORD)]).await;
        assert_eq!(seen.status, 303, "`{username}` could not sign in: {}", seen.words());
        client
    }

    /// Lets time pass.
    pub fn pass(&self, time: SignedDuration) {
        let mut now = self.now.lock().unwrap();
        *now += time;
    }

    /// What the pages told the network since this was last asked.
    pub fn network_heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.0.lock().unwrap())
    }
}

/// Hashed once for each run: it is slow on purpose.
fn hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| passwords::hash(PASSWORD, &[7; 16]).unwrap())
}
