//! What was visited: rows of personal data that live as long as the policy says, and hourly figures that name nobody and
//! live on. Rows come in batches; the ledger binds a batch by its count and hash, not every row.

mod batch;
mod figures;
mod list;
mod purge;

pub(crate) use batch::first_changed_batch;
pub use batch::{MOST_ROWS, insert_batch};
pub use figures::{HourFigure, figures, top_hosts};
pub use list::{Counted, list_between, list_of, list_own, list_search_terms, list_to_count};
pub use purge::{KeptAs, purge};

use crate::error::Result;
use crate::sql::Row;
use belisha_records::PersonId;
use jiff::Timestamp;
use serde::Serialize;

/// One request of one device. It has no `Display`, and its `Debug` shows only the time: it is personal data about children.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Visit {
    /// When.
    #[serde(serialize_with = "milliseconds")]
    pub at: Timestamp,
    /// Whom a mapping covered at that second; `None` is unknown.
    pub person: Option<PersonId>,
    /// Address of the device.
    pub device: String,
    /// Key of how far the name can be relied on: `device`, `address`, `session`, `request`. `None` where nobody was known, and in
    /// rows from before this was kept: the hash of their batch was made without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// Key of whose the device is, where the school's register has it; left out of older rows' hash likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_kind: Option<String>,
    /// Filter group the decision was made for.
    pub group: String,
    /// Host asked for.
    pub host: String,
    /// Path, where it was seen.
    pub path: Option<String>,
    /// What was searched for, where it was seen.
    pub search_term: Option<String>,
    /// What was done: `allowed`, `blocked`, …
    pub action: String,
    /// Category that decided.
    pub category: Option<String>,
    /// Key of the reason.
    pub reason: String,
}

impl std::fmt::Debug for Visit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Visit({}, …)", self.at)
    }
}

/// The hash of a batch is over what can be stored, and times are stored in milliseconds.
fn milliseconds<S: serde::Serializer>(at: &Timestamp, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_i64(at.as_millisecond())
}

const COLUMNS: &str =
    "at, person_id, device, confidence, device_kind, audience_group, host, path, search_term, action, category, reason";

fn read(row: &Row) -> Result<Visit> {
    Ok(Visit {
        at: row.time("at")?,
        person: row.maybe_parsed("person_id")?,
        device: row.text("device")?,
        confidence: row.maybe_text("confidence")?,
        device_kind: row.maybe_text("device_kind")?,
        group: row.text("audience_group")?,
        host: row.text("host")?,
        path: row.maybe_text("path")?,
        search_term: row.maybe_text("search_term")?,
        action: row.text("action")?,
        category: row.maybe_text("category")?,
        reason: row.text("reason")?,
    })
}
