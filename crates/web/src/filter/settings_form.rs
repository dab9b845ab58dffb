//! Between the fields of the page of settings and what a school has set. What is done with either is `settings`' affair.

use super::host;
use super::switches::{SWITCHES, Switch, on_or_off};
use crate::answers::Answers;
use belisha_filter::{
    ContentLimits, ContentRules, FILTER_SETTINGS, FileKind, FilterSettings, InspectionRules, WhenScannerAway,
};
use belisha_policy::GROUPS;

/// The highest limit of a page's phrase score; the usual ones are 50 to 300.
const HIGHEST_LIMIT: u32 = 10_000;

/// What stands in a school's settings; nothing where they cannot be read, so that they can be saved anew.
pub(super) fn stored(settings: &serde_json::Value) -> FilterSettings {
    settings.get(FILTER_SETTINGS).and_then(|written| serde_json::from_value(written.clone()).ok()).unwrap_or_default()
}

/// The field of a list: letters, digits and hyphens, as an id of a page may be.
pub(super) fn list_field(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    format!("list-{}", letters.collect::<String>())
}

/// The form as it stands: what the school has set, in the fields of the page.
pub(super) fn filled(written: &serde_json::Value) -> Answers {
    let settings = stored(written);
    let switched = |answers: Answers, switch: &Switch| answers.with(switch.field, on_or_off(switch.stands(written)));
    let mut answers = SWITCHES
        .iter()
        .fold(Answers::new(), switched)
        .with("inspection", on_or_off(settings.inspection.enabled))
        .with("never-hosts", settings.inspection.never_hosts.join("\n"))
        .with("school-hosts", settings.school_hosts.join("\n"));
    for (field, keys) in [
        ("inspected", &settings.inspection.groups),
        ("never-categories", &settings.inspection.never_categories),
        ("allow-list-only", &settings.allow_list_only),
    ] {
        answers = keys.iter().fold(answers, |answers, key| answers.with(field, key));
    }
    for (group, limits) in &settings.content.groups {
        if let Some(limit) = limits.phrase_limit {
            answers = answers.with(format!("limit-{group}"), limit);
        }
        let kinds = limits.blocked_file_kinds.iter();
        answers = kinds.fold(answers, |answers, kind| answers.with(format!("files-{group}"), kind.key()));
    }
    let scanned = settings.content.groups.values().find(|limits| limits.scan_downloads);
    let scanning = match scanned.map(|limits| limits.when_scanner_away) {
        None => "off",
        Some(WhenScannerAway::Refuse) => "refuse",
        Some(WhenScannerAway::LetThrough) => "let-through",
    };
    for (list, groups) in &settings.list_groups {
        answers = groups.iter().fold(answers, |answers, key| answers.with(list_field(list), key));
    }
    answers.with("scanning", scanning)
}

/// The settings that a posted form makes. What is wrong with a field is said at the field.
pub(super) fn read(
    answers: &mut Answers,
    lists: &[String],
    categories: &[String],
    beyond_reach: impl Fn(&str) -> bool,
) -> FilterSettings {
    let inspection = InspectionRules {
        enabled: answers.value("inspection") == "on",
        groups: groups(answers, "inspected"),
        never_hosts: Vec::new(),
        never_categories: categories.iter().filter(|key| answers.has("never-categories", key)).cloned().collect(),
    };
    if inspection.enabled && inspection.groups.is_empty() {
        answers.refuse("inspected", "choose whose encrypted pages are read, or switch inspection off");
    }
    let inspection = InspectionRules { never_hosts: host::lines(answers, "never-hosts", &beyond_reach), ..inspection };
    let scanning = answers.value("scanning").to_owned();
    let mut content = ContentRules::default();
    for (group, _) in GROUPS {
        let limits = ContentLimits {
            phrase_limit: phrase_limit(answers, &format!("limit-{group}")),
            blocked_file_kinds: answers.all(&format!("files-{group}")).filter_map(FileKind::from_key).collect(),
            scan_downloads: matches!(scanning.as_str(), "refuse" | "let-through"),
            when_scanner_away: match scanning.as_str() {
                "let-through" => WhenScannerAway::LetThrough,
                _ => WhenScannerAway::Refuse,
            },
        };
        if limits != ContentLimits::default() {
            content.groups.insert((*group).to_owned(), limits);
        }
    }
    let confined = |name: &String| {
        let groups = groups(answers, &list_field(name));
        // A list for every group and one for none ticked are the same: it counts for everybody.
        (!groups.is_empty() && groups.len() < GROUPS.len()).then(|| (name.clone(), groups))
    };
    let list_groups = lists.iter().filter_map(confined).collect();
    let allow_list_only = groups(answers, "allow-list-only");
    let school_hosts = host::lines(answers, "school-hosts", &beyond_reach);
    FilterSettings { inspection, content, allow_list_only, list_groups, school_hosts }
}

fn groups(answers: &Answers, field: &str) -> Vec<String> {
    known(answers, field, GROUPS)
}

fn known(answers: &Answers, field: &str, words: &[(&str, &str)]) -> Vec<String> {
    words.iter().filter(|(key, _)| answers.has(field, key)).map(|(key, _)| (*key).to_owned()).collect()
}

fn phrase_limit(answers: &mut Answers, field: &str) -> Option<u32> {
    let typed = answers.value(field).to_owned();
    if typed.is_empty() {
        return None;
    }
    let limit = typed.parse().ok().filter(|limit| (1..=HIGHEST_LIMIT).contains(limit));
    if limit.is_none() {
        answers.refuse(field, format!("write a whole number from 1 to {HIGHEST_LIMIT}, or leave it empty"));
    }
    limit
}
