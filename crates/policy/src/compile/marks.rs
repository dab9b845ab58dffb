//! Cells of tables: which are marked, which decided, and which hold something that nobody should guess at.

use super::tables::{Grid, Row, slug};
use crate::spelling::nearest;
use crate::{ActionRow, Allowance, AllowanceRow, FilterAction, FilterRow, catalogue as kind};
use std::collections::{BTreeMap, BTreeSet};

impl Grid<'_, '_> {
    pub(super) fn actions(&mut self, rows: &[Row]) -> Vec<ActionRow> {
        let mut read = Vec::new();
        for row in rows {
            let mut marks = BTreeSet::new();
            for (column, text, place) in &row.cells {
                let bare = text.trim().to_lowercase();
                let marked = match bare.as_str() {
                    "" => false,
                    "x" => true,
                    _ if bare.len() <= 12 && only_word(&bare) == "x" => {
                        self.walk.notes.add(
                            &kind::AMBIGUOUS_MARK,
                            place.clone(),
                            format!("`{text}` is not plainly a mark; it counts as marked"),
                        );
                        true
                    }
                    _ => {
                        self.walk.notes.add_with(
                            &kind::UNKNOWN_MARK,
                            place.clone(),
                            format!("`{text}` is no mark"),
                            "write `x`, or leave the cell empty",
                        );
                        false
                    }
                };
                if marked {
                    marks.insert(column.clone());
                }
            }
            read.push(ActionRow { id: row.id.clone(), label: row.label.clone(), marks });
        }
        read
    }

    pub(super) fn allowances(&mut self, rows: &[Row]) -> Vec<AllowanceRow> {
        let read = |row: &Row, cells| AllowanceRow {
            id: row.id.clone(),
            label: row.label.clone(),
            device_use: row.device_use,
            cells,
        };
        rows.iter().map(|row| read(row, self.cells(row, Allowance::ALL, Allowance::key, Allowance::label))).collect()
    }

    pub(super) fn filter(&mut self, rows: &[Row]) -> Vec<FilterRow> {
        let mut read: Vec<FilterRow> = Vec::new();
        let mut seen = BTreeSet::new();
        for row in rows {
            if !seen.insert(row.category.as_str()) {
                let place = self.walk.places.of(&row.id);
                self.walk.notes.add(
                    &kind::TWICE_IN_TABLE,
                    place,
                    format!("the category `{}` is here twice", row.category),
                );
            }
            let cells = self.cells(row, FilterAction::ALL, FilterAction::key, FilterAction::key);
            read.push(FilterRow {
                id: row.id.clone(),
                category: row.category.clone(),
                label: row.label.clone(),
                cells,
            });
        }
        read
    }

    /// Cells that hold one word of a list; what holds something else is reported and stays undecided.
    fn cells<W: Copy>(
        &mut self,
        row: &Row,
        words: &[W],
        key: fn(W) -> &'static str,
        label: fn(W) -> &'static str,
    ) -> BTreeMap<String, W> {
        let mut cells = BTreeMap::new();
        for (column, text, place) in &row.cells {
            let bare = slug(text);
            if text.trim().is_empty() {
                continue;
            }
            let word = words.iter().copied().find(|word| key(*word) == bare || slug(label(*word)) == bare);
            let plain = text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == ' ');
            match word {
                Some(word) if plain => {
                    cells.insert(column.clone(), word);
                }
                Some(_) => self.walk.notes.add(
                    &kind::AMBIGUOUS_MARK,
                    place.clone(),
                    format!("`{text}` is not plainly a decision; the cell is undecided"),
                ),
                None if text.chars().count() <= 12 && only_word(&text.to_lowercase()) == "x" && !plain => {
                    self.walk.notes.add(
                        &kind::AMBIGUOUS_MARK,
                        place.clone(),
                        format!("`{text}` could be a yes or a no; the cell is undecided"),
                    );
                }
                None => {
                    let known = || words.iter().map(|word| key(*word));
                    let remedy = match nearest(&bare, known()) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => {
                            format!("use one of: {}, or leave the cell empty", known().collect::<Vec<_>>().join(", "))
                        }
                    };
                    self.walk.notes.add_with(
                        &kind::UNKNOWN_MARK,
                        place.clone(),
                        format!("`{text}` is no decision this table knows"),
                        remedy,
                    );
                }
            }
        }
        cells
    }
}

/// Letters and figures of a mark without what stands around them.
fn only_word(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}
