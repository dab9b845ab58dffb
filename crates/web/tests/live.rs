//! Looking at what is asked for at this moment: who may, what is shown, that each look is in the ledger, and that it ends. That
//! neither helplines nor illegal content come there is told where the visits are made, in `belisha/src/tail` and `tests/wire/tail.rs`.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, ledger};
use belisha_web::testing::TestSchool;
use jiff::SignedDuration;

/// Who looked, by the ledger, the newest first.
async fn looks(school: &TestSchool) -> Vec<String> {
    let mut tx = school.app.store.read(school.id).await.unwrap();
    let entries = ledger::entries(&mut tx, Some(&school.id.to_string()), 100).await.unwrap();
    entries.into_iter().filter(|entry| entry.verb == "watched").map(|entry| entry.actor).collect()
}

both_databases! {
    async fn a_technician_looks_and_each_look_is_one_entry_in_the_ledger(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        let before = technician.get("/filter/live").await;
        assert!(before.words().contains("Nothing is kept for this page while nobody looks"), "{}", before.words());
        assert!(!before.body.contains("games.example") && looks(&school).await.is_empty());

        let begun = technician.post("/filter/live", &[]).await;
        assert_eq!((begun.status.as_u16(), begun.location()), (303, "/filter/live"));
        for _ in 0..3 {
            let seen = technician.get("/filter/live").await;
            for words in ["games.example", "maths.example", "Games: filter table of the policy", "Pupils", "Up to date at 10:00:00", "stops by itself at 10:10"] {
                assert!(seen.words().contains(words), "{words}: {}", seen.words());
            }
        }
        let closed = technician.get("/filter/live?only=closed").await;
        assert!(closed.body.contains("games.example") && !closed.body.contains("maths.example"));
        let by = looks(&school).await;
        assert!(by.len() == 1 && by[0].contains(&school.person("technician").to_string()), "{by:?}");

        school.pass(SignedDuration::from_mins(10));
        let over = technician.get("/filter/live").await;
        assert!(!over.body.contains("games.example") && over.words().contains("Look now"), "it stops by itself");
        technician.post("/filter/live", &[]).await;
        assert_eq!(looks(&school).await.len(), 2, "looking again is another look");
        technician.post("/filter/live/end", &[]).await;
        assert!(!technician.get("/filter/live").await.body.contains("games.example"), "and stops when told to");
    }

    async fn nobody_sees_anybody_elses_look_nor_looks_without_leave(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        school.signed_in("technician").await.post("/filter/live", &[]).await;
        let administrator = school.signed_in("administrator").await;
        assert!(!administrator.get("/filter/live").await.body.contains("games.example"), "a look is one person's");
        for who in ["head", "lead", "teacher", "office", "governor", "officer", "pupil", "parent"] {
            let reader = school.signed_in(who).await;
            assert_eq!(reader.post("/filter/live", &[]).await.status, 403, "{who}");
            assert_eq!(reader.post("/filter/live/end", &[]).await.status, 403, "{who}");
            assert!(!reader.get("/filter/live").await.body.contains("games.example"), "{who}");
        }
        assert_eq!(looks(&school).await.len(), 1);
    }
}
