//! What keeps schools apart: the school in every query, and on PostgreSQL row level security under it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod school;

use belisha_records::*;
use belisha_store::testing::{TestDatabase, on_postgres};
use belisha_store::{StoreError, both_databases, people, schools};
use school::*;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};

both_databases! {
    async fn a_school_does_not_find_another_schools_person(database: TestDatabase) {
        settle(&database).await;
        settle_as(&database, id(OTHER), "Inverbrae Primary School", 10).await;
        let mut tx = read(&database).await;
        assert!(people::find(&mut tx, nth(PUPIL)).await.unwrap().is_some());
        assert_eq!(people::find(&mut tx, nth(10 + PUPIL)).await.unwrap(), None);
        assert_eq!(people::list(&mut tx).await.unwrap().len(), 4);
        assert_eq!(people::find_by_username(&mut tx, "person13").await.unwrap(), None);
        let mut above = database.store.read_installation().await.unwrap();
        assert_eq!(schools::list(&mut above).await.unwrap().len(), 2);
        let found = people::locate_username(&mut above, "PERSON13").await.unwrap();
        assert_eq!(found, Some((id(OTHER), nth(10 + PUPIL))));
    }

    async fn a_transaction_writes_only_its_own_school(database: TestDatabase) {
        settle(&database).await;
        let mut tx = begin(&database).await;
        let foreign = person(id(OTHER), 77, "Somebody", belisha_policy::Audience::Staff);
        assert!(matches!(people::insert(&mut tx, &foreign).await, Err(StoreError::ReadOnly(_))));
    }

    async fn a_transaction_that_reads_cannot_write(database: TestDatabase) {
        settle(&database).await;
        let mut tx = read(&database).await;
        let new = person(school(), 77, "Somebody", belisha_policy::Audience::Staff);
        assert!(matches!(people::insert(&mut tx, &new).await, Err(StoreError::ReadOnly("people"))));
        let mut tx = database.store.begin_installation(&Actor::Command("test"), NOW).await.unwrap();
        assert!(matches!(people::insert(&mut tx, &new).await, Err(StoreError::ReadOnly("people"))));
    }

    async fn a_database_is_opened_twice_and_keeps_what_it_has(database: TestDatabase) {
        settle(&database).await;
        let again = belisha_store::Store::open(&database.url, belisha_store::testing::entropy()).await.unwrap();
        let mut tx = again.read(school()).await.unwrap();
        assert_eq!(people::list(&mut tx).await.unwrap().len(), 4);
        drop(tx);
        again.close().await.unwrap();
    }

    async fn tables_of_a_newer_program_are_left_alone(database: TestDatabase) {
        let connection = Database::connect(&database.url).await.unwrap();
        connection.execute_unprepared("INSERT INTO schema_migrations (number, name) VALUES (9000, 'later')").await.unwrap();
        connection.close().await.unwrap();
        let refused = belisha_store::Store::open(&database.url, belisha_store::testing::entropy()).await;
        assert!(matches!(refused, Err(StoreError::Corrupt(text)) if text.contains("newer")));
    }
}

#[test]
fn on_postgresql_the_database_itself_shows_a_role_no_other_school() {
    on_postgres(async |database: TestDatabase| {
        settle(&database).await;
        settle_as(&database, id(OTHER), "Inverbrae Primary School", 10).await;
        assert!(
            database.store.second_wall().await.unwrap(),
            "the tests must not run as a role that bypasses row level security"
        );
        let connection = Database::connect(&database.url).await.unwrap();
        let count = async |sets: &str| {
            let text = format!(
                "SELECT COUNT(*) AS people FROM people WHERE (SELECT set_config('belisha.school', '{sets}', false)) IS NOT NULL"
            );
            connection
                .execute_unprepared(&format!("SELECT set_config('belisha.school', '{sets}', false)"))
                .await
                .unwrap();
            let row =
                connection.query_one_raw(Statement::from_string(DbBackend::Postgres, text)).await.unwrap().unwrap();
            row.try_get::<i64>("", "people").unwrap()
        };
        assert_eq!(count("").await, 0, "without a school nobody is seen");
        assert_eq!(count(SCHOOL).await, 4);
        let foreign =
            format!("INSERT INTO classes (school_id, id, name, year_group) VALUES ('{OTHER}', 'x', '9C', '9')");
        assert!(connection.execute_unprepared(&foreign).await.is_err(), "a row of another school was written");
        connection.close().await.unwrap();
    });
}

#[test]
fn on_postgresql_every_table_of_a_school_forces_row_level_security() {
    on_postgres(async |database: TestDatabase| {
        let connection = Database::connect(&database.url).await.unwrap();
        let text = "SELECT c.relname AS name, (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid
              AND pg_get_expr(p.polqual, p.polrelid) LIKE '%belisha.school%' AND pg_get_expr(p.polwithcheck, p.polrelid) LIKE '%belisha.school%')) AS walled
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY 1";
        let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, text)).await.unwrap();
        let bare: Vec<String> = rows
            .iter()
            .filter(|row| !row.try_get::<bool>("", "walled").unwrap())
            .map(|row| row.try_get("", "name").unwrap())
            .collect();
        assert_eq!(
            bare,
            ["directory_tokens", "directory_usernames", "schema_migrations", "schools", "sign_in_attempts"],
            "tables without a wall"
        );
        assert!(rows.len() > 40);
        connection.close().await.unwrap();
    });
}
