//! Activity in figures, one person's, and one's own, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_records::Actor;
use belisha_store::activity::Visit;
use belisha_store::look_ups::LookUp;
use belisha_store::testing::TestDatabase;
use belisha_store::{activity, both_databases, look_ups};
use belisha_web::testing::TestSchool;
use jiff::{SignedDuration, Timestamp};

const REASON: &str = "Worried after an alert about self-harm on Monday";
const DAYS: [(&str, &str); 6] = [
    ("from-day", "1"),
    ("from-month", "11"),
    ("from-year", "2026"),
    ("until-day", "3"),
    ("until-month", "11"),
    ("until-year", "2026"),
];

/// Seven pages of the pupil, three of another, in the last hour.
async fn browse(school: &TestSchool) {
    let now = school.app.now();
    let visit = |who: &str, host: &str, action: &str, minutes: i64| Visit {
        at: now - SignedDuration::from_mins(minutes),
        person: Some(school.person(who)),
        device: "10.0.0.7".into(),
        confidence: Some("session".into()),
        device_kind: Some("pupil-owned".into()),
        group: "pupil".into(),
        host: host.into(),
        path: None,
        search_term: (host == "search.example").then(|| "how to be brave".to_owned()),
        action: action.into(),
        category: (action == "blocked").then(|| "games".to_owned()),
        reason: "category".into(),
    };
    let mut visits: Vec<Visit> = (1..=6).map(|minutes| visit("pupil", "towers.example", "blocked", minutes)).collect();
    visits.push(visit("pupil", "search.example", "allowed", 9));
    visits.extend((10..13).map(|minutes| visit("other-pupil", "private.example", "allowed", minutes)));
    let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, now).await.unwrap();
    activity::insert_batch(&mut tx, "batch", &visits).await.unwrap();
    tx.commit().await.unwrap();
}

async fn made(school: &TestSchool) -> Vec<LookUp> {
    let mut tx = school.app.store.read(school.id).await.unwrap();
    look_ups::list_between(&mut tx, Timestamp::UNIX_EPOCH, school.app.now() + SignedDuration::from_secs(1))
        .await
        .unwrap()
}

fn form<'a>(reason: &'a str, person: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("reason", reason), ("person", person)];
    fields.extend(DAYS);
    fields
}

both_databases! {
    async fn a_look_up_without_a_reason_is_refused_and_leaves_no_trace(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        browse(&school).await;
        let lead = school.signed_in("lead").await;
        for reason in ["", "   ", "checking", "aaaa aaaa aaaa aaaa"] {
            let seen = lead.post("/activity/look-up", &form(reason, "Jory")).await;
            assert_eq!((seen.status.as_u16(), seen.errors().len()), (422, 1), "{reason}: {}", seen.words());
            assert!(!seen.body.contains("towers.example"), "nothing is shown");
            assert!(seen.body.contains("value=\"Jory\""), "what was typed is kept");
        }
        assert!(made(&school).await.is_empty());
    }

    async fn a_look_up_with_a_reason_is_kept_and_counted(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        browse(&school).await;
        let lead = school.signed_in("lead").await;
        let seen = lead.post("/activity/look-up", &form(REASON, "Jory")).await;
        assert_eq!((seen.status.as_u16(), seen.heading().as_str()), (200, "Jory Penhale"), "{}", seen.words());
        assert!(seen.says("Let on to the network by their own password Pupil-owned"), "{}", seen.words());
        assert!(seen.says("towers.example") && seen.says("This look-up is recorded") && !seen.says("private.example"), "{}", seen.words());
        let covered = seen.body.find("how to be brave").and_then(|at| seen.body[..at].rfind("<details")).is_some_and(|at| !seen.body[at..].starts_with("<details open"));
        assert!(covered, "searches are covered until somebody opens them");
        let kept = made(&school).await;
        assert_eq!((kept.len(), kept[0].by, kept[0].about, kept[0].reason.as_str()), (1, school.person("lead"), school.person("pupil"), REASON));
        let governor = school.signed_in("governor").await.get("/activity").await;
        assert!(governor.says("1 look-up this term"), "{}", governor.words());
        assert!(!governor.says("Look a person up") && !governor.says("Jory"), "governors count and do not look");
    }

    async fn only_safeguarding_looks_up_and_nobody_themselves(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        browse(&school).await;
        for who in ["technician", "administrator", "teacher", "governor", "officer", "pupil", "parent", "office"] {
            let somebody = school.signed_in(who).await;
            assert_eq!(somebody.get("/activity/look-up").await.status, 403, "{who}");
            let seen = somebody.post("/activity/look-up", &form(REASON, "Jory")).await;
            assert_eq!(seen.status, 403, "{who}");
            assert!(!seen.body.contains("towers.example"));
        }
        let own = school.signed_in("lead").await.post("/activity/look-up", &form(REASON, "Tobias")).await;
        assert_eq!(own.errors(), ["This is you; your own activity is on your own page and needs no reason"]);
        assert!(made(&school).await.is_empty());
    }

    async fn several_people_of_one_name_are_told_apart_before_anything_is_shown(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        browse(&school).await;
        let lead = school.signed_in("lead").await;
        let several = lead.post("/activity/look-up", &form(REASON, "penhale")).await;
        assert_eq!(several.errors(), ["Several people have these letters in their name; choose one"]);
        assert!(several.body.contains(REASON) && made(&school).await.is_empty());
        let which = school.person("pupil").to_string();
        let mut fields = form(REASON, "penhale");
        fields.push(("which", &which));
        assert_eq!(lead.post("/activity/look-up", &fields).await.heading(), "Jory Penhale");
        let mut turned = form(REASON, "Jory");
        turned.extend([("until-year", "2026")]);
        turned.iter_mut().filter(|(name, _)| *name == "until-month").for_each(|field| field.1 = "10");
        assert_eq!(lead.post("/activity/look-up", &turned).await.errors(), ["The last day is before the first; choose a later one"]);
    }

    async fn everybody_sees_their_own_and_nobody_elses(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        browse(&school).await;
        let seen = school.signed_in("pupil").await.get("/activity/mine").await;
        assert!(seen.says("towers.example") && seen.says("Helplines are never on it"), "{}", seen.words());
        assert!(!seen.says("private.example"));
        let teacher = school.signed_in("teacher").await.get("/activity/mine?days=30").await;
        assert!(teacher.says("Nothing is recorded for this time"), "{}", teacher.words());
        assert_eq!(school.visitor().get("/activity/mine").await.status, 303);
    }

    async fn figures_name_nobody_and_leave_small_numbers_out(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        browse(&school).await;
        let page = school.signed_in("technician").await.get("/activity").await;
        assert!(page.says("Games") && page.says("Show the figures"), "{}", page.words());
        for name in ["Jory", "Penhale", "Osei", "towers.example", "10.0.0.7"] {
            assert!(!page.body.contains(name), "{name}");
        }
        assert!(page.says("not shown"), "four pages that opened are too few to show: {}", page.words());
        assert_eq!(school.signed_in("pupil").await.get("/activity").await.status, 403);
        let empty = school.signed_in("head").await.get("/activity?week=2026-09-07").await;
        assert!(empty.says("Nothing was recorded in this week"), "{}", empty.words());
        assert_eq!(school.signed_in("head").await.get("/activity?week=nonsense").await.status, 200);
    }
}
