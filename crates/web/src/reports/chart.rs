//! A bar chart as SVG, made on the server: no script, no inline style, the same figures in words and in a table beside it.

use belisha_records::{Figure, PublishedTable};

/// A bar.
pub(crate) struct Bar {
    /// Label.
    pub(crate) label: String,
    /// What stands at its end.
    pub(crate) figure: String,
    /// Length, in the drawing's units; 0 for a figure that is not shown.
    pub(crate) length: u32,
    /// Top of the bar.
    pub(crate) top: u32,
}

/// A chart ready to be drawn.
pub(crate) struct Chart {
    /// Title.
    pub(crate) title: String,
    /// What it shows, in a sentence.
    pub(crate) sentence: String,
    /// Bars, from the top.
    pub(crate) bars: Vec<Bar>,
    /// Rows whose figure is not shown, in words; empty where every figure is.
    pub(crate) hidden: String,
    /// Height of the drawing.
    pub(crate) height: u32,
}

/// Longest bar, in units.
const LONGEST: u32 = 560;
/// From one bar's top to the next: label above, bar below.
const STEP: u32 = 52;

/// The row totals of a table as bars, the longest first.
pub(crate) fn of(table: &PublishedTable) -> Chart {
    let all = table.rows.iter().zip(table.row_totals.iter().copied());
    let (mut rows, hidden): (Vec<(&String, Figure)>, Vec<_>) =
        all.partition(|(_, figure)| matches!(figure, Figure::Shown(_)));
    let hidden = hidden.into_iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>().join("; ");
    rows.sort_by_key(|(label, figure)| (std::cmp::Reverse(number(*figure)), (*label).clone()));
    let most = rows.iter().map(|(_, figure)| number(*figure)).max().unwrap_or(0).max(1);
    let bars: Vec<Bar> = rows
        .into_iter()
        .zip(0u32..)
        .map(|((label, figure), place)| Bar {
            label: label.clone(),
            figure: figure.text(),
            length: number(figure) * LONGEST / most,
            top: place * STEP + 22,
        })
        .collect();
    Chart {
        title: table.title.clone(),
        sentence: table.sentence(),
        hidden,
        height: u32::try_from(bars.len()).unwrap_or(0) * STEP + 4,
        bars,
    }
}

fn number(figure: Figure) -> u32 {
    match figure {
        Figure::Shown(number) => number,
        Figure::Hidden => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::{CountTable, publish};

    #[test]
    fn a_figure_that_is_not_shown_is_named_and_has_no_bar_to_measure() {
        let mut table = CountTable::count("incidents", "Incidents", &["One", "Many"], &["All"], []);
        table.add("One", "All", 2);
        table.add("Many", "All", 40);
        let chart = of(&publish(&table, &[]));
        assert!(chart.bars.iter().all(|bar| bar.label != "One"));
        assert!(chart.hidden.contains("One"), "{}", chart.hidden);
    }
}
