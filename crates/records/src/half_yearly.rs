//! The half-yearly report's figures (M27): counts without names, with small numbers hidden so that none of them can be worked out, in one report
//! or from two. How it looks on a page or on paper is left to `belisha-web` and `belisha-print`.

mod suppression;

pub use suppression::*;

use crate::identifiers::PersonId;
use crate::incidents::{CaseRoute, Incident, Part};
use crate::people::Person;
use crate::words::counted;
use belisha_policy::{ActionSubject, Audience};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Whether a case may be counted in reports and on the board. Cases about adults never are: the one it is about may read the report, and a count
/// with one more in it would tell them.
pub fn counts_in_reports(route: CaseRoute) -> bool {
    route == CaseRoute::Pupils
}

/// Everybody on the roster who is no pupil.
pub fn adults(everyone: &[Person]) -> HashSet<PersonId> {
    let grown = |person: &&Person| !matches!(person.audience, Audience::Pupil | Audience::YoungerPupil);
    everyone.iter().filter(grown).map(|person| person.id).collect()
}

/// Whether a case is about an adult, by the table it goes by or by whom it names: such a case is in no count.
pub fn is_about_adult(incident: &Incident, adults: &HashSet<PersonId>) -> bool {
    incident.about == Some(ActionSubject::Staff)
        || incident
            .involved
            .iter()
            .any(|one| one.part == Part::Alleged && one.person.is_some_and(|person| adults.contains(&person)))
}

/// Counts of one kind of thing, in rows and columns. Never issued as it is: see [`publish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountTable {
    /// Stable key: `incidents`.
    pub key: String,
    /// Title.
    pub title: String,
    /// Row labels.
    pub rows: Vec<String>,
    /// Column labels.
    pub columns: Vec<String>,
    /// Counts, row by row.
    pub counts: Vec<Vec<u32>>,
}

impl CountTable {
    /// Counts pairs of row and column label. Rows and columns come in the order given; labels that only the pairs have are put behind them.
    pub fn count<'a>(
        key: &str,
        title: &str,
        rows: &[&str],
        columns: &[&str],
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let own = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
        let mut table = CountTable {
            key: key.to_owned(),
            title: title.to_owned(),
            rows: own(rows),
            columns: own(columns),
            counts: vec![vec![0; columns.len()]; rows.len()],
        };
        for (row, column) in pairs {
            table.add(row, column, 1);
        }
        table
    }

    /// Adds to one count.
    pub fn add(&mut self, row: &str, column: &str, number: u32) {
        let at_column = self.columns.iter().position(|label| label == column).unwrap_or_else(|| {
            self.columns.push(column.to_owned());
            self.counts.iter_mut().for_each(|row| row.push(0));
            self.columns.len() - 1
        });
        let at_row = self.rows.iter().position(|label| label == row).unwrap_or_else(|| {
            self.rows.push(row.to_owned());
            self.counts.push(vec![0; self.columns.len()]);
            self.rows.len() - 1
        });
        if let Some(cell) = self.counts.get_mut(at_row).and_then(|row| row.get_mut(at_column)) {
            *cell = cell.saturating_add(number);
        }
    }
}

/// A figure as issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// The number itself: none, or five and more.
    Shown(u32),
    /// Not shown: under five, or such a number could be worked out from it.
    Hidden,
}

impl Figure {
    /// What people read.
    pub fn text(self) -> String {
        match self {
            Figure::Shown(number) => number.to_string(),
            Figure::Hidden => "not shown".to_owned(),
        }
    }
}

/// A table as issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedTable {
    /// Stable key.
    pub key: String,
    /// Title.
    pub title: String,
    /// Row labels.
    pub rows: Vec<String>,
    /// Column labels.
    pub columns: Vec<String>,
    /// Figures, row by row.
    pub cells: Vec<Vec<Figure>>,
    /// Total of each row.
    pub row_totals: Vec<Figure>,
    /// Total of each column.
    pub column_totals: Vec<Figure>,
    /// Total of all.
    pub total: Figure,
}

impl PublishedTable {
    /// The table in one sentence.
    pub fn sentence(&self) -> String {
        match self.total {
            Figure::Shown(0) => format!("{}: none", self.title),
            Figure::Shown(total) => {
                let most = self.rows.iter().zip(&self.row_totals).filter_map(|(row, total)| match total {
                    Figure::Shown(number) if *number > 0 => Some((*number, row)),
                    _ => None,
                });
                let most = most.max_by_key(|(number, _)| *number).map_or_else(String::new, |(number, row)| {
                    format!(", most often {} ({number})", row.to_lowercase())
                });
                format!("{}: {total}{most}", self.title)
            }
            Figure::Hidden => format!("{}: too few to show without pointing at somebody", self.title),
        }
    }
}

/// The report as issued and kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HalfYearlyReport {
    /// First day counted.
    pub from: Date,
    /// Last day counted.
    pub until: Date,
    /// Tables.
    pub tables: Vec<PublishedTable>,
    /// How the figures were made, for the reader.
    pub notes: Vec<String>,
}

/// Makes the report. `issued` are the reports issued before: where one of them covers some of the same days, what it hides stays hidden, and a figure
/// whose difference to it would be under five is hidden too.
pub fn half_yearly_report(
    from: Date,
    until: Date,
    tables: &[CountTable],
    issued: &[HalfYearlyReport],
) -> HalfYearlyReport {
    let overlapping: Vec<&HalfYearlyReport> =
        issued.iter().filter(|report| report.from <= until && from <= report.until).collect();
    let published = tables
        .iter()
        .map(|table| {
            let before: Vec<&PublishedTable> =
                overlapping.iter().flat_map(|report| &report.tables).filter(|other| other.key == table.key).collect();
            publish(table, &before)
        })
        .collect::<Vec<_>>();
    let hidden = published.iter().map(PublishedTable::hidden).sum::<usize>();
    let notes = vec![
        "Nobody is named. Numbers from one to four are not shown, nor are others from which they could be worked out; a nought is shown.".to_owned(),
        format!("{} not shown in this report.", counted(hidden, "figure is", "figures are")),
        "Cases about adults are handled by those who must know and are never counted here, whether there are any or not.".to_owned(),
    ];
    HalfYearlyReport { from, until, tables: published, notes }
}

impl PublishedTable {
    /// How many figures are hidden, totals included.
    pub fn hidden(&self) -> usize {
        let totals = self.row_totals.iter().chain(&self.column_totals).chain([&self.total]);
        self.cells.iter().flatten().chain(totals).filter(|figure| **figure == Figure::Hidden).count()
    }

    /// The figure of a row and column by their labels; `None` as a label means the total.
    pub fn figure(&self, row: Option<&str>, column: Option<&str>) -> Option<Figure> {
        let at = |labels: &[String], label: &str| labels.iter().position(|known| known == label);
        match (row, column) {
            (Some(row), Some(column)) => self.cells.get(at(&self.rows, row)?)?.get(at(&self.columns, column)?).copied(),
            (Some(row), None) => self.row_totals.get(at(&self.rows, row)?).copied(),
            (None, Some(column)) => self.column_totals.get(at(&self.columns, column)?).copied(),
            (None, None) => Some(self.total),
        }
    }
}
