//! Opening a database and beginning transactions. What a transaction may then do is in `transaction`.

use crate::error::{Result, StoreError};
use crate::migrations;
use crate::transaction::{Mode, Tx};
use belisha_records::{Actor, SchoolId};
use jiff::Timestamp;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, IsolationLevel,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};
use std::sync::Arc;
use std::time::Duration;

/// Fills a slice with random bytes. Given by the binary, so that a test can make every id the same each time.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// How long a writer waits for the writer before it.
const PATIENCE: Duration = Duration::from_secs(15);
/// Connections that only read, beside the one that writes (SQLite), or all connections (PostgreSQL).
const READERS: u32 = 4;

/// A database of one or many schools. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    entropy: Entropy,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Store({:?})", self.writer.get_database_backend())
    }
}

impl Store {
    /// Opens a database and brings its tables up to date. `url` is `sqlite:///var/lib/belisha/belisha.db` (made when it is
    /// not there) or `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// `Unreachable` when it cannot be opened, `Corrupt` when the file is no database or was written by a newer program.
    pub async fn open(url: &str, entropy: Entropy) -> Result<Self> {
        let (writer, reader) = if url.starts_with("sqlite:") {
            let writer = sqlite(url, 1, false).await?;
            migrations::run(&writer).await?;
            (writer, sqlite(url, READERS, true).await?)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let pool = postgres(url).await?;
            migrations::run(&pool).await?;
            (pool.clone(), pool)
        } else {
            return Err(StoreError::Unreachable("an address starts with `sqlite:` or `postgres:`".into()));
        };
        let store = Self { writer, reader, entropy };
        if !store.second_wall().await? && store.backend() == DbBackend::Postgres {
            tracing::warn!(
                "this PostgreSQL role bypasses row level security; give Belisha a plain role that owns its database"
            );
        }
        Ok(store)
    }

    /// Begins a transaction that writes for one school. Every write in it is the actor's, at `now`. It is undone unless
    /// [`Tx::commit`] is called. On SQLite one writer works at a time: never hold two in one task.
    ///
    /// # Errors
    /// `Busy` after 15 seconds of waiting for another writer; `Unreachable`.
    pub async fn begin(&self, actor: &Actor, school: SchoolId, now: Timestamp) -> Result<Tx> {
        self.start(&self.writer, Mode::Write { school, actor: actor.clone() }, now).await
    }

    /// Begins a transaction above the schools: the list of schools, who signs in with which name, failed sign-ins.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_installation(&self, actor: &Actor, now: Timestamp) -> Result<Tx> {
        self.start(&self.writer, Mode::Installation { actor: actor.clone() }, now).await
    }

    /// Begins a transaction that only reads one school, and sees one moment of it.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn read(&self, school: SchoolId) -> Result<Tx> {
        self.start(&self.reader, Mode::Read { school: Some(school) }, Timestamp::UNIX_EPOCH).await
    }

    /// Begins a transaction that only reads what is above the schools.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn read_installation(&self) -> Result<Tx> {
        self.start(&self.reader, Mode::Read { school: None }, Timestamp::UNIX_EPOCH).await
    }

    /// Whether the database itself also keeps schools apart: PostgreSQL under a role that row level security binds.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn second_wall(&self) -> Result<bool> {
        if self.backend() == DbBackend::Sqlite {
            return Ok(false);
        }
        let text = "SELECT (rolsuper OR rolbypassrls) AS bypasses FROM pg_roles WHERE rolname = current_user";
        let row = self.reader.query_one_raw(Statement::from_string(DbBackend::Postgres, text)).await?;
        Ok(row.and_then(|row| row.try_get::<bool>("", "bypasses").ok()) == Some(false))
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Closes every connection; on SQLite this also folds the write-ahead log into the file.
    ///
    /// # Errors
    /// `Unreachable`.
    pub async fn close(self) -> Result<()> {
        self.reader.close_by_ref().await?;
        self.writer.close_by_ref().await?;
        Ok(())
    }

    async fn start(&self, connection: &DatabaseConnection, mode: Mode, now: Timestamp) -> Result<Tx> {
        let backend = connection.get_database_backend();
        let reads = matches!(mode, Mode::Read { .. });
        let options = match backend {
            // A reader sees one moment; a writer re-reads after it got the ledger's lock.
            DbBackend::Postgres if reads => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                sqlite_transaction_mode: None,
            },
            DbBackend::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::ReadCommitted),
                ..TransactionOptions::default()
            },
            _ => TransactionOptions {
                sqlite_transaction_mode: Some(if reads {
                    SqliteTransactionMode::Deferred
                } else {
                    SqliteTransactionMode::Immediate
                }),
                ..TransactionOptions::default()
            },
        };
        let inner = connection.begin_with_options(options).await?;
        if backend == DbBackend::Postgres {
            let school = mode.school().map(|school| school.to_string()).unwrap_or_default();
            let text = "SELECT set_config('belisha.school', $1, true)";
            inner.execute_raw(Statement::from_sql_and_values(backend, text, [school.into()])).await?;
        }
        Ok(Tx::new(inner, backend, mode, now, Arc::clone(&self.entropy)))
    }
}

/// SQLite: the write-ahead log so that readers never wait, and `FULL` so that what was acknowledged survives a power cut
/// (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
async fn sqlite(url: &str, connections: u32, reads: bool) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .test_before_acquire(false)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |options: SqliteConnectOptions| {
            options
                .create_if_missing(!reads)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(PATIENCE)
                .statement_cache_capacity(200)
                // What is erased is overwritten, not only let go of.
                .pragma("secure_delete", "ON")
                .pragma("query_only", if reads { "ON" } else { "OFF" })
        });
    Ok(Database::connect(options).await?)
}

async fn postgres(url: &str) -> Result<DatabaseConnection> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(READERS * 2)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .map_sqlx_postgres_opts(|options| options.application_name("belisha").options([("lock_timeout", "15s")]));
    match Database::connect(options).await.map_err(StoreError::from) {
        // The pool tries a server that refuses until its patience is over.
        Err(StoreError::Busy) => Err(StoreError::Unreachable("no answer within 15 seconds".into())),
        connected => connected,
    }
}
