//! Whom a rule about one site is for: everybody, groups by their key in [`crate::GROUPS`], year groups as `year:7`.

use crate::vocabulary::GROUPS;

/// What stands before a year group.
const YEAR: &str = "year:";

/// The key of a year group as the roster has it, `7` or `P1`.
pub fn year_key(year: &str) -> String {
    format!("{YEAR}{year}")
}

/// The year group that a key means; `None` where it means a group.
pub fn year_of(key: &str) -> Option<&str> {
    key.strip_prefix(YEAR)
}

/// `everybody`, or `Pupils, Year group 7`. A key that nobody knows is shown as it is.
pub fn whom_in_words(keys: &[String]) -> String {
    let label = |key: &String| match year_of(key) {
        Some(year) => format!("Year group {year}"),
        None => {
            GROUPS.iter().find(|(known, _)| known == key).map_or_else(|| key.clone(), |(_, label)| (*label).to_owned())
        }
    };
    match keys {
        [] => "everybody".to_owned(),
        some => some.iter().map(label).collect::<Vec<_>>().join(", "),
    }
}

/// Whom an older rule is still for once a newer one about the same site is made; `None`: for nobody any more. No keys are
/// everybody. A newer rule for everybody takes the place of all; one for some people, of what was said for them by name.
pub fn still_for(older: &[String], newer: &[String]) -> Option<Vec<String>> {
    let left: Vec<String> = older.iter().filter(|key| !newer.contains(key)).cloned().collect();
    match (older, newer) {
        (_, []) => None,
        ([], _) => Some(left),
        _ => Some(left).filter(|left| !left.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_rule_takes_the_place_of_what_was_said_for_the_same_people() {
        let keys = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (older, newer, left) in [
            ("", "", None),
            ("pupil year:7", "", None),
            ("", "pupil", Some("")),
            ("pupil", "pupil", None),
            ("pupil", "pupil staff", None),
            ("pupil staff", "pupil", Some("staff")),
            ("pupil", "year:7", Some("pupil")),
            ("year:7 year:8", "year:8 guest", Some("year:7")),
        ] {
            assert_eq!(still_for(&keys(older), &keys(newer)), left.map(keys), "`{older}`, then `{newer}`");
        }
        assert_eq!(whom_in_words(&keys("pupil year:7")), "Pupils, Year group 7");
        assert_eq!((year_of(&year_key("P1")), year_of("pupil")), (Some("P1"), None));
    }
}
