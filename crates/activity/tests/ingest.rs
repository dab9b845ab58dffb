//! Records go in and are kept, whatever happens to the database: whole stories of the ingest on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be set up should stop the test")]

use belisha_activity::*;
use belisha_policy::{Nation, Phase};
use belisha_records::{Actor, Danger, Identifier, Person, PersonId, PersonName, SchoolCalendar, SchoolId, Settlement};
use belisha_store::testing::{TestDatabase, entropy};
use belisha_store::{Entropy, Store, activity, alerts, both_databases, people, schools};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock};
use tokio::sync::mpsc;

const SETUP: Actor = Actor::Command("test");

/// One for all, so that no two ingests give their batches the same keys.
static RANDOM: LazyLock<Entropy> = LazyLock::new(entropy);

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}
fn school() -> SchoolId {
    SchoolId::make(1, [1; 10])
}
fn person(number: u8) -> PersonId {
    PersonId::make(1, [number; 10])
}

async fn set_up(store: &Store) {
    let calendar = SchoolCalendar {
        time_zone: "Europe/London".into(),
        terms: Vec::new(),
        closed: Vec::new(),
        day: Vec::new(),
        boarding: Vec::new(),
    };
    let entered = schools::School {
        id: school(),
        name: "Marlowe Bridge High School".into(),
        nation: Nation::England,
        phase: Phase::Secondary,
        calendar,
        settings: serde_json::json!({}),
        created_at: now(),
    };
    let mut tx = store.begin(&SETUP, school(), now()).await.unwrap();
    schools::insert(&mut tx, &entered).await.unwrap();
    for (number, audience) in [(1, belisha_policy::Audience::Pupil), (2, belisha_policy::Audience::Staff)] {
        let one = Person {
            id: person(number),
            school: school(),
            name: PersonName::new(format!("Person {number}")),
            audience,
            year_group: None,
            class: None,
            username: None,
            email: None,
            joined: "2026-09-01".parse().unwrap(),
            left: None,
        };
        people::insert(&mut tx, &one).await.unwrap();
    }
    tx.commit().await.unwrap();
}

fn visit(host: &str, seconds_ago: i64) -> ActivityRecord {
    ActivityRecord {
        at: now() - SignedDuration::from_secs(seconds_ago),
        school: school(),
        person: Some(person(1)),
        device: "10.0.0.7".into(),
        confidence: None,
        device_kind: None,
        group: "pupil".into(),
        host: host.into(),
        path: None,
        search_term: None,
        action: "allowed".into(),
        category: None,
        list: None,
        reason: "default".into(),
        bytes: None,
        note: None,
    }
}

fn searched(words: &str, seconds_ago: i64) -> ActivityRecord {
    ActivityRecord { search_term: Some(words.into()), ..visit("search.example", seconds_ago) }
}

fn spawn(store: &Store, data: &Path) -> (mpsc::Sender<ActivityRecord>, Ingest) {
    let (sender, receiver) = mpsc::channel(4096);
    (sender, Ingest::spawn(store.clone(), data.to_owned(), Arc::new(now), Arc::clone(&RANDOM), receiver))
}

async fn send_and_drain(store: &Store, data: &Path, records: Vec<ActivityRecord>) -> Arc<IngestFigures> {
    let (sender, ingest) = spawn(store, data);
    for record in records {
        sender.send(record).await.unwrap();
    }
    let figures = Arc::clone(ingest.figures());
    ingest.drain().await;
    figures
}

async fn stored(store: &Store) -> Vec<activity::Visit> {
    let mut tx = store.read(school()).await.unwrap();
    activity::list_between(
        &mut tx,
        None,
        now() - SignedDuration::from_hours(48),
        now() + SignedDuration::from_hours(1),
        10_000,
    )
    .await
    .unwrap()
}

async fn raised(store: &Store) -> Vec<belisha_records::Alert> {
    let mut tx = store.read(school()).await.unwrap();
    alerts::list_between(&mut tx, Timestamp::UNIX_EPOCH, Timestamp::MAX).await.unwrap()
}

both_databases! {
    async fn a_batch_of_a_gateway_elsewhere_is_stored_once_with_its_alerts(database: TestDatabase) {
        set_up(&database.store).await;
        let batches = Batches::new(database.store.clone());
        let records = vec![visit("maths.example", 9), visit("www.childline.org.uk", 8), searched("how to kill myself", 5)];
        for _ in 0..2 {
            batches.store(school(), "gateway:one", records.clone(), now()).await.unwrap();
        }
        assert_eq!(stored(&database.store).await.len(), 2, "the helpline left no trace, and nothing is there twice");
        assert_eq!(raised(&database.store).await.len(), 1);
        let foreign = ActivityRecord { school: SchoolId::make(1, [9; 10]), ..visit("maths.example", 1) };
        let refused = batches.store(school(), "gateway:two", vec![visit("poems.example", 1), foreign], now()).await;
        assert!(matches!(refused, Err(belisha_store::StoreError::Conflict(_))), "{refused:?}");
        assert!(batches.store(school(), "gateway:three", Vec::new(), now()).await.is_ok());
    }

    async fn everything_sent_is_stored_in_batches_and_drained_at_the_end(database: TestDatabase) {
        set_up(&database.store).await;
        let data = tempfile::tempdir().unwrap();
        let records = (0..1234).map(|number| visit(&format!("site{number}.example"), number)).collect();
        let figures = send_and_drain(&database.store, data.path(), records).await;
        assert_eq!(stored(&database.store).await.len(), 1234);
        assert_eq!(figures.stored.load(Ordering::Relaxed), 1234);
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0);
    }

    async fn a_helpline_leaves_no_row_and_illegal_content_no_host(database: TestDatabase) {
        set_up(&database.store).await;
        let data = tempfile::tempdir().unwrap();
        let illegal = ActivityRecord { reason: "illegal".into(), category: Some("illegal".into()), action: "blocked".into(), ..searched("secret words", 5) };
        let records = vec![visit("www.childline.org.uk", 10), ActivityRecord { host: "bad.example".into(), ..illegal }];
        let figures = send_and_drain(&database.store, data.path(), records).await;
        assert_eq!(figures.withheld.load(Ordering::Relaxed), 1);
        let rows = stored(&database.store).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].host.as_str(), &rows[0].search_term), ("", &None));
        let alerts = raised(&database.store).await;
        assert_eq!(alerts.len(), 1);
        assert_eq!((alerts[0].danger, alerts[0].host.as_str(), alerts[0].excerpt.as_str()), (Danger::Urgent, "", "illegal"));
    }

    async fn the_same_worry_within_ten_minutes_counts_up_and_a_settled_alert_stays_settled(database: TestDatabase) {
        set_up(&database.store).await;
        let data = tempfile::tempdir().unwrap();
        let words = "how to kill myself";
        send_and_drain(&database.store, data.path(), vec![searched(words, 300), searched(words, 200), searched(words, 100)]).await;
        let first = raised(&database.store).await;
        assert_eq!(first.len(), 1, "{first:?}");
        assert!(first[0].excerpt.starts_with(words) && first[0].excerpt.contains("3 times"), "{}", first[0].excerpt);

        let (sender, ingest) = spawn(&database.store, data.path());
        sender.send(searched(words, 90)).await.unwrap();
        let stored = async {
            while ingest.figures().stored.load(Ordering::Relaxed) < 1 {
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), stored).await.expect("the batch is stored");
        let standing = raised(&database.store).await;
        let mut tx = database.store.begin(&Actor::Person(person(2)), school(), now()).await.unwrap();
        for alert in &standing {
            let settlement = Settlement::Dismissed { reason: "homework".into(), by: person(2), at: now() };
            alerts::settle(&mut tx, alert.id, &settlement).await.unwrap();
        }
        tx.commit().await.unwrap();
        sender.send(searched(words, 80)).await.unwrap();
        ingest.drain().await;
        let open = raised(&database.store).await.into_iter().filter(|alert| alert.settled.is_none()).count();
        assert_eq!(open, 1, "a sight after the alert was settled is an alert of its own");
    }

    async fn while_the_database_is_away_batches_wait_on_disk_and_are_stored_once_when_it_is_back(database: TestDatabase) {
        set_up(&database.store).await;
        let data = tempfile::tempdir().unwrap();
        let away = Store::open(&database.url, entropy()).await.unwrap();
        away.clone().close().await.unwrap();
        let figures = send_and_drain(&away, data.path(), (0..700).map(|number| visit("waiting.example", number)).collect()).await;
        assert_eq!((figures.spilled.load(Ordering::Relaxed), figures.lost.load(Ordering::Relaxed)), (700, 0));
        assert_eq!(stored(&database.store).await.len(), 0);
        // As after kill -9 between storing a batch and noting that it is stored: the file is still whole on the next start.
        let spill = std::fs::read(data.path().join("activity.spill")).unwrap();
        send_and_drain(&database.store, data.path(), vec![visit("later.example", 1)]).await;
        assert_eq!(stored(&database.store).await.len(), 701);
        std::fs::write(data.path().join("activity.spill"), spill).unwrap();
        send_and_drain(&database.store, data.path(), Vec::new()).await;
        assert_eq!(stored(&database.store).await.len(), 701, "a batch was stored twice");
    }

    async fn a_batch_the_database_refuses_for_good_does_not_hold_up_the_others(database: TestDatabase) {
        set_up(&database.store).await;
        let data = tempfile::tempdir().unwrap();
        let stranger = ActivityRecord { school: SchoolId::make(9, [9; 10]), ..visit("nowhere.example", 5) };
        let figures = send_and_drain(&database.store, data.path(), vec![stranger, visit("here\0.example", 1)]).await;
        assert_eq!(stored(&database.store).await.len(), 1);
        assert_eq!(figures.lost.load(Ordering::Relaxed), 1);
        assert!(data.path().join("activity.refused").exists());
    }

    async fn named_rows_go_in_the_time_the_policy_says_and_hourly_figures_outlive_them(database: TestDatabase) {
        set_up(&database.store).await;
        let data = tempfile::tempdir().unwrap();
        let closed = |seconds_ago| ActivityRecord { action: "blocked".into(), category: Some("games".into()), reason: "category".into(), ..visit("play.example", seconds_ago) };
        let hours = 3600;
        let records = vec![visit("a.example", 100), closed(90), closed(80), searched("how to kill myself", 70), closed(30 * hours), visit("b.example", 30 * hours)];
        send_and_drain(&database.store, data.path(), records).await;
        let source = "{nation=\"england\" phase=\"secondary\"}\n# Policy\n\n## Records\n\n{#keep-open .retention kind=\"activity-named\" keep=\"1-days\"}\nNamed activity is kept for a day.\n\n{#keep-closed .retention kind=\"activity-blocked\" keep=\"2-days\"}\nBlocked requests are kept for two days.\n";
        let compiled = belisha_policy::compile(source, "2026-11-20".parse().unwrap());
        let policy = compiled.policy.unwrap_or_else(|| panic!("{:?}", compiled.findings));
        let purged = purge(&database.store, school(), &policy, now()).await.unwrap();
        assert_eq!((purged.allowed, purged.blocked, purged.alerts), (Some(1), Some(0), None));
        assert_eq!(stored(&database.store).await.len(), 5);
        let purged = purge(&database.store, school(), &policy, now() + SignedDuration::from_hours(24)).await.unwrap();
        assert_eq!((purged.allowed, purged.blocked), (Some(2), Some(1)));
        let mut tx = database.store.read(school()).await.unwrap();
        let figures = activity::figures(&mut tx, now() - SignedDuration::from_hours(7 * 24), now() + SignedDuration::from_hours(1)).await.unwrap();
        let closed: u64 = figures.iter().filter(|hour| hour.action == "blocked").map(|hour| hour.requests).sum();
        assert_eq!((figures.iter().map(|hour| hour.requests).sum::<u64>(), closed), (6, 3));
    }
}
