//! Small numbers stay hidden, whatever a reader adds up or takes away.

use belisha_records::*;
use jiff::civil::date;
use proptest::prelude::*;

fn table(counts: &[&[u32]]) -> CountTable {
    CountTable {
        key: "incidents".to_owned(),
        title: "Incidents".to_owned(),
        rows: (0..counts.len()).map(|at| format!("row {at}")).collect(),
        columns: (0..counts.first().map_or(0, |row| row.len())).map(|at| format!("column {at}")).collect(),
        counts: counts.iter().map(|row| row.to_vec()).collect(),
    }
}

/// What a reader sees: the table with its totals as one more row and column.
fn grid(table: &PublishedTable) -> Vec<Vec<Figure>> {
    let mut grid: Vec<Vec<Figure>> = table
        .cells
        .iter()
        .zip(&table.row_totals)
        .map(|(row, total)| row.iter().copied().chain([*total]).collect())
        .collect();
    grid.push(table.column_totals.iter().copied().chain([table.total]).collect());
    grid
}

/// A reader who narrows every number down as far as adding up allows, over and over until nothing changes. `least` is what they know hidden numbers
/// to be at least. Gives the least and the most each number can be.
fn attack(seen: &[Vec<Figure>], least: u64) -> Vec<Vec<(u64, u64)>> {
    let most = 1_000_000;
    let mut known: Vec<Vec<(u64, u64)>> = seen
        .iter()
        .map(|row| {
            row.iter()
                .map(|figure| match figure {
                    Figure::Shown(number) => (u64::from(*number), u64::from(*number)),
                    Figure::Hidden => (least, most),
                })
                .collect()
        })
        .collect();
    let (height, width) = (known.len(), known[0].len());
    // Each equation: the cells that add up, and the cell that is their sum.
    let rows =
        (0..height).map(|row| ((0..width - 1).map(|column| (row, column)).collect::<Vec<_>>(), (row, width - 1)));
    let columns =
        (0..width).map(|column| ((0..height - 1).map(|row| (row, column)).collect::<Vec<_>>(), (height - 1, column)));
    let equations: Vec<_> = rows.chain(columns).collect();
    for _ in 0..1_000 {
        let before = known.clone();
        for (parts, (sum_row, sum_column)) in &equations {
            let low: u64 = parts.iter().map(|(row, column)| known[*row][*column].0).sum();
            let high: u64 = parts.iter().map(|(row, column)| known[*row][*column].1).sum();
            let sum = &mut known[*sum_row][*sum_column];
            *sum = (sum.0.max(low), sum.1.min(high));
            let sum = *sum;
            for (row, column) in parts {
                let cell = &mut known[*row][*column];
                let others: Vec<(u64, u64)> = parts
                    .iter()
                    .filter(|place| *place != &(*row, *column))
                    .map(|(row, column)| before[*row][*column])
                    .collect();
                let (rest_low, rest_high): (u64, u64) =
                    (others.iter().map(|cell| cell.0).sum(), others.iter().map(|cell| cell.1).sum());
                *cell = (cell.0.max(sum.0.saturating_sub(rest_high)), cell.1.min(sum.1.saturating_sub(rest_low)));
            }
        }
        if known == before {
            break;
        }
    }
    known
}

fn assert_safe(counts: &[Vec<u32>], published: &PublishedTable) -> Result<(), TestCaseError> {
    let seen = grid(published);
    for least in [0, 1] {
        let known = attack(&seen, least);
        for (row, cells) in seen.iter().enumerate() {
            for (column, figure) in cells.iter().enumerate() {
                match figure {
                    Figure::Shown(number) => prop_assert!(*number == 0 || *number >= SMALLEST_SHOWN),
                    Figure::Hidden => prop_assert!(
                        known[row][column].0 < known[row][column].1,
                        "{counts:?} pins {row},{column} in {seen:?}"
                    ),
                }
            }
        }
    }
    Ok(())
}

#[test]
fn one_small_number_takes_others_with_it() {
    let published = publish(&table(&[&[12, 3], &[8, 9]]), &[]);
    assert_eq!(published.cells[0][1], Figure::Hidden);
    assert!(published.hidden() >= 4, "a rectangle of hidden cells, or no total gives it away: {published:?}");
    assert_safe(&[vec![12, 3], vec![8, 9]], &published).unwrap();
}

#[test]
fn large_numbers_and_noughts_are_shown() {
    let published = publish(&table(&[&[12, 0], &[8, 9]]), &[]);
    assert_eq!(published.hidden(), 0);
    assert_eq!(published.sentence(), "Incidents: 29, most often row 1 (17)");
    assert_eq!(publish(&table(&[&[0, 0]]), &[]).sentence(), "Incidents: none");
}

#[test]
fn two_ones_beside_a_shown_sum_are_not_left_to_be_worked_out() {
    // 1 + 1 + 5 = 7: with the 5 and the 7 shown, two hidden numbers of at least one could only be ones.
    let counts = vec![vec![1, 1, 5]];
    assert_safe(&counts, &publish(&table(&[&[1, 1, 5]]), &[])).unwrap();
}

#[test]
fn counting_keeps_the_order_given() {
    let pairs = [("proxy", "pupil"), ("proxy", "pupil"), ("other", "staff"), ("games", "pupil")];
    let counted = CountTable::count("k", "T", &["games", "proxy"], &["pupil"], pairs);
    assert_eq!(
        (counted.rows, counted.columns),
        (
            vec!["games".to_owned(), "proxy".to_owned(), "other".to_owned()],
            vec!["pupil".to_owned(), "staff".to_owned()]
        )
    );
    assert_eq!(counted.counts, [[1, 0], [2, 0], [0, 1]]);
}

#[test]
fn a_report_issued_again_gives_no_difference_away() {
    let (from, until) = (date(2026, 7, 1), date(2026, 12, 11));
    let first = half_yearly_report(from, until, &[table(&[&[20, 30], &[40, 50]])], &[]);
    assert_eq!(first.tables[0].hidden(), 0);
    // Two more in one cell a week later: showing 22 beside last week's 20 would show the two.
    let later = [table(&[&[22, 30], &[40, 50]])];
    let again = half_yearly_report(from, date(2026, 12, 18), &later, std::slice::from_ref(&first));
    assert_eq!(again.tables[0].cells[0][0], Figure::Hidden);
    assert_eq!((again.tables[0].row_totals[0], again.tables[0].total), (Figure::Hidden, Figure::Hidden));
    // The next half-year shares no day with it and is judged alone.
    let next = half_yearly_report(date(2027, 1, 1), date(2027, 6, 30), &later, &[first]);
    assert_eq!(next.tables[0].hidden(), 0);
}

#[test]
fn cases_about_adults_are_never_counted() {
    let counted = [CaseRoute::Pupils, CaseRoute::Adult, CaseRoute::Head, CaseRoute::Chair].map(counts_in_reports);
    assert_eq!(counted, [true, false, false, false]);
}

#[test]
fn the_attack_is_worth_its_name() {
    // Hiding only the small numbers and no other leaves this one to be worked out, and the attack does.
    let mut seen = grid(&publish(&table(&[&[12, 30], &[8, 9]]), &[]));
    seen[0][1] = Figure::Hidden;
    assert_eq!(attack(&seen, 0)[0][1], (30, 30));
    // A chain through two rows and two columns, and least numbers of one each.
    let mut seen = grid(&publish(&table(&[&[5, 5, 10]]), &[]));
    seen[0][0] = Figure::Hidden;
    seen[0][1] = Figure::Hidden;
    seen[1][0] = Figure::Hidden;
    seen[1][1] = Figure::Hidden;
    seen[0][3] = Figure::Shown(12);
    seen[1][3] = Figure::Shown(12);
    assert_eq!(attack(&seen, 1)[0][0], (1, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn no_hidden_number_can_be_worked_out(counts in (1usize..6, 1usize..6).prop_flat_map(|(height, width)| {
        let cell = prop_oneof![3 => Just(0u32), 4 => 1u32..5, 3 => 5u32..40];
        proptest::collection::vec(proptest::collection::vec(cell, width), height)
    })) {
        let rows: Vec<&[u32]> = counts.iter().map(Vec::as_slice).collect();
        assert_safe(&counts, &publish(&table(&rows), &[]))?;
    }

    #[test]
    fn nor_from_two_reports_of_overlapping_times(
        pairs in proptest::collection::vec(proptest::collection::vec((0u32..12, 0u32..7), 3), 1..4)
    ) {
        let earlier: Vec<Vec<u32>> = pairs.iter().map(|row| row.iter().map(|(was, _)| *was).collect()).collect();
        let later: Vec<Vec<u32>> = pairs.iter().map(|row| row.iter().map(|(was, more)| was + more).collect()).collect();
        let slices = |counts: &[Vec<u32>]| table(&counts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let first = publish(&slices(&earlier), &[]);
        let second = publish(&slices(&later), &[&first]);
        assert_safe(&later, &second)?;
        for (was, is) in grid(&first).iter().flatten().zip(grid(&second).iter().flatten()) {
            if let (Figure::Shown(was), Figure::Shown(is)) = (was, is) {
                prop_assert!(is.abs_diff(*was) == 0 || is.abs_diff(*was) >= SMALLEST_SHOWN, "{was} then {is}");
            }
        }
    }
}
