//! The example policies that ship, carried out cell for cell.

use crate::school::*;
use belisha_filter::*;
use belisha_policy::{FilterAction, Period, compile};
use jiff::civil::date;
use std::sync::Arc;

/// Both example policies, as they ship, with every list we have: whatever a category's cell says is what happens.
#[test]
fn the_example_policies_are_carried_out_cell_for_cell() {
    for name in ["england-secondary", "scotland-primary"] {
        let source =
            std::fs::read_to_string(format!("{}/../../policies/{name}.dj", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let policy = compile(&source, date(2026, 9, 14)).policy.unwrap();
        let rules = Rules::new(policy, timetable());
        let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([2; 16])));
        assert_eq!(
            rules.categories_without_a_row().count(),
            0,
            "{name}: {:?}",
            rules.categories_without_a_row().collect::<Vec<_>>()
        );
        for (now, period) in [(LESSON, Period::Lesson), (LUNCH, Period::Break), (EVENING, Period::OutOfSchool)] {
            for (host, category) in built_in_list() {
                let all = |wanted: Period| {
                    rules
                        .rules()
                        .policy
                        .filter_tables()
                        .filter(move |(_, table)| table.when == wanted)
                        .flat_map(|(_, table)| &table.rows)
                };
                let row = all(period).chain(all(Period::Always)).find(|row| row.category == category).unwrap();
                // Hosts that are listed under a parent in another category follow the stricter of the two.
                if rules.index().lookup(host).listings().count() > 1 {
                    continue;
                }
                for group in Group::ALL {
                    let expected = row.cells.get(group.key()).copied().unwrap_or(FilterAction::Block);
                    assert_eq!(
                        decide(&rules, host, group.key(), now).action,
                        expected,
                        "{name}: {host} for {group:?} {period:?}"
                    );
                }
            }
        }
    }
}
