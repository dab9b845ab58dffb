//! The policy as JSON, for `belisha policy show --json` and the HTTP API. The shape is documented in
//! `docs/guides/policy-format.md` and is a promise: keys are added, never renamed.

use crate::{ActionTable, AllowanceTable, Binding, Clause, Column, FilterTable, Policy};
use serde_json::{Map, Value, json};

/// The JSON view of a policy: `title`, `head`, `clauses[]`, `tables[]`. Every row of a table has every column as a key;
/// an undecided cell is `null`.
pub fn show_json(policy: &Policy) -> Value {
    json!({
        "title": policy.title,
        "head": policy.head,
        "clauses": policy.clauses.iter().map(clause).collect::<Vec<_>>(),
        "tables": policy.clauses.iter().filter_map(table).collect::<Vec<_>>(),
    })
}

fn clause(clause: &Clause) -> Value {
    json!({
        "id": clause.id,
        "kind": clause.binding.kind(),
        "number": clause.number,
        "section": clause.section,
        "text": clause.text,
        "sources": clause.sources,
        "facts": clause.facts,
        "carried_by": clause.binding.carried_by(),
        "binding": clause.binding,
    })
}

fn table(clause: &Clause) -> Option<Value> {
    let (about, columns, rows) = match &clause.binding {
        Binding::Actions(table) => (table.about.key(), &table.columns, action_rows(table)),
        Binding::Allowances(table) => (table.about.key(), &table.columns, allowance_rows(table)),
        Binding::Filter(table) => (table.when.key(), &table.columns, filter_rows(table)),
        _ => return None,
    };
    Some(json!({ "id": clause.id, "kind": clause.binding.kind(), "about": about, "columns": columns, "rows": rows }))
}

fn cells(columns: &[Column], cell: impl Fn(&str) -> Value) -> Value {
    Value::Object(columns.iter().map(|column| (column.id.clone(), cell(&column.id))).collect::<Map<_, _>>())
}

fn action_rows(table: &ActionTable) -> Vec<Value> {
    let row = |row: &crate::ActionRow| json!({ "id": row.id, "label": row.label, "cells": cells(&table.columns, |c| row.marks.contains(c).into()) });
    table.rows.iter().map(row).collect()
}

fn allowance_rows(table: &AllowanceTable) -> Vec<Value> {
    let row = |row: &crate::AllowanceRow| json!({ "id": row.id, "label": row.label, "cells": cells(&table.columns, |c| row.cells.get(c).map(|a| a.key()).into()) });
    table.rows.iter().map(row).collect()
}

fn filter_rows(table: &FilterTable) -> Vec<Value> {
    let row = |row: &crate::FilterRow| json!({ "id": row.id, "label": row.label, "category": row.category, "cells": cells(&table.columns, |c| row.cells.get(c).map(|a| a.key()).into()) });
    table.rows.iter().map(row).collect()
}
