//! Signing in and out, told as stories.
#![expect(clippy::unwrap_used, reason = "a story stops where its world cannot be set up")]

use belisha_store::both_databases;
use belisha_store::testing::TestDatabase;
use belisha_web::testing::{PASSWORD, TestSchool};
use jiff::SignedDuration;

const WRONG: &str = "The username or the password is not right; check both, or ask the school office for a new link";

both_databases! {
    async fn somebody_signs_in_and_out_again(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let browser = school.visitor();
        assert_eq!(browser.get("/portal").await.location(), "/sign-in?then=%2Fportal");
        let seen = browser.post("/sign-in", &[("username", "Teacher"), ("password", PASSWORD), ("then", "/portal")]).await;
        assert_eq!((seen.status.as_u16(), seen.location()), (303, "/portal"));
        let cookie = seen.headers.get("set-cookie").unwrap().to_str().unwrap();
        for part in ["__Host-belisha=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(cookie.contains(part), "{part} is missing in the cookie");
        }
        assert_eq!(browser.get("/portal").await.heading(), "Sign and connect");
        assert_eq!(school.network_heard(), [format!("device 10.0.0.9 is {}", school.person("teacher"))]);
        assert_eq!(browser.post("/sign-out", &[]).await.location(), "/sign-in");
        assert!(!browser.has_cookie("__Host-belisha"));
        assert_eq!(browser.get("/portal").await.status, 303);
        assert_eq!(school.network_heard(), ["device 10.0.0.9 is nobody"]);
    }

    async fn a_wrong_password_and_an_unknown_name_are_told_the_same(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for (username, password) in [("teacher", "not this one"), ("nobody-at-all", PASSWORD)] {
            let seen = school.visitor().post("/sign-in", &[("username", username), ("password", password)]).await;
            assert_eq!(seen.status, 422);
            assert_eq!(seen.errors(), [WRONG]);
            assert!(seen.body.contains(&format!("value=\"{username}\"")), "the name typed is kept");
            assert!(!seen.body.contains(password), "the password typed is not");
        }
    }

    async fn an_empty_form_says_what_is_missing(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let seen = school.visitor().post("/sign-in", &[]).await;
        assert_eq!(seen.errors(), ["Enter your username", "Enter your password"]);
    }

    async fn ten_wrong_passwords_close_the_door_for_five_minutes(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let guesser = school.visitor_from([10, 9, 9, 9]);
        for _ in 0..10 {
            assert_eq!(guesser.post("/sign-in", &[("username", "head"), ("password", "wrong guess")]).await.status, 422);
        }
        let seen = guesser.post("/sign-in", &[("username", "head"), ("password", PASSWORD)]).await;
        assert_eq!(seen.status, 429);
        assert!(seen.says("Too many tries"), "{}", seen.words());
        assert!(seen.says("You can try again at 10:05"), "{}", seen.words());
        let elsewhere = school.visitor().post("/sign-in", &[("username", "head"), ("password", PASSWORD)]).await;
        assert_eq!(elsewhere.status, 429, "the account waits from every address");
        let other = guesser.post("/sign-in", &[("username", "teacher"), ("password", PASSWORD)]).await;
        assert_eq!(other.status, 429, "the address waits for every account");
        school.pass(SignedDuration::from_mins(5));
        assert_eq!(guesser.post("/sign-in", &[("username", "head"), ("password", PASSWORD)]).await.status, 303);
    }

    async fn a_session_ends_after_its_hours(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        school.pass(SignedDuration::from_hours(9));
        assert_eq!(teacher.get("/portal").await.status, 200);
        school.pass(SignedDuration::from_hours(1));
        assert_eq!(teacher.get("/portal").await.status, 303);
    }

    async fn leaving_at_once_signs_out_and_goes_elsewhere(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        assert!(pupil.get("/tell").await.body.contains("Exit this page"));
        let seen = pupil.get("/leave").await;
        assert_eq!(seen.location(), school.app.settings.exit_page);
        assert!(seen.headers.contains_key("clear-site-data"));
        assert!(!pupil.has_cookie("__Host-belisha"));
    }

    async fn nobody_is_sent_to_another_site_after_signing_in(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let seen = school.visitor().post("/sign-in", &[("username", "teacher"), ("password", PASSWORD), ("then", "//elsewhere.example/")]).await;
        assert_eq!(seen.location(), "/");
    }
}
