//! Duties, jobs and the ledger, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_records::{Actor, DutyId, DutyOccurrence, Identifier};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, duties, job_runs};
use belisha_web::testing::TestSchool;
use belisha_web::{App, JobDescription, Settings};
use std::sync::Arc;

/// A duty of the example policy, owned by somebody.
async fn open_duty(school: &TestSchool, clause: &str, owner: &str, due: &str) -> DutyId {
    let id = DutyId::make(1_790_000_000_000, [clause.as_bytes()[0]; 10]);
    let mut tx = school.app.store.begin(&Actor::Job("open-duties"), school.id, school.app.now()).await.unwrap();
    let duty = DutyOccurrence {
        id,
        school: school.id,
        clause: clause.into(),
        period: "2026-2027".into(),
        person: None,
        owner: Some(school.person(owner)),
        due: due.parse().unwrap(),
        done: None,
        chasers: 0,
    };
    assert!(duties::insert_new(&mut tx, &duty).await.unwrap());
    tx.commit().await.unwrap();
    id
}

const ON: [(&str, &str); 3] = [("on-day", "2"), ("on-month", "11"), ("on-year", "2026")];

both_databases! {
    async fn a_duty_that_was_done_shows_on_the_board_as_kept(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = open_duty(&school, "new-technology", "lead", "2026-10-30").await;
        let lead = school.signed_in("lead").await;
        assert!(school.signed_in("head").await.get("/board/new-technology").await.says("overdue") );
        assert!(lead.get("/duties").await.says("1 overdue"));
        let path = format!("/duties/{id}");
        let wrong = lead.post(&path, &[("on-day", "9"), ("on-month", "11"), ("on-year", "2026")]).await;
        assert_eq!(wrong.errors(), ["Choose a day that is not still to come", "Say what shows that it was done"]);
        let done: Vec<_> = ON.iter().copied().chain([("evidence", "Minutes of 2 November")]).collect();
        assert_eq!(lead.post(&path, &done).await.location(), "/duties?done=kept");
        assert!(lead.get("/duties").await.says("Done on 2 November 2026"), "{}", lead.get("/duties").await.words());
        let board = school.signed_in("head").await.get("/board/new-technology").await;
        assert!(board.words().to_lowercase().contains("kept"), "{}", board.words());
        assert_eq!(lead.post(&path, &done).await.status, 409, "it is done once");
    }

    async fn nobody_sees_or_ends_a_duty_of_somebody_elses(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let id = open_duty(&school, "new-technology", "lead", "2026-12-01").await;
        let of_a_case = open_duty(&school, "illegal-police", "lead", "2026-12-01").await;
        let teacher = school.signed_in("teacher").await;
        assert_eq!(teacher.get(&format!("/duties/{id}")).await.status, 404);
        assert_eq!(teacher.post(&format!("/duties/{id}"), &[("evidence", "x")]).await.status, 404);
        assert_eq!(teacher.get("/duties/all").await.status, 403);
        assert_eq!(school.signed_in("pupil").await.get("/duties").await.status, 403);
        // The head leads, and is not told by a list that there is a case.
        let head = school.signed_in("head").await;
        assert_eq!(head.get(&format!("/duties/{id}")).await.status, 200);
        assert_eq!(head.get(&format!("/duties/{of_a_case}")).await.status, 404);
        let all = head.get("/duties/all").await;
        assert!(!all.body.contains(&of_a_case.to_string()) && all.body.contains(&id.to_string()));
        assert_eq!(school.signed_in("governor").await.get("/duties/all").await.status, 200);
        assert_eq!(head.get("/duties/raise").await.status, 200);
        assert!(!head.get("/duties/raise").await.body.contains("illegal-police"));
    }

    async fn an_event_sets_a_duty_off_once_for_its_day(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let fields: Vec<_> = ON.iter().copied().chain([("duty", "new-technology")]).collect();
        assert_eq!(head.post("/duties/raise", &fields).await.location(), "/duties?done=raised");
        assert_eq!(head.post("/duties/raise", &fields).await.errors(), ["It was started for this day already; it stands in the list of duties"]);
        assert!(!school.signed_in("lead").await.get("/duties").await.says("Nothing waits for you"), "whoever holds the office has it");
        let induction: Vec<_> = ON.iter().copied().chain([("duty", "induction")]).collect();
        assert_eq!(head.post("/duties/raise", &induction).await.errors(), ["This duty is about one person; choose one of: staff"]);
        let case: Vec<_> = ON.iter().copied().chain([("duty", "illegal-police")]).collect();
        assert_eq!(head.post("/duties/raise", &case).await.errors(), ["Choose what has happened"]);
    }

    async fn a_job_that_stopped_is_plainly_late(database: TestDatabase) {
        let mut school = TestSchool::open(database.store).await;
        let jobs = vec![
            JobDescription { key: "send-outbox", does: "Sends the mails that wait.", every: "every 2 minutes".into(), if_it_stops: "Nobody is told by mail.", late_after_minutes: 10 },
            JobDescription { key: "open-duties", does: "Opens duties.", every: "every day at 05:00".into(), if_it_stops: "Nobody is asked.", late_after_minutes: 3000 },
        ];
        school.app = App { settings: Arc::new(Settings { jobs, ..Settings::default() }), ..school.app.clone() };
        let now = school.app.now();
        let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, now).await.unwrap();
        for job in ["send-outbox", "open-duties"] {
            job_runs::claim(&mut tx, job, now).await.unwrap();
            job_runs::finish(&mut tx, job, now, true, "nothing to do").await.unwrap();
        }
        tx.commit().await.unwrap();
        let technician = school.signed_in("technician").await;
        assert!(technician.get("/jobs").await.says("Every job has run when it should"));
        school.pass(jiff::SignedDuration::from_mins(30));
        let late = technician.get("/jobs").await;
        assert!(late.says("Of 2 jobs, 1 late or failed") && late.says("Late") && late.says("Nobody is told by mail"), "{}", late.words());
        assert!(technician.get("/").await.says("1 job of the server has not run when it should"));
        assert_eq!(school.signed_in("teacher").await.get("/jobs").await.status, 403);
    }

    async fn the_ledger_is_proved_and_says_nothing_of_cases(database: TestDatabase) {
        let mut school = TestSchool::open(database.store).await;
        let key = belisha_store::ledger::VerifyingKey::from_bytes(&[
            0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7,
            0x07, 0x51, 0x1a,
        ]);
        school.app = App { settings: Arc::new(Settings { ledger_key: key.ok(), ..Settings::default() }), ..school.app.clone() };
        let head = school.signed_in("head").await;
        let told = school.visitor().post("/tell/worried", &[("words", "Somebody frightened me")]).await;
        assert!(told.status != 500);
        let page = head.get("/ledger").await;
        assert!(page.says("Signing in and out") && !page.words().to_lowercase().contains("concerns"), "{}", page.words());
        for name in ["Imogen", "Quill", "Larkspur"] {
            assert!(!page.says(name), "nobody is named");
        }
        let proved = head.post("/ledger", &[("prove", "now")]).await;
        assert!(proved.says("It holds"), "{}", proved.words());
        assert_eq!(school.signed_in("teacher").await.get("/ledger").await.status, 403);
    }

    async fn everybody_sees_their_own_page_for_the_proxy(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for who in ["pupil", "parent", "teacher", "visitor"] {
            assert_eq!(school.signed_in(who).await.get("/people/me").await.heading(), "Your device on the network", "{who}");
        }
        assert_eq!(school.visitor().get("/people/me").await.status, 303);
    }
}
