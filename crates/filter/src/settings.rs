//! What a school sets for its filter beside its policy and its sites: whom inspection covers, what pages and files may
//! hold, who sees only what was opened for them. Nothing here reaches the list of illegal content or the helplines.

use crate::content_limits::{ContentRules, WhenScannerAway};
use crate::inspection::InspectionRules;
use crate::rules::Rules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The key of [`FilterSettings`] among a school's settings.
pub const FILTER_SETTINGS: &str = "filter";

/// A school's settings of its filter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterSettings {
    /// Whose encrypted pages are read.
    pub inspection: InspectionRules,
    /// What pages and files may hold.
    pub content: ContentRules,
    /// Groups, by key, that see only what the school opened for them.
    pub allow_list_only: Vec<String>,
    /// Lists by name that count for some groups alone.
    pub list_groups: BTreeMap<String, Vec<String>>,
    /// Names on the school's own network.
    pub school_hosts: Vec<String>,
}

impl FilterSettings {
    /// What another set of settings changes, one line each, in words for the record of changes.
    pub fn changes(&self, to: &Self) -> Vec<String> {
        let (from, to) = (self.lines(), to.lines());
        let subjects: BTreeMap<&str, ()> = from.keys().chain(to.keys()).map(|subject| (subject.as_str(), ())).collect();
        let said = |lines: &BTreeMap<String, String>, subject: &str| {
            lines.get(subject).filter(|line| !line.is_empty()).map_or_else(|| "none".to_owned(), Clone::clone)
        };
        subjects
            .into_keys()
            .map(|subject| (subject, said(&from, subject), said(&to, subject)))
            .filter(|(_, before, after)| before != after)
            .map(|(subject, before, after)| format!("{subject}: {after} (was: {before})"))
            .collect()
    }

    /// Every setting as a subject and what it says.
    fn lines(&self) -> BTreeMap<String, String> {
        let inspection = &self.inspection;
        let mut lines = BTreeMap::from([
            ("Inspection".to_owned(), if inspection.enabled { "on" } else { "off" }.to_owned()),
            ("Groups inspected".to_owned(), inspection.groups.join(", ")),
            ("Sites never inspected".to_owned(), inspection.never_hosts.join(", ")),
            ("Categories never inspected".to_owned(), inspection.never_categories.join(", ")),
            ("Groups that see only what was opened for them".to_owned(), self.allow_list_only.join(", ")),
            ("Names on the school’s own network".to_owned(), self.school_hosts.join(", ")),
        ]);
        for (group, limits) in &self.content.groups {
            let kinds: Vec<&str> = limits.blocked_file_kinds.iter().map(|kind| kind.key()).collect();
            let limit = limits.phrase_limit.map(|limit| limit.to_string()).unwrap_or_default();
            let scanned = match (limits.scan_downloads, limits.when_scanner_away) {
                (false, _) => "",
                (true, WhenScannerAway::Refuse) => "yes; refused while the scanner is away",
                (true, WhenScannerAway::LetThrough) => "yes; let through while the scanner is away",
            };
            lines.insert(format!("Phrase limit for {group}"), limit);
            lines.insert(format!("Files refused for {group}"), kinds.join(", "));
            lines.insert(format!("Downloads scanned for {group}"), scanned.to_owned());
        }
        for (list, groups) in &self.list_groups {
            lines.insert(format!("List `{list}` only for"), groups.join(", "));
        }
        lines
    }
}

impl Rules {
    /// The same rules with what a school set.
    #[must_use]
    pub fn with_settings(self, settings: FilterSettings) -> Self {
        let FilterSettings { inspection, content, allow_list_only, list_groups, school_hosts } = settings;
        Self { inspection, content, allow_list_only, list_groups, school_hosts, ..self }
    }
}
