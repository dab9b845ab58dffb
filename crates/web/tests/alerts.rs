//! The inbox and what people told, as stories: the most dangerous first, settled with a reason, or made a case.
#![expect(clippy::unwrap_used, reason = "a story stops where its world cannot be set up")]

use belisha_records::{Actor, Alert, AlertId, Concern, ConcernId, Danger, Identifier, PersonId};
use belisha_store::testing::TestDatabase;
use belisha_store::{alerts, both_databases, concerns, incidents, outbox};
use belisha_web::testing::{Client, Seen, TestSchool};

async fn raise(school: &TestSchool, place: u8, person: Option<PersonId>, theme: &str, danger: Danger) -> AlertId {
    let now = school.app.now();
    let alert = Alert {
        id: AlertId::make(now.as_millisecond(), [place; 10]),
        school: school.id,
        person,
        device: format!("10.0.7.{place}"),
        seen_at: now - jiff::SignedDuration::from_mins(i64::from(place) * 7),
        theme: theme.into(),
        danger,
        host: "search.example".into(),
        excerpt: format!("words that worry {place}"),
        settled: None,
    };
    let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, now).await.unwrap();
    alerts::insert(&mut tx, &alert).await.unwrap();
    tx.commit().await.unwrap();
    alert.id
}

async fn told(school: &TestSchool, place: u8, by: Option<PersonId>, words: &str) -> ConcernId {
    let id = ConcernId::make(1_790_000_000_000, [place; 10]);
    let concern = Concern {
        id,
        school: school.id,
        by,
        choice: "unkind".into(),
        words: words.into(),
        told_at: school.app.now(),
        read_at: None,
        incident: None,
    };
    let mut tx = school.app.store.begin(&Actor::Job("tell-someone"), school.id, school.app.now()).await.unwrap();
    concerns::insert(&mut tx, &concern).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Everything the record's form holds, as a browser would send it back.
fn hidden(seen: &Seen) -> Vec<(String, String)> {
    let tags = seen.body.split("<input type=\"hidden\" name=\"").skip(1).filter_map(|rest| rest.split("\">").next());
    tags.filter_map(|tag| tag.split_once("\" value=\""))
        .map(|(name, value)| (name.into(), value.replace("&#39;", "'").replace("&#38;", "&")))
        .collect()
}

/// Answers the pages of a record that starts from something.
async fn make_case(browser: &Client, start: &str, people: &[(&str, &str)]) -> Seen {
    let mut seen = browser.get(start).await;
    let pages: [&[(&str, &str)]; 5] = [
        &[("may-involve-indecent-images", "no")],
        &[
            ("description", "She searched for it twice."),
            ("occurred-date", "2026-11-03"),
            ("occurred-time", "09:30"),
            ("place", "Library"),
            ("action-taken", "Sat with her."),
        ],
        people,
        &[("conduct", "nobody"), ("risk-areas", "content")],
        &[("signed-as", "Tobias Quill")],
    ];
    for page in pages {
        assert_eq!(seen.status, 200, "{}", seen.words());
        let carried = hidden(&seen);
        let mut sent: Vec<(&str, &str)> = carried.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        sent.extend(page);
        seen = browser.post("/incidents/record", &sent).await;
    }
    seen
}

both_databases! {
    async fn the_most_dangerous_comes_first_with_its_clock_and_who_has_it(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        raise(&school, 1, Some(school.person("pupil")), "gambling", Danger::Low).await;
        raise(&school, 2, Some(school.person("other-pupil")), "self-harm", Danger::Urgent).await;
        raise(&school, 3, None, "drugs", Danger::Serious).await;
        let lead = school.signed_in("lead").await;
        let seen = lead.get("/alerts").await;
        let at = |words: &str| seen.words().find(words).unwrap_or_else(|| panic!("`{words}` is not in {}", seen.words()));
        assert!(at("self-harm: Mina Osei") < at("drugs: we do not know who") && at("drugs") < at("gambling: Jory Penhale"));
        assert!(seen.says("Waiting 14 minutes. Look at it now. You have it"), "{}", seen.words());
        assert!(seen.body.contains("<details") && seen.body.contains("Show the words"));
        assert!(school.signed_in("head").await.get("/alerts").await.says("With Tobias Quill"));
        let home = lead.get("/").await;
        assert!(home.says("A worry about self-harm: Mina Osei"), "{}", home.words());
    }

    async fn an_alert_that_is_no_concern_is_settled_with_a_reason(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = raise(&school, 1, Some(school.person("pupil")), "violence", Danger::Low).await;
        let lead = school.signed_in("lead").await;
        let seen = lead.post(&format!("/alerts/{id}/dismiss"), &[("reason", "no")]).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors(), ["The reason is too short: say in a few words why"]);
        assert!(seen.body.contains("value=\"no\""), "what was typed is kept");
        let seen = lead.post(&format!("/alerts/{id}/dismiss"), &[("reason", "A chemistry practical.")]).await;
        assert_eq!((seen.status.as_u16(), seen.location()), (303, "/alerts?dismissed"));
        let seen = lead.get("/alerts").await;
        assert!(seen.says("No alert waits") && seen.says("Not a concern: A chemistry practical. (Tobias Quill"), "{}", seen.words());
        let seen = lead.get(&format!("/incidents/record?alert={id}")).await;
        assert_eq!(seen.status, 409);
    }

    async fn an_unknown_person_is_said_to_be_unknown(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = raise(&school, 1, None, "extremism", Danger::Serious).await;
        let seen = school.signed_in("lead").await.get(&format!("/alerts/{id}")).await;
        assert!(seen.says("We do not know who this was") && seen.says("Belisha does not guess"), "{}", seen.words());
    }

    async fn nobody_sees_an_alert_about_themselves(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = raise(&school, 1, Some(school.person("head")), "gambling", Danger::Serious).await;
        let head = school.signed_in("head").await;
        assert!(head.get("/alerts").await.says("No alert waits"));
        for path in [format!("/alerts/{id}"), format!("/incidents/record?alert={id}")] {
            assert_eq!(head.get(&path).await.status, 404, "{path}");
        }
        assert_eq!(head.post(&format!("/alerts/{id}/dismiss"), &[("reason", "It was nothing at all.")]).await.status, 404);
        assert!(school.signed_in("lead").await.get("/alerts").await.says("Imogen Strand"));
    }

    async fn an_alert_becomes_a_case_in_one_step(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = raise(&school, 1, Some(school.person("pupil")), "self-harm", Danger::Urgent).await;
        let lead = school.signed_in("lead").await;
        let seen = make_case(&lead, &format!("/incidents/record?alert={id}"), &[("who-harmed-0", "Jory Penhale, 7B")]).await;
        assert_eq!(seen.status, 303, "{}", seen.words());
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let case = incidents::list(&mut tx, school.person("lead"), &incidents::IncidentFilter::default()).await.unwrap().pop().unwrap();
        assert_eq!(case.from_alert, Some(id));
        assert_eq!(case.involved[0].person, Some(school.person("pupil")), "whoever the alert was about is in the form already");
        drop(tx);
        let seen = lead.get("/alerts").await;
        assert!(seen.says("No alert waits") && seen.says("Became a case"), "{}", seen.words());
        let seen = lead.get(&format!("/alerts/{id}")).await;
        assert!(seen.links().contains(&format!("/incidents/{}", case.id)));
    }

    async fn a_settled_alert_tells_nothing_of_a_case_that_is_hidden(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = raise(&school, 1, Some(school.person("pupil")), "grooming", Danger::Urgent).await;
        let lead = school.signed_in("lead").await;
        let people = [("who-harmed-0", "Jory Penhale, 7B"), ("who-alleged-0", "Imogen Strand")];
        assert_eq!(make_case(&lead, &format!("/incidents/record?alert={id}"), &people).await.status, 303);
        let head = school.signed_in("head").await;
        let seen = head.get("/alerts").await;
        assert!(!seen.says("grooming") && !seen.says("Became a case"), "{}", seen.words());
        assert_eq!(head.get(&format!("/alerts/{id}")).await.status, 404);
    }

    async fn what_a_pupil_told_is_read_and_becomes_a_case(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = told(&school, 1, Some(school.person("other-pupil")), "They call my friend names every night.").await;
        let lead = school.signed_in("lead").await;
        assert!(lead.get("/").await.says("Told to the school: somebody was unkind"));
        assert!(lead.get("/concerns").await.says("Not read yet"));
        let seen = lead.get(&format!("/concerns/{id}")).await;
        assert!(seen.says("They call my friend names every night."), "{}", seen.words());
        assert!(lead.get("/concerns").await.says("Everything has been read."));
        let seen = make_case(&lead, &format!("/incidents/record?concern={id}"), &[("who-reporter-0", "Mina Osei, 7B")]).await;
        assert_eq!(seen.status, 303, "{}", seen.words());
        assert!(lead.get("/concerns").await.says("Became a case"));
        let mut tx = school.app.store.read(school.id).await.unwrap();
        assert!(concerns::find(&mut tx, id).await.unwrap().unwrap().incident.is_some());
    }

    async fn whoever_is_told_about_gets_no_mail_and_somebody_else_does(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for (words, told) in [("Mr Quill sends me messages at night.", "head"), ("Somebody in 7B is cruel to me.", "lead")] {
            let seen = school.visitor().post("/tell/worried", &[("words", words)]).await;
            assert_eq!(seen.status, 200, "{}", seen.words());
            let mut tx = school.app.store.read(school.id).await.unwrap();
            let mails = outbox::list(&mut tx, 100).await.unwrap();
            let to = |who: &str| mails.iter().filter(|mail| mail.to == school.person(who)).count();
            assert_eq!((to("head"), to("lead")), if told == "head" { (1, 0) } else { (1, 1) }, "{words}");
        }
        let lead = school.signed_in("lead").await;
        assert_eq!(lead.get("/concerns").await.body.matches("Not read yet").count(), 1, "one is not for the lead");
    }

    async fn an_alert_about_an_adult_is_in_no_figure(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let before = (head.get("/activity").await.words(), head.get("/reports/now").await.words());
        for place in 1..=20 {
            raise(&school, place, Some(school.person("head")), "violence", Danger::Serious).await;
        }
        assert_eq!((head.get("/activity").await.words(), head.get("/reports/now").await.words()), before);
    }

    async fn words_about_the_head_are_for_somebody_else_to_read(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let by_name = told(&school, 1, None, "Ms Strand shouts at us and it is scary").await;
        let by_office = told(&school, 2, None, "the head teacher was unkind").await;
        let head = school.signed_in("head").await;
        assert!(head.get("/concerns").await.says("Nobody has told anything yet"));
        assert!(!head.get("/").await.says("Told to the school"));
        for id in [by_name, by_office] {
            assert_eq!(head.get(&format!("/concerns/{id}")).await.status, 404);
            assert_eq!(head.get(&format!("/incidents/record?concern={id}")).await.status, 404);
            assert_eq!(school.signed_in("lead").await.get(&format!("/concerns/{id}")).await.status, 200);
        }
    }
}
