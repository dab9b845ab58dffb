//! The filter's rules and its explanations, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_store::school_rules::{HostAction, HostRule};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, school_rules};
use belisha_web::testing::TestSchool;

async fn rules(school: &TestSchool) -> Vec<HostRule> {
    school_rules::list(&mut school.app.store.read(school.id).await.unwrap()).await.unwrap()
}

both_databases! {
    async fn the_rules_are_shown_as_they_run(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let page = school.signed_in("technician").await.get("/filter").await;
        for words in ["At any time", "In lesson time", "Clause 8.1.1", "Gambling", "Nobody at the school can switch it off", "Samaritans"] {
            assert!(page.says(words), "{words}: {}", page.words());
        }
        for who in ["pupil", "teacher", "governor", "parent"] {
            assert_eq!(school.signed_in(who).await.get("/filter").await.status, 403, "{who}");
        }
        let officer = school.signed_in("officer").await.get("/filter").await;
        assert!(officer.status == 200 && !officer.says("Add a site"), "the authority reads and changes nothing");
    }

    async fn a_site_is_closed_with_a_reason_and_opened_again(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        school.network_heard();
        let seen = technician.post("/filter/rules", &[("host", "Noise.example"), ("action", "deny"), ("reason", "Plays sound in lessons")]).await;
        assert_eq!(seen.location(), "/filter?done=added", "{}", seen.words());
        assert_eq!(school.network_heard(), ["rules changed"]);
        let made = rules(&school).await;
        assert_eq!((made.len(), made[0].host.as_str(), made[0].action, made[0].owner), (1, "noise.example", HostAction::Deny, Some(school.person("technician"))));
        let page = technician.get("/filter").await;
        assert!(page.says("Plays sound in lessons") && page.says("you, 3 November 2026"), "{}", page.words());
        assert_eq!(school.signed_in("officer").await.post(&format!("/filter/rules/{}/remove", made[0].id), &[]).await.status, 403);
        assert_eq!(technician.post(&format!("/filter/rules/{}/remove", made[0].id), &[]).await.location(), "/filter?done=removed");
        assert!(rules(&school).await.is_empty());
        assert_eq!(school.network_heard().last().map(String::as_str), Some("rules changed"));
    }

    async fn helplines_stay_open_and_what_is_illegal_stays_closed(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        for (host, action, message) in [
            ("www.childline.org.uk", "deny", "This is a helpline; it stays open, whatever anybody decides"),
            ("COM", "deny", "This is not the whole name of a site; type all of it, such as maths.example"),
            ("illegal.example", "allow", "This one is on a list that nobody at the school can change"),
            ("illegal.example", "deny", "This one is on a list that nobody at the school can change"),
        ] {
            let seen = head.post("/filter/rules", &[("host", host), ("action", action), ("reason", "Because we say so")]).await;
            assert_eq!((seen.status.as_u16(), seen.errors()), (422, vec![message.to_owned()]), "{host}");
            assert!(seen.body.contains(&format!("value=\"{host}\"")) && seen.body.contains("Because we say so"), "what was typed is kept");
        }
        assert!(rules(&school).await.is_empty());
        assert_eq!(head.post("/filter/rules", &[]).await.errors().len(), 3);
    }

    async fn a_decision_is_explained_and_the_address_is_never_in_a_link(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        assert!(!teacher.get("/filter/explain").await.says("Or for one person"), "a teacher asks about groups");
        let seen = teacher.post("/filter/explain", &[("page", "secret.example/a?b=c"), ("group", "younger-pupil")]).await;
        assert!(seen.says("Closed: ‘secret.example/a?b=c’") && seen.says("for Younger pupils"), "{}", seen.words());
        assert!(seen.says("What the filter looks at, in this order"));
        assert!(!seen.links().iter().any(|link| link.contains("secret")));
        assert_eq!(teacher.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "Jory")]).await.status, 403);
        assert_eq!(school.signed_in("pupil").await.get("/filter/explain").await.status, 403);
        let empty = teacher.post("/filter/explain", &[("group", "pupil"), ("time", "25 o’clock")]).await;
        assert_eq!(empty.errors(), ["Type the address of the page, such as maths.example", "Write the time as 10:45"]);
    }

    async fn a_decision_about_one_person_asks_which_of_several(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let several = head.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "penhale")]).await;
        assert_eq!(several.errors(), ["Several people have these letters in their name; choose one"]);
        let which = school.person("pupil").to_string();
        let one = head.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "penhale"), ("which", &which)]).await;
        assert!(one.says("for Jory Penhale"), "{}", one.words());
        let nobody = head.post("/filter/explain", &[("page", "x.example"), ("group", "pupil"), ("person", "zzz")]).await;
        assert_eq!(nobody.status, 422);
    }
}
