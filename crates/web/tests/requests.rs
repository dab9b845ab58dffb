//! Asking for a site and deciding on it, told as stories.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use belisha_policy::Role;
use belisha_records::{AccessRequest, Actor, OfficeHolding};
use belisha_store::exceptions::GrantedException;
use belisha_store::testing::TestDatabase;
use belisha_store::{access_requests, both_databases, exceptions, offices, outbox, register_entries};
use belisha_web::testing::{Client, TestSchool};
use jiff::SignedDuration;

const REASON: &str = "For our project on rivers";

async fn ask(client: &Client, host: &str) {
    let seen = client.post("/requests/ask", &[("host", host), ("reason", REASON)]).await;
    assert_eq!((seen.status.as_u16(), seen.location()), (303, "/requests/ask?done=asked"), "{}", seen.words());
}

async fn waiting(school: &TestSchool) -> Vec<AccessRequest> {
    access_requests::list_open(&mut school.app.store.read(school.id).await.unwrap()).await.unwrap()
}

async fn open(school: &TestSchool) -> Vec<GrantedException> {
    let now = school.app.now();
    exceptions::list_open(&mut school.app.store.read(school.id).await.unwrap(), now).await.unwrap()
}

async fn path(school: &TestSchool) -> String {
    format!("/requests/{}", waiting(school).await[0].id)
}

async fn give_office(school: &TestSchool, who: &str, role: Role) {
    let mut tx = school.app.store.begin(&Actor::Job("test"), school.id, school.app.now()).await.unwrap();
    let holding = OfficeHolding { person: school.person(who), role, from: "2026-01-01".parse().unwrap(), until: None };
    offices::insert(&mut tx, &holding).await.unwrap();
    tx.commit().await.unwrap();
}

both_databases! {
    async fn a_pupil_asks_the_lead_grants_and_the_network_opens_at_once(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        ask(&pupil, " https://Rivers.Example/maps?q=1 ").await;
        assert_eq!(waiting(&school).await[0].host, "rivers.example", "a whole address that was pasted becomes a host");
        assert!(pupil.get("/requests/ask").await.says("Nobody has answered yet"));

        let lead = school.signed_in("lead").await;
        let home = lead.get("/").await;
        assert!(home.says("Decide on 1 request for a site"), "{}", home.words());
        let page = lead.get(&path(&school).await).await;
        assert!(page.says("Jory Penhale") && page.says(REASON), "{}", page.words());
        school.network_heard();
        let answer = [("answer", "open"), ("reason", "It suits the lesson"), ("group", "pupil"), ("until", "week")];
        let seen = lead.post(&path(&school).await, &answer).await;
        assert_eq!(seen.location(), "/requests?done=granted", "{}", seen.words());
        assert_eq!(school.network_heard(), ["rules changed"]);

        let opened = open(&school).await;
        assert_eq!((opened.len(), opened[0].host.as_str(), opened[0].groups.as_slice()), (1, "rivers.example", &["pupil".to_owned()][..]));
        assert_eq!((opened[0].person, opened[0].until > school.app.now()), (None, true));
        let log = lead.get("/requests").await;
        assert!(log.says("It suits the lesson") && log.says("Opened for pupils, until Tuesday 10 November 2026"), "{}", log.words());
        assert!(pupil.get("/requests/ask").await.says("Open until Tuesday 10 November 2026"));
        let mails = outbox::list(&mut school.app.store.read(school.id).await.unwrap(), 10).await.unwrap();
        let told: Vec<_> = mails.iter().map(|mail| mail.to).collect();
        assert!(told.contains(&school.person("pupil")) && told.contains(&school.person("lead")));
        assert!(mails.iter().all(|mail| !mail.body.contains("rivers") && !mail.subject.contains("rivers")), "a mail never says what");
    }

    async fn an_end_is_required_and_not_too_far_off(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        ask(&school.signed_in("pupil").await, "rivers.example").await;
        let lead = school.signed_in("lead").await;
        let path = path(&school).await;
        let seen = lead.post(&path, &[("answer", "open"), ("reason", "It suits the lesson"), ("group", "pupil")]).await;
        assert_eq!((seen.status.as_u16(), seen.errors()), (422, vec!["Say when the site closes again".to_owned()]));
        assert!(seen.body.contains("It suits the lesson"), "what was typed is kept");
        let day = |day: &'static str, month: &'static str| [("end-day", day), ("end-month", month), ("end-year", "2026")];
        let mut far = vec![("answer", "open"), ("reason", "It suits the lesson"), ("group", "pupil"), ("until", "day")];
        far.extend(day("2", "12"));
        assert_eq!(lead.post(&path, &far).await.errors(), ["The longest is 28 days: give an earlier end"]);
        let mut past = far[..4].to_vec();
        past.extend(day("2", "11"));
        assert_eq!(lead.post(&path, &past).await.errors(), ["This end has passed: give one that is still to come"]);
        let none = lead.post(&path, &far[..4]).await;
        assert_eq!(none.errors(), ["Write the day on which the site closes again"]);
        assert!(open(&school).await.is_empty());
        let mut last = far[..4].to_vec();
        last.extend(day("1", "12"));
        assert_eq!(lead.post(&path, &last).await.status, 303, "the last day that is allowed is allowed");
    }

    async fn nobody_decides_on_their_own_request(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let lead = school.signed_in("lead").await;
        ask(&lead, "rivers.example").await;
        let path = path(&school).await;
        assert!(lead.get(&path).await.says("This is your own request, so somebody else answers it"));
        assert!(!lead.get("/").await.says("Decide on"), "it does not wait for them");
        let seen = lead.post(&path, &[("answer", "open"), ("reason", "I need it"), ("group", "person"), ("until", "today")]).await;
        assert_eq!(seen.status, 422);
        assert!(seen.errors()[0].starts_with("This request is not yours to decide"));
        assert_eq!((waiting(&school).await.len(), open(&school).await.len()), (1, 0));
    }

    async fn an_office_that_the_policy_does_not_name_reads_and_does_not_decide(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        ask(&school.signed_in("pupil").await, "rivers.example").await;
        let technician = school.signed_in("technician").await;
        let page = technician.get(&path(&school).await).await;
        assert!(page.says("online safety lead or designated safeguarding lead"), "{}", page.words());
        let seen = technician.post(&path(&school).await, &[("answer", "refuse"), ("reason", "Not for school")]).await;
        assert_eq!(seen.status, 422);
        for who in ["teacher", "pupil", "governor", "parent"] {
            assert_eq!(school.signed_in(who).await.get("/requests").await.status, 403, "{who}");
        }
        let officer = school.signed_in("officer").await.get("/requests").await;
        assert!(officer.says("asked for by a pupil") && !officer.says("Jory"), "the authority reads the log without names: {}", officer.words());
        assert_eq!(school.signed_in("officer").await.post(&path(&school).await, &[("answer", "refuse"), ("reason", "Not for school")]).await.status, 403);
    }

    async fn a_no_needs_a_reason_and_opens_nothing(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        ask(&pupil, "rivers.example").await;
        let lead = school.signed_in("lead").await;
        let path = path(&school).await;
        assert_eq!(lead.post(&path, &[("answer", "refuse"), ("reason", "no")]).await.errors(), ["The reason is too short: say in a few words why"]);
        assert_eq!(lead.post(&path, &[]).await.errors()[0], "Choose whether the site opens");
        assert_eq!(lead.post(&path, &[("answer", "refuse"), ("reason", "There is a better site on the same thing")]).await.location(), "/requests?done=refused");
        assert!(open(&school).await.is_empty());
        assert!(pupil.get("/requests/ask").await.says("There is a better site on the same thing"));
        let again = lead.post(&path, &[("answer", "open"), ("reason", "After all"), ("group", "pupil"), ("until", "today")]).await;
        assert!(again.errors()[0].starts_with("Somebody has decided on this request already"), "{}", again.words());
    }

    async fn what_is_no_site_is_refused_with_nothing_lost(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        for (host, message) in [
            ("COM", "This is not the whole name of a site; type all of it, such as maths.example"),
            ("co.uk", "Many people’s sites end like this; type the name of the one site"),
            ("10.0.0.1", "This is an address of numbers; type the site’s name, such as maths.example"),
            ("www.childline.org.uk", "This is a helpline, which is open to everybody already"),
            ("illegal.example", "Nobody at the school can open this one"),
        ] {
            let seen = pupil.post("/requests/ask", &[("host", host), ("reason", REASON)]).await;
            assert_eq!((seen.status.as_u16(), seen.errors()), (422, vec![message.to_owned()]), "{host}");
            assert!(seen.body.contains(&format!("value=\"{host}\"")) && seen.body.contains(REASON), "{host}: what was typed is kept");
        }
        let empty = pupil.post("/requests/ask", &[]).await;
        assert_eq!(empty.errors(), ["Say what you need it for", "Type the site, such as maths.example"]);
        assert!(waiting(&school).await.is_empty());
        ask(&pupil, "rivers.example").await;
        let twice = pupil.post("/requests/ask", &[("host", "rivers.example"), ("reason", REASON)]).await;
        assert_eq!(twice.errors(), ["You have asked for this one already; the answer will be on this page"]);
    }

    async fn a_closed_page_is_shown_only_to_whom_it_was_closed(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let pupil = school.signed_in("pupil").await;
        let page = pupil.get("/requests/ask?block=pupil-towers.example").await;
        assert_eq!(page.heading(), "Ask for towers.example");
        assert!(page.says("Games"), "{}", page.words());
        let other = school.signed_in("other-pupil").await.get("/requests/ask?block=pupil-towers.example").await;
        assert_eq!(other.heading(), "Ask for a site");
        assert!(!other.body.contains("towers.example"), "another pupil’s page is not shown");
        assert_eq!(pupil.post("/requests/ask", &[("block", "pupil-towers.example"), ("reason", REASON)]).await.status, 303);
        assert_eq!(waiting(&school).await[0].category.as_deref(), Some("games"));
        assert_eq!(school.visitor().get("/requests/ask?block=pupil-towers.example").await.status, 303, "sign in first");
        assert_eq!(school.signed_in("parent").await.get("/requests/ask").await.status, 403);
    }

    async fn a_warning_is_passed_with_a_reason_that_is_kept(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        school.network_heard();
        let block = "teacher-warned-towers.example";
        assert_eq!(teacher.get(&format!("/requests/ask?block={block}")).await.heading(), "Think before you go on");
        let none = teacher.post("/requests/ask", &[("block", block), ("do", "go-on")]).await;
        assert_eq!((none.status.as_u16(), school.network_heard().len()), (422, 0));
        let seen = teacher.post("/requests/ask", &[("block", block), ("do", "go-on"), ("reason", REASON)]).await;
        assert_eq!(seen.heading(), "You can go on", "{}", seen.words());
        assert_eq!(school.network_heard(), [format!("warning passed: {block}")]);
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let kept = register_entries::list(&mut tx, "filter:warning-passed").await.unwrap();
        assert_eq!((kept.len(), kept[0].by, kept[0].content["reason"].as_str()), (1, Some(school.person("teacher")), Some(REASON)));
        let stranger = school.signed_in("pupil").await;
        let seen = stranger.post("/requests/ask", &[("block", block), ("do", "go-on"), ("reason", REASON)]).await;
        assert_eq!((seen.status.as_u16(), school.network_heard().iter().any(|heard| heard.starts_with("warning"))), (422, false));
    }

    async fn a_category_that_takes_two_opens_only_when_a_second_agrees(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        ask(&school.signed_in("teacher").await, "weapons.example").await;
        let lead = school.signed_in("lead").await;
        let path = path(&school).await;
        let second = format!("{path}/second");
        assert!(lead.get(&path).await.says("This category takes two people"));
        let answer = [("answer", "open"), ("reason", "History of the siege"), ("group", "person"), ("group", "pupil"), ("until", "today")];
        assert_eq!(lead.post(&path, &answer).await.location(), "/requests?done=proposed");
        assert!(open(&school).await.is_empty(), "one person alone opens nothing");
        let own = lead.post(&second, &[("answer", "agree"), ("reason", "I agree with myself")]).await;
        assert!(own.status == 303 && own.location().ends_with("disagreed"), "the first person can only take it back");
        assert!(open(&school).await.is_empty());

        assert_eq!(lead.post(&path, &answer).await.location(), "/requests?done=proposed");
        let head = school.signed_in("head").await;
        assert!(head.get("/").await.says("Agree, or not, to open a site that takes two people"));
        let page = head.get(&path).await;
        assert!(page.says("Tobias Quill") && page.says("History of the siege"), "{}", page.words());
        assert_eq!(head.post(&second, &[]).await.errors(), ["Choose whether you agree"]);
        assert_eq!(head.post(&second, &[("answer", "agree"), ("reason", "Agreed in our meeting")]).await.location(), "/requests?done=granted");
        let opened = open(&school).await;
        assert_eq!((opened.len(), opened[0].person, opened[0].groups.as_slice()), (1, Some(school.person("teacher")), &["pupil".to_owned()][..]));
        assert_eq!(opened[0].granted_by, Some(school.person("lead")));
    }

    async fn the_asker_never_gives_the_second_yes(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        give_office(&school, "head", Role::OnlineSafetyLead).await;
        let head = school.signed_in("head").await;
        ask(&head, "weapons.example").await;
        let path = path(&school).await;
        let answer = [("answer", "open"), ("reason", "History of the siege"), ("group", "person"), ("until", "today")];
        assert_eq!(school.signed_in("lead").await.post(&path, &answer).await.location(), "/requests?done=proposed");
        assert_eq!(head.post(&format!("{path}/second"), &[("answer", "agree"), ("reason", "I want it")]).await.status, 409);
        assert!(open(&school).await.is_empty());
    }

    async fn an_opening_is_ended_early_and_by_itself(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        ask(&school.signed_in("pupil").await, "rivers.example").await;
        let lead = school.signed_in("lead").await;
        let answer = [("answer", "open"), ("reason", "It suits the lesson"), ("group", "person"), ("until", "today")];
        assert_eq!(lead.post(&path(&school).await, &answer).await.status, 303);
        let end = format!("/requests/exceptions/{}/end", open(&school).await[0].id);
        assert_eq!(school.signed_in("pupil").await.post(&end, &[]).await.status, 403);
        school.network_heard();
        assert_eq!(lead.post(&end, &[]).await.location(), "/requests?done=ended");
        assert_eq!(school.network_heard(), ["rules changed"]);
        assert!(open(&school).await.is_empty());
        assert_eq!(lead.post(&end, &[]).await.status, 404, "there is nothing to end twice");
    }

    async fn a_request_that_waits_too_long_says_so(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        ask(&school.signed_in("pupil").await, "rivers.example").await;
        school.pass(SignedDuration::from_hours(48));
        let lead = school.signed_in("lead").await;
        assert!(lead.get("/").await.says("Waits too long"));
        assert!(lead.get("/requests").await.says("Waits too long"));
    }
}
