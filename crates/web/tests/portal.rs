//! Signing, declining and counter-signing, told as stories.

use belisha_store::both_databases;
use belisha_store::testing::TestDatabase;
use belisha_web::testing::{Client, Seen, TestSchool};
use jiff::SignedDuration;

/// What a form's boxes send, with everything ticked.
fn ticks(page: &Seen) -> Vec<String> {
    page.body
        .split("name=\"line\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect()
}

async fn sign(client: &Client, path: &str) -> Seen {
    let page = client.get(path).await;
    assert_eq!(page.status, 200, "{path}: {}", page.words());
    let ticked = ticks(&page);
    assert!(!ticked.is_empty(), "{path} has nothing to tick");
    let fields: Vec<(&str, &str)> = ticked.iter().map(|value| ("line", value.as_str())).collect();
    client.post(path, &fields).await
}

both_databases! {
    async fn a_pupil_and_then_a_parent_sign_and_the_network_opens(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        let path = format!("/portal/sign/aup-pupil/{}", school.person("pupil"));
        assert_eq!(pupil.get("/").await.heading(), "You are not online yet");
        school.network_heard();

        assert_eq!(sign(&pupil, &path).await.location(), "/portal");
        assert_eq!(school.network_heard(), ["rules changed"]);
        let waiting = pupil.get("/").await;
        assert_eq!(waiting.heading(), "You are not online yet");
        assert!(waiting.says("The network opens when a parent or carer has signed too"), "{}", waiting.words());

        let parent = school.signed_in("parent").await;
        let home = parent.get("/").await;
        assert!(home.says("for Jory Penhale") && home.says("Sign the agreement ‘"), "{}", home.words());
        let asked = parent.get(&path).await;
        assert!(asked.says("You are signing for Jory Penhale"), "{}", asked.words());
        assert_eq!(sign(&parent, &path).await.location(), "/portal");
        assert!(parent.get("/").await.says("Nothing waits for you"));
        assert_eq!(pupil.get("/").await.heading(), "You are online");

        let kept = pupil.get(&path.replace("/sign/", "/signed/")).await;
        assert!(kept.says("I will not use them for anything but learning"), "the exact words are kept: {}", kept.words());
    }

    async fn a_line_left_unticked_is_asked_for_and_the_ticks_are_kept(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let path = format!("/portal/sign/aup-adult/{}", school.person("teacher"));
        let first = ticks(&teacher.get(&path).await).remove(0);
        let seen = teacher.post(&path, &[("line", &first)]).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.body.matches(" checked").count(), 1, "what was ticked stays ticked");
        assert!(seen.errors()[0].contains("choose not to sign") || seen.errors()[0].contains("words changed"), "{:?}", seen.errors());
    }

    async fn somebody_says_no_and_may_change_their_mind(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let id = school.person("teacher");
        let refused = teacher.post(&format!("/portal/refuse/aup-adult/{id}"), &[("reason", "I want to ask about line three first")]).await;
        assert_eq!(refused.location(), "/portal");
        let portal = teacher.get("/portal").await;
        assert!(portal.says("Not agreed"), "{}", portal.words());
        school.pass(SignedDuration::from_mins(1));
        assert_eq!(sign(&teacher, &format!("/portal/sign/aup-adult/{id}")).await.location(), "/portal");
        assert!(teacher.get("/portal").await.says("Network open"));
    }

    async fn nobody_signs_for_somebody_elses_child(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let path = format!("/portal/sign/aup-pupil/{}", school.person("other-pupil"));
        assert_eq!(school.signed_in("parent").await.get(&path).await.status, 404);
        assert_eq!(school.signed_in("pupil").await.get(&path).await.status, 403);
        assert_eq!(school.signed_in("head").await.post(&path, &[]).await.status, 404);
    }

    async fn the_policy_is_read_without_signing_in(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let seen = school.visitor().get("/policy").await;
        assert_eq!(seen.heading(), "Marlowe Bridge High School: online safety policy");
        assert!(seen.says("version 1, in force since 1 September 2026"), "{}", &seen.words()[..200]);
    }
}
