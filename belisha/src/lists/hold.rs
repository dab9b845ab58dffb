//! Whether an update of a list waits for a person: when much of the list would vanish at once, or when it newly names something
//! that no list should close. Both are what accidents at a list's maker look like. What the person then does is `settle`'s.

use super::counted;
use super::manifest::Manifest;

/// As many lines may vanish from a category without anybody being asked, however small the category is.
const FEW: u64 = 20;

/// Why a person must look at `new` before it takes the place of `before`; empty: nobody must.
pub fn reasons(new: &Manifest, before: &Manifest) -> Vec<String> {
    let mut reasons = losses(new);
    let newly: Vec<&str> =
        new.protected.iter().filter(|name| !before.protected.contains(name)).map(String::as_str).collect();
    if !newly.is_empty() {
        reasons.push(format!(
            "it newly names {}, which no list should close; that is a sign of an accident at its maker",
            quoted(&newly)
        ));
    }
    reasons
}

fn losses(new: &Manifest) -> Vec<String> {
    let may_lose = u64::from(new.upkeep.may_lose);
    let too_many = |removed: u64, before: u64| removed > FEW && removed * 100 > before * may_lose;
    let Some(changes) = &new.changes else { return Vec::new() };
    let lost = changes.categories.iter().filter(|(_, change)| too_many(change.removed, change.before));
    lost.map(|(category, change)| {
        format!(
            "{} of the {} names under `{category}` would be gone at once",
            counted(change.removed),
            counted(change.before)
        )
    })
    .collect()
}

fn quoted(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Whether closing `listed` closes one of our own names, or something below it.
pub fn names_our_own(listed: &str, own: &[String]) -> bool {
    let below = |name: &str, parent: &str| {
        name.len() > parent.len() && name.ends_with(parent) && name.as_bytes()[name.len() - parent.len() - 1] == b'.'
    };
    own.iter().any(|own| own == listed || below(own, listed) || below(listed, own))
}

#[cfg(test)]
mod tests {
    use super::super::changes::{Change, Changes};
    use super::*;

    fn losing(removed: u64, before: u64) -> Manifest {
        let change = Change { before, added: 0, removed };
        Manifest { changes: Some(Changes { categories: [("games".to_owned(), change)].into() }), ..Manifest::default() }
    }

    #[test]
    fn a_loss_is_held_when_both_its_share_and_its_number_are_large() {
        for (removed, before, held) in [
            (20, 20, false),
            (21, 40, true),
            (21, 105, false),
            (22, 105, true),
            (1_000, 5_000, false),
            (1_001, 5_000, true),
        ] {
            let reasons = reasons(&losing(removed, before), &Manifest::default());
            assert_eq!(!reasons.is_empty(), held, "{removed} of {before}: {reasons:?}");
        }
        let words = &reasons(&losing(1_001, 5_000), &Manifest::default())[0];
        assert_eq!(words, "1,001 of the 5,000 names under `games` would be gone at once");
    }

    #[test]
    fn a_protected_name_is_held_when_it_is_new_in_the_list() {
        let with = |names: &[&str]| Manifest {
            protected: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Manifest::default()
        };
        assert!(reasons(&with(&["github.com"]), &with(&["github.com", "co.uk"])).is_empty());
        let many = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test", "github.com"];
        let words = &reasons(&with(&many), &with(&["github.com"]))[0];
        assert!(words.contains("`a.test`, `b.test`, `c.test`, `d.test`, `e.test` and 1 more"), "{words}");
    }

    #[test]
    fn our_own_names_are_meant_with_what_is_above_and_below_them() {
        let own = ["marlowe-bridge.example".to_owned()];
        for (listed, ours) in [
            ("marlowe-bridge.example", true),
            ("www.marlowe-bridge.example", true),
            ("example", true),
            ("bridge.example", false),
            ("not-marlowe-bridge.example", false),
            ("other.example", false),
        ] {
            assert_eq!(names_our_own(listed, &own), ours, "{listed}");
        }
    }
}
