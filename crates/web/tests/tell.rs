//! Telling someone, told as stories.
#![expect(clippy::unwrap_used, reason = "a story stops where its world cannot be set up")]

use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, concerns, outbox};
use belisha_web::testing::{Seen, TestSchool};

fn receipt(page: &Seen) -> String {
    page.body.split("belisha-receipt\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned()
}

both_databases! {
    async fn somebody_tells_without_a_name_and_follows_it_with_a_receipt(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let somebody = school.visitor();
        let told = somebody.post("/tell/worried", &[("words", "Somebody online asks me for my address")]).await;
        assert_eq!(told.heading(), "You told us. Well done.");
        let receipt = receipt(&told);
        let followed = somebody.post("/tell/follow", &[("receipt", &receipt.to_lowercase())]).await;
        assert!(followed.says("Not read yet"), "{}", followed.words());
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let kept = concerns::list(&mut tx).await.unwrap();
        assert_eq!((kept.len(), kept[0].by), (1, None));
        let mails = outbox::list(&mut tx, 10).await.unwrap();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, school.person("lead"));
        assert!(!mails[0].body.contains("address") && !mails[0].body.contains(&receipt), "a mail says that something waits, never what");
    }

    async fn a_pupil_chooses_whether_to_be_known(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        let undecided = pupil.post("/tell/unkind", &[("words", "They keep laughing at me")]).await;
        assert_eq!(undecided.errors(), ["Choose whether they may know who you are"]);
        assert!(undecided.body.contains("They keep laughing at me"), "nothing typed is lost");
        for (choice, by) in [("yes", Some(school.person("pupil"))), ("no", None)] {
            pupil.post("/tell/unkind", &[("words", "They keep laughing at me"), ("name", choice)]).await;
            let mut tx = school.app.store.read(school.id).await.unwrap();
            assert!(concerns::list(&mut tx).await.unwrap().iter().any(|concern| concern.by == by), "{choice}");
        }
    }

    async fn a_wrong_receipt_shows_nothing(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let seen = school.visitor().post("/tell/follow", &[("receipt", "BCDF-GHJK-LMNP")]).await;
        assert_eq!(seen.errors(), ["No message has this receipt; check the letters"]);
    }
}
