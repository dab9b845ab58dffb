//! Tables: cells nobody decided, rows that miss an action they need.

use super::Lint;
use crate::{ActionRow, ActionSubject, ActionTable, Binding, Clause, ClauseId, Column, catalogue as kind};

pub(super) fn look(lint: &mut Lint<'_>) {
    for clause in &lint.policy.clauses {
        match &clause.binding {
            Binding::Actions(table) => {
                let rows: Vec<_> = table.rows.iter().map(|row| (&row.id, row.label.as_str())).collect();
                empty(lint, clause, &table.columns, &rows, |row, column| {
                    table.rows.get(row).is_some_and(|row| row.marks.contains(column))
                });
                actions(lint, clause, table);
            }
            Binding::Allowances(table) => {
                let rows: Vec<_> = table.rows.iter().map(|row| (&row.id, row.label.as_str())).collect();
                let decided =
                    |row: usize, column: &str| table.rows.get(row).is_some_and(|row| row.cells.contains_key(column));
                undecided(lint, clause, &table.columns, &rows, decided);
                empty(lint, clause, &table.columns, &rows, decided);
            }
            Binding::Filter(table) => {
                let rows: Vec<_> = table.rows.iter().map(|row| (&row.id, row.label.as_str())).collect();
                undecided(lint, clause, &table.columns, &rows, |row, column| {
                    table.rows.get(row).is_some_and(|row| row.cells.contains_key(column))
                });
            }
            _ => {}
        }
    }
}

/// One finding for all the empty cells of a table, with their number and the first of them by name.
fn undecided(
    lint: &mut Lint<'_>,
    clause: &Clause,
    columns: &[Column],
    rows: &[(&ClauseId, &str)],
    decided: impl Fn(usize, &str) -> bool,
) {
    let cells = rows.iter().enumerate().flat_map(|(index, row)| columns.iter().map(move |column| (index, row, column)));
    let open: Vec<_> = cells.filter(|(index, _, column)| !decided(*index, &column.id)).collect();
    if open.is_empty() {
        return;
    }
    let named: Vec<_> = open.iter().take(6).map(|(_, (id, _), column)| format!("{id}/{}", column.id)).collect();
    let rest = open.len().saturating_sub(named.len());
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    let message = format!(
        "{} of {} cells of `{}` are undecided: {}{more}",
        open.len(),
        rows.len() * columns.len(),
        clause.id,
        named.join(", ")
    );
    lint.notes.add(&kind::UNDECIDED_CELLS, clause.span.clone(), message);
}

/// One finding for the empty rows of a table, and one for its empty columns.
fn empty(
    lint: &mut Lint<'_>,
    clause: &Clause,
    columns: &[Column],
    rows: &[(&ClauseId, &str)],
    marked: impl Fn(usize, &str) -> bool,
) {
    let bare: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(index, _)| !columns.iter().any(|column| marked(*index, &column.id)))
        .map(|(_, (id, _))| *id)
        .collect();
    if let Some(first) = bare.first() {
        let names = bare.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ");
        lint.notes.add(
            &kind::EMPTY_ROW,
            lint.places.of(first),
            format!("rows of `{}` without a mark: {names}", clause.id),
        );
    }
    let bare = |column: &&Column| !(0..rows.len()).any(|row| marked(row, &column.id));
    let names: Vec<_> = columns.iter().filter(bare).map(|column| column.id.as_str()).collect();
    if !names.is_empty() && !rows.is_empty() {
        lint.notes.add(
            &kind::EMPTY_COLUMN,
            clause.span.clone(),
            format!("columns of `{}` without a mark: {}", clause.id, names.join(", ")),
        );
    }
}

fn actions(lint: &mut Lint<'_>, clause: &Clause, table: &ActionTable) {
    let has = |column: &str| table.columns.iter().any(|known| known.id == column);
    for row in &table.rows {
        let marked = |column: &str| row.marks.contains(column);
        if concerns(clause, row, "illegal-content", says_illegal) {
            if !marked("police") {
                lint.notes.add(
                    &kind::ILLEGAL_WITHOUT_POLICE,
                    lint.places.of(&row.id),
                    format!("`{}` does not go to the police", row.label),
                );
            } else if table.about == ActionSubject::Staff
                && has("technical")
                && has("suspension")
                && !marked("technical")
                && !marked("suspension")
            {
                let message = format!("`{}` involves neither technical support nor suspension", row.label);
                lint.notes.add(&kind::STAFF_ILLEGAL_WITHOUT_SUSPENSION, lint.places.of(&row.id), message);
            }
        }
        if table.about == ActionSubject::Pupil
            && concerns(clause, row, "filter-bypass", says_bypass)
            && !marked("parents")
        {
            lint.notes.add(
                &kind::BYPASS_WITHOUT_PARENTS,
                lint.places.of(&row.id),
                format!("`{}` does not tell the parents", row.label),
            );
        }
    }
}

/// What a row is about: what its `concerns` says, or where it says nothing, its words.
fn concerns(clause: &Clause, row: &ActionRow, what: &str, says: fn(&str) -> bool) -> bool {
    let mut stated = clause.facts.iter().filter(|fact| fact.of == row.id && fact.key == "concerns").peekable();
    if stated.peek().is_some() { stated.any(|fact| fact.value == what) } else { says(&row.label.to_lowercase()) }
}

fn says_illegal(label: &str) -> bool {
    ["illegal", "against the law", "unlawful", "criminal", "break the law", "breaks the law"]
        .iter()
        .any(|words| label.contains(words))
}

fn says_bypass(label: &str) -> bool {
    ["filter", "proxy", "vpn"].iter().any(|words| label.contains(words)) && !label.contains("accident")
}
