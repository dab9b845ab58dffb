//! What nobody can switch off, by the pages: everybody posts rules that would open what is illegal or close a helpline to every
//! address that changes the filter, and nothing changes. Afterwards neither name is in any column of any table. That the rules
//! could not have done it either is held by `belisha-filter`'s and `belisha-gateway`'s tests of the same name.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_policy::Role;
use belisha_records::{Actor, OfficeHolding, Permission, may};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, classes, exceptions, lesson_lists, offices, school_rules, schools};
use belisha_web::testing::{PEOPLE, TestSchool};
use std::collections::BTreeSet;

/// An id that nothing has.
const NOTHING: &str = "0190a000-0000-7000-8000-00000000ffff";

/// Every address that is posted to in the areas which change the filter.
const POSTED: &[&str] = &[
    "/devices",
    "/devices/rooms",
    "/devices/rooms/{room}/retire",
    "/devices/{device}",
    "/devices/{device}/retire",
    "/filter/explain",
    "/filter/lesson",
    "/filter/lesson/{list}/end",
    "/filter/lists/{name}",
    "/filter/live",
    "/filter/live/end",
    "/filter/rules",
    "/filter/rules/{rule}/remove",
    "/filter/settings",
    "/filter/what-if",
    "/requests/ask",
    "/requests/exceptions/{exception}/end",
    "/requests/{request}",
    "/requests/{request}/second",
];

/// Addresses of these areas that the source routes with `post`, their names resolved.
fn routed() -> BTreeSet<String> {
    let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let names = std::fs::read_to_string(root.join("urls.rs")).unwrap();
    let resolve = |name: &str| {
        let line = names.lines().find(|line| line.starts_with(&format!("pub const {name}: &str"))).unwrap();
        line.split('"').nth(1).unwrap().to_owned()
    };
    let mut found = BTreeSet::new();
    for area in ["filter", "requests", "devices"] {
        let source = std::fs::read_to_string(root.join(area).join("mod.rs")).unwrap();
        for route in source.split(".route(").skip(1) {
            let (address, rest) = route.split_once(',').unwrap();
            if rest.split(['\n', ';']).next().unwrap().contains("post(") {
                let named = address.strip_prefix("urls::");
                found.insert(named.map_or_else(|| address.trim_matches('"').to_owned(), resolve));
            }
        }
    }
    found
}

#[test]
fn no_address_that_changes_the_filter_is_missing_here() {
    assert_eq!(routed(), POSTED.iter().map(|address| (*address).to_owned()).collect());
}

/// A form with every field that a page of these areas reads, all about one host.
fn form<'a>(host: &'a str, action: &'a str, class: &'a str) -> Vec<(&'a str, &'a str)> {
    let warned = if action == "go-on" { "go-on" } else { "ask" };
    vec![
        ("host", host),
        ("hosts", host),
        ("never-hosts", host),
        ("school-hosts", host),
        ("page", host),
        ("action", action),
        ("what", "host"),
        ("do", warned),
        ("answer", "open"),
        ("group", "pupil"),
        ("groups", "pupil"),
        ("until", "23:59"),
        ("class", class),
        ("name", "7B, geography"),
        ("safe-search", "off"),
        ("inspection", "off"),
        ("allow-list-only", "pupil"),
        ("reason", "Because we say that it is so"),
    ]
}

/// What the school's filter works from, in one text.
async fn rules_of(school: &TestSchool) -> String {
    let mut tx = school.app.store.read(school.id).await.unwrap();
    let now = school.app.now();
    let settings = schools::find(&mut tx, school.id).await.unwrap().unwrap().settings;
    format!(
        "{:?} {:?} {:?} {settings}",
        school_rules::list(&mut tx).await.unwrap(),
        exceptions::list(&mut tx).await.unwrap(),
        lesson_lists::list_open(&mut tx, now).await.unwrap()
    )
}

both_databases! {
    async fn nobody_opens_what_is_illegal_or_closes_a_helpline_by_any_form(database: TestDatabase) {
        let school = TestSchool::open(database.store.clone()).await;
        let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, school.app.now()).await.unwrap();
        let class = classes::list(&mut tx).await.unwrap()[0].id;
        classes::add_teacher(&mut tx, class, school.person("teacher")).await.unwrap();
        tx.commit().await.unwrap();
        let (class, before) = (class.to_string(), rules_of(&school).await);
        for person in PEOPLE {
            let browser = school.signed_in(person.username).await;
            for address in POSTED {
                let parts = address.split('/').map(|part| if part.starts_with('{') { NOTHING } else { part });
                let address = parts.collect::<Vec<_>>().join("/");
                for host in ["illegal.example", "https://ILLEGAL.example./page", "www.childline.org.uk", "http://helpline.example/"] {
                    let all = ["allow", "deny", "authority-allow", "authority-deny", "block", "go-on"];
                    let read = ["/filter/rules", "/filter/what-if", "/requests/ask"].contains(&&*address);
                    for action in if read { &all[..] } else { &all[..1] } {
                        let seen = browser.post(&address, &form(host, action, &class)).await;
                        assert!(seen.status.as_u16() < 500, "{} at {address}: {}", person.username, seen.words());
                        assert!(!seen.location().contains("done="), "{} at {address} with {host}: {}", person.username, seen.location());
                        assert!(!seen.says("Save this rule"), "{address}");
                    }
                }
                // The number of a block page that closed it, if there were one.
                let block = format!("{}-illegal.example", person.username);
                browser.post("/requests/ask", &[("block", &block), ("reason", "Because we say that it is so")]).await;
            }
        }
        assert_eq!(rules_of(&school).await, before, "a rule was changed");
        let kept = database.everything(school.id).await.to_lowercase();
        assert!(kept.contains("jory penhale") && kept.contains("schools.settings"), "everything is looked at");
        for name in ["illegal.example", "childline", "helpline.example"] {
            let found: Vec<&str> = kept.lines().filter(|line| line.contains(name) && !line.starts_with("policies.source")).collect();
            assert!(found.is_empty(), "{name} is kept: {found:?}");
        }
    }

    async fn the_same_forms_work_for_other_sites(database: TestDatabase) {
        // Else the story above would tell nothing.
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        for address in ["/filter/rules", "/filter/settings"] {
            let seen = technician.post(address, &form("encyclopedia.example", "allow", "")).await;
            assert!(seen.location().contains("done="), "{address}: {}", seen.words());
        }
        assert!(technician.post("/filter/what-if", &form("encyclopedia.example", "allow", "")).await.status == 200);
        let asked = school.signed_in("teacher").await.post("/requests/ask", &form("encyclopedia.example", "allow", "")).await;
        assert!(asked.location().contains("done="), "{}", asked.words());
        let kept = rules_of(&school).await;
        assert!(kept.contains("encyclopedia.example") && kept.contains("allow_list_only"), "{kept}");
    }

    async fn who_may_look_at_devices_may_not_change_them(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let tablet = [("label", "Trolley 3, tablet 12"), ("mac", "001a2b3c4d5e"), ("kind", "school-shared"), ("use", "several")];
        let room = [("room-label", "The pavilion"), ("network", "10.20.0.0/16"), ("group", "guest")];
        let technician = school.signed_in("technician").await;
        technician.post("/devices", &tablet).await;
        technician.post("/devices/rooms", &room).await;
        let links = technician.get("/devices").await.links();
        let of = |part: &str| links.iter().find(|link| link.contains(part)).cloned().unwrap_or_else(|| panic!("{part} in {links:?}"));
        let changing = [of("/devices/rooms/"), links.iter().find(|link| link.starts_with("/devices/0")).unwrap().clone()];
        let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, school.app.now()).await.unwrap();
        let coordinator = OfficeHolding {
            person: school.person("teacher"),
            role: Role::OnlineSafetyCoordinator,
            from: "2026-09-01".parse().unwrap(),
            until: None,
        };
        offices::insert(&mut tx, &coordinator).await.unwrap();
        tx.commit().await.unwrap();
        assert!(may(&[coordinator.role], Permission::SeeDevices) && !may(&[coordinator.role], Permission::ManageDevices));
        let browser = school.signed_in("teacher").await;
        let page = browser.get("/devices").await;
        assert!(page.says("Trolley 3, tablet 12") && page.says("The pavilion"), "{}", page.words());
        assert!(!page.body.contains("<form method=\"post\" action=\"/devices"), "a form is offered");
        assert!(!page.links().iter().any(|link| changing.contains(link)), "{:?}", page.links());
        for (address, fields) in
            [("/devices", &tablet[..]), ("/devices/rooms", &room), (&changing[0], &[]), (&changing[1], &tablet)]
        {
            assert_eq!(browser.post(address, fields).await.status, 403, "{address}");
        }
        assert_eq!(browser.get(&changing[1]).await.status, 403);
        let after = technician.get("/devices").await;
        assert!(after.says("Trolley 3, tablet 12") && after.says("The pavilion"));
    }
}
