//! Keeping the roster, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_store::both_databases;
use belisha_store::testing::TestDatabase;
use belisha_web::testing::{Seen, TestSchool};

const NEW: &[(&str, &str)] = &[
    ("name", "Perran Tull"),
    ("audience", "pupil"),
    ("year", "7"),
    ("joined-day", "3"),
    ("joined-month", "11"),
    ("joined-year", "2026"),
];

/// The path of the one-time link on a page.
fn link(page: &Seen) -> String {
    page.body.split("belisha-source\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned()
}

both_databases! {
    async fn a_technician_finds_people_and_cannot_add_one(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        let found = technician.post("/people", &[("name", "penh")]).await;
        assert!(found.says("2 people found") && found.says("Jory Penhale"), "{}", found.words());
        let pupil = technician.get(&format!("/people/{}", school.person("pupil"))).await;
        assert!(!pupil.says("Cass Penhale"), "a technician is not shown the family: {}", pupil.words());
        for path in ["/people/add", "/people/import"] {
            assert_eq!(technician.get(path).await.status, 403, "{path}");
        }
        assert_eq!(technician.post("/people/add", NEW).await.status, 403);
        assert_eq!(technician.post(&format!("/people/{}/link", school.person("pupil")), &[]).await.status, 403);
        for nobody in ["pupil", "parent", "governor", "visitor"] {
            assert_eq!(school.signed_in(nobody).await.get("/people").await.status, 403, "{nobody}");
        }
    }

    async fn the_office_adds_a_pupil_who_comes_in_by_a_one_time_link(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let office = school.signed_in("office").await;
        let mut wrong = NEW.to_vec();
        wrong[0].1 = "";
        wrong[2].1 = "";
        let seen = office.post("/people/add", &wrong).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors(), ["Enter their name", "Enter the pupil’s year group, or choose a class"]);
        let added = office.post("/people/add", NEW).await;
        let page = added.location().split('?').next().unwrap().to_owned();
        assert_eq!(office.get(added.location()).await.heading(), "Perran Tull");
        assert_eq!(school.network_heard().last().map(String::as_str), Some("rules changed"));
        let family = format!("{page}/family");
        assert_eq!(office.post(&family, &[("kin", "parent"), ("who", "Jory Penhale")]).await.status, 422, "a pupil is nobody’s parent");
        assert_eq!(office.post(&family, &[("kin", "parent"), ("who", "cass penhale")]).await.status, 303);
        assert!(office.get(&page).await.says("Parent or carer: Cass Penhale"));
        let made = office.post(&format!("{page}/link"), &[("make", "link")]).await;
        let pupil = school.visitor_from([10, 0, 0, 77]);
        assert_eq!(pupil.get(&link(&made)).await.heading(), "Welcome, Perran Tull");
    }

    async fn whoever_keeps_the_roster_cannot_open_the_door_to_cases(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let office = school.signed_in("office").await;
        assert_eq!(office.post(&format!("/people/{}/link", school.person("lead")), &[]).await.status, 403);
        assert_eq!(office.post("/people/offices", &[("role", "headteacher")]).await.status, 403);
        // Nor can the head become whoever takes what is told about the head.
        let head = school.signed_in("head").await;
        for judge in ["chair", "officer"] {
            let seen = head.post(&format!("/people/{}/link", school.person(judge)), &[]).await;
            assert_eq!(seen.status, 409, "{}", seen.words());
            assert!(seen.says("ask the system administrator") && !seen.body.contains("/welcome/"), "{}", seen.words());
        }
        let administrator = school.signed_in("administrator").await;
        let own = school.person("administrator").to_string();
        let seen = administrator.post("/people/offices", &[("role", "designated-safeguarding-lead"), ("person", &own), ("from-day", "3"), ("from-month", "11"), ("from-year", "2026")]).await;
        assert_eq!(seen.errors(), ["Ask the head teacher to give you this office: it opens cases about children"]);
        let pupil = school.person("pupil").to_string();
        let seen = administrator.post("/people/offices", &[("role", "teacher"), ("person", &pupil), ("from-day", "3"), ("from-month", "11"), ("from-year", "2026")]).await;
        assert_eq!(seen.errors(), ["Choose who holds it"]);
    }

    async fn offices_that_collide_are_warned_of_before_they_are_given(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let own = school.person("head").to_string();
        let fields = [("role", "online-safety-lead"), ("person", own.as_str()), ("from-day", "3"), ("from-month", "11"), ("from-year", "2026")];
        let warned = head.post("/people/offices", &fields).await;
        assert_eq!(warned.status, 200);
        assert!(warned.says("Look at this before you give it") && warned.says("reports to themselves"), "{}", warned.words());
        assert!(!head.get(&format!("/people/{own}")).await.says("Online safety lead"), "nothing is given yet");
        let all_the_same: Vec<_> = fields.iter().copied().chain([("anyway", "yes")]).collect();
        let given = head.post("/people/offices", &all_the_same).await;
        assert_eq!(given.location(), "/people/offices?done=appointed");
        let offices = head.get(given.location()).await;
        assert!(offices.says("Get in each other’s way"), "{}", offices.words());
        let ended = head.post("/people/offices/end", &[("person", &own), ("role", "online-safety-lead"), ("last-day", "3"), ("last-month", "11"), ("last-year", "2026")]).await;
        assert_eq!(ended.location(), "/people/offices?done=ended");
        school.pass(jiff::SignedDuration::from_hours(24));
        assert!(!school.signed_in("head").await.get("/people/offices").await.says("Get in each other’s way"));
    }

    async fn somebody_who_leaves_is_signed_out_everywhere(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let office = school.signed_in("office").await;
        let path = format!("/people/{}/leave", school.person("teacher"));
        let early = office.post(&path, &[("last-day", "1"), ("last-month", "1"), ("last-year", "2020")]).await;
        assert_eq!(early.errors(), ["Choose a day after their first day at the school"]);
        assert_eq!(office.post(&path, &[("last-day", "2"), ("last-month", "11"), ("last-year", "2026")]).await.status, 303);
        assert_eq!(teacher.get("/portal").await.status, 303);
        assert!(office.get("/people?audience=left").await.says("Bea Larkspur"));
    }

    async fn a_file_with_a_bad_line_keeps_the_good_ones_and_says_which_were_not(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let office = school.signed_in("office").await;
        let file = "Name,Audience,Class,Year group,Username,Parent of\nAva Trew,pupil,7C,7,ava,\nBen Trew,pupil,,,,\nFay Trew,parent,,,fay,Ava Trew\nGil Hart,parent,,,,Ben Trew\nTwo Name,staff,,,head,\n";
        let dry = office.post_multipart("/people/import", &[("text", file), ("then", "check")]).await;
        assert!(dry.says("2 people can be brought in") && dry.says("3 lines not taken") && dry.says("Classes that would be made: 7C"), "{}", dry.words());
        assert!(!office.post("/people", &[("name", "trew")]).await.says("Ava Trew"), "a dry run keeps nothing");
        let done = office.post_multipart("/people/import", &[("text", file), ("then", "use")]).await;
        assert!(done.says("2 people brought in"), "{}", done.words());
        for line in ["3 A pupil needs a class or a year group", "5 A child it names is neither", "6 Somebody has this sign-in name already"] {
            assert!(done.says(line), "{line}: {}", done.words());
        }
        let found = office.post("/people", &[("name", "trew")]).await;
        assert!(found.says("Ava Trew") && found.says("Fay Trew") && !found.says("Ben Trew"), "{}", found.words());
        let again = office.post_multipart("/people/import", &[("text", file), ("then", "use")]).await;
        assert!(again.says("No line can be taken yet"), "{}", again.words());
        let without_head = office.post_multipart("/people/import", &[("text", "Ava,7\n"), ("then", "check")]).await;
        assert_eq!(without_head.status, 422);
    }

    async fn a_class_has_teachers(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let office = school.signed_in("office").await;
        assert_eq!(office.post("/people/classes", &[("name", "7b"), ("year", "7")]).await.errors(), ["There is a class with this name already"]);
        let page = office.get("/people/classes").await;
        let class = page.links().into_iter().find(|link| link.starts_with("/people/classes/")).unwrap();
        let teacher = school.person("teacher").to_string();
        assert_eq!(office.post(&class, &[("teacher", &teacher)]).await.status, 303);
        assert!(office.get(&class).await.says("Bea Larkspur"));
        assert_eq!(office.post(&class, &[("remove", &teacher)]).await.status, 303);
        assert!(office.get(&class).await.says("Nobody is entered yet"));
    }
}
