//! What people record, what waits for them, and what the jobs do.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod school;

use belisha_records::*;
use belisha_store::exceptions::GrantedException;
use belisha_store::incidents::IncidentFilter;
use belisha_store::testing::TestDatabase;
use belisha_store::*;
use jiff::{SignedDuration, Timestamp};
use policies::PolicyStatus;
use school::*;

fn after(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

both_databases! {
    async fn a_broken_policy_never_replaces_a_good_one(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let good = policies::insert_draft(&mut tx, "# Good", true, "first", Some(nth(HEAD))).await.unwrap();
        policies::set_consultation(&mut tx, good.id, true).await.unwrap();
        policies::approve(&mut tx, good.id, nth(HEAD), "2026-09-01".parse().unwrap()).await.unwrap();
        assert_eq!(policies::list_due(&mut tx, "2026-09-01".parse().unwrap()).await.unwrap().len(), 1);
        policies::bring_into_force(&mut tx, good.id).await.unwrap();
        let broken = policies::insert_draft(&mut tx, "# Broken", false, "second", None).await.unwrap();
        assert_eq!((good.number, broken.number), (1, 2));
        assert!(matches!(policies::approve(&mut tx, broken.id, nth(HEAD), "2026-10-01".parse().unwrap()).await, Err(StoreError::Conflict(_))));
        assert!(matches!(policies::bring_into_force(&mut tx, broken.id).await, Err(StoreError::Conflict(_))));
        assert_eq!(policies::in_force(&mut tx).await.unwrap().unwrap().id, good.id);
        policies::update_draft(&mut tx, broken.id, "# Mended", true, "second").await.unwrap();
        policies::approve(&mut tx, broken.id, nth(HEAD), "2026-10-01".parse().unwrap()).await.unwrap();
        policies::bring_into_force(&mut tx, broken.id).await.unwrap();
        let all = policies::list(&mut tx).await.unwrap();
        assert_eq!(all.iter().map(|version| version.status).collect::<Vec<_>>(), [PolicyStatus::InForce, PolicyStatus::Superseded]);
        assert!(matches!(policies::update_draft(&mut tx, good.id, "# Rewritten", true, "").await, Err(StoreError::Missing(_))));
        tx.commit().await.unwrap();
    }

    async fn what_was_signed_is_kept_to_the_letter(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let version = policies::insert_draft(&mut tx, "# Policy", true, "", None).await.unwrap();
        let signature = Signature {
            id: nth(80), about: nth(PUPIL), by: nth(PARENT), kind: SignatureKind::CounterRefused, agreement: "aup-pupil".into(), policy_version: version.id,
            lines: vec![SignedLine { id: "aup-pupil-learning".into(), text: "use them for anything but learning \u{2014} \"ever\"\n".into() }],
            at: NOW, reason: Some("not yet".into()),
        };
        signatures::insert(&mut tx, &signature).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = read(&database).await;
        assert_eq!(signatures::list_about(&mut tx, nth(PUPIL)).await.unwrap(), std::slice::from_ref(&signature));
        assert_eq!(signatures::list_on(&mut tx, "aup-pupil").await.unwrap(), [signature]);
        assert!(signatures::list_about(&mut tx, nth(PARENT)).await.unwrap().is_empty());
    }

    async fn a_case_is_kept_changed_and_closed(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        assert_eq!(incidents::highest_number(&mut tx).await.unwrap(), 0);
        let mut case = incident(50, 1, None);
        incidents::insert(&mut tx, &case).await.unwrap();
        assert_eq!(incidents::find(&mut tx, nth(HEAD), case.id).await.unwrap().as_ref(), Some(&case));
        case.involved.remove(0);
        case.bullying = true;
        incidents::update(&mut tx, &case).await.unwrap();
        case.actions[0].done_at = Some(NOW);
        incidents::set_actions(&mut tx, case.id, &case.actions).await.unwrap();
        assert_eq!(incidents::find_by_number(&mut tx, nth(HEAD), 1).await.unwrap().as_ref(), Some(&case));
        let closure = Closure { finding: Finding::Unfounded, outcome: "It was another tablet.".into(), by: nth(HEAD), at: NOW };
        incidents::close(&mut tx, case.id, &closure).await.unwrap();
        assert!(matches!(incidents::close(&mut tx, case.id, &closure).await, Err(StoreError::Missing(_))));
        case.status = IncidentStatus::Closed;
        case.closure = Some(closure);
        assert_eq!(incidents::list(&mut tx, nth(HEAD), &IncidentFilter::default()).await.unwrap(), [case.clone()]);
        assert_eq!(incidents::list_closed_before(&mut tx, after(1)).await.unwrap(), [case.id]);
        let mut far = incident(51, 100_001, None);
        far.recorded_at = after(5);
        incidents::insert(&mut tx, &far).await.unwrap();
        assert_eq!(incidents::highest_number(&mut tx).await.unwrap(), 1);
        assert!(matches!(incidents::insert(&mut tx, &incident(52, 1, None)).await, Err(StoreError::Conflict(_))));
    }

    async fn whoever_is_alleged_does_not_find_count_or_open_the_case(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        incidents::insert(&mut tx, &incident(50, 1, None)).await.unwrap();
        incidents::insert(&mut tx, &incident(51, 100_777, Some(HEAD))).await.unwrap();
        let all = IncidentFilter::default();
        let (head, teacher) = (nth(HEAD), nth(TEACHER));
        assert_eq!(incidents::count(&mut tx, teacher, &all).await.unwrap(), 2);
        assert_eq!(incidents::count(&mut tx, head, &all).await.unwrap(), 1);
        let listed = incidents::list(&mut tx, head, &all).await.unwrap();
        assert_eq!(listed.iter().map(|case| case.number).collect::<Vec<_>>(), [1]);
        assert_eq!(incidents::find(&mut tx, head, nth(51)).await.unwrap(), None);
        assert_eq!(incidents::find_by_number(&mut tx, head, 100_777).await.unwrap(), None);
        assert_eq!(incidents::count(&mut tx, head, &IncidentFilter { involving: Some(head), ..all.clone() }).await.unwrap(), 0);
        assert_eq!(incidents::count(&mut tx, teacher, &IncidentFilter { involving: Some(head), ..all.clone() }).await.unwrap(), 1);
        assert!(incidents::find(&mut tx, teacher, nth(51)).await.unwrap().is_some());
        let open = IncidentFilter { status: Some(IncidentStatus::Open), from: Some(NOW), until: Some(after(1)), ..all };
        assert_eq!(incidents::count(&mut tx, teacher, &open).await.unwrap(), 2);
        assert_eq!(incidents::list_between(&mut tx, NOW, after(1)).await.unwrap().len(), 2);
    }

    async fn opening_a_case_is_an_event_of_it(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        incidents::insert(&mut tx, &incident(50, 1, None)).await.unwrap();
        incidents::note_viewed(&mut tx, nth(50)).await.unwrap();
        incidents::add_event(&mut tx, nth(50), "note", "spoke with the class").await.unwrap();
        let events = incidents::list_events(&mut tx, nth(50)).await.unwrap();
        assert!(events.iter().any(|event| event.verb == "viewed" && event.person == Some(nth(HEAD))));
        assert_eq!(events.len(), 2);
    }

    async fn a_task_waits_until_it_is_done(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        incidents::insert(&mut tx, &incident(50, 1, None)).await.unwrap();
        let task = |n, due| Task { id: nth(n), incident: Some(nth(50)), assignee: nth(TEACHER), what: "Tell the parents".into(), due, done_at: None };
        for task in [task(60, None), task(61, Some(after(9))), task(62, Some(after(3)))] {
            tasks::insert(&mut tx, &task).await.unwrap();
        }
        let waiting = tasks::list_open_of(&mut tx, nth(TEACHER)).await.unwrap();
        assert_eq!(waiting.iter().map(|task| task.id).collect::<Vec<_>>(), [nth(62), nth(61), nth(60)]);
        assert_eq!(tasks::list_overdue(&mut tx, after(4)).await.unwrap().len(), 1);
        tasks::finish(&mut tx, nth(62)).await.unwrap();
        assert!(matches!(tasks::finish(&mut tx, nth(62)).await, Err(StoreError::Missing(_))));
        assert_eq!(tasks::find(&mut tx, nth(62)).await.unwrap().unwrap().done_at, Some(NOW));
        assert_eq!(tasks::list_in(&mut tx, nth(50)).await.unwrap().len(), 3);
    }

    async fn the_most_dangerous_alert_comes_first_and_nobody_sees_their_own(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let alert = |n, person: u8, danger, seconds| Alert {
            id: nth(n), school: school(), person: Some(nth(person)), device: "10.0.0.7".into(), seen_at: after(seconds), theme: "self-harm".into(), danger,
            host: "search.example".into(), excerpt: "words".into(), settled: None,
        };
        for alert in [alert(60, PUPIL, Danger::Low, 0), alert(61, PUPIL, Danger::Urgent, 2), alert(62, PUPIL, Danger::Urgent, 1), alert(63, HEAD, Danger::Urgent, 0)] {
            alerts::insert(&mut tx, &alert).await.unwrap();
        }
        let open = alerts::list_open(&mut tx, nth(HEAD)).await.unwrap();
        assert_eq!(open.iter().map(|alert| alert.id).collect::<Vec<_>>(), [nth(62), nth(61), nth(60)]);
        assert_eq!(alerts::count_open(&mut tx, nth(HEAD)).await.unwrap(), 3);
        assert_eq!(alerts::find(&mut tx, nth(HEAD), nth(63)).await.unwrap(), None);
        assert_eq!(alerts::count_open(&mut tx, nth(TEACHER)).await.unwrap(), 4);
        assert!(alerts::seen_again(&mut tx, nth(60), "words (2 times)").await.unwrap());
        let settlement = Settlement::Dismissed { reason: "homework".into(), by: nth(TEACHER), at: NOW };
        alerts::settle(&mut tx, nth(60), &settlement).await.unwrap();
        assert!(!alerts::seen_again(&mut tx, nth(60), "words (3 times)").await.unwrap());
        assert!(matches!(alerts::settle(&mut tx, nth(60), &settlement).await, Err(StoreError::Missing(_))));
        assert_eq!(alerts::list_settled(&mut tx, nth(HEAD), 9).await.unwrap()[0].settled, Some(settlement));
        let kept = Settlement::Incident { incident: nth(50), by: nth(TEACHER), at: NOW };
        alerts::settle(&mut tx, nth(61), &kept).await.unwrap();
        assert_eq!(alerts::purge_dismissed(&mut tx, after(1)).await.unwrap(), 1);
        assert_eq!(alerts::list_between(&mut tx, NOW, after(9)).await.unwrap().len(), 3);
    }

    async fn a_site_is_asked_for_granted_and_closed_again(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let mut request = AccessRequest {
            id: nth(60), school: school(), by: nth(PUPIL), host: "chess.example".into(), category: Some("games".into()), reason: "chess club".into(),
            asked_at: NOW, decision: None,
        };
        access_requests::insert(&mut tx, &request).await.unwrap();
        assert_eq!(access_requests::list_open(&mut tx).await.unwrap(), [request.clone()]);
        let decision = AccessDecision { granted: true, groups: vec!["pupil".into()], until: Some(after(60)), reason: "fine".into(), by: nth(HEAD), at: NOW };
        access_requests::decide(&mut tx, request.id, &decision).await.unwrap();
        request.decision = Some(decision);
        assert_eq!(access_requests::find(&mut tx, request.id).await.unwrap().as_ref(), Some(&request));
        assert!(access_requests::list_open(&mut tx).await.unwrap().is_empty());
        let opened = GrantedException {
            id: String::new(), request: Some(request.id), host: request.host.clone(), groups: vec!["pupil".into()], person: None, from: NOW, until: after(60),
            reason: "fine".into(), granted_by: Some(nth(HEAD)), closed_at: None,
        };
        let key = exceptions::insert(&mut tx, &opened).await.unwrap();
        exceptions::insert(&mut tx, &GrantedException { until: after(999), ..opened.clone() }).await.unwrap();
        assert_eq!(exceptions::list_open(&mut tx, NOW).await.unwrap().len(), 2);
        tx.commit().await.unwrap();
        let mut tx = database.store.begin(&Actor::Job("expire-exceptions"), school(), after(60)).await.unwrap();
        let ended = exceptions::close_ended(&mut tx).await.unwrap();
        assert_eq!(ended, [GrantedException { id: key, closed_at: Some(after(60)), ..opened }]);
        assert!(exceptions::close_ended(&mut tx).await.unwrap().is_empty());
        let left = exceptions::list_open(&mut tx, after(60)).await.unwrap();
        exceptions::close(&mut tx, &left[0].id).await.unwrap();
        assert_eq!(exceptions::list(&mut tx).await.unwrap().len(), 2);
        assert_eq!(access_requests::purge(&mut tx, after(1)).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn what_is_told_without_a_name_names_nobody(database: TestDatabase) {
        settle(&database).await;
        let concern = |n, by| Concern { id: nth(n), school: school(), by, choice: "sad".into(), words: "…".into(), told_at: NOW, read_at: None, incident: None };
        let mut tx = begin(&database).await;
        assert!(matches!(concerns::insert(&mut tx, &concern(60, None)).await, Err(StoreError::Conflict(_))));
        drop(tx);
        let mut tx = database.store.begin(&Actor::Job("tell-someone"), school(), NOW).await.unwrap();
        concerns::insert(&mut tx, &concern(60, None)).await.unwrap();
        concerns::insert(&mut tx, &concern(61, Some(nth(PUPIL)))).await.unwrap();
        concerns::note_read(&mut tx, nth(61)).await.unwrap();
        concerns::set_incident(&mut tx, nth(61), nth(50)).await.unwrap();
        let all = concerns::list(&mut tx).await.unwrap();
        assert_eq!(all.iter().map(|concern| concern.id).collect::<Vec<_>>(), [nth(60), nth(61)]);
        assert_eq!((all[1].read_at, all[1].incident), (Some(NOW), Some(nth(50))));
        assert_eq!(concerns::list_by(&mut tx, nth(PUPIL)).await.unwrap().len(), 1);
        tx.commit().await.unwrap();
    }

    async fn a_duty_falls_due_once(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let duty = |n, person| DutyOccurrence {
            id: nth(n), school: school(), clause: "training-refresher".into(), period: "2026-2027".into(), person, owner: None, due: "2026-12-01".parse().unwrap(),
            done: None, chasers: 0,
        };
        assert!(duties::insert_new(&mut tx, &duty(60, Some(nth(TEACHER)))).await.unwrap());
        assert!(!duties::insert_new(&mut tx, &duty(61, Some(nth(TEACHER)))).await.unwrap());
        assert!(duties::insert_new(&mut tx, &duty(62, None)).await.unwrap());
        assert!(!duties::insert_new(&mut tx, &duty(63, None)).await.unwrap(), "a duty of nobody in particular fell due twice");
        assert!(duties::note_chaser(&mut tx, nth(60), 0).await.unwrap());
        assert!(!duties::note_chaser(&mut tx, nth(60), 0).await.unwrap(), "two servers sent one chaser");
        assert_eq!(duties::list_open_of(&mut tx, nth(TEACHER)).await.unwrap().len(), 1);
        assert_eq!(duties::list_open_due_before(&mut tx, "2026-12-02".parse().unwrap()).await.unwrap().len(), 2);
        let done = DutyDone { by: nth(TEACHER), at: NOW, on: "2026-11-20".parse().unwrap(), evidence: "register".into() };
        duties::finish(&mut tx, nth(60), &done).await.unwrap();
        duties::set_owner(&mut tx, nth(62), nth(HEAD)).await.unwrap();
        assert_eq!(duties::find(&mut tx, nth(60)).await.unwrap(), Some(DutyOccurrence { done: Some(done), chasers: 1, ..duty(60, Some(nth(TEACHER))) }));
        assert_eq!(duties::list(&mut tx).await.unwrap().len(), 2);
        assert_eq!(duties::list_of_clause(&mut tx, "training-refresher").await.unwrap().len(), 2);
    }

    async fn a_turn_of_a_job_is_claimed_once(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        assert!(job_runs::claim(&mut tx, "purge", NOW).await.unwrap());
        assert!(!job_runs::claim(&mut tx, "purge", NOW).await.unwrap());
        job_runs::finish(&mut tx, "purge", NOW, true, "3 rows").await.unwrap();
        assert!(job_runs::claim(&mut tx, "purge", after(60)).await.unwrap());
        job_runs::finish(&mut tx, "purge", after(60), false, "disk full").await.unwrap();
        assert_eq!(job_runs::latest(&mut tx, "purge").await.unwrap().unwrap().due, after(60));
        assert_eq!(job_runs::last_good(&mut tx, "purge").await.unwrap().unwrap().message.as_deref(), Some("3 rows"));
        assert!(job_runs::latest(&mut tx, "other").await.unwrap().is_none());
        assert_eq!(job_runs::purge(&mut tx, after(999)).await.unwrap(), 0, "the newest good turn is kept");
    }

    async fn a_mail_is_sent_by_one_sender(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let first = outbox::queue(&mut tx, nth(HEAD), "Something waits", "Sign in to see it.").await.unwrap();
        let second = outbox::queue(&mut tx, nth(TEACHER), "Something waits", "Sign in to see it.").await.unwrap();
        let claimed = outbox::claim(&mut tx, 10, after(60)).await.unwrap();
        assert_eq!(claimed.len(), 2);
        assert!(outbox::claim(&mut tx, 10, after(60)).await.unwrap().is_empty());
        outbox::mark_sent(&mut tx, first).await.unwrap();
        outbox::mark_failed(&mut tx, second, "the server is away", Some(after(30))).await.unwrap();
        assert_eq!(outbox::count_waiting(&mut tx).await.unwrap(), 1);
        tx.commit().await.unwrap();
        let mut tx = database.store.begin(&Actor::Job("send-outbox"), school(), after(30)).await.unwrap();
        let again = outbox::claim(&mut tx, 10, after(90)).await.unwrap();
        assert_eq!((again.len(), again[0].attempts, again[0].last_failure.as_deref()), (1, 2, Some("the server is away")));
        outbox::mark_failed(&mut tx, second, "no such address", None).await.unwrap();
        assert_eq!(outbox::count_waiting(&mut tx).await.unwrap(), 0);
        assert_eq!(outbox::list(&mut tx, 10).await.unwrap().len(), 2);
        tx.commit().await.unwrap();
    }
}
