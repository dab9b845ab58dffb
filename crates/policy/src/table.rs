//! The tables of a policy: incident to action, what devices and people may do, category to filter action.

use crate::clause::ClauseId;
use crate::vocabulary::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Key, from the header cell: `class-teacher`.
    pub id: String,
    /// What people read.
    pub label: String,
}

/// Incident to action table (M50, M51).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionTable {
    /// Whose conduct.
    pub about: ActionSubject,
    /// The actions, in the school's order.
    pub columns: Vec<Column>,
    /// What can happen.
    pub rows: Vec<ActionRow>,
}

/// One kind of incident and the actions the school's policy demands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionRow {
    /// Id in the document.
    pub id: ClauseId,
    /// What happened, in the school's words.
    pub label: String,
    /// Column ids that are marked.
    pub marks: BTreeSet<String>,
}

/// Device or communications table (M65, M69). A cell that is not in `cells` is undecided.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllowanceTable {
    /// What about.
    pub about: AllowanceSubject,
    /// Columns in the school's order.
    pub columns: Vec<Column>,
    /// Rows in the school's order.
    pub rows: Vec<AllowanceRow>,
}

/// One row of an allowance table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllowanceRow {
    /// Id in the document.
    pub id: ClauseId,
    /// What is allowed or not.
    pub label: String,
    /// What a row of the device table grants, where the network carries it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_use: Option<DeviceUse>,
    /// Decided cells by column id.
    pub cells: BTreeMap<String, Allowance>,
}

/// Category by group to action, for one period of the day (M53).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterTable {
    /// When the table applies; a narrower period wins over `always`.
    pub when: Period,
    /// Groups of people, keyed as the roster keys them: `pupil`, `younger-pupil`, `staff`, `guest`, `unknown`.
    pub columns: Vec<Column>,
    /// A category a row.
    pub rows: Vec<FilterRow>,
}

/// What happens to one category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilterRow {
    /// Id in the document.
    pub id: ClauseId,
    /// Category key, `gambling`.
    pub category: String,
    /// What people read.
    pub label: String,
    /// Decided cells by group; an empty one is undecided and blocks.
    pub cells: BTreeMap<String, FilterAction>,
}
