//! Numbered migrations: one text for both databases, and on PostgreSQL a last step that puts every table of a school under
//! row level security. A number is never changed once released; a change is a new number.

use crate::error::{Result, StoreError};
use crate::sql::Row;
use crate::tables;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};

const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "people and policies", include_str!("../migrations/0001_people_and_policies.sql")),
    (2, "records", include_str!("../migrations/0002_records.sql")),
    (3, "network", include_str!("../migrations/0003_network.sql")),
    (4, "device register", include_str!("../migrations/0004_device_register.sql")),
    (5, "lessons", include_str!("../migrations/0005_lessons.sql")),
    (6, "gateways", include_str!("../migrations/0006_gateways.sql")),
    (7, "activity known by", include_str!("../migrations/0007_activity_known_by.sql")),
    (8, "whom rules are for", include_str!("../migrations/0008_whom_rules_are_for.sql")),
];

/// Brings a database up to date, in one transaction: a program that is stopped half-way leaves the old tables.
pub(crate) async fn run(connection: &DatabaseConnection) -> Result<()> {
    let backend = connection.get_database_backend();
    let sqlite_transaction_mode = (backend == DbBackend::Sqlite).then_some(SqliteTransactionMode::Immediate);
    let transaction = connection
        .begin_with_options(TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() })
        .await?;
    if backend == DbBackend::Postgres {
        // Two servers that start at once: the second waits, then finds everything done. The number is any constant.
        transaction.execute_unprepared("SELECT pg_advisory_xact_lock(7306142)").await?;
        transaction.execute_unprepared("SET LOCAL client_min_messages = warning").await?;
    }
    let table = "CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)";
    transaction.execute_unprepared(table).await?;
    let newest = "SELECT COALESCE(MAX(number), 0) AS newest FROM schema_migrations";
    let row = transaction.query_one_raw(Statement::from_string(backend, newest)).await?;
    let newest = row.and_then(|row| row.try_get::<i64>("", "newest").ok()).unwrap_or(0);
    if MIGRATIONS.last().is_some_and(|(number, ..)| newest > *number) {
        return Err(StoreError::Corrupt(
            "tables of a newer Belisha; start that version, or restore a backup of this one".into(),
        ));
    }
    for (number, name, text) in MIGRATIONS.iter().filter(|(number, ..)| *number > newest) {
        transaction.execute_unprepared(text).await?;
        let done = Statement::from_sql_and_values(
            backend,
            "INSERT INTO schema_migrations (number, name) VALUES ($1, $2)",
            [(*number).into(), (*name).into()],
        );
        transaction.execute_raw(done).await?;
    }
    if backend == DbBackend::Postgres && MIGRATIONS.last().is_some_and(|(number, ..)| newest < *number) {
        for table in tables::of_a_school() {
            transaction.execute_unprepared(&row_level_security(table)).await?;
        }
    }
    Ok(transaction.commit().await?)
}

/// `FORCE` binds the table's owner too, which is the role Belisha connects with. Without a school set, no row matches.
fn row_level_security(table: &str) -> String {
    format!(
        "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; ALTER TABLE {table} FORCE ROW LEVEL SECURITY; \
         DROP POLICY IF EXISTS one_school ON {table}; CREATE POLICY one_school ON {table} \
         USING (school_id = current_setting('belisha.school', true)) \
         WITH CHECK (school_id = current_setting('belisha.school', true));"
    )
}

/// What the tables of a SQLite file are when nobody meddled: kind, name and text of everything in its schema, by name.
pub(crate) async fn expected_sqlite_schema() -> Result<Vec<(String, String, String)>> {
    let mut options = sea_orm::ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let memory = sea_orm::Database::connect(options).await?;
    run(&memory).await?;
    let rows = memory.query_all_raw(Statement::from_string(DbBackend::Sqlite, SQLITE_SCHEMA)).await?;
    let schema = rows.into_iter().map(|row| schema_row(&Row(row))).collect();
    memory.close().await?;
    schema
}

/// Asks a SQLite file for its schema, in the order of [`expected_sqlite_schema`].
pub(crate) const SQLITE_SCHEMA: &str = "SELECT type, name, COALESCE(sql, '') AS sql FROM sqlite_master WHERE name <> 'sqlite_sequence' ORDER BY name, type";

pub(crate) fn schema_row(row: &Row) -> Result<(String, String, String)> {
    Ok((row.text("type")?, row.text("name")?, row.text("sql")?))
}
