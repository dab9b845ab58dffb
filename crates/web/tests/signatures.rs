//! Who has signed, and new versions of the policy, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_records::{Actor, ClassId, Identifier};
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, classes};
use belisha_web::testing::{Client, Seen, TestSchool};
use jiff::SignedDuration;

async fn sign(client: &Client, path: &str) -> Seen {
    let page = client.get(path).await;
    let ticked: Vec<String> = page
        .body
        .split("name=\"line\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(str::to_owned)
        .collect();
    let fields: Vec<(&str, &str)> = ticked.iter().map(|value| ("line", value.as_str())).collect();
    client.post(path, &fields).await
}

async fn teaches_7b(school: &TestSchool) {
    let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, school.app.now()).await.unwrap();
    let class = ClassId::make(school.app.now().as_millisecond(), [9; 10]);
    classes::add_teacher(&mut tx, class, school.person("teacher")).await.unwrap();
    tx.commit().await.unwrap();
}

/// Puts a text in force as the lead and the head do.
async fn bring_into_force(school: &TestSchool, source: &str) -> Seen {
    let lead = school.signed_in("lead").await;
    let kept = lead
        .post_multipart("/policy/versions/draft", &[("text", source), ("note", "One line changes"), ("then", "keep")])
        .await;
    assert_eq!(kept.status, 303, "{}", kept.words());
    let page = kept.location().split('?').next().unwrap().to_owned();
    assert_eq!(
        lead.post(&format!("{page}/approve"), &[]).await.status,
        403,
        "the lead writes drafts; the head decides"
    );
    school.signed_in("head").await.post(&format!("{page}/approve"), &[]).await
}

both_databases! {
    async fn a_teacher_sees_their_own_class_and_nobody_elses(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        assert!(teacher.get("/signatures").await.says("You teach no class here yet"));
        teaches_7b(&school).await;
        let seen = teacher.get("/signatures?of=school").await;
        assert_eq!(seen.heading(), "Who has signed, in your classes");
        assert!(seen.says("Jory Penhale") && !seen.says("Ravi Kestrel"), "{}", seen.words());
        assert!(teacher.get("/").await.says("2 pupils in your classes have still to read and sign"));
        assert_eq!(teacher.get(&format!("/signatures/{}/aup-pupil", school.person("pupil"))).await.status, 403);
        assert_eq!(school.signed_in("pupil").await.get("/signatures").await.status, 403);
        let whole = school.signed_in("office").await.get("/signatures").await;
        assert!(whole.says("Ravi Kestrel") && whole.says("Jory Penhale"), "{}", whole.words());
    }

    async fn a_refusal_stands_without_blame_and_the_exact_text_is_kept(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let id = school.person("teacher");
        teacher.post(&format!("/portal/refuse/aup-adult/{id}"), &[("reason", "I want to ask first")]).await;
        let office = school.signed_in("office").await;
        let list = office.get("/signatures").await;
        assert!(list.says("Not agreed") && list.says("Their choice is kept"), "{}", list.words());
        school.pass(SignedDuration::from_mins(1));
        sign(&teacher, &format!("/portal/sign/aup-adult/{id}")).await;
        let text = office.get(&format!("/signatures/{id}/aup-adult")).await;
        assert!(text.says("Signed by Bea Larkspur") && text.says("Chose not to sign by Bea Larkspur"), "{}", text.words());
        let paper = office.get(&format!("/signatures/{id}/aup-adult/signed.pdf")).await;
        assert_eq!(paper.status, 200);
        assert!(paper.body.starts_with("%PDF"));
        assert_eq!(office.get(&format!("/signatures/{}/aup-pupil", school.person("pupil"))).await.status, 404, "nothing was signed");
    }

    async fn a_changed_line_asks_for_that_line_only(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let path = format!("/portal/sign/aup-adult/{}", school.person("teacher"));
        sign(&teacher, &path).await;
        let source = belisha_web::example_policies()[0].source;
        let (before, rest) = source.split_once("{#aup-adult .agreement").unwrap();
        let (line, _) = rest.split_once("- {#").map(|(_, lines)| lines.split_once("}\n").unwrap()).map(|(_, words)| words.split_once('\n').unwrap()).unwrap();
        let changed = format!("{before}{{#aup-adult .agreement{}", rest.replacen(line, &format!("{line} or anything like it,"), 1));
        assert_ne!(changed, source);
        school.pass(SignedDuration::from_mins(1));
        let checked = school.signed_in("lead").await.post_multipart("/policy/versions/draft", &[("text", &changed), ("then", "check")]).await;
        assert!(checked.says("1 difference from the version in force, among them 1 line that people sign"), "{}", checked.words());
        school.network_heard();
        let done = bring_into_force(&school, &changed).await;
        assert!(done.location().ends_with("?done=in-force"), "{}", done.words());
        assert!(school.network_heard().contains(&"rules changed".to_owned()));
        let asked = teacher.get(&path).await;
        assert_eq!(asked.body.matches("name=\"line\"").count(), 1, "{}", asked.words());
        assert!(asked.says("or anything like it"));
        assert!(school.signed_in("office").await.get("/signatures").await.says("Only 1 changed line to sign anew"));
    }

    async fn a_broken_draft_is_kept_and_never_comes_into_force(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let broken = "{nation=\"england\" phase=\"secondary\"}\n# Policy\n\n## One\n\n{#x .duty what=\"training:refresher\" every=\"blue-moon\" owner=\"headteacher\"}\nSoon.\n";
        let refused = bring_into_force(&school, broken).await;
        assert_eq!(refused.status, 422);
        assert!(refused.says("The version in force stays") && refused.says("blue-moon"), "{}", refused.words());
        assert!(school.visitor().get("/policy").await.says("version 1, in force since"));
        let head = school.signed_in("head").await;
        assert!(head.get("/policy/versions").await.says("Draft with errors"));
        assert!(!head.get("/").await.says("decide on version 2"), "nobody is asked to decide on it");
        assert_eq!(school.signed_in("technician").await.get("/policy/versions").await.status, 403);
        let chair = school.signed_in("chair").await;
        assert_eq!(chair.get("/policy/versions").await.status, 200);
        assert_eq!(chair.get("/policy/versions/draft").await.status, 403, "the chair decides and does not write");
    }

    async fn a_draft_without_a_note_is_asked_for_it_and_loses_nothing(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let lead = school.signed_in("lead").await;
        let seen = lead.post_multipart("/policy/versions/draft", &[("text", "# A text of our own"), ("note", ""), ("then", "keep")]).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors(), ["Say in a sentence what changes"]);
        assert!(seen.body.contains("# A text of our own"));
    }
}
