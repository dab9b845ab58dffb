//! What is refused, and how: forged forms and cookies, pages that are not there, forms that are too large.
#![expect(clippy::unwrap_used, reason = "a story stops where its world cannot be set up")]

use axum::http::Method;
use belisha_store::both_databases;
use belisha_store::testing::TestDatabase;
use belisha_web::testing::TestSchool;

const FORM: &str = "application/x-www-form-urlencoded";

both_databases! {
    async fn a_form_from_another_site_is_refused(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        for headers in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://elsewhere.example")][..], &[("sec-fetch-site", "same-site")][..]] {
            let seen = teacher.send(Method::POST, "/sign-out", headers, Vec::new(), FORM).await;
            assert_eq!(seen.status, 403);
            assert_eq!(seen.heading(), "This form came from another site");
        }
        assert_eq!(teacher.get("/portal").await.status, 200, "the teacher is still signed in");
    }

    async fn a_forged_cookie_is_nobody(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for forged in ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "' OR 1=1 --", "%00%ff", "../../etc", &"x".repeat(5000)] {
            let browser = school.visitor();
            browser.set_cookie("__Host-belisha", forged);
            assert_eq!(browser.get("/portal").await.status, 303, "{forged:.20}");
            assert_eq!(browser.get("/").await.status, 200);
        }
        let browser = school.visitor();
        browser.set_cookie("__Host-belisha-school", "not-a-school");
        assert_eq!(browser.get("/").await.status, 200);
    }

    async fn an_unknown_address_gets_a_page_that_helps(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for path in ["/no/such/page", "/portal/sign/none/not-an-id", "/tell/nonsense", "/assets-not", "/..%2f..%2fetc"] {
            let seen = school.visitor().get(path).await;
            assert!(seen.status == 404 || seen.status == 303, "{path}: {}", seen.status);
            if seen.status == 404 {
                assert_eq!(seen.heading(), "There is no such page");
                assert!(seen.says("get help now"));
            }
        }
    }

    async fn a_hundred_megabytes_are_refused_before_they_are_read(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let seen = school.visitor().send(Method::POST, "/sign-in", &[("sec-fetch-site", "same-origin")], vec![b'x'; 100 * 1024 * 1024], FORM).await;
        assert_eq!(seen.status, 413);
        assert_eq!(seen.heading(), "That is too much to send at once");
    }

    async fn ten_thousand_fields_are_refused_at_once(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let many = "reason-1=http://x&".repeat(10_000);
        for path in ["/incidents/record", "/tell/worried", "/sign-in", "/requests/ask"] {
            let seen = teacher.send(Method::POST, path, &[("sec-fetch-site", "same-origin")], many.clone().into_bytes(), FORM).await;
            assert_eq!((seen.status.as_u16(), seen.heading().as_str()), (413, "That is too much to send at once"), "{path}");
        }
    }

    async fn what_is_typed_is_shown_as_words(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let typed = "<script>x</script>\u{202e}\u{1f600}\"'><img src=x onerror=y>\0=1+1";
        let (pupil, lead) = (school.signed_in("pupil").await, school.signed_in("lead").await);
        assert_eq!(pupil.post("/tell/worried", &[("words", typed), ("name", "yes")]).await.status, 200);
        let mut pages = vec![pupil.post("/requests/ask", &[("host", typed), ("reason", typed)]).await];
        pages.push(lead.post("/people", &[("name", typed)]).await);
        pages.push(lead.post("/filter/explain", &[("page", typed), ("group", typed)]).await);
        pages.push(school.visitor().post("/sign-in", &[("username", typed), ("password", typed), ("then", typed)]).await);
        let list = lead.get("/concerns").await;
        let concern = list.links().into_iter().find(|link| link.starts_with("/concerns/")).unwrap();
        let shown = lead.get(&concern).await;
        assert!(shown.body.contains("&#60;script&#62;x"), "the words are there");
        pages.extend([list, shown]);
        for seen in &pages {
            assert!(!seen.body.contains("<script>x") && !seen.body.contains("<img src=x"), "{}", seen.words());
        }
    }

    async fn every_page_carries_the_protections(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        for path in ["/", "/sign-in", "/helplines", "/policy", "/no-such-page", "/tell", "/privacy", "/accessibility"] {
            let seen = school.visitor().get(path).await;
            let header = |name: &str| seen.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            assert!(header("content-security-policy").starts_with("default-src 'none'"), "{path}");
            assert!(!header("content-security-policy").contains("unsafe"), "{path}");
            assert_eq!(header("cache-control"), "no-store", "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert!(!seen.body.contains("<script>") && !seen.body.contains(" style=\"") && !seen.body.contains(" onclick"), "{path} holds something in line");
            assert!(seen.body.contains("href=\"/helplines\""), "{path} leads to help");
        }
    }

    async fn a_technician_may_not_open_what_is_not_theirs_and_is_told_who_may(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        let seen = technician.get("/start/what-next").await;
        assert_eq!(seen.status, 403);
        assert_eq!(seen.heading(), "This page is not for your role");
        assert!(seen.says("system administrator"), "{}", seen.words());
    }

    async fn styles_and_script_are_served_small_and_kept_for_ever(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let browser = school.visitor();
        for path in [belisha_web::assets::APP_CSS, belisha_web::assets::APP_JS, belisha_web::assets::LATIN_400_NORMAL_WOFF2] {
            let seen = browser.send(Method::GET, path, &[("accept-encoding", "gzip, br")], Vec::new(), "").await;
            assert_eq!(seen.status, 200, "{path}");
            assert!(seen.headers["cache-control"].to_str().unwrap().contains("immutable"));
        }
        let styles = browser.get(belisha_web::assets::APP_CSS).await.body;
        for ours_alone in ["GDS Transport", "crest", "crown"] {
            assert!(!styles.contains(ours_alone), "the styles name {ours_alone}");
        }
    }
}
