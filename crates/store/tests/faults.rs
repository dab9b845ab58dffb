//! What goes wrong outside: a locked database, a full disk, a file that is no database, a server that is not there, a byte
//! that changed in the file. Each gets a clear answer and nothing is half-written.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod school;

use belisha_store::testing::{TestDatabase, entropy, on_sqlite};
use belisha_store::{Store, StoreError, incidents, ledger, people};
use school::*;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};

fn path_of(database: &TestDatabase) -> std::path::PathBuf {
    database.url.strip_prefix("sqlite://").unwrap().into()
}

#[test]
fn what_was_acknowledged_is_in_the_file_before_it_is_acknowledged() {
    on_sqlite(async |database: TestDatabase| {
        let connection = Database::connect(&database.url).await.unwrap();
        let row = connection
            .query_one_raw(sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA journal_mode"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.try_get::<String>("", "journal_mode").unwrap(), "wal");
        connection.close().await.unwrap();
        settle(&database).await;
        // A copy of the files as a killed process would leave them: the store is still open and was never closed.
        let folder = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let from = format!("{}{suffix}", path_of(&database).display());
            std::fs::copy(&from, folder.path().join(format!("copy.db{suffix}"))).unwrap();
        }
        let copy =
            Store::open(&format!("sqlite://{}", folder.path().join("copy.db").display()), entropy()).await.unwrap();
        let mut tx = copy.read(school()).await.unwrap();
        assert_eq!(people::list(&mut tx).await.unwrap().len(), 4);
        drop(tx);
        copy.close().await.unwrap();
    });
}

/// A second program's connection that waits for nobody and may not let the file grow.
async fn impatient(database: &TestDatabase) -> DatabaseConnection {
    let mut options = ConnectOptions::new(&database.url);
    options
        .max_connections(1)
        .map_sqlx_sqlite_opts(|options| options.busy_timeout(std::time::Duration::ZERO).pragma("max_page_count", "1"));
    Database::connect(options).await.unwrap()
}

#[test]
fn a_full_disk_and_a_held_lock_are_told_apart() {
    on_sqlite(async |database: TestDatabase| {
        settle(&database).await;
        let other = impatient(&database).await;
        let much = "INSERT INTO counters (school_id, name, value) SELECT id, HEX(RANDOMBLOB(100000)), 1 FROM people";
        let full = StoreError::from(other.execute_unprepared(much).await.unwrap_err());
        assert!(matches!(full, StoreError::Full), "{full:?}");
        let held = begin(&database).await;
        let busy = StoreError::from(other.execute_unprepared("DELETE FROM counters").await.unwrap_err());
        assert!(matches!(busy, StoreError::Busy), "{busy:?}");
        drop(held);
        other.close().await.unwrap();
    });
}

#[test]
fn a_file_that_is_no_database_is_called_so() {
    on_sqlite(async |_database: TestDatabase| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter.db");
        std::fs::write(&path, "Dear parents, ".repeat(1000)).unwrap();
        let refused = Store::open(&format!("sqlite://{}", path.display()), entropy()).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "Dear parents, ".repeat(1000),
            "somebody's file was touched"
        );
    });
}

#[test]
fn a_place_that_is_not_there_is_called_unreachable() {
    on_sqlite(async |_database: TestDatabase| {
        for url in ["sqlite:///nowhere/at/all/belisha.db", "mysql://other", "belisha.db", "sqlite:///proc/belisha.db"] {
            let refused = Store::open(url, entropy()).await.unwrap_err();
            assert!(matches!(refused, StoreError::Unreachable(_)), "{url}: {refused:?}");
        }
    });
}

/// Every byte of a record's words, as it lies in the file: whichever is changed, the change is found.
#[test]
fn any_byte_of_a_records_words_changed_in_the_file_is_found() {
    on_sqlite(async |database: TestDatabase| {
        settle(&database).await;
        let mut tx = begin(&database).await;
        incidents::insert(&mut tx, &incident(50, 1, None)).await.unwrap();
        tx.commit().await.unwrap();
        database.store.clone().close().await.unwrap();
        let whole = std::fs::read(path_of(&database)).unwrap();
        let words = b"A pupil got round the filter.";
        let start = whole.windows(words.len()).position(|window| window == words).expect("the words are in the file");
        let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
        for place in (start..start + words.len()).step_by(4) {
            let mut bytes = whole.clone();
            bytes[place] ^= 2;
            std::fs::write(path_of(&database), &bytes).unwrap();
            let store = Store::open(&database.url, entropy()).await.unwrap();
            let mut tx = store.read(school()).await.unwrap();
            let bad = ledger::verify(&mut tx, &key).await.unwrap().first_bad.unwrap();
            assert_eq!((bad.area.as_str(), bad.index), ("incidents", Some(5)), "byte {place}");
            drop(tx);
            store.close().await.unwrap();
        }
    });
}

#[test]
fn a_trigger_put_into_the_file_is_found() {
    on_sqlite(async |database: TestDatabase| {
        settle(&database).await;
        let connection = Database::connect(&database.url).await.unwrap();
        let trigger = "CREATE TRIGGER quiet AFTER INSERT ON alerts BEGIN DELETE FROM alerts WHERE id = NEW.id; END";
        connection.execute_unprepared(trigger).await.unwrap();
        connection.close().await.unwrap();
        let mut tx = read(&database).await;
        let key = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
        let bad = ledger::verify(&mut tx, &key).await.unwrap().first_bad.unwrap();
        assert_eq!((bad.area.as_str(), bad.subject.as_str()), ("database schema", "quiet"));
    });
}
