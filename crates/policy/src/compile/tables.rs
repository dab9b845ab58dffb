//! Tables: columns from the heading row, rows with ids, marks. A mark that cannot be read is a finding, never a guess.

use super::clauses::{Walk, known};
use super::facts::FACTS;
use crate::compile::attributes::Reading;
use crate::compile::document::{Node, Tag};
use crate::spelling::nearest;
use crate::{
    ACTION_COLUMNS, ActionSubject, ActionTable, AllowanceSubject, AllowanceTable, Binding, CATEGORIES, ClauseId,
    Column, DeviceUse, Fact, FilterTable, GROUPS, Period, catalogue as kind,
};
use std::collections::BTreeSet;
use std::ops::Range;

/// Reads one of the three kinds of table and its words: a row label a line.
pub(super) fn read(
    walk: &mut Walk<'_>,
    word: &str,
    node: &Node,
    id: &ClauseId,
    facts: &mut Vec<Fact>,
) -> (Binding, String) {
    let what = format!("a clause of kind `{word}`");
    let mut reading = Reading { source: walk.source, attrs: &node.attrs, what: &what, notes: walk.notes };
    let subject = subject(&mut reading, word);
    let table =
        if node.tag == Tag::Table { Some(node) } else { node.children.iter().find(|child| child.tag == Tag::Table) };
    let Some(table) = table else {
        walk.notes.add(
            &kind::WRONG_SHAPE,
            node.attrs.span.clone(),
            format!("{what} stands on something that is no table"),
        );
        return (Binding::Guidance, node.text.clone());
    };
    let mut grid = Grid { walk, id, word, facts, columns: Vec::new(), seen: BTreeSet::new() };
    let rows = grid.read(table);
    let text = rows.iter().map(|row| row.label.as_str()).collect::<Vec<_>>().join("\n");
    let binding = match subject {
        Some(Subject::Actions(about)) => {
            let rows = grid.actions(&rows);
            Binding::Actions(ActionTable { about, rows, columns: grid.columns })
        }
        Some(Subject::Allowances(about)) => {
            let rows = grid.allowances(&rows);
            Binding::Allowances(AllowanceTable { about, rows, columns: grid.columns })
        }
        Some(Subject::Filter(when)) => {
            let rows = grid.filter(&rows);
            Binding::Filter(FilterTable { when, rows, columns: grid.columns })
        }
        None => Binding::Guidance,
    };
    (binding, text)
}

/// What a table is about, as its attributes say.
enum Subject {
    Actions(ActionSubject),
    Allowances(AllowanceSubject),
    Filter(Period),
}

/// `None` where the attributes do not say, which has been reported.
fn subject(reading: &mut Reading<'_>, word: &str) -> Option<Subject> {
    reading.known_keys(&known(&[if word == "filter" { "when" } else { "about" }]));
    match word {
        "actions" => reading.needed("about").map(Subject::Actions),
        "allowances" => reading.needed("about").map(Subject::Allowances),
        _ if reading.attrs.get("when").is_none() => Some(Subject::Filter(Period::Always)),
        _ => reading.one("when").map(Subject::Filter),
    }
}

/// One row as read: its name, and the words of its cells under each column.
pub(super) struct Row {
    pub(super) id: ClauseId,
    pub(super) label: String,
    pub(super) category: String,
    pub(super) device_use: Option<DeviceUse>,
    pub(super) cells: Vec<(String, String, Range<usize>)>,
}

pub(super) struct Grid<'g, 'w> {
    pub(super) walk: &'g mut Walk<'w>,
    pub(super) id: &'g ClauseId,
    pub(super) word: &'g str,
    pub(super) facts: &'g mut Vec<Fact>,
    pub(super) columns: Vec<Column>,
    pub(super) seen: BTreeSet<String>,
}

/// Columns, the rows' labels among them, of the widest table that is read.
const WIDEST: usize = 64;

impl Grid<'_, '_> {
    fn read(&mut self, table: &Node) -> Vec<Row> {
        let rows = || table.children.iter().filter(|child| matches!(child.tag, Tag::Row { .. }));
        match rows().find(|row| row.tag == Tag::Row { head: true }) {
            Some(head) => {
                if head.children.len() > WIDEST {
                    let message = format!("the table has {} columns, which nobody could read", head.children.len());
                    self.walk.notes.add(&kind::WRONG_SHAPE, head.span.clone(), message);
                }
                head.children.iter().take(WIDEST).skip(1).for_each(|cell| self.column(cell));
            }
            None => self.walk.notes.add(&kind::WRONG_SHAPE, table.span.clone(), "the table has no heading row"),
        }
        let mut read = Vec::new();
        for (index, row) in rows().filter(|row| row.tag == Tag::Row { head: false }).enumerate() {
            read.extend(self.row(row, index + 1));
        }
        read
    }

    fn column(&mut self, cell: &Node) {
        let keyed =
            span_of(cell).and_then(|span| span.attrs.get("key").or(span.attrs.id.as_deref()).map(str::to_owned));
        let id = keyed.unwrap_or_else(|| slug(&cell.text));
        let label = if cell.text == id { self.label_of(&id) } else { cell.text.clone() };
        let place = if cell.text.is_empty() { cell.span.clone() } else { trimmed(self.walk.source, cell) };
        self.judge_column(&id, &place);
        if !self.seen.insert(id.clone()) {
            self.walk.notes.add(&kind::TWICE_IN_TABLE, place.clone(), format!("the column `{id}` is here twice"));
        }
        self.columns.push(Column { id, label });
    }

    /// What people read for a column that the document writes as a bare key.
    fn label_of(&self, id: &str) -> String {
        let known = match self.word {
            "actions" => ACTION_COLUMNS.iter().find(|(key, _)| *key == id).map(|(_, label)| *label),
            "filter" => GROUPS.iter().find(|(key, _)| *key == id).map(|(_, label)| *label),
            _ => None,
        };
        known.map_or_else(|| humanise(id), str::to_owned)
    }

    fn judge_column(&mut self, id: &str, place: &Range<usize>) {
        let known: &[(&str, &str)] = match self.word {
            "actions" => ACTION_COLUMNS,
            "filter" => GROUPS,
            _ if id.is_empty() => &[],
            _ => return,
        };
        if known.iter().any(|(key, _)| *key == id) {
            return;
        }
        match nearest(id, known.iter().map(|(key, _)| *key)) {
            Some(near) => self.walk.notes.add_with(
                &kind::UNKNOWN_COLUMN,
                place.clone(),
                format!("`{id}` is not a column"),
                format!("did you mean `{near}`?"),
            ),
            None if self.word == "actions" && !id.is_empty() => {
                self.walk.notes.add(&kind::OWN_WORD, place.clone(), format!("`{id}` is a column of the school’s own"))
            }
            None => {
                let remedy = format!(
                    "the columns of this table are: {}",
                    known.iter().map(|(key, _)| *key).collect::<Vec<_>>().join(", ")
                );
                self.walk.notes.add_with(
                    &kind::UNKNOWN_COLUMN,
                    place.clone(),
                    format!("`{id}` is not a column"),
                    remedy,
                );
            }
        }
    }

    fn row(&mut self, row: &Node, index: usize) -> Option<Row> {
        let first = row.children.first()?;
        if row.children.len() != self.columns.len() + 1 {
            let message =
                format!("the row has {} cells and the table {} columns", row.children.len(), self.columns.len() + 1);
            self.walk.notes.add(&kind::RAGGED_ROW, row.span.clone(), message);
        }
        let place = trimmed(self.walk.source, first);
        let attrs = span_of(first).map(|span| span.attrs.clone()).unwrap_or_default();
        let mut keys = FACTS.to_vec();
        keys.extend((self.word == "filter").then_some("category"));
        keys.extend((self.word == "allowances").then_some("use"));
        let mut reading =
            Reading { source: self.walk.source, attrs: &attrs, what: "a row of a table", notes: self.walk.notes };
        reading.known_keys(&keys);
        let device_use = if self.word == "allowances" { reading.one("use") } else { None };
        let category = attrs.get("category").map_or_else(|| slug(&first.text), str::to_owned);
        let id = match attrs.clause_id() {
            Some(id) => {
                self.walk.claim(&Some(id.clone()), place.clone());
                id
            }
            None if self.word == "filter" => self.walk.make_id(format!("{}-{category}", self.id), place.clone()),
            None => {
                self.walk.notes.add(&kind::WITHOUT_ID, place.clone(), "this row has no id that an incident could cite");
                self.walk.make_id(format!("{}-row-{index}", self.id), place.clone())
            }
        };
        self.walk.facts(&attrs, &id, self.facts);
        if self.word == "filter" {
            self.judge_category(&category, &place);
        }
        let label = if first.text == category && self.word == "filter" {
            category_label(&category)
        } else {
            first.text.clone()
        };
        let marks = self.columns.iter().zip(row.children.iter().skip(1));
        let cells = marks
            .map(|(column, cell)| (column.id.clone(), cell.text.clone(), trimmed(self.walk.source, cell)))
            .collect();
        Some(Row { id, label, category, device_use, cells })
    }

    fn judge_category(&mut self, category: &str, place: &Range<usize>) {
        if CATEGORIES.iter().any(|(key, _)| *key == category) {
            return;
        }
        match nearest(category, CATEGORIES.iter().map(|(key, _)| *key)) {
            Some(near) => self.walk.notes.add_with(
                &kind::UNKNOWN_WORD,
                place.clone(),
                format!("`{category}` is no category of sites"),
                format!("did you mean `{near}`?"),
            ),
            None => self.walk.notes.add(
                &kind::OWN_WORD,
                place.clone(),
                format!("`{category}` is a category of the school’s own"),
            ),
        }
    }
}

/// The span with attributes in a cell.
fn span_of(cell: &Node) -> Option<&Node> {
    cell.children.iter().find(|child| child.tag == Tag::Span && !child.attrs.is_empty())
}

/// Words as a key: `Class teacher` is `class-teacher`.
pub(crate) fn slug(text: &str) -> String {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

/// A key as words: `class-teacher` is `Class teacher`.
fn humanise(key: &str) -> String {
    let words = key.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default() + letters.as_str()
}

fn category_label(category: &str) -> String {
    CATEGORIES
        .iter()
        .find(|(key, _)| *key == category)
        .map_or_else(|| humanise(category), |(_, label)| (*label).to_owned())
}

/// Where a cell's words stand, without the spaces and the bar around them.
fn trimmed(source: &str, cell: &Node) -> Range<usize> {
    let text = source.get(cell.span.clone()).unwrap_or("");
    let start = cell.span.start + (text.len() - text.trim_start().len());
    let end = start + text.trim().len();
    if start < end { start..end } else { cell.span.start..cell.span.end }
}

#[cfg(test)]
mod tests {
    #[test]
    fn labels_and_keys_are_made_from_one_another() {
        assert_eq!(super::slug("  Class  teacher (tutor) "), "class-teacher-tutor");
        assert_eq!(super::humanise("school-owned-shared"), "School owned shared");
    }
}
