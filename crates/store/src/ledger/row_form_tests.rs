//! The form in which a row is committed, where a column was added after rows were committed without it: what stood before still
//! holds, and the new column is covered.

use super::{snapshot, verify};
use crate::Store;
use crate::schools::{self, School};
use crate::sql::bind;
use crate::tables::{SCHOOL_RULES, Table};
use crate::testing::{TestDatabase, entropy};
use belisha_records::{Actor, Identifier, SchoolCalendar, SchoolId};
use ed25519_dalek::SigningKey;
use jiff::Timestamp;
use sea_orm::{ConnectionTrait, Database};

/// The table as it was before a rule said whom it is for.
static WITHOUT_WHOM: Table = Table { name: "school_rules", columns: SCHOOL_RULES.columns, later: &[], children: &[] };

fn school() -> SchoolId {
    SchoolId::make(1, [1; 10])
}

async fn behind_its_back(url: &str, text: &str) {
    let connection = Database::connect(url).await.unwrap();
    let school = match url.starts_with("postgres") {
        true => format!("SELECT set_config('belisha.school', '{}', false); ", school()),
        false => String::new(),
    };
    connection.execute_unprepared(&(school + text)).await.unwrap();
    connection.close().await.unwrap();
}

/// A database as version 7 of the tables left it, with one rule that was committed in the form of that time. Answers the store
/// as the program of today opens it.
async fn written_before(database: &TestDatabase) -> Store {
    behind_its_back(&database.url, "ALTER TABLE school_rules DROP COLUMN audience_groups").await;
    behind_its_back(&database.url, "DELETE FROM schema_migrations WHERE number > 7").await;
    let now = Timestamp::UNIX_EPOCH;
    let record = School {
        id: school(),
        name: "Marlowe Bridge High School".into(),
        nation: belisha_policy::Nation::England,
        phase: belisha_policy::Phase::Secondary,
        calendar: SchoolCalendar {
            time_zone: "Europe/London".into(),
            terms: Vec::new(),
            closed: Vec::new(),
            day: Vec::new(),
            boarding: Vec::new(),
        },
        settings: serde_json::json!({}),
        created_at: now,
    };
    let mut tx = database.store.begin(&Actor::Command("test"), school(), now).await.unwrap();
    schools::insert(&mut tx, &record).await.unwrap();
    let text = "INSERT INTO school_rules (school_id, id, host, action, reason, owner_id, on_date) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let values =
        bind![school(), "old", "noise.example", "deny", "Plays sound", None::<String>, "2026-11-01".to_owned()];
    tx.execute(text, values).await.unwrap();
    tx.wrote(&WITHOUT_WHOM, "old", "made");
    tx.commit().await.unwrap();
    Store::open(&database.url, entropy()).await.unwrap()
}

async fn first_bad(store: &Store) -> Option<(String, String, Option<u64>)> {
    let mut tx = store.read(school()).await.unwrap();
    let key = SigningKey::from_bytes(&[42; 32]).verifying_key();
    let bad = verify(&mut tx, &key).await.unwrap().first_bad;
    bad.map(|bad| (bad.area, bad.subject, bad.index))
}

crate::both_databases! {
    async fn a_database_from_before_a_column_holds_and_so_does_what_is_written_after(database: TestDatabase) {
        let store = written_before(&database).await;
        assert_eq!(first_bad(&store).await, None, "old rows are what they were committed as");
        let mut tx = store.begin(&Actor::Command("test"), school(), Timestamp::UNIX_EPOCH).await.unwrap();
        let old = crate::school_rules::list(&mut tx).await.unwrap().remove(0);
        assert!(old.groups.is_empty(), "a rule from before is for everybody");
        let some = crate::school_rules::HostRule { host: "chess.example".into(), groups: vec!["pupil".into(), "year:7".into()], ..old.clone() };
        let new = crate::school_rules::insert(&mut tx, &some).await.unwrap();
        let everybody = crate::school_rules::HostRule { host: "maths.example".into(), ..old };
        let for_all = crate::school_rules::insert(&mut tx, &everybody).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(first_bad(&store).await, None);
        for (id, whom, before) in [("old", "'[\"pupil\"]'", "NULL"), (&for_all, "'[]'", "NULL"), (&new, "NULL", "'[\"pupil\",\"year:7\"]'"), (&new, "'[\"pupil\"]'", "'[\"pupil\",\"year:7\"]'")] {
            let put = |value: &str| format!("UPDATE school_rules SET audience_groups = {value} WHERE id = '{id}'");
            behind_its_back(&database.url, &put(whom)).await;
            let (area, subject, index) = first_bad(&store).await.unwrap();
            assert_eq!((area.as_str(), subject.as_str()), ("school_rules", id), "{whom}");
            assert!(index.is_some(), "the entry is named");
            behind_its_back(&database.url, &put(before)).await;
            assert_eq!(first_bad(&store).await, None, "put back, it is what it was");
        }
        store.close().await.unwrap();
    }

    async fn a_row_from_before_a_column_has_the_text_it_was_committed_with(database: TestDatabase) {
        let store = written_before(&database).await;
        let mut tx = store.begin(&Actor::Command("test"), school(), Timestamp::UNIX_EPOCH).await.unwrap();
        let form = |mut rows: std::collections::BTreeMap<String, String>| rows.remove("old").unwrap();
        let ids = ["old".to_owned()];
        let without = r#"{"action":"deny","host":"noise.example","on_date":"2026-11-01","owner_id":null,"reason":"Plays sound","removed_at":null}"#;
        assert_eq!(form(snapshot::rows(&mut tx, &SCHOOL_RULES, &ids).await.unwrap()), without);
        let text = "UPDATE school_rules SET audience_groups = $3 WHERE school_id = $1 AND id = $2";
        tx.execute(text, bind![school(), "old", "[\"pupil\"]"]).await.unwrap();
        let with = without.replacen("\"host\"", r#""audience_groups":"[\"pupil\"]","host""#, 1);
        assert_eq!(form(snapshot::rows(&mut tx, &SCHOOL_RULES, &ids).await.unwrap()), with);
        drop(tx);
        store.close().await.unwrap();
    }
}
