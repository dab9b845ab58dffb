//! The ledger in plain words: every write is in it, it proves itself, and it names what was changed behind its back.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod school;

use belisha_records::*;
use belisha_store::ledger::{self, BadEntry, Verification};
use belisha_store::testing::TestDatabase;
use belisha_store::{activity, both_databases, credentials, incidents, people, sessions};
use ed25519_dalek::SigningKey;
use school::*;
use sea_orm::{ConnectionTrait, Database};

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

async fn verify(database: &TestDatabase) -> Verification {
    let mut tx = read(database).await;
    ledger::verify(&mut tx, &key().verifying_key()).await.unwrap()
}

/// Does something to the database behind Belisha's back, as whoever holds the file or the password can.
async fn tamper(database: &TestDatabase, text: &str) {
    let connection = Database::connect(&database.url).await.unwrap();
    let sets = format!("SELECT set_config('belisha.school', '{SCHOOL}', false)");
    let mut changed = 0;
    if database.url.starts_with("postgres") {
        connection.execute_unprepared(&format!("{sets}; {text}")).await.unwrap();
    } else {
        changed = connection.execute_unprepared(text).await.unwrap().rows_affected();
    }
    assert!(database.url.starts_with("postgres") || changed > 0, "nothing was changed by: {text}");
    connection.close().await.unwrap();
}

/// A school with some history, and a checkpoint over it.
async fn with_history(database: &TestDatabase) {
    settle(database).await;
    let mut tx = begin(database).await;
    credentials::set_password_hash(&mut tx, nth(PUPIL), "$argon2id$example").await.unwrap();
    sessions::insert(&mut tx, nth(PUPIL), "token", NOW + jiff::SignedDuration::from_hours(1)).await.unwrap();
    incidents::insert(&mut tx, &incident(50, 1, None)).await.unwrap();
    incidents::note_viewed(&mut tx, nth(50)).await.unwrap();
    let visit = activity::Visit {
        at: NOW,
        person: Some(nth(PUPIL)),
        device: "10.0.0.7".into(),
        confidence: None,
        device_kind: None,
        group: "pupil".into(),
        host: "maths.example".into(),
        path: None,
        search_term: Some("prime numbers".into()),
        action: "allowed".into(),
        category: None,
        reason: "default".into(),
    };
    assert!(activity::insert_batch(&mut tx, "first", &[visit.clone(), visit]).await.unwrap());
    ledger::checkpoint(&mut tx, &key()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn first_bad(database: &TestDatabase) -> BadEntry {
    verify(database).await.first_bad.unwrap()
}

async fn index_of(database: &TestDatabase, area: &str) -> u64 {
    let mut tx = read(database).await;
    ledger::entries(&mut tx, None, 100).await.unwrap().iter().find(|entry| entry.area == area).unwrap().index
}

both_databases! {
    async fn every_write_is_an_entry_and_the_whole_holds(database: TestDatabase) {
        with_history(&database).await;
        let found = verify(&database).await;
        assert_eq!(found.first_bad, None);
        assert!(found.checkpoint_ok);
        // A school, four people, a password, a session, an incident, its event, a batch of activity.
        assert_eq!((found.entries, found.checkpoints, found.records), (10, 1, 10));
        let mut tx = read(&database).await;
        let entries = ledger::entries(&mut tx, None, 100).await.unwrap();
        assert_eq!((entries[0].area.as_str(), entries[0].verb.as_str()), ("activity_batches", "stored"));
        assert_eq!(entries[0].actor, format!("person:{}", nth::<PersonId>(HEAD)));
        let text = serde_json::to_string(&entries).unwrap();
        assert!(!text.contains("Reed") && !text.contains("filter"), "an entry tells what it is about");
    }

    async fn a_transaction_that_is_not_committed_leaves_nothing(database: TestDatabase) {
        settle(&database).await;
        let before = verify(&database).await;
        let mut tx = begin(&database).await;
        incidents::insert(&mut tx, &incident(50, 1, None)).await.unwrap();
        drop(tx);
        let mut tx = begin(&database).await;
        incidents::insert(&mut tx, &incident(51, 1, None)).await.unwrap();
        tx.rollback().await.unwrap();
        assert_eq!(verify(&database).await, before);
    }

    async fn a_changed_word_of_a_record_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "UPDATE incidents SET description = 'A pupil got round the filter!'").await;
        let bad = first_bad(&database).await;
        assert_eq!((bad.index, bad.area.as_str()), (Some(index_of(&database, "incidents").await), "incidents"));
        assert_eq!(bad.subject, nth::<IncidentId>(50).to_string());
    }

    async fn a_changed_part_of_an_involved_person_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "UPDATE involvements SET part = 'reporter' WHERE part = 'witness'").await;
        assert_eq!(first_bad(&database).await.area, "incidents");
    }

    async fn a_changed_visit_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "UPDATE activity SET host = 'chess.example' WHERE position = 1").await;
        let bad = first_bad(&database).await;
        assert_eq!((bad.index, bad.area.as_str()), (Some(index_of(&database, "activity_batches").await), "activity"));
    }

    async fn a_removed_record_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "DELETE FROM incident_events").await;
        assert_eq!(first_bad(&database).await.area, "incident_events");
    }

    async fn a_record_put_in_by_hand_is_named(database: TestDatabase) {
        with_history(&database).await;
        let text = format!("INSERT INTO classes (school_id, id, name, year_group) VALUES ('{SCHOOL}', 'x', '9C', '9')");
        tamper(&database, &text).await;
        let bad = first_bad(&database).await;
        assert_eq!((bad.index, bad.area.as_str()), (None, "classes"));
    }

    async fn a_sign_in_name_that_leads_to_somebody_else_is_named(database: TestDatabase) {
        with_history(&database).await;
        let (head, pupil) = (nth::<PersonId>(HEAD), nth::<PersonId>(PUPIL));
        tamper(&database, &format!("UPDATE directory_usernames SET person_id = '{pupil}' WHERE person_id = '{head}'")).await;
        assert_eq!(first_bad(&database).await.area, "directory_usernames");
    }

    async fn a_changed_entry_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "UPDATE ledger_entries SET actor = 'job:nobody' WHERE position = 3").await;
        assert_eq!(first_bad(&database).await.index, Some(3));
    }

    async fn a_changed_time_of_an_entry_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "UPDATE ledger_entries SET at = at + 1 WHERE position = 2").await;
        assert_eq!(first_bad(&database).await.index, Some(2));
    }

    async fn an_entry_replaced_with_its_leaf_no_longer_fits_the_checkpoint(database: TestDatabase) {
        with_history(&database).await;
        let mut tx = read(&database).await;
        let mut entry = ledger::entries(&mut tx, None, 100).await.unwrap().pop().unwrap();
        drop(tx);
        entry.actor = "command:forged".into();
        let leaf: String = ledger::merkle::leaf_hash(&entry.bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        tamper(&database, &format!("UPDATE ledger_entries SET actor = 'command:forged', leaf = '{leaf}' WHERE position = 0")).await;
        let found = verify(&database).await;
        assert!(!found.checkpoint_ok);
        assert_eq!(found.first_bad.unwrap().area, "ledger_checkpoints");
    }

    async fn a_missing_entry_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "DELETE FROM ledger_entries WHERE position = 4").await;
        assert_eq!(first_bad(&database).await.index, Some(4));
    }

    async fn entries_cut_off_at_the_end_are_missed(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "DELETE FROM ledger_entries WHERE position = 9").await;
        let found = verify(&database).await;
        assert!(!found.checkpoint_ok);
        assert_eq!(found.first_bad.unwrap().index, Some(8));
    }

    async fn a_changed_salt_is_named(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "DELETE FROM ledger_salts WHERE area = 'people'").await;
        assert_eq!(first_bad(&database).await.area, "people");
    }

    async fn a_changed_checkpoint_is_found(database: TestDatabase) {
        with_history(&database).await;
        tamper(&database, "UPDATE ledger_checkpoints SET note = REPLACE(note, 'belisha', 'belishA')").await;
        let found = verify(&database).await;
        assert!(!found.checkpoint_ok);
        assert_eq!(found.first_bad.unwrap().area, "ledger_checkpoints");
    }

    async fn another_key_did_not_sign(database: TestDatabase) {
        with_history(&database).await;
        let mut tx = read(&database).await;
        let other = SigningKey::from_bytes(&[1; 32]).verifying_key();
        assert!(!ledger::verify(&mut tx, &other).await.unwrap().checkpoint_ok);
    }

    async fn what_is_erased_leaves_a_log_that_holds(database: TestDatabase) {
        with_history(&database).await;
        let mut tx = begin(&database).await;
        incidents::remove(&mut tx, nth(50)).await.unwrap();
        assert_eq!(activity::purge(&mut tx, activity::KeptAs::Allowed, NOW + jiff::SignedDuration::from_secs(1), 10).await.unwrap(), 2);
        tx.commit().await.unwrap();
        let found = verify(&database).await;
        assert_eq!(found.first_bad, None);
        assert_eq!((found.entries, found.records), (13, 7));
    }

    async fn proofs_from_the_stored_log_hold(database: TestDatabase) {
        with_history(&database).await;
        let mut tx = begin(&database).await;
        let old = ledger::size(&mut tx).await.unwrap();
        incidents::insert(&mut tx, &incident(51, 2, None)).await.unwrap();
        let signed = ledger::checkpoint(&mut tx, &key()).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = read(&database).await;
        let proof = ledger::prove_latest(&mut tx, "incidents", &nth::<IncidentId>(51).to_string()).await.unwrap().unwrap();
        assert!(proof.holds());
        assert_eq!((proof.size, proof.root), (signed.size, signed.root));
        let grown = ledger::consistency_proof(&mut tx, old, signed.size).await.unwrap();
        assert!(grown.holds());
        assert_eq!(ledger::check_note(&signed.note, &ledger::origin(school()), &key().verifying_key()), Some(signed));
        assert!(ledger::inclusion_proof(&mut tx, 99, 11).await.is_err());
    }

    async fn a_log_that_did_not_grow_keeps_its_checkpoint(database: TestDatabase) {
        with_history(&database).await;
        let mut tx = begin(&database).await;
        let first = ledger::checkpoint(&mut tx, &key()).await.unwrap();
        let second = ledger::checkpoint(&mut tx, &key()).await.unwrap();
        assert_eq!(first, second);
        tx.commit().await.unwrap();
        assert_eq!(verify(&database).await.checkpoints, 1);
    }

    async fn two_writers_at_once_make_one_log(database: TestDatabase) {
        settle(&database).await;
        let mut writers = Vec::new();
        for n in 0..8_u8 {
            let store = database.store.clone();
            writers.push(tokio::spawn(async move {
                for turn in 0..5_u8 {
                    let mut tx = store.begin(&belisha_records::Actor::Job("writer"), school(), NOW).await.unwrap();
                    let n = 100 + n * 5 + turn;
                    people::insert(&mut tx, &person(school(), n, "Somebody", belisha_policy::Audience::Staff)).await.unwrap();
                    tx.commit().await.unwrap();
                }
            }));
        }
        for writer in writers {
            writer.await.unwrap();
        }
        let found = verify(&database).await;
        assert_eq!((found.first_bad, found.entries), (None, 45));
    }
}
