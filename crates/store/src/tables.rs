//! The list of tables: which belong to a school, and which of their columns the ledger binds. The row level security of
//! PostgreSQL, the ledger's verification and the tests are all made from it.

/// How a column is read when its row is committed to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
}

/// Rows that belong to a row: they are committed with it, in the order of their position.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Children {
    pub(crate) name: &'static str,
    pub(crate) parent: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// A table whose rows are subjects of the ledger. `columns` leaves out `school_id`, `id`, and what changes without being
/// an act: when a session was last seen, how often a mail was tried. `later` are columns that a later migration added: a row
/// in which one is NULL is committed without it, so that what was committed before it was added still holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, Kind)],
    pub(crate) later: &'static [(&'static str, Kind)],
    pub(crate) children: &'static [Children],
}

macro_rules! columns {
    ($($kind:ident: $($column:ident)+;)*) => { &[$($((stringify!($column), Kind::$kind),)+)*] };
}
macro_rules! tables {
    ($($constant:ident = $name:literal { $($columns:tt)+ } $(+ { $($later:tt)+ })? $([ $($child:literal of $parent:literal { $($child_columns:tt)+ })+ ])? )+) => {
        $(pub(crate) static $constant: Table = Table {
            name: $name,
            columns: columns!($($columns)+),
            later: columns!($($($later)+)?),
            children: &[$($(Children { name: $child, parent: $parent, columns: columns!($($child_columns)+) },)+)?],
        };)+
        /// Every table whose rows the ledger binds, in an order that a reader can follow.
        pub(crate) static BOUND: &[&Table] = &[$(&$constant,)+];
    };
}

tables! {
    SCHOOLS = "schools" { Text: name nation phase calendar settings; Number: created_at; }
    CLASSES = "classes" { Text: name year_group; }
    PEOPLE = "people" { Text: name audience year_group class_id username email joined left_on; }
    CLASS_TEACHERS = "class_teachers" { Text: class_id person_id; }
    OFFICES = "offices" { Text: person_id role from_date until_date; }
    PARENTS_OF = "parents_of" { Text: parent_id pupil_id; }
    CREDENTIALS = "credentials" { Text: password_hash; Number: changed_at; }
    ONE_TIME_LINKS = "one_time_links" { Text: person_id purpose; Number: created_at expires_at used_at; }
    SESSIONS = "sessions" { Text: token_hash person_id; Number: created_at expires_at revoked_at; }
    POLICIES = "policies" {
        Number: number; Text: source status; Flag: compiled; Text: change_note created_by; Number: created_at; Text: approved_by;
        Number: approved_at; Text: in_force_from; Number: superseded_at;
    }
    SIGNATURES = "signatures" { Text: about_id by_id kind agreement policy_version lines; Number: at; Text: reason; }
    APPROVALS = "approvals" {
        Text: clause subject asked_by; Number: asked_at; Text: reason; Flag: granted; Number: until; Text: decided_by; Number: decided_at;
        Text: decision_reason;
    }
    INCIDENTS = "incidents" {
        Number: number; Text: occurred place description action_taken recorded_by signed_as; Number: recorded_at;
        Text: about table_row row_label policy_version risk_areas; Flag: bullying may_involve_indecent_images;
        Text: status from_alert finding outcome closed_by; Number: closed_at;
    } [
        "involvements" of "incident_id" { Number: position; Text: person_id described_as part; }
        "incident_actions" of "incident_id" { Number: position; Text: action_column label; Flag: by_policy taken; Text: reason; Number: done_at; }
    ]
    INCIDENT_EVENTS = "incident_events" { Text: incident_id; Number: at; Text: actor person_id verb note; }
    TASKS = "tasks" { Text: incident_id assignee_id what; Number: due done_at; }
    ALERTS = "alerts" {
        Text: person_id device; Number: seen_at; Text: theme danger; Number: danger_rank; Text: host excerpt; Number: settled_at;
        Text: settlement;
    }
    ACCESS_REQUESTS = "access_requests" { Text: by_id host category reason; Number: asked_at decided_at; Text: decision; }
    EXCEPTIONS = "exceptions" {
        Text: request_id host audience_groups person_id; Number: from_at until_at; Text: reason granted_by; Number: closed_at;
    }
    CONCERNS = "concerns" { Text: by_id choice words; Number: told_at read_at; Text: incident_id; }
    DUTIES = "duties" {
        Text: clause period person_id person_key owner_id due done_by; Number: done_at; Text: done_on evidence; Number: chasers;
    }
    OUTBOX = "outbox" { Text: to_person subject body; Number: created_at sent_at given_up_at; }
    REPORTS = "reports" { Text: from_date until_date content issued_by; Number: issued_at; }
    REPORT_ACKNOWLEDGEMENTS = "report_acknowledgements" { Text: report_id person_id; Number: at; }
    REGISTER_ENTRIES = "register_entries" { Text: register on_date about_id by_id; Number: entered_at; Text: content; }
    LISTS = "lists" {
        Text: category name source format; Number: domains refused_lines; Text: refused_summary; Number: fetched_at removed_at;
    }
    SCHOOL_RULES = "school_rules" { Text: host action reason owner_id on_date; Number: removed_at; } + { Text: audience_groups; }
    LESSON_LISTS = "lesson_lists" {
        Text: name hosts class_id audience_groups; Number: from_at until_at; Text: reason made_by; Number: closed_at;
    }
    DEVICES = "devices" { Text: address person_id; Number: signed_in_at expires_at signed_out_at; }
    REGISTERED_DEVICES = "registered_devices" {
        Text: mac kind person_id; Flag: shared; Text: label room notes; Number: registered_at retired_at;
    }
    NETWORK_RANGES = "network_ranges" { Text: network label unknown_group; Number: added_at retired_at; }
    GATEWAYS = "gateways" { Text: name token_hash created_by; Number: created_at revoked_at; }
    ACTIVITY_BATCHES = "activity_batches" { Number: number rows_count; Text: rows_hash; Number: first_at last_at; }
    LOOK_UPS = "look_ups" { Text: by_id about_id reason; Number: at from_at until_at; }
}

/// Tables of a school that the ledger does not bind row by row: its own, those it binds by batch, and the runs of jobs, which
/// are nobody's act (what a job changes has entries of its own).
pub(crate) const UNBOUND: &[&str] = &[
    "ledger_heads",
    "ledger_entries",
    "ledger_salts",
    "ledger_checkpoints",
    "counters",
    "activity",
    "activity_hours",
    "job_runs",
];

/// Tables above schools, which no row level security covers: they hold no record of a person but the name typed to sign in.
pub(crate) const ABOVE_SCHOOLS: &[&str] =
    &["schema_migrations", "schools", "directory_usernames", "directory_tokens", "sign_in_attempts"];

/// Every table of a school, and so under row level security on PostgreSQL.
pub(crate) fn of_a_school() -> impl Iterator<Item = &'static str> {
    let bound =
        BOUND.iter().flat_map(|table| std::iter::once(table.name).chain(table.children.iter().map(|child| child.name)));
    bound.filter(|name| !ABOVE_SCHOOLS.contains(name)).chain(UNBOUND.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TestDatabase;
    use sea_orm::{ConnectionTrait, Database, Statement};

    /// Columns that change without being anybody's act.
    const LOOSE: &[(&str, &[&str])] = &[
        ("sessions", &["last_seen_at"]),
        ("outbox", &["attempts", "next_attempt_at", "last_failure"]),
        ("gateways", &["last_seen_at", "version", "rules_tag", "rules_made_at", "counters"]),
    ];

    async fn columns_of(connection: &sea_orm::DatabaseConnection, table: &str) -> Vec<String> {
        let text = match connection.get_database_backend() {
            sea_orm::DbBackend::Postgres => format!(
                "SELECT column_name AS name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY 1"
            ),
            _ => format!("SELECT name FROM pragma_table_info('{table}') ORDER BY 1"),
        };
        let rows =
            connection.query_all_raw(Statement::from_string(connection.get_database_backend(), text)).await.unwrap();
        rows.iter().map(|row| row.try_get("", "name").unwrap()).collect()
    }

    crate::both_databases! {
        async fn the_ledger_binds_every_column_but_those_said_to_be_loose(database: TestDatabase) {
            let connection = Database::connect(&database.url).await.unwrap();
            for table in BOUND {
                let loose = LOOSE.iter().find(|(name, _)| *name == table.name).map_or(&[][..], |(_, columns)| columns);
                let columns = table.columns.iter().chain(table.later);
                let mut bound: Vec<String> = columns.map(|(name, _)| (*name).to_owned()).collect();
                bound.extend(["id", "school_id"].iter().chain(loose).map(|name| (*name).to_owned()));
                bound.sort();
                assert_eq!(bound, columns_of(&connection, table.name).await, "{}", table.name);
                for child in table.children {
                    let mut bound: Vec<String> = child.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
                    bound.extend([child.parent.to_owned(), "school_id".to_owned()]);
                    bound.sort();
                    assert_eq!(bound, columns_of(&connection, child.name).await, "{}", child.name);
                }
            }
            connection.close().await.unwrap();
        }
    }
}
