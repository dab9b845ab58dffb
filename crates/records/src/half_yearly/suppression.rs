//! Hiding small numbers so that no hidden one can be worked out from rows, columns and totals.
//!
//! Totals are cells of the table too, in one more row and one more column. What a reader knows is that each row and column adds up, and that
//! a hidden number is at least one, since noughts are never hidden. Such a table is a network: a hidden number can be one more or one less
//! exactly when a round trip through hidden cells can change it, each step making one cell bigger and the next smaller. So the audit below is
//! exact, not a guess, and hiding goes on until every hidden number could be at least two different ones. It always ends: with every number
//! of its row, its column and the grand total hidden, any number could be bigger.

use super::{CountTable, Figure, PublishedTable};
use std::collections::VecDeque;

/// The smallest number above nought that is shown.
pub const SMALLEST_SHOWN: u32 = 5;

/// A table with its totals as the last row and column, and what is hidden.
struct Grid {
    counts: Vec<Vec<u32>>,
    hidden: Vec<Vec<bool>>,
    /// The least a reader knows a hidden cell to be.
    floor: Vec<Vec<u32>>,
}

/// The table as it may be issued. `before` are tables of the same key already issued over some of the same days.
pub fn publish(table: &CountTable, before: &[&PublishedTable]) -> PublishedTable {
    let mut grid = Grid::new(table);
    grid.hide_small();
    for earlier in before {
        grid.keep_hidden(table, earlier);
    }
    grid.hide_until_safe();
    let figure = |row: usize, column: usize| {
        if grid.hidden[row][column] { Figure::Hidden } else { Figure::Shown(grid.counts[row][column]) }
    };
    let (rows, columns) = (table.rows.len(), table.columns.len());
    PublishedTable {
        key: table.key.clone(),
        title: table.title.clone(),
        rows: table.rows.clone(),
        columns: table.columns.clone(),
        cells: (0..rows).map(|row| (0..columns).map(|column| figure(row, column)).collect()).collect(),
        row_totals: (0..rows).map(|row| figure(row, columns)).collect(),
        column_totals: (0..columns).map(|column| figure(rows, column)).collect(),
        total: figure(rows, columns),
    }
}

impl Grid {
    fn new(table: &CountTable) -> Self {
        let width = table.columns.len();
        let mut counts: Vec<Vec<u32>> = (0..table.rows.len())
            .map(|row| {
                let mut cells: Vec<u32> = (0..width)
                    .map(|column| table.counts.get(row).and_then(|cells| cells.get(column)).copied().unwrap_or(0))
                    .collect();
                cells.push(cells.iter().fold(0, |sum, cell| sum.saturating_add(*cell)));
                cells
            })
            .collect();
        counts.push(
            (0..=width).map(|column| counts.iter().fold(0, |sum: u32, row| sum.saturating_add(row[column]))).collect(),
        );
        let shape = |value: bool| counts.iter().map(|row| vec![value; row.len()]).collect();
        Grid { hidden: shape(false), floor: counts.iter().map(|row| vec![1; row.len()]).collect(), counts }
    }

    fn hide_small(&mut self) {
        for (row, column) in self.places() {
            if (1..SMALLEST_SHOWN).contains(&self.counts[row][column]) {
                self.hidden[row][column] = true;
            }
        }
    }

    /// Against taking one report from another: what was hidden stays hidden, and a small change hides the number that changed. Where the earlier
    /// number was shown, a reader knows that the later one is not below it.
    fn keep_hidden(&mut self, table: &CountTable, earlier: &PublishedTable) {
        let label = |labels: &[String], at: usize| labels.get(at).cloned();
        for (row, column) in self.places() {
            let known = earlier.figure(label(&table.rows, row).as_deref(), label(&table.columns, column).as_deref());
            let count = self.counts[row][column];
            match known {
                Some(Figure::Hidden) => self.hidden[row][column] |= count > 0,
                Some(Figure::Shown(was)) => {
                    self.hidden[row][column] |= count > 0 && (1..SMALLEST_SHOWN).contains(&count.abs_diff(was));
                    self.floor[row][column] = self.floor[row][column].max(was.min(count));
                }
                None => {}
            }
        }
    }

    fn hide_until_safe(&mut self) {
        while let Some((row, column)) = self
            .places()
            .into_iter()
            .find(|(row, column)| self.hidden[*row][*column] && !self.could_be_another(*row, *column))
        {
            let Some((row, column)) = self.next_to_hide(row, column) else {
                return;
            };
            self.hidden[row][column] = true;
        }
    }

    /// The smallest shown number in the same row or column, inner cells before totals; otherwise the smallest anywhere.
    fn next_to_hide(&self, row: usize, column: usize) -> Option<(usize, usize)> {
        let shown = |(at_row, at_column): &(usize, usize)| {
            !self.hidden[*at_row][*at_column] && self.counts[*at_row][*at_column] > 0
        };
        let order = |(at_row, at_column): &(usize, usize)| {
            (self.is_total(*at_row, *at_column), self.counts[*at_row][*at_column], *at_row, *at_column)
        };
        let places = self.places();
        let near = places
            .iter()
            .copied()
            .filter(|(at_row, at_column)| *at_row == row || *at_column == column)
            .filter(shown)
            .min_by_key(order);
        near.or_else(|| places.into_iter().filter(shown).min_by_key(order))
    }

    fn places(&self) -> Vec<(usize, usize)> {
        self.counts
            .iter()
            .enumerate()
            .flat_map(|(row, cells)| (0..cells.len()).map(move |column| (row, column)))
            .collect()
    }

    fn height(&self) -> usize {
        self.counts.len()
    }

    fn width(&self) -> usize {
        self.counts.first().map_or(0, Vec::len)
    }

    /// One number counts as a total if it stands in the last row or column; the grand total, which adds up totals, counts double.
    fn is_total(&self, row: usize, column: usize) -> u8 {
        u8::from(row + 1 == self.height()) + u8::from(column + 1 == self.width())
    }

    /// Whether a reader who knows all that is shown must allow for more than one value of a hidden cell.
    fn could_be_another(&self, row: usize, column: usize) -> bool {
        [true, false].into_iter().any(|up| self.can_step(row, column, up) && self.round_trip(row, column, up))
    }

    /// Whether a hidden cell may be moved. In the equations a row or column total stands with the other sign, so up is down for it.
    fn can_step(&self, row: usize, column: usize, up: bool) -> bool {
        let bigger = up != (self.is_total(row, column) == 1);
        self.hidden[row][column] && (bigger || self.counts[row][column] > self.floor[row][column])
    }

    /// Whether a step in one cell can be made good by steps in other hidden cells, down and up in turn, back to where it began. Rows are
    /// the first places of the search, columns come after them.
    fn round_trip(&self, row: usize, column: usize, up: bool) -> bool {
        let height = self.height();
        let mut seen = vec![false; height + self.width()];
        let mut queue = VecDeque::from([height + column]);
        seen[height + column] = true;
        while let Some(at) = queue.pop_front() {
            if at == row {
                return true;
            }
            let next: Vec<usize> = if at >= height {
                // Leaving a column undoes the change in it, leaving a row makes one of the first kind again.
                (0..height)
                    .filter(|to| (*to, at - height) != (row, column) && self.can_step(*to, at - height, !up))
                    .collect()
            } else {
                (0..self.width())
                    .filter(|to| (at, *to) != (row, column) && self.can_step(at, *to, up))
                    .map(|to| height + to)
                    .collect()
            };
            for to in next {
                if !std::mem::replace(&mut seen[to], true) {
                    queue.push_back(to);
                }
            }
        }
        false
    }
}
