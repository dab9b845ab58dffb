//! A technician sets a school up alone, from a one-time link to a policy in force.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a story stops where its world cannot be set up")]

use belisha_store::both_databases;
use belisha_store::testing::TestDatabase;
use belisha_web::Settings;
use belisha_web::testing::TestSchool;

const SCHOOL: &[(&str, &str)] = &[
    ("school", "Marlowe Bridge High School"),
    ("nation", "england"),
    ("phase", "secondary"),
    ("name", "Ravi Kestrel"),
    ("username", "ravi"),
    ("password", "three grey herons"),
];

both_databases! {
    async fn a_technician_finishes_unaided(database: TestDatabase) {
        let server = TestSchool::bare(database.store, Settings::default());
        let browser = server.visitor();
        assert_eq!(browser.get("/").await.heading(), "Belisha is running, and knows no school yet");
        let link = belisha_web::first_start_link(&server.app).await.unwrap().expect("there is no school yet");
        assert_eq!(browser.get(&link).await.heading(), "Set up your school");

        let wrong = browser.post(&link, &[("school", "Marlowe Bridge"), ("password", "short")]).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.body.contains("value=\"Marlowe Bridge\""), "nothing typed is lost");
        assert_eq!(browser.post(&link, SCHOOL).await.location(), "/start/policy");
        assert_eq!(browser.get(&link).await.status, 404, "the link works once");
        assert_eq!(belisha_web::first_start_link(&server.app).await.unwrap(), None);

        let broken = browser.post_multipart("/start/policy", &[("from", "own"), ("text", "{#x .duty what=\"training:refresher\" every=\"blue-moon\" owner=\"headteacher\"}\nSoon.\n"), ("then", "use")]).await;
        assert_eq!(broken.status, 422);
        assert!(broken.says("It cannot be used yet"), "{}", broken.words());
        let checked = browser.post_multipart("/start/policy", &[("from", "england-secondary"), ("then", "check")]).await;
        assert!(checked.says("It can be used"), "{}", checked.words());
        let used = browser.post_multipart("/start/policy", &[("from", "england-secondary"), ("then", "use")]).await;
        assert_eq!(used.location(), "/start/calendar");
        assert_eq!(server.network_heard().last().map(String::as_str), Some("rules changed"));

        let calendar = browser.get("/start/calendar").await;
        assert!(calendar.body.contains("value=\"2026-09-02\""), "usual dates are filled in");
        let days = [
            ("autumn-first", "2026-09-02"), ("autumn-last", "2026-12-18"), ("spring-first", "2027-01-05"), ("spring-last", "2027-03-26"),
            ("summer-first", "2027-04-13"), ("summer-last", "2027-07-21"), ("closed", "2026-10-26 2026-10-30 Half term"), ("starts", "08:50"),
            ("break-from", "10:50"), ("break-until", "11:10"), ("lunch-from", "12:40"), ("lunch-until", "13:30"), ("ends", "15:20"),
        ];
        let mut muddled = days;
        muddled[0].1 = "2026-12-24";
        assert_eq!(browser.post("/start/calendar", &muddled).await.errors(), ["The term ends before it starts; change one of the two"]);
        assert_eq!(browser.post("/start/calendar", &days).await.location(), "/start/people");

        let made = browser.post("/start/people", &[("name", "Imogen Strand")]).await;
        let link = made.body.split("belisha-source\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned();
        assert_eq!(browser.get("/start/what-next").await.heading(), "The school is set up");

        let head = server.visitor_from([10, 0, 0, 44]);
        assert_eq!(head.get(&link).await.heading(), "Welcome, Imogen Strand");
        let clash = head.post(&link, &[("username", "ravi"), ("password", "four white swans")]).await;
        assert_eq!(clash.errors(), ["Somebody has this username; choose another"]);
        assert_eq!(head.post(&link, &[("username", "imogen"), ("password", "four white swans")]).await.location(), "/");
        assert_eq!(head.get("/").await.heading(), "What needs you now");
        assert_eq!(server.visitor().get(&link).await.status, 410, "a link lets in once");
    }

    async fn a_guessed_link_is_no_page(database: TestDatabase) {
        let server = TestSchool::bare(database.store, Settings::default());
        belisha_web::first_start_link(&server.app).await.unwrap();
        assert_eq!(server.visitor().get("/start/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").await.status, 404);
        assert_eq!(server.visitor().post("/start/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", SCHOOL).await.status, 404);
    }
}
