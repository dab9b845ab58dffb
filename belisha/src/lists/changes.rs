//! How two generations of a list differ: how many lines of each category are new and how many are gone. Reads the texts as often
//! as it takes to hold a bounded part of them at a time.

use super::ListError;
use super::manifest::Shelved;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Lines of one text held at a time, 8 bytes each.
const ROOM: u64 = 1 << 20;

/// How a list differs from the one before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// By category; those that did not change are left out.
    pub categories: BTreeMap<String, Change>,
}

/// How a category differs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Lines before.
    pub before: u64,
    /// Lines that are new.
    pub added: u64,
    /// Lines that are gone.
    pub removed: u64,
}

impl Changes {
    /// Lines that are new, in all categories.
    pub fn added(&self) -> u64 {
        self.categories.values().map(|change| change.added).sum()
    }

    /// Lines that are gone, in all categories.
    pub fn removed(&self) -> u64 {
        self.categories.values().map(|change| change.removed).sum()
    }

    /// The way back.
    pub fn reversed(&self) -> Self {
        let back = |change: &Change| Change {
            before: (change.before + change.added).saturating_sub(change.removed),
            added: change.removed,
            removed: change.added,
        };
        Self { categories: self.categories.iter().map(|(category, change)| (category.clone(), back(change))).collect() }
    }
}

/// The texts of a generation: a folder and what is in it.
#[derive(Clone, Copy)]
pub struct Texts<'a> {
    /// Where they are.
    pub folder: &'a Path,
    /// One for each category.
    pub categories: &'a [Shelved],
}

impl Texts<'_> {
    fn of(&self, category: &str) -> Option<&Shelved> {
        self.categories.iter().find(|shelved| shelved.category == category)
    }

    /// The hashes of the lines that fall into one part of several, sorted, each once.
    fn part(&self, category: &str, part: u64, parts: u64) -> Result<Vec<u64>, ListError> {
        if self.of(category).is_none() {
            return Ok(Vec::new());
        }
        let path = self.folder.join(format!("{category}.txt"));
        let unreadable = |error: std::io::Error| ListError::read(&path.display().to_string(), &error);
        let mut lines = BufReader::with_capacity(256 * 1024, File::open(&path).map_err(unreadable)?);
        let (mut line, mut hashes) = (Vec::new(), Vec::new());
        while lines.read_until(b'\n', &mut line).map_err(unreadable)? > 0 {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            let hash = hasher.finish();
            if hash % parts == part {
                hashes.push(hash);
            }
            line.clear();
        }
        hashes.sort_unstable();
        hashes.dedup();
        Ok(hashes)
    }
}

/// How `new` differs from `old`.
///
/// # Errors
/// When a text cannot be read.
pub fn between(old: Texts<'_>, new: Texts<'_>) -> Result<Changes, ListError> {
    let mut changes = Changes::default();
    for shelved in old.categories.iter().chain(new.categories) {
        let category = &shelved.category;
        let (was, is) = (old.of(category), new.of(category));
        let same = was.map(|text| &text.checksum) == is.map(|text| &text.checksum);
        if same || changes.categories.contains_key(category) {
            continue;
        }
        let lines = |text: Option<&Shelved>| text.map_or(0, |text| text.domains);
        let parts = lines(was).max(lines(is)).div_ceil(ROOM).max(1);
        let mut change = Change { before: lines(was), ..Change::default() };
        for part in 0..parts {
            let (before, after) = (old.part(category, part, parts)?, new.part(category, part, parts)?);
            let in_both = before.iter().filter(|hash| after.binary_search(hash).is_ok()).count();
            change.removed += (before.len() - in_both) as u64;
            change.added += (after.len() - in_both) as u64;
        }
        changes.categories.insert(category.clone(), change);
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn written(folder: &Path, lines: &[String]) -> Vec<Shelved> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.join("games.txt"), &text).unwrap();
        vec![Shelved { category: "games".into(), domains: lines.len() as u64, checksum: text }]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn what_is_counted_is_what_sets_would_count(
            old in prop::collection::vec("[a-c]{1,3}", 0..40),
            new in prop::collection::vec("[a-c]{1,3}", 0..40),
        ) {
            let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let (was, is) = (written(one.path(), &old), written(other.path(), &new));
            let changes = between(
                Texts { folder: one.path(), categories: &was },
                Texts { folder: other.path(), categories: &is },
            ).unwrap();
            let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
            prop_assert_eq!(changes.added(), new.difference(&old).count() as u64);
            prop_assert_eq!(changes.removed(), old.difference(&new).count() as u64);
            prop_assert_eq!(changes.reversed().added(), changes.removed());
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> = (0..500).map(|number| format!("{number}.example")).collect();
        let categories = written(folder.path(), &lines);
        let texts = Texts { folder: folder.path(), categories: &categories };
        let parts: usize = (0..7).map(|part| texts.part("games", part, 7).unwrap().len()).sum();
        assert_eq!(parts, 500);
    }

    #[test]
    fn a_category_that_comes_or_goes_is_counted_whole() {
        let folder = tempfile::tempdir().unwrap();
        let categories = written(folder.path(), &["a.example".into(), "b.example".into()]);
        let (all, none) = (
            Texts { folder: folder.path(), categories: &categories },
            Texts { folder: folder.path(), categories: &[] },
        );
        let gone = between(all, none).unwrap();
        assert_eq!(gone.categories["games"], Change { before: 2, added: 0, removed: 2 });
        assert_eq!(between(none, all).unwrap(), gone.reversed());
        assert_eq!(between(all, all).unwrap(), Changes::default());
    }
}
