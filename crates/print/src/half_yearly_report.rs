//! The half-yearly report on paper (MISSION 1B 27): sentences first, then a chart, then the figures. Counting, comparing and
//! deciding which small numbers could point at a child are left to `belisha-records`.

use crate::Imprint;
use crate::press::{self, Layout, PrintError};
use serde::{Serialize, Serializer};

const LAYOUT: Layout = Layout {
    name: "half-yearly report",
    path: "/half_yearly_report.typ",
    text: include_str!("../layouts/half_yearly_report.typ"),
};

/// The report as printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HalfYearlyPaper {
    /// Head and foot.
    pub imprint: Imprint,
    /// `Half-yearly report on online safety`.
    pub title: String,
    /// `July to December 2026`.
    pub period: String,
    /// `For the headteacher and governors`.
    pub prepared_for: String,
    /// Who prepared it.
    pub prepared_by: Option<String>,
    /// What the figures say, a sentence each, most important first.
    pub key_sentences: Vec<String>,
    /// Bar charts.
    pub charts: Vec<BarChart>,
    /// Tables.
    pub tables: Vec<FigureTable>,
    /// How the figures were made.
    pub notes: Vec<String>,
}

/// A number that may be shown, or may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Figure {
    /// Shown.
    Count(u64),
    /// From 1 to 4, or such a number could be worked out from it: printed as "fewer than 5".
    FewerThanFive,
    /// Not a count: `92 %`, `2 school days`.
    Words(String),
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Figure::Count(count) => serializer.serialize_u64(*count),
            Figure::FewerThanFive => serializer.serialize_none(),
            Figure::Words(words) => serializer.serialize_str(words),
        }
    }
}

/// Bars side by side. Printed as a table whose bars are drawn beside the figures, so that a screen reader has it all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BarChart {
    /// `Incidents by kind`.
    pub title: String,
    /// What the chart shows, in a sentence.
    pub summary: String,
    /// What is counted: `Incidents`.
    pub counted: String,
    /// What the black bars are: `July to December`.
    pub now: String,
    /// What the lighter bars are, where there are any: `January to June`.
    pub before: Option<String>,
    /// Bars, from the top.
    pub bars: Vec<Bar>,
}

/// One thing counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bar {
    /// `Got round the filter`.
    pub label: String,
    /// In this half-year.
    pub now: Figure,
    /// In the one before.
    pub before: Option<Figure>,
}

/// A table of figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureTable {
    /// Heading.
    pub title: String,
    /// A sentence before it.
    pub sentence: Option<String>,
    /// Heads of the columns, the first over the labels.
    pub columns: Vec<String>,
    /// Rows.
    pub rows: Vec<FigureRow>,
}

/// One row of figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureRow {
    /// Label.
    pub label: String,
    /// One figure for each further column; missing ones stay blank.
    pub figures: Vec<Figure>,
}

/// The report on A4, upright.
///
/// # Errors
/// [`PrintError`].
pub fn half_yearly_report(report: &HalfYearlyPaper) -> Result<Vec<u8>, PrintError> {
    press::print(LAYOUT, report)
}
