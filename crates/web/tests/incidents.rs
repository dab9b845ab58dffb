//! Cases, told as stories: recorded in under a minute, worked through, closed, printed; and never shown to whoever they are about.
#![expect(clippy::unwrap_used, reason = "a story stops where its world cannot be set up")]

use belisha_records::{Incident, IncidentStatus};
use belisha_store::incidents::IncidentFilter;
use belisha_store::testing::TestDatabase;
use belisha_store::{both_databases, incidents, outbox, tasks};
use belisha_web::testing::{Client, Seen, TestSchool};

const RECORD: &str = "/incidents/record";

/// What a form would send back: everything the page carries along, and what its boxes hold.
fn held(seen: &Seen) -> Vec<(String, String)> {
    let form = seen
        .body
        .split("<form method=\"post\" action=\"/incidents/record\"")
        .nth(1)
        .and_then(|rest| rest.split("</form>").next())
        .unwrap_or_default();
    let plain = |text: &str| {
        text.replace("&#39;", "'")
            .replace("&#34;", "\"")
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#38;", "&")
    };
    let attribute = |tag: &str, name: &str| {
        plain(tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default())
    };
    let inputs = form.split("<input ").skip(1).map(|rest| format!(" {}", rest.split('>').next().unwrap_or_default()));
    let sent = inputs.filter(|tag| !(tag.contains("checkbox") || tag.contains("radio")) || tag.contains(" checked"));
    let mut held: Vec<(String, String)> = sent.map(|tag| (attribute(&tag, "name"), attribute(&tag, "value"))).collect();
    for area in form.split("<textarea ").skip(1) {
        let text = area
            .split_once(">\n")
            .map(|(_, rest)| rest.split("</textarea>").next().unwrap_or_default())
            .unwrap_or_default();
        held.push((attribute(&format!(" {area}"), "name"), plain(text)));
    }
    held
}

/// Fills in a page and presses a button.
async fn press(browser: &Client, seen: &Seen, fields: &[(&str, &str)], go: &str) -> Seen {
    let mut sent: Vec<(String, String)> =
        held(seen).into_iter().filter(|(name, _)| !fields.iter().any(|(given, _)| given == name)).collect();
    sent.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    sent.push(("go".into(), go.into()));
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.post(RECORD, &sent).await
}

/// Goes through the pages up to the last one.
async fn up_to_the_signature(browser: &Client, people: &[(&str, &str)], conduct: &str) -> Seen {
    let seen = browser.get(RECORD).await;
    let seen = press(browser, &seen, &[("may-involve-indecent-images", "no")], "next").await;
    assert_eq!(seen.heading(), "What happened?", "{}", seen.words());
    let facts = [
        ("description", "They used a proxy to open a games site."),
        ("place", "Room 14"),
        ("action-taken", "Closed the screens."),
    ];
    let seen = press(browser, &seen, &facts, "next").await;
    assert_eq!(seen.heading(), "Who was involved, and how?", "{}", seen.words());
    let seen = press(browser, &seen, people, "next").await;
    assert_eq!(seen.heading(), "What kind of thing is it?", "{}", seen.words());
    let seen = press(browser, &seen, &[("conduct", conduct), ("risk-areas", "conduct")], "next").await;
    assert_eq!(seen.heading(), "What happens now, and your name", "{}", seen.words());
    seen
}

async fn record(browser: &Client, people: &[(&str, &str)], conduct: &str) -> Seen {
    let seen = up_to_the_signature(browser, people, conduct).await;
    press(browser, &seen, &[("signed-as", "Somebody")], "next").await
}

/// Every case there is, whoever may see it.
async fn kept(school: &TestSchool) -> Vec<Incident> {
    let mut tx = school.app.store.read(school.id).await.unwrap();
    incidents::list_between(&mut tx, "2026-01-01T00:00:00Z".parse().unwrap(), "2027-01-01T00:00:00Z".parse().unwrap())
        .await
        .unwrap()
}

const BYPASS: &str = "pupil:p-bypass";

/// How many mails were put in somebody's way so far.
async fn mails_to(school: &TestSchool, who: &str) -> usize {
    let mut tx = school.app.store.read(school.id).await.unwrap();
    let all = outbox::list(&mut tx, 100).await.unwrap();
    all.iter().filter(|mail| mail.to == school.person(who)).count()
}

both_databases! {
    async fn a_teacher_records_a_concern_in_under_a_minute(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let seen = up_to_the_signature(&teacher, &[("who-alleged-0", "Jory Penhale, 7B"), ("who-witness-0", "Mina Osei")], BYPASS).await;
        for number_first in ["Call 999", "Tobias Quill"] {
            assert!(seen.says(number_first), "{}", seen.words());
        }
        for ticked in ["tutor", "technical", "parents", "access"] {
            assert!(held(&seen).contains(&("actions".into(), ticked.into())), "`{ticked}` is ticked");
        }
        assert!(!held(&seen).contains(&("actions".into(), "police".into())));
        let seen = press(&teacher, &seen, &[("signed-as", "Bea Larkspur")], "next").await;
        assert_eq!(seen.status, 303, "{}", seen.words());
        let case = kept(&school).await.pop().unwrap();
        assert_eq!(seen.location(), format!("/incidents/{}?recorded", case.id));
        assert_eq!((case.number, case.place.as_str(), case.signed_as.reveal()), (1, "Room 14", "Bea Larkspur"));
        assert_eq!(case.involved.iter().filter_map(|one| one.person).collect::<Vec<_>>(), [school.person("pupil"), school.person("other-pupil")]);
        // Whoever told sees that it is dealt with, and nothing else.
        let seen = teacher.get(seen.location()).await;
        assert!(seen.says("Being dealt with") && seen.says("Case 1"), "{}", seen.words());
        assert!(!seen.says("Jory") && !seen.says("proxy"), "{}", seen.words());
        assert_eq!(teacher.get(&format!("/incidents/{}/form.pdf", case.id)).await.status, 403);
        // The lead sees it whole, and a mail says only that something waits.
        let lead = school.signed_in("lead").await;
        let seen = lead.get(&format!("/incidents/{}", case.id)).await;
        assert!(seen.says("Got round the filter") && seen.says("Jory Penhale") && seen.says("Bea Larkspur"), "{}", seen.words());
        assert!(lead.get("/incidents").await.says("Case 1"));
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let mails = outbox::list(&mut tx, 100).await.unwrap();
        assert!(mails.iter().any(|mail| mail.to == school.person("lead")));
        for mail in &mails {
            assert!(!mail.body.contains("Jory") && !mail.body.contains("proxy") && !mail.body.contains("case 1"));
        }
        // Opening it to read is in its history.
        let events = incidents::list_events(&mut tx, case.id).await.unwrap();
        assert_eq!(events.iter().filter(|event| event.verb == "viewed" && event.person == Some(school.person("lead"))).count(), 1);
    }

    async fn leaving_an_action_out_asks_why_and_loses_nothing(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let lead = school.signed_in("lead").await;
        let seen = up_to_the_signature(&lead, &[("who-alleged-0", "Jory Penhale")], "pupil:p-illegal").await;
        let ticked: Vec<(String, String)> = held(&seen).into_iter().filter(|(name, value)| !(name == "actions" && value == "police")).collect();
        let mut sent: Vec<(&str, &str)> = ticked.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(name, _)| *name != "signed-as").collect();
        sent.push(("signed-as", "Tobias Quill"));
        let seen = lead.post(RECORD, &sent).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors(), ["The policy asks for ‘Police’ here: say why it is left out, or tick it"]);
        let carried = held(&seen);
        for (name, value) in [("description", "They used a proxy to open a games site."), ("place", "Room 14"), ("who-alleged-0", "Jory Penhale"), ("signed-as", "Tobias Quill"), ("risk-areas", "conduct")] {
            assert!(carried.contains(&(name.into(), value.into())), "`{name}` is lost: {carried:?}");
        }
        assert!(!carried.contains(&("actions".into(), "police".into())), "it stays unticked");
        let seen = press(&lead, &seen, &[("reason-police", "The officer in school was told by the tutor.")], "next").await;
        assert_eq!(seen.status, 303, "{}", seen.words());
        let case = kept(&school).await.pop().unwrap();
        let police = case.actions.iter().find(|action| action.column == "police").unwrap();
        assert!(police.by_policy && !police.taken && police.reason.is_some());
        assert!(lead.get(seen.location()).await.says("Left out: The officer in school was told by the tutor."));
    }

    async fn a_form_with_gaps_comes_back_with_what_was_typed(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let seen = teacher.post(RECORD, &[("step", "image")]).await;
        assert_eq!(seen.errors(), ["Answer whether it could show somebody under 18 undressed or sexual: nothing can be added before that"]);
        let seen = press(&teacher, &seen, &[("may-involve-indecent-images", "no")], "next").await;
        let seen = press(&teacher, &seen, &[("description", "Somebody <wrote> \"nasty\" & unkind things."), ("occurred-date", "2030-01-01")], "next").await;
        assert_eq!(seen.status, 422);
        assert!(seen.errors().len() >= 3, "{:?}", seen.errors());
        assert!(seen.body.contains("Somebody &#60;wrote&#62;"), "what was typed is still there, escaped");
        // Back and forth keeps it too.
        let seen = press(&teacher, &seen, &[], "back").await;
        assert!(held(&seen).contains(&("description".into(), "Somebody <wrote> \"nasty\" & unkind things.".into())));
    }

    async fn a_name_that_could_be_two_people_is_asked_about(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let seen = teacher.get(RECORD).await;
        let seen = press(&teacher, &seen, &[("may-involve-indecent-images", "no")], "next").await;
        let facts = [("description", "A rude picture was drawn."), ("place", "Bus"), ("action-taken", "Nothing yet")];
        let seen = press(&teacher, &seen, &facts, "next").await;
        let seen = press(&teacher, &seen, &[("who-alleged-0", "Penhale"), ("who-harmed-0", "a pupil of another school")], "next").await;
        assert_eq!(seen.status, 422);
        assert!(seen.says("Which of these do you mean?") && seen.says("Jory Penhale, 7B"), "{}", seen.words());
        assert!(!seen.says("Cass Penhale"), "a teacher is not shown parents");
        let pupil = school.person("pupil").to_string();
        let seen = press(&teacher, &seen, &[("pick-alleged-0", &pupil)], "next").await;
        assert_eq!(seen.heading(), "What kind of thing is it?");
        let seen = press(&teacher, &seen, &[("conduct", "nobody"), ("risk-areas", "content")], "next").await;
        assert_eq!(press(&teacher, &seen, &[("signed-as", "Bea Larkspur")], "next").await.status, 303);
        let case = kept(&school).await.pop().unwrap();
        assert_eq!(case.involved[0].described_as.as_deref(), Some("a pupil of another school"));
        assert_eq!(case.involved[1].person, Some(school.person("pupil")));
        // The head, named by office, is asked about as well.
        let seen = press(&teacher, &seen, &[("who-alleged-0", "the head")], "next").await;
        assert!(seen.says("Imogen Strand, Headteacher"), "{}", seen.words());
    }

    async fn where_a_picture_may_show_a_child_no_link_and_no_bytes_get_in(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let teacher = school.signed_in("teacher").await;
        let seen = teacher.get(RECORD).await;
        let seen = press(&teacher, &seen, &[("may-involve-indecent-images", "yes")], "next").await;
        assert!(seen.says("Stop and do this first") && seen.says("Report Remove"), "{}", seen.words());
        let seen = press(&teacher, &seen, &[], "words").await;
        assert_eq!(seen.heading(), "What happened?");
        assert!(!seen.body.contains("type=\"file\"") && !seen.body.contains("type=\"url\""));
        for text in ["see https://pictures.example/1", "data:image/png;base64,AAAA", &"A".repeat(300)] {
            let facts = [("description", text), ("place", "Bus"), ("action-taken", "Nothing yet")];
            let again = press(&teacher, &seen, &facts, "next").await;
            assert_eq!(again.status, 422, "{text:.30}");
            assert!(again.errors()[0].starts_with("This holds a link or a picture"), "{:?}", again.errors());
        }
        let again = press(&teacher, &seen, &[("description", "A picture was spoken of."), ("place", "www.pictures.example"), ("action-taken", "Nothing yet")], "next").await;
        assert_eq!(again.status, 422, "nor in any other field");
        let seen = teacher.post_multipart(RECORD, &[("may-involve-indecent-images", "yes"), ("description", "bytes")]).await;
        assert_eq!(seen.status, 409);
        assert!(seen.says("A record takes words only"), "{}", seen.words());
        assert!(kept(&school).await.is_empty());
    }

    async fn the_head_it_is_about_cannot_see_list_count_print_or_infer_it(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let (lead, head, chair) = (school.signed_in("lead").await, school.signed_in("head").await, school.signed_in("chair").await);
        record(&lead, &[("who-alleged-0", "Jory Penhale")], BYPASS).await;
        let (list, home) = (head.get("/incidents").await.words(), head.get("/").await.words());
        let others = ["/board", "/reports/now", "/reports", "/activity", "/activity/mine", "/people", "/people/offices", "/duties", "/duties/all", "/tasks", "/alerts", "/concerns", "/requests", "/jobs"];
        let mut before = Vec::new();
        for page in others {
            before.push(head.get(page).await.words());
        }
        let told_before = mails_to(&school, "head").await;
        let seen = record(&lead, &[("who-alleged-0", "Imogen Strand"), ("who-harmed-0", "Mina Osei")], "staff:").await;
        assert_eq!(seen.status, 303, "{}", seen.words());
        for (page, words) in others.iter().zip(&before) {
            assert_eq!(&head.get(page).await.words(), words, "{page} tells the head");
        }
        let found = head.post("/people", &[("name", "Strand")]).await;
        assert!(!found.says("case") && !found.says("incident"), "{}", found.words());
        let case = kept(&school).await.into_iter().find(|case| case.number != 1).unwrap();
        assert!(case.number >= 100_000, "no gap in the row of numbers tells of it");
        // For the head nothing changed, and the case is not there in the very words of a case that never was.
        assert_eq!(head.get("/incidents").await.words(), list);
        assert_eq!(head.get("/").await.words(), home);
        assert!(!head.get("/tasks").await.says("case 1"));
        let absent = "/incidents/00000000-0000-7000-8000-000000000000";
        for verb in ["", "/act", "/close", "/form.pdf"] {
            let (hidden, never) = (head.get(&format!("/incidents/{}{verb}", case.id)).await, head.get(&format!("{absent}{verb}")).await);
            assert_eq!((hidden.status.as_u16(), hidden.body), (404, never.body), "{verb}");
        }
        for verb in ["/act", "/close"] {
            let fields = [("finding", "unfounded"), ("outcome", "Nothing happened.")];
            assert_eq!(head.post(&format!("/incidents/{}{verb}", case.id), &fields).await.status, 404);
        }
        assert_eq!(kept(&school).await.iter().filter(|case| case.status == IncidentStatus::Closed).count(), 0);
        let mut tx = school.app.store.read(school.id).await.unwrap();
        assert_eq!(incidents::count(&mut tx, school.person("head"), &IncidentFilter::default()).await.unwrap(), 1);
        assert!(incidents::list_events(&mut tx, case.id).await.unwrap().iter().all(|event| event.person != Some(school.person("head"))));
        let mails = outbox::list(&mut tx, 100).await.unwrap();
        assert!(mails.iter().any(|mail| mail.to == school.person("chair")), "the chair is told that something waits");
        assert_eq!(mails_to(&school, "head").await, told_before, "the head is told nothing");
        // It goes past everybody in the school: to the chair, who sees the way it must go.
        let seen = chair.get(&format!("/incidents/{}", case.id)).await;
        assert!(seen.says("Because it is about an adult") && seen.says("chair of governors takes this case"), "{}", seen.words());
        assert!(lead.get(&format!("/incidents/{}", case.id)).await.says("Being dealt with"), "the lead, who told, sees that much");
    }

    async fn a_head_who_writes_down_a_case_about_themselves_loses_sight_of_it(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let head = school.signed_in("head").await;
        let seen = record(&head, &[("who-alleged-0", "Imogen Strand")], "staff:").await;
        assert_eq!((seen.status.as_u16(), seen.location()), (303, "/incidents/recorded?recorded"));
        let seen = head.get(seen.location()).await;
        assert!(seen.says("Recorded") && seen.says("Nothing to show"), "{}", seen.words());
    }

    async fn a_technician_opens_no_case_and_is_told_who_does(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let technician = school.signed_in("technician").await;
        record(&school.signed_in("lead").await, &[("who-alleged-0", "Jory Penhale")], BYPASS).await;
        let case = kept(&school).await.pop().unwrap();
        for path in ["/incidents", &format!("/incidents/{}", case.id), &format!("/incidents/{}/act", case.id), &format!("/incidents/{}/form.pdf", case.id), "/alerts", "/concerns"] {
            let seen = technician.get(path).await;
            assert_eq!((seen.status.as_u16(), seen.heading().as_str()), (403, "This page is not for your role"), "{path}");
        }
        // What they recorded themselves shows how far it is.
        let seen = record(&technician, &[("who-alleged-0", "Mina Osei")], BYPASS).await;
        assert_eq!(seen.location(), "/incidents/recorded?recorded");
        assert!(technician.get(seen.location()).await.says("Being dealt with"));
        for stranger in ["pupil", "parent", "visitor", "governor"] {
            assert_eq!(school.signed_in(stranger).await.get(RECORD).await.status, 403, "{stranger}");
        }
    }

    async fn a_case_is_worked_through_closed_and_printed(database: TestDatabase) {
        let school = TestSchool::open(database.store).await;
        let (lead, technician) = (school.signed_in("lead").await, school.signed_in("technician").await);
        record(&lead, &[("who-alleged-0", "Jory Penhale")], BYPASS).await;
        let case = kept(&school).await.pop().unwrap();
        // The technician's task tells nothing of the case; doing it does the action.
        let seen = technician.get("/tasks").await;
        assert!(seen.says("Case 1: check the filter") && !seen.says("Jory") && !seen.says("proxy"), "{}", seen.words());
        let mut tx = school.app.store.read(school.id).await.unwrap();
        let task = tasks::list_open_of(&mut tx, school.person("technician")).await.unwrap().into_iter().find(|task| task.what.contains("check the filter")).unwrap();
        drop(tx);
        assert_eq!(school.signed_in("teacher").await.post(&format!("/tasks/{}", task.id), &[]).await.status, 404, "nobody does another's task");
        let note = format!("note-{}", task.id);
        assert_eq!(technician.post(&format!("/tasks/{}", task.id), &[(&note, "see https://proxy.example")]).await.status, 422);
        assert_eq!(technician.post(&format!("/tasks/{}", task.id), &[(&note, "The proxy is closed now.")]).await.location(), "/tasks?done");
        let technical = |cases: &[Incident]| cases[0].actions.iter().find(|action| action.column == "technical").unwrap().done_at;
        assert!(technical(&kept(&school).await).is_some());
        // Adding what the policy does not ask for asks why; nothing ticked is lost.
        let act = format!("/incidents/{}/act", case.id);
        let ticked = [("actions", "tutor"), ("actions", "parents"), ("actions", "access"), ("actions", "sanction"), ("done", "tutor"), ("note", "Spoken to.")];
        let seen = lead.post(&act, &ticked).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors(), ["The policy does not ask for ‘Further sanction’ here: say why it is added, or untick it"]);
        assert!(seen.body.contains("Spoken to."));
        let seen = lead.post(&act, &[&ticked[..], &[("reason-sanction", "It was the third time.")]].concat()).await;
        assert_eq!(seen.status, 303, "{}", seen.words());
        let seen = lead.get(seen.location()).await;
        for said in ["Added: It was the third time.", "Note: Spoken to.", "A task was done: The proxy is closed now."] {
            assert!(seen.says(said), "`{said}` in {}", seen.words());
        }
        // Closing asks for a finding, an outcome, and why anything is left undone.
        let close = format!("/incidents/{}/close", case.id);
        let seen = lead.post(&close, &[]).await;
        assert_eq!(seen.status, 422);
        assert_eq!(seen.errors().len(), 5, "{:?}", seen.errors());
        let left = "The family moved away this week.";
        let answers = [("finding", "founded"), ("outcome", "He apologised."), ("reason-parents", left), ("reason-access", left), ("reason-sanction", left)];
        assert_eq!(lead.post(&close, &answers).await.status, 303);
        let seen = lead.get(&format!("/incidents/{}", case.id)).await;
        assert!(seen.says("Outcome: founded") && seen.says("He apologised."), "{}", seen.words());
        assert_eq!(lead.post(&close, &answers).await.status, 409);
        let mut tx = school.app.store.read(school.id).await.unwrap();
        assert!(tasks::list_in(&mut tx, case.id).await.unwrap().iter().all(|task| task.done_at.is_some()), "nothing of it waits for anybody");
        drop(tx);
        let paper = lead.get(&format!("/incidents/{}/form.pdf", case.id)).await;
        assert_eq!(paper.status, 200);
        assert!(paper.body.starts_with("%PDF"));
        assert!(lead.get(&format!("/incidents/{}", case.id)).await.says("Printed"));
    }
}
