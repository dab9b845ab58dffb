//! Databases for tests, here and in the crates above (feature `testing`): every test runs on SQLite and on PostgreSQL.
//!
//! PostgreSQL is a temporary cluster, one for each test process, or the server that `BELISHA_TEST_POSTGRES` names (an
//! address of a role that may make roles and databases). Where neither is to be had a test says that it was skipped, and
//! fails when `CI=1`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "support for tests: what cannot be set up should stop the test"
)]

mod cluster;

use crate::{Entropy, Store};
use belisha_records::SchoolId;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement, TransactionTrait};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A database of a test's own.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    /// The open store.
    pub store: Store,
    /// Its address, to open it a second time.
    pub url: String,
}

impl TestDatabase {
    /// Every value of every column of every table that a school sees, as text: for tests of what must not be kept.
    pub async fn everything(&self, school: SchoolId) -> String {
        let connection = Database::connect(&self.url).await.expect("the database opens a second time");
        let transaction = connection.begin().await.unwrap();
        let backend = transaction.get_database_backend();
        let columns = match backend {
            DbBackend::Sqlite => {
                "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
            }
            _ => {
                let set = format!("SELECT set_config('belisha.school', '{school}', true)");
                transaction.execute_unprepared(&set).await.unwrap();
                "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = current_schema()"
            }
        };
        let mut everything = String::new();
        for column in transaction.query_all_raw(Statement::from_string(backend, columns)).await.unwrap() {
            let (table, column): (String, String) =
                (column.try_get("", "t").unwrap(), column.try_get("", "c").unwrap());
            let values = format!("SELECT CAST(\"{column}\" AS TEXT) AS v FROM \"{table}\"");
            for row in transaction.query_all_raw(Statement::from_string(backend, values)).await.unwrap() {
                let value: Option<String> = row.try_get("", "v").unwrap();
                everything.push_str(&format!("{table}.{column}: {}\n", value.unwrap_or_default()));
            }
        }
        transaction.rollback().await.unwrap();
        connection.close().await.unwrap();
        everything
    }
}

/// Random bytes that are the same in every run, and never twice the same in one.
pub fn entropy() -> Entropy {
    let state = AtomicU64::new(1);
    Arc::new(move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64 (Steele, Lea and Flood 2014).
            let mut mixed = state.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.iter_mut().zip((mixed ^ (mixed >> 31)).to_le_bytes()).for_each(|(to, from)| *to = from);
        }
    })
}

/// Runs a test on a SQLite file of its own.
pub fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(TestDatabase) -> F) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let url = format!("sqlite://{}", folder.path().join("belisha.db").display());
    runtime().block_on(async {
        let store = Store::open(&url, entropy()).await.expect("the database opens");
        test(TestDatabase { store: store.clone(), url }).await;
        store.close().await.expect("the database closes");
    });
}

/// Runs a test on a PostgreSQL database of its own, as a plain role that row level security binds.
pub fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(TestDatabase) -> F) {
    let Some(cluster) = cluster::shared() else {
        assert!(
            std::env::var("CI").as_deref() != Ok("1"),
            "PostgreSQL is not installed; install it or set BELISHA_TEST_POSTGRES"
        );
        eprintln!("skipped: PostgreSQL is not installed and BELISHA_TEST_POSTGRES is not set");
        return;
    };
    runtime().block_on(async {
        let (name, url) = cluster.new_database().await;
        let store = Store::open(&url, entropy()).await.expect("the database opens");
        test(TestDatabase { store: store.clone(), url }).await;
        store.close().await.expect("the database closes");
        cluster.drop_database(&name).await;
    });
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Runs each test on both databases: `both_databases! { async fn it_is_kept(database: TestDatabase) { … } }` becomes the tests
/// `it_is_kept::sqlite` and `it_is_kept::postgres`.
#[macro_export]
macro_rules! both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: $kind:ty) $body:block)+) => { $(
        $(#[$meta])*
        mod $name {
            use super::*;
            async fn test($database: $kind) $body
            #[test]
            fn sqlite() {
                $crate::testing::on_sqlite(test);
            }
            #[test]
            fn postgres() {
                $crate::testing::on_postgres(test);
            }
        }
    )+ };
}
