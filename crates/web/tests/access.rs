//! Who may open which page: every address that is read, for everybody, against a table written down here by hand and the table
//! of permissions. And whose records stay whose: another pupil's, another school's, and a case in the eyes of whom it is about.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_policy::{Audience, Role};
use belisha_records::{
    Actor, Alert, AlertId, Concern, ConcernId, Danger, Identifier, OfficeHolding, Permission, Person, active_roles, may,
};
use belisha_store::testing::TestDatabase;
use belisha_store::{Store, alerts, both_databases, concerns, people, schools};
use belisha_web::testing::{Client, PEOPLE, TestPerson, TestSchool};
use std::collections::BTreeSet;

/// Who may open a page.
#[derive(Clone, Copy)]
enum Who {
    /// Anybody, signed in or not.
    Anybody,
    /// A gateway with its token, and no person, signed in or not: `tests/gateways.rs` tells what it gets.
    Gateway,
    /// Anybody who is signed in and holds one of these permissions.
    With(&'static [Permission]),
}
use Who::{Anybody, Gateway, With};

/// Every address of the router that is read, an address of that kind to open, and who may.
const PAGES: &[(&str, &str, Who)] = &[
    ("/", "/", Anybody),
    ("/activity", "/activity", With(&[Permission::SeeActivityTotals])),
    ("/activity/look-up", "/activity/look-up", With(&[Permission::LookUpActivity])),
    ("/activity/mine", "/activity/mine", With(&[Permission::SeeOwnRecord])),
    ("/accessibility", "/accessibility", Anybody),
    ("/privacy", "/privacy", Anybody),
    ("/alerts", "/alerts", With(&[Permission::TriageAlerts])),
    ("/alerts/{id}", "/alerts/ID", With(&[Permission::TriageAlerts])),
    ("/board", "/board", With(&[Permission::SeeBoard])),
    ("/board/policy.pdf", "/board/policy.pdf", With(&[Permission::SeeBoard])),
    ("/board/{clause}", "/board/no-such-clause", With(&[Permission::SeeBoard])),
    ("/concerns", "/concerns", With(&[Permission::ReadConcerns])),
    ("/concerns/{id}", "/concerns/ID", With(&[Permission::ReadConcerns])),
    ("/duties", "/duties", With(&[Permission::SeeDuties])),
    ("/duties/all", "/duties/all", With(&[Permission::SeeBoard])),
    ("/duties/of/{clause}/{period}", "/duties/of/none/none", With(&[Permission::SeeDuties])),
    ("/duties/raise", "/duties/raise", With(&[Permission::IssueReport])),
    ("/duties/{duty}", "/duties/ID", With(&[Permission::SeeDuties])),
    ("/devices", "/devices", With(&[Permission::SeeDevices])),
    ("/devices/{device}", "/devices/ID", With(&[Permission::ManageDevices])),
    ("/filter", "/filter", With(&[Permission::SeeFilterRules])),
    ("/filter/explain", "/filter/explain", With(&[Permission::ExplainDecisions])),
    ("/filter/lesson", "/filter/lesson", With(&[Permission::CheckLessonSites])),
    ("/filter/lists/{name}", "/filter/lists/waits", With(&[Permission::SeeFilterRules])),
    ("/filter/live", "/filter/live", With(&[Permission::SeeLiveRequests])),
    ("/filter/settings", "/filter/settings", With(&[Permission::SeeFilterRules])),
    ("/filter/what-if", "/filter/what-if", With(&[Permission::TryFilterRules])),
    ("/gateway/events", "/gateway/events", Gateway),
    ("/gateway/lists/{file}", "/gateway/lists/any.index", Gateway),
    ("/gateway/rules", "/gateway/rules", Gateway),
    ("/gateways", "/gateways", With(&[Permission::SeeGateways])),
    ("/gateways/{gateway}/revoke", "/gateways/ID/revoke", With(&[Permission::ManageGateways])),
    ("/helplines", "/helplines", Anybody),
    ("/incidents", "/incidents", With(&[Permission::SeeIncidents])),
    ("/incidents/record", "/incidents/record", With(&[Permission::RecordIncident])),
    ("/incidents/recorded", "/incidents/recorded", With(&[Permission::RecordIncident])),
    ("/incidents/{id}", "/incidents/ID", With(&[Permission::SeeIncidents])),
    ("/incidents/{id}/act", "/incidents/ID/act", With(&[Permission::ActOnIncident])),
    ("/incidents/{id}/close", "/incidents/ID/close", With(&[Permission::CloseIncident])),
    ("/incidents/{id}/form.pdf", "/incidents/ID/form.pdf", With(&[Permission::PrintIncident])),
    ("/jobs", "/jobs", With(&[Permission::SeeJobs])),
    ("/leave", "", Anybody),
    ("/ledger", "/ledger", With(&[Permission::SeeLedger])),
    ("/people", "/people", With(&[Permission::SeePeople])),
    ("/people/add", "/people/add", With(&[Permission::ManagePeople])),
    ("/people/classes", "/people/classes", With(&[Permission::SeePeople])),
    ("/people/classes/{class}", "/people/classes/ID", With(&[Permission::SeePeople])),
    ("/people/import", "/people/import", With(&[Permission::ImportPeople])),
    ("/people/me", "/people/me", With(&[Permission::SeeOwnRecord])),
    ("/people/offices", "/people/offices", With(&[Permission::SeePeople])),
    ("/people/offices/end", "/people/offices/end?person=ID&role=teacher", With(&[Permission::ManageOffices])),
    ("/people/{person}", "/people/PUPIL", With(&[Permission::SeePeople])),
    ("/people/{person}/edit", "/people/PUPIL/edit", With(&[Permission::ManagePeople])),
    ("/people/{person}/leave", "/people/PUPIL/leave", With(&[Permission::ManagePeople])),
    ("/policy", "/policy", Anybody),
    ("/policy/versions", "/policy/versions", With(&[Permission::ManagePolicy, Permission::ApprovePolicy])),
    ("/policy/versions/draft", "/policy/versions/draft", With(&[Permission::ManagePolicy])),
    ("/policy/versions/{version}", "/policy/versions/ID", With(&[Permission::ManagePolicy, Permission::ApprovePolicy])),
    ("/portal", "/portal", With(&[Permission::SignAgreements])),
    ("/portal/refuse/{agreement}/{about}", "/portal/refuse/none/ID", With(&[Permission::CounterSign])),
    ("/portal/sign/{agreement}/{about}", "/portal/sign/none/ID", With(&[Permission::CounterSign])),
    ("/portal/signed/{agreement}/{about}", "/portal/signed/none/ID", With(&[Permission::CounterSign])),
    ("/reports", "/reports", With(&[Permission::SeeReports])),
    ("/reports/now", "/reports/now", With(&[Permission::IssueReport])),
    ("/reports/{report}", "/reports/ID", With(&[Permission::SeeReports])),
    ("/reports/{report}/report.pdf", "/reports/ID/report.pdf", With(&[Permission::SeeReports])),
    ("/requests", "/requests", With(&[Permission::SeeAccessRequests])),
    ("/requests/ask", "/requests/ask", With(&[Permission::AskForSite])),
    ("/requests/{request}", "/requests/ID", With(&[Permission::SeeAccessRequests])),
    ("/sign-in", "/sign-in", Anybody),
    ("/signatures", "/signatures", With(&[Permission::SeeClassSignatures])),
    ("/signatures/{person}/{agreement}", "/signatures/PUPIL/none", With(&[Permission::SeeAllSignatures])),
    (
        "/signatures/{person}/{agreement}/signed.pdf",
        "/signatures/PUPIL/none/signed.pdf",
        With(&[Permission::SeeAllSignatures]),
    ),
    ("/start/calendar", "/start/calendar", With(&[Permission::ManageSchool])),
    ("/start/people", "/start/people", With(&[Permission::ManageOffices])),
    ("/start/policy", "/start/policy", With(&[Permission::ManageSchool])),
    ("/start/what-next", "/start/what-next", With(&[Permission::ManageSchool])),
    ("/start/{token}", "/start/guessed", Anybody),
    ("/tasks", "/tasks", With(&[Permission::SeeOwnTasks])),
    ("/tell", "/tell", Anybody),
    ("/tell/follow", "/tell/follow", Anybody),
    ("/tell/{kind}", "/tell/worried", Anybody),
    ("/welcome/{token}", "/welcome/guessed", Anybody),
];

/// An id that nothing has.
const NOTHING: &str = "0190a000-0000-7000-8000-00000000ffff";

fn address(school: &TestSchool, page: &str) -> String {
    page.replace("PUPIL", &school.person("pupil").to_string()).replace("ID", NOTHING)
}

fn roles(school: &TestSchool, who: &TestPerson) -> Vec<Role> {
    let id = school.person(who.username);
    let held: Vec<OfficeHolding> = who
        .roles
        .iter()
        .map(|role| OfficeHolding { person: id, role: *role, from: "2024-09-02".parse().unwrap(), until: None })
        .collect();
    active_roles(&person(school, who.username, who.audience), &held, "2026-11-03".parse().unwrap())
}

fn person(school: &TestSchool, username: &str, audience: Audience) -> Person {
    Person {
        id: school.person(username),
        school: school.id,
        name: belisha_records::PersonName::new(username),
        audience,
        year_group: None,
        class: None,
        username: Some(username.to_owned()),
        email: None,
        joined: "2024-09-02".parse().unwrap(),
        left: None,
    }
}

/// Addresses that the source routes with `get`, their names resolved.
fn routed() -> BTreeSet<String> {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let names = std::fs::read_to_string(root.join("urls.rs")).unwrap();
    let resolve = |name: &str| {
        let line = names
            .lines()
            .find(|line| line.starts_with(&format!("pub const {name}: &str")))
            .unwrap_or_else(|| panic!("no address is called {name}"));
        line.split('"').nth(1).unwrap().to_owned()
    };
    let mut found = BTreeSet::new();
    for area in std::fs::read_dir(root)
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path().join("mod.rs")).ok())
    {
        for route in area.split(".route(").skip(1) {
            let (address, handlers) = route.split_once(',').unwrap();
            let handlers = handlers.split(".route(").next().unwrap().split(".route").next().unwrap();
            let handlers = handlers.split(['\n', ';']).next().unwrap();
            if handlers.contains("get(") {
                found.insert(
                    address.strip_prefix("urls::").map_or_else(|| address.trim_matches('"').to_owned(), resolve),
                );
            }
        }
    }
    found
}

#[test]
fn no_page_is_missing_from_the_table() {
    let table: BTreeSet<String> = PAGES.iter().map(|(route, ..)| (*route).to_owned()).collect();
    let missing: Vec<String> = routed().difference(&table).cloned().collect();
    assert!(routed().len() > 50, "the source is not read rightly any more");
    assert!(missing.is_empty(), "say in this table who may open {missing:?}");
}

async fn alert(school: &TestSchool, place: u8, about: &str) -> AlertId {
    let now = school.app.now();
    let alert = Alert {
        id: AlertId::make(now.as_millisecond(), [place; 10]),
        school: school.id,
        person: Some(school.person(about)),
        device: "10.0.7.1".into(),
        seen_at: now,
        theme: "violence".into(),
        danger: Danger::Serious,
        host: "search.example".into(),
        excerpt: "words that worry".into(),
        settled: None,
    };
    let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, now).await.unwrap();
    alerts::insert(&mut tx, &alert).await.unwrap();
    tx.commit().await.unwrap();
    alert.id
}

/// Hidden and absent must be one and the same to the reader.
async fn same_as_absent(reader: &Client, hidden: &str, absent: &str) {
    let (hidden, never) = (reader.get(hidden).await, reader.get(absent).await);
    assert_eq!(hidden.status, 404);
    assert_eq!((hidden.status, hidden.body), (never.status, never.body));
}

/// A second school on the same server, with a pupil, an alert and something told.
async fn second_school(store: &Store, first: &TestSchool) -> (String, String, String) {
    let now = first.app.now();
    let id = belisha_records::SchoolId::make(1_790_000_000_000, [77; 10]);
    let mut tx = store.read(first.id).await.unwrap();
    let mut school = schools::list(&mut tx).await.unwrap().remove(0);
    drop(tx);
    school.id = id;
    school.name = "Inverbrae Primary School".into();
    let pupil = Person {
        id: belisha_records::PersonId::make(1, [88; 10]),
        school: id,
        username: None,
        ..person(first, "pupil", Audience::Pupil)
    };
    let alert = Alert {
        id: AlertId::make(1, [88; 10]),
        school: id,
        person: Some(pupil.id),
        device: "10.0.9.1".into(),
        seen_at: now,
        theme: "violence".into(),
        danger: Danger::Urgent,
        host: "search.example".into(),
        excerpt: "another school's words".into(),
        settled: None,
    };
    let concern = Concern {
        id: ConcernId::make(1, [88; 10]),
        school: id,
        by: None,
        choice: "unkind".into(),
        words: "another school's words".into(),
        told_at: now,
        read_at: None,
        incident: None,
    };
    let mut tx = store.begin(&Actor::Job("test"), id, now).await.unwrap();
    schools::insert(&mut tx, &school).await.unwrap();
    people::insert(&mut tx, &pupil).await.unwrap();
    alerts::insert(&mut tx, &alert).await.unwrap();
    concerns::insert(&mut tx, &concern).await.unwrap();
    tx.commit().await.unwrap();
    (pupil.id.to_string(), alert.id.to_string(), concern.id.to_string())
}

both_databases! {
    async fn every_page_opens_for_those_in_the_table_and_for_nobody_else(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let nobody = school.visitor();
        for (route, page, who) in PAGES.iter().filter(|(_, page, _)| !page.is_empty()) {
            let seen = nobody.get(&address(&school, page)).await;
            match who {
                Anybody => assert!(!seen.location().starts_with("/sign-in") && seen.status != 403, "{route} is anybody's"),
                Gateway => assert_eq!(seen.status, 401, "{route}"),
                With(_) => assert!(seen.status == 303 && seen.location().starts_with("/sign-in"), "{route} for nobody: {} {}", seen.status, seen.location()),
            }
        }
        let mut wrong = Vec::new();
        for reader in PEOPLE {
            let (browser, roles) = (school.signed_in(reader.username).await, roles(&school, reader));
            for (route, page, who) in PAGES.iter().filter(|(_, page, _)| !page.is_empty()) {
                let seen = browser.get(&address(&school, page)).await;
                if matches!(who, Gateway) {
                    if seen.status != 401 {
                        wrong.push(format!("{} at {route}: {}", reader.username, seen.status));
                    }
                    continue;
                }
                let allowed = match who {
                    Anybody | Gateway => true,
                    With(any) => any.iter().any(|permission| may(&roles, *permission)),
                };
                // What is not there may be said to those who may ask; the others are refused before that.
                let fits = if allowed { seen.status != 403 && seen.status.as_u16() < 500 && !seen.location().starts_with("/sign-in") } else { seen.status == 403 };
                if !fits {
                    wrong.push(format!("{} at {route}: {} {}", reader.username, seen.status, seen.location()));
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    async fn a_broken_address_is_a_page_that_is_not_there(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        for (route, page, _) in PAGES.iter().filter(|(_, _, who)| !matches!(who, Gateway)).filter(|(route, page, _)| route.contains('{') && !page.is_empty() && !route.starts_with("/start") && !route.starts_with("/welcome")) {
            let mut parts: Vec<&str> = route.split('/').collect();
            parts.iter_mut().filter(|part| part.starts_with('{')).for_each(|part| *part = "%3Cb%3E-not-an-id");
            let seen = head.get(&parts.join("/")).await;
            assert_eq!(seen.status, 404, "{route} ({page})");
            assert_eq!(seen.heading(), "There is no such page", "{route}");
            assert!(!seen.body.contains("not-an-id"), "{route} repeats what was typed");
        }
    }

    async fn an_accused_adult_finds_no_alert_about_themselves(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for who in ["lead", "head"] {
            let browser = school.signed_in(who).await;
            let shown = ["/", "/alerts", "/board", "/activity", "/people", "/duties", "/tasks", "/reports/now", "/incidents", "/concerns"];
            let mut before = Vec::new();
            for page in shown {
                before.push(browser.get(page).await.words());
            }
            let about = alert(&school, if who == "lead" { 21 } else { 22 }, who).await;
            for (page, words) in shown.iter().zip(&before) {
                assert_eq!(&browser.get(page).await.words(), words, "{page} tells the {who}");
            }
            same_as_absent(&browser, &format!("/alerts/{about}"), &format!("/alerts/{NOTHING}")).await;
            same_as_absent(&browser, &format!("/incidents/record?alert={about}"), &format!("/incidents/record?alert={NOTHING}")).await;
            assert_eq!(browser.post(&format!("/alerts/{about}/dismiss"), &[("reason", "nothing to see here at all")]).await.status, 404);
            // Out of the way of the next one, who may see it.
            let other = school.signed_in(if who == "lead" { "head" } else { "lead" }).await;
            assert_eq!(other.post(&format!("/alerts/{about}/dismiss"), &[("reason", "It was a poem for a lesson.")]).await.status, 303);
        }
    }

    async fn a_pupil_sees_nothing_of_another_pupil(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        let (own, other) = (school.person("pupil"), school.person("other-pupil"));
        for page in ["sign", "refuse", "signed"] {
            for agreement in ["none", "pupil-agreement"] {
                let seen = pupil.get(&format!("/portal/{page}/{agreement}/{other}")).await;
                assert!(seen.status == 403 || seen.status == 404, "{page}: {}", seen.status);
                assert!(!seen.body.contains("Mina"), "{page} names the other pupil");
            }
        }
        for page in ["/", "/portal", "/activity/mine", "/people/me", "/requests/ask"] {
            let seen = pupil.get(&format!("{page}?person={other}&about={other}&id={other}")).await;
            assert_eq!(seen.status, 200, "{page}");
            assert!(!seen.body.contains("Mina") && !seen.body.contains(&other.to_string()), "{page} shows the other pupil");
        }
        for (verb, path) in [("edit", format!("/people/{other}/edit")), ("own", format!("/people/{own}/edit")), ("link", format!("/people/{other}/link"))] {
            assert_eq!(pupil.post(&path, &[]).await.status, 403, "{verb}");
        }
    }

    async fn another_schools_records_are_not_there(database: TestDatabase) {
        let store = database.store.clone();
        let school = TestSchool::open(database.store).await;
        let (pupil, alert, concern) = second_school(&store, &school).await;
        for who in ["head", "lead"] {
            let reader = school.signed_in(who).await;
            for (hidden, absent) in [
                (format!("/people/{pupil}"), format!("/people/{NOTHING}")),
                (format!("/alerts/{alert}"), format!("/alerts/{NOTHING}")),
                (format!("/concerns/{concern}"), format!("/concerns/{NOTHING}")),
                (format!("/incidents/record?concern={concern}"), format!("/incidents/record?concern={NOTHING}")),
                (format!("/portal/signed/none/{pupil}"), format!("/portal/signed/none/{NOTHING}")),
            ] {
                same_as_absent(&reader, &hidden, &absent).await;
            }
            for page in ["/", "/alerts", "/concerns", "/people?audience=pupil"] {
                assert!(!reader.get(page).await.body.contains("another school"), "{page}");
            }
        }
        let head = school.signed_in("head").await;
        for path in [format!("/people/{pupil}/link"), format!("/people/{pupil}/edit"), format!("/people/{pupil}/leave"), format!("/alerts/{alert}/dismiss")] {
            let seen = head.post(&path, &[("reason", "a reason that is long enough"), ("name", "Taken Over"), ("audience", "pupil")]).await;
            assert_eq!(seen.status, 404, "{path}");
        }
        // The cookie that says which school a visitor looks at opens nothing to somebody signed in at another.
        head.set_cookie("__Host-belisha-school", &belisha_records::SchoolId::make(1_790_000_000_000, [77; 10]).to_string());
        assert_eq!(head.get(&format!("/people/{pupil}")).await.status, 404);
        assert!(head.get("/people").await.body.contains("Marlowe Bridge"));
    }
}
