//! What the network is told and what it saw: activity, look-ups, lists, the school's rules, devices; and the registers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod school;

use belisha_policy::DeviceKind;
use belisha_store::activity::{KeptAs, Visit};
use belisha_store::approvals::{Approval, ApprovalDecision};
use belisha_store::gateways::Gateway;
use belisha_store::lesson_lists::CheckedSites;
use belisha_store::lists::CategoryList;
use belisha_store::network_ranges::NetworkRange;
use belisha_store::register_entries::RegisterEntry;
use belisha_store::registered_devices::RegisteredDevice;
use belisha_store::reports::IssuedReport;
use belisha_store::school_rules::{HostAction, HostRule};
use belisha_store::testing::TestDatabase;
use belisha_store::*;
use jiff::{SignedDuration, Timestamp};
use school::*;

fn after(seconds: i64) -> Timestamp {
    NOW + SignedDuration::from_secs(seconds)
}

fn visit(seconds: i64, person: Option<u8>, host: &str, action: &str) -> Visit {
    Visit {
        at: after(seconds),
        person: person.map(nth),
        device: "10.0.0.7".into(),
        confidence: person.map(|_| "session".into()),
        device_kind: (seconds % 2 == 0).then(|| "pupil-owned".into()),
        group: "pupil".into(),
        host: host.into(),
        path: Some("/".into()),
        search_term: (host == "search.example").then(|| "prime numbers".into()),
        action: action.into(),
        category: (action == "blocked").then(|| "games".into()),
        reason: "default".into(),
    }
}

both_databases! {
    async fn a_batch_is_stored_once_and_counted_by_the_hour(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let batch: Vec<_> = (0..activity::MOST_ROWS).map(|n| visit(i64::try_from(n).unwrap(), Some(PUPIL), "maths.example", if n % 5 == 0 { "blocked" } else { "allowed" })).collect();
        assert!(activity::insert_batch(&mut tx, "one", &batch).await.unwrap());
        assert!(!activity::insert_batch(&mut tx, "one", &batch).await.unwrap());
        assert!(activity::insert_batch(&mut tx, "two", &batch[..1]).await.unwrap());
        assert!(!activity::insert_batch(&mut tx, "none", &[]).await.unwrap());
        let many = [batch.clone(), batch].concat();
        assert!(matches!(activity::insert_batch(&mut tx, "three", &many).await, Err(StoreError::Conflict(_))));
        let figures = activity::figures(&mut tx, after(-7200), after(7200)).await.unwrap();
        let blocked: u64 = figures.iter().filter(|figure| figure.category.as_deref() == Some("games")).map(|figure| figure.requests).sum();
        assert_eq!((blocked, figures.iter().map(|figure| figure.requests).sum::<u64>()), (101, 501));
        assert!(activity::insert_batch(&mut tx, "notice", &[visit(0, None, "", "noticed")]).await.unwrap());
        assert_eq!(activity::figures(&mut tx, after(-7200), after(7200)).await.unwrap(), figures, "a notice is no request");
        assert_eq!(activity::top_hosts(&mut tx, "blocked", NOW, after(9999), 5).await.unwrap(), [("maths.example".to_owned(), 101)]);
    }

    async fn looking_a_person_up_needs_a_reason_and_leaves_a_trace(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let visits = [visit(0, Some(PUPIL), "maths.example", "allowed"), visit(1, Some(TEACHER), "news.example", "allowed"), visit(2, None, "search.example", "allowed")];
        activity::insert_batch(&mut tx, "one", &visits).await.unwrap();
        assert!(matches!(activity::list_of(&mut tx, nth(PUPIL), NOW, after(9), 10).await, Err(StoreError::ReadOnly(_))));
        assert!(matches!(look_ups::insert(&mut tx, nth(HEAD), nth(PUPIL), " ", (NOW, after(9))).await, Err(StoreError::Conflict(_))));
        assert!(matches!(look_ups::insert(&mut tx, nth(TEACHER), nth(PUPIL), "in another's name", (NOW, after(9))).await, Err(StoreError::ReadOnly(_))));
        look_ups::insert(&mut tx, nth(HEAD), nth(PUPIL), "worried after an alert", (NOW, after(9))).await.unwrap();
        assert_eq!(activity::list_of(&mut tx, nth(PUPIL), NOW, after(9), 10).await.unwrap(), visits[..1]);
        assert!(activity::list_of(&mut tx, nth(TEACHER), NOW, after(9), 10).await.is_err(), "one reason opened another person");
        tx.commit().await.unwrap();
        let mut tx = begin(&database).await;
        let kept = look_ups::list_between(&mut tx, NOW, after(1)).await.unwrap();
        assert_eq!((kept.len(), kept[0].by, kept[0].about, kept[0].reason.as_str()), (1, nth(HEAD), nth(PUPIL), "worried after an alert"));
        assert!(activity::list_of(&mut tx, nth(PUPIL), NOW, after(9), 10).await.is_err(), "a reason lasted longer than its transaction");
        let seen = activity::list_between(&mut tx, None, NOW, after(9), 10).await.unwrap();
        assert!(seen.len() == 3 && seen.iter().all(|visit| visit.person.is_none() && visit.device.is_empty() && visit.confidence.is_none() && visit.device_kind.is_none()));
        assert_eq!(activity::list_search_terms(&mut tx, NOW, after(9), 10).await.unwrap().len(), 1);
        assert!(activity::list_own(&mut tx, NOW, after(9), 10).await.unwrap().is_empty());
    }

    async fn named_visits_go_and_figures_stay(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let visits = [visit(0, Some(PUPIL), "a.example", "allowed"), visit(1, Some(PUPIL), "b.example", "blocked"), visit(90, Some(PUPIL), "c.example", "allowed")];
        activity::insert_batch(&mut tx, "one", &visits).await.unwrap();
        activity::insert_batch(&mut tx, "two", &visits[..1]).await.unwrap();
        assert_eq!(activity::purge(&mut tx, KeptAs::Allowed, after(60), 100).await.unwrap(), 2);
        assert_eq!(activity::purge(&mut tx, KeptAs::Allowed, after(60), 100).await.unwrap(), 0);
        let left = activity::list_between(&mut tx, None, NOW, after(999), 10).await.unwrap();
        assert_eq!(left.iter().map(|visit| visit.host.as_str()).collect::<Vec<_>>(), ["c.example", "b.example"]);
        assert_eq!(activity::purge(&mut tx, KeptAs::Other, after(60), 100).await.unwrap(), 1);
        assert_eq!(activity::figures(&mut tx, after(-7200), after(7200)).await.unwrap().iter().map(|figure| figure.requests).sum::<u64>(), 4);
        tx.commit().await.unwrap();
        let mut tx = read(&database).await;
        let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
        assert_eq!(ledger::verify(&mut tx, &key).await.unwrap().first_bad, None);
    }

    async fn a_list_fetched_again_takes_the_place_of_the_old_one(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let list = |n, domains| CategoryList {
            id: nth(n), category: "games".into(), name: "our list".into(), source: "/lists/games".into(), format: "domains".into(), domains, refused_lines: 2,
            refused_summary: "line 3: not a name".into(), fetched_at: NOW,
        };
        lists::insert(&mut tx, &list(60, 10)).await.unwrap();
        lists::insert(&mut tx, &list(61, 12)).await.unwrap();
        assert_eq!(lists::list(&mut tx).await.unwrap(), [list(61, 12)]);
        lists::remove(&mut tx, nth(61)).await.unwrap();
        assert!(matches!(lists::remove(&mut tx, nth(61)).await, Err(StoreError::Missing(_))));
        assert!(lists::list(&mut tx).await.unwrap().is_empty());
    }

    async fn the_sites_of_a_lesson_hold_until_their_end_or_until_somebody_ends_them(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let list = CheckedSites {
            id: String::new(), name: "7B, geography".into(), hosts: vec!["atlas.example".into()], class: None, groups: vec!["pupil".into()],
            from: after(0), until: after(3600), reason: "rivers".into(), made_by: Some(nth(HEAD)), closed_at: None,
        };
        let id = lesson_lists::insert(&mut tx, &list).await.unwrap();
        let other = lesson_lists::insert(&mut tx, &CheckedSites { until: after(10), ..list.clone() }).await.unwrap();
        assert_eq!(lesson_lists::list_open(&mut tx, after(60)).await.unwrap(), [CheckedSites { id: id.clone(), ..list }]);
        assert_eq!(lesson_lists::list_open(&mut tx, after(0)).await.unwrap()[0].id, other, "the first to end comes first");
        lesson_lists::close(&mut tx, &id).await.unwrap();
        assert!(lesson_lists::list_open(&mut tx, after(60)).await.unwrap().is_empty());
        assert!(matches!(lesson_lists::close(&mut tx, &id).await, Err(StoreError::Missing(_))), "it has ended");
    }

    async fn a_school_opens_or_closes_a_host_itself(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let rule = HostRule {
            id: String::new(), host: "chess.example".into(), action: HostAction::Allow, groups: Vec::new(), reason: "chess club".into(), owner: Some(nth(HEAD)), on: "2026-11-01".parse().unwrap(),
        };
        school_rules::insert(&mut tx, &rule).await.unwrap();
        let key = school_rules::insert(&mut tx, &HostRule { action: HostAction::Deny, ..rule.clone() }).await.unwrap();
        assert_eq!(school_rules::list(&mut tx).await.unwrap(), [HostRule { id: key.clone(), action: HostAction::Deny, ..rule.clone() }]);
        let of_authority = HostRule { action: HostAction::AuthorityAllow, ..rule.clone() };
        let other = school_rules::insert(&mut tx, &of_authority).await.unwrap();
        assert_eq!(school_rules::list(&mut tx).await.unwrap().len(), 2, "the authority's word stands beside the school's");
        let closed = HostRule { action: HostAction::AuthorityDeny, ..rule.clone() };
        school_rules::insert(&mut tx, &closed).await.unwrap();
        let left = school_rules::list(&mut tx).await.unwrap();
        assert!(left.len() == 2 && left.iter().all(|one| one.id != other), "and takes the place of its own");
        for one in left.iter().filter(|one| one.id != key) {
            school_rules::remove(&mut tx, &one.id).await.unwrap();
        }
        school_rules::remove(&mut tx, &key).await.unwrap();
        assert!(school_rules::list(&mut tx).await.unwrap().is_empty());
    }

    async fn a_rule_for_some_takes_the_place_of_what_was_said_for_them_and_leaves_the_rest(database: TestDatabase) {
        settle(&database).await;
        let rule = |action, groups: &[&str]| HostRule {
            id: String::new(), host: "chess.example".into(), action, groups: groups.iter().map(|key| (*key).to_owned()).collect(),
            reason: "chess club".into(), owner: Some(nth(HEAD)), on: "2026-11-01".parse().unwrap(),
        };
        for (new, left) in [
            (rule(HostAction::Deny, &[]), "Deny:"),
            (rule(HostAction::Allow, &["pupil", "year:7"]), "Allow:pupil,year:7 Deny:"),
            (rule(HostAction::AuthorityAllow, &["pupil"]), "Allow:pupil,year:7 AuthorityAllow:pupil Deny:"),
            (rule(HostAction::Deny, &["pupil", "guest"]), "Allow:year:7 AuthorityAllow:pupil Deny: Deny:pupil,guest"),
            (rule(HostAction::Deny, &["pupil", "guest"]), "Allow:year:7 AuthorityAllow:pupil Deny: Deny:pupil,guest"),
            (rule(HostAction::Allow, &[]), "Allow: AuthorityAllow:pupil"),
        ] {
            let mut tx = begin(&database).await;
            school_rules::insert(&mut tx, &new).await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = read(&database).await;
            let kept = school_rules::list(&mut tx).await.unwrap();
            assert!(kept.iter().all(|one| one.reason == new.reason && one.owner == new.owner && one.on == new.on), "what is left of a rule is still whose it was");
            let mut words: Vec<_> = kept.iter().map(|one| format!("{:?}:{}", one.action, one.groups.join(","))).collect();
            words.sort();
            assert_eq!(words.join(" "), left, "after {new:?}");
        }
        let mut tx = begin(&database).await;
        school_rules::insert(&mut tx, &HostRule { host: "draughts.example".into(), ..rule(HostAction::Deny, &["pupil"]) }).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = read(&database).await;
        assert_eq!(ledger::entries(&mut tx, None, 1).await.unwrap()[0].verb, "made", "another site's rules are left alone");
    }

    async fn an_address_has_one_person_at_a_time(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        devices::sign_in(&mut tx, "10.0.0.7", nth(PUPIL), after(60)).await.unwrap();
        devices::sign_in(&mut tx, "10.0.0.7", nth(TEACHER), after(60)).await.unwrap();
        let open = devices::list_open(&mut tx, NOW).await.unwrap();
        assert_eq!(open.iter().map(|device| device.person).collect::<Vec<_>>(), [nth(TEACHER)]);
        assert_eq!(devices::at_address(&mut tx, "10.0.0.7", NOW).await.unwrap().map(|device| device.person), Some(nth(TEACHER)));
        assert_eq!(devices::at_address(&mut tx, "10.0.0.7", after(60)).await.unwrap(), None);
        devices::sign_out(&mut tx, "10.0.0.7").await.unwrap();
        assert!(devices::list_open(&mut tx, NOW).await.unwrap().is_empty());
        assert_eq!(devices::purge(&mut tx, after(99)).await.unwrap(), 2);
    }

    async fn a_device_is_entered_corrected_and_retired_and_its_card_used_again(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let device = RegisteredDevice {
            id: nth(70), mac: "00-1A-2B-3C-4D-5E".parse().unwrap(), kind: DeviceKind::PupilOwned, person: Some(nth(PUPIL)), shared: false,
            label: "a phone".into(), room: None, notes: Some("blue".into()),
        };
        registered_devices::insert(&mut tx, &device).await.unwrap();
        let corrected = RegisteredDevice { kind: DeviceKind::SchoolShared, person: None, shared: true, room: Some("Room 12".into()), ..device.clone() };
        registered_devices::update(&mut tx, &corrected).await.unwrap();
        assert_eq!(registered_devices::list(&mut tx).await.unwrap(), std::slice::from_ref(&corrected));
        assert_eq!(registered_devices::find(&mut tx, device.id).await.unwrap(), Some(corrected.clone()));
        registered_devices::retire(&mut tx, device.id).await.unwrap();
        assert!(matches!(registered_devices::retire(&mut tx, device.id).await, Err(StoreError::Missing(_))));
        assert!(matches!(registered_devices::update(&mut tx, &corrected).await, Err(StoreError::Missing(_))));
        registered_devices::insert(&mut tx, &RegisteredDevice { id: nth(71), ..device.clone() }).await.unwrap();
        assert_eq!(registered_devices::find(&mut tx, device.id).await.unwrap(), None);
        let twice = registered_devices::insert(&mut tx, &RegisteredDevice { id: nth(72), ..device }).await;
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
    }

    async fn a_room_is_added_and_retired(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let range = NetworkRange { id: String::new(), network: "10.20.0.0/16".into(), label: "Guest Wi-Fi".into(), unknown_group: Some("guest".into()) };
        let key = network_ranges::insert(&mut tx, &range).await.unwrap();
        assert_eq!(network_ranges::list(&mut tx).await.unwrap(), [NetworkRange { id: key.clone(), ..range }]);
        network_ranges::retire(&mut tx, &key).await.unwrap();
        assert!(network_ranges::list(&mut tx).await.unwrap().is_empty());
        assert!(matches!(network_ranges::retire(&mut tx, &key).await, Err(StoreError::Missing(_))));
    }

    async fn a_gateway_is_added_seen_and_revoked(database: TestDatabase) {
        settle(&database).await;
        settle_as(&database, id(OTHER), "Inverbrae Primary School", 10).await;
        let mut tx = begin(&database).await;
        let gateway = Gateway {
            id: nth(80), name: "Main building".into(), token_hash: "ab".repeat(32), created_by: Some(nth(HEAD)), created_at: NOW, revoked_at: None, last_seen: None,
        };
        gateways::insert(&mut tx, &gateway).await.unwrap();
        assert_eq!(gateways::list(&mut tx).await.unwrap(), std::slice::from_ref(&gateway));
        tx.commit().await.unwrap();
        let entries = async || { let mut tx = read(&database).await; ledger::size(&mut tx).await.unwrap() };
        let before = entries().await;
        let seen = gateways::Seen {
            at: after(60), version: "0.1.0".into(), rules_tag: Some("abc".into()), rules_made_at: Some(after(30)), counters: [("blocked".to_owned(), 7)].into(),
        };
        let mut tx = begin(&database).await;
        gateways::seen(&mut tx, gateway.id, &seen).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(entries().await, before, "a heartbeat is nobody's act");
        let mut tx = begin(&database).await;
        assert_eq!(gateways::find(&mut tx, gateway.id).await.unwrap(), Some(Gateway { last_seen: Some(seen), ..gateway.clone() }));
        gateways::revoke(&mut tx, gateway.id).await.unwrap();
        assert!(gateways::list(&mut tx).await.unwrap().is_empty());
        assert_eq!(gateways::find(&mut tx, gateway.id).await.unwrap().unwrap().revoked_at, Some(NOW));
        assert!(matches!(gateways::revoke(&mut tx, gateway.id).await, Err(StoreError::Missing(_))), "it is over already");
        drop(tx);
        let mut elsewhere = database.store.read(id(OTHER)).await.unwrap();
        assert_eq!(gateways::find(&mut elsewhere, gateway.id).await.unwrap(), None, "another school's gateway is not there");
    }

    async fn a_report_is_kept_as_issued_and_acknowledged_once(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let report = IssuedReport {
            id: nth(60), from: "2026-01-01".parse().unwrap(), until: "2026-06-30".parse().unwrap(), content: serde_json::json!({"incidents": [{"kind": "x", "count": null}]}),
            issued_by: Some(nth(HEAD)), issued_at: NOW,
        };
        reports::insert(&mut tx, &report).await.unwrap();
        reports::acknowledge(&mut tx, report.id, nth(TEACHER)).await.unwrap();
        reports::acknowledge(&mut tx, report.id, nth(TEACHER)).await.unwrap();
        assert_eq!(reports::find(&mut tx, report.id).await.unwrap().as_ref(), Some(&report));
        assert_eq!(reports::list(&mut tx).await.unwrap(), std::slice::from_ref(&report));
        assert_eq!(reports::acknowledgements(&mut tx, report.id).await.unwrap(), [(nth(TEACHER), NOW)]);
    }

    async fn a_register_is_entered_and_read(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let entry = RegisterEntry {
            id: String::new(), register: "training".into(), on: "2026-09-02".parse().unwrap(), about: Some(nth(TEACHER)), by: Some(nth(HEAD)), entered_at: NOW,
            content: serde_json::json!({"what": "refresher"}),
        };
        let key = register_entries::insert(&mut tx, &entry).await.unwrap();
        register_entries::update(&mut tx, &key, &serde_json::json!({"what": "full course"})).await.unwrap();
        let kept = register_entries::list(&mut tx, "training").await.unwrap();
        assert_eq!(kept, [RegisterEntry { id: key, content: serde_json::json!({"what": "full course"}), ..entry }]);
        assert_eq!(register_entries::list_about(&mut tx, "training", nth(TEACHER)).await.unwrap(), kept);
        assert!(register_entries::list(&mut tx, "self-audit").await.unwrap().is_empty());
    }

    async fn an_approval_is_asked_for_and_answered_once(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let asked = Approval {
            id: String::new(), clause: "new-device".into(), subject: "a drone".into(), asked_by: nth(TEACHER), asked_at: NOW, reason: "science week".into(), decision: None,
        };
        let key = approvals::insert(&mut tx, &asked).await.unwrap();
        let decision = ApprovalDecision { granted: true, until: Some(after(60)), by: nth(HEAD), at: NOW, reason: "in the field only".into() };
        approvals::decide(&mut tx, &key, &decision).await.unwrap();
        assert!(matches!(approvals::decide(&mut tx, &key, &decision).await, Err(StoreError::Missing(_))));
        let expected = Approval { id: key, decision: Some(decision), ..asked };
        assert_eq!(approvals::list(&mut tx).await.unwrap(), std::slice::from_ref(&expected));
        assert_eq!(approvals::list_of_clause(&mut tx, "new-device").await.unwrap(), [expected]);
    }
}
