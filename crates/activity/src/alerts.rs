//! What in a record deserves an adult's eyes, and when a second sight of the same is no second alert. Which phrases worry
//! is `belisha-filter`'s list; settling an alert is for people.

use crate::record::ActivityRecord;
use belisha_filter::scan;
use belisha_records::{AlertId, Danger, PersonId, SchoolId};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// The same person and theme within this time of the last sight is the same alert.
pub const SAME_ALERT_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// Theme of an alert for a hit on the list of illegal content.
pub const ILLEGAL_THEME: &str = "illegal-content";
/// The most that is remembered for joining; the oldest goes first. A school's busiest ten minutes are far below it.
const MOST_REMEMBERED: usize = 10_000;

/// Something that worries, found in one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worry {
    /// Theme key, `self-harm`.
    pub theme: String,
    /// How dangerous.
    pub danger: Danger,
    /// What raised it: the words searched for, or for illegal content its category alone.
    pub excerpt: String,
}

/// What worries in a record, one for each theme, the most dangerous first. Words are looked for in the search term and,
/// without one, in the path of a plain HTTP request. A hit on the illegal-content list is urgent and shows its category only.
pub fn worries(record: &ActivityRecord) -> Vec<Worry> {
    if record.is_illegal() {
        let excerpt = record.category.clone().unwrap_or_else(|| ILLEGAL_THEME.to_owned());
        return vec![Worry { theme: ILLEGAL_THEME.to_owned(), danger: Danger::Urgent, excerpt }];
    }
    let Some(words) = record.search_term.clone().or_else(|| record.path.as_deref().map(words_of_path)) else {
        return Vec::new();
    };
    let mut found: Vec<Worry> = Vec::new();
    for hit in scan(&words) {
        let theme = key_of(hit.theme);
        if !found.iter().any(|worry| worry.theme == theme) {
            found.push(Worry { theme, danger: danger_of(hit.danger), excerpt: words.clone() });
        }
    }
    found.sort_by_key(|worry| std::cmp::Reverse(worry.danger));
    found
}

fn key_of(theme: belisha_filter::Theme) -> String {
    serde_json::to_value(theme).ok().and_then(|key| key.as_str().map(str::to_owned)).unwrap_or_default()
}

fn danger_of(danger: belisha_filter::Danger) -> Danger {
    match danger {
        belisha_filter::Danger::Low => Danger::Low,
        belisha_filter::Danger::Serious => Danger::Serious,
        belisha_filter::Danger::Urgent => Danger::Urgent,
    }
}

/// `/wiki/how_to_make%20a-kite` as words.
fn words_of_path(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let decoded = (*first == b'%')
            .then(|| after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()))
            .flatten();
        match decoded {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(if matches!(first, b'/' | b'_' | b'-' | b'+' | b'.') { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// Whom an alert is about: the person, or the device of an unknown one.
type Who = (SchoolId, Result<PersonId, String>);

/// Recent alerts, so that a sight of the same joins the alert that stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recent {
    seen: HashMap<(Who, String), Standing>,
}

/// An alert that a further sight would join.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub alert: AlertId,
    pub last: Timestamp,
    /// Sights so far, the first included.
    pub sights: u32,
    pub danger: Danger,
}

impl Recent {
    /// The alert that a sight joins, if one of the same person and theme, at least as dangerous, was seen within ten minutes
    /// of it. A more dangerous sight is an alert of its own.
    pub fn standing(&self, record: &ActivityRecord, worry: &Worry) -> Option<&Standing> {
        let standing = self.seen.get(&(who(record), worry.theme.clone()))?;
        let apart = record.at.duration_since(standing.last).abs();
        (apart <= SAME_ALERT_WITHIN && worry.danger <= standing.danger).then_some(standing)
    }

    /// Remembers an alert that was raised, or a sight that joined one.
    pub fn remember(&mut self, record: &ActivityRecord, worry: &Worry, alert: AlertId, sights: u32) {
        if self.seen.len() >= MOST_REMEMBERED {
            self.forget_before(record.at.saturating_sub(SAME_ALERT_WITHIN).unwrap_or(record.at));
        }
        let danger = worry.danger;
        self.seen.insert((who(record), worry.theme.clone()), Standing { alert, last: record.at, sights, danger });
    }

    /// Forgets what is too long ago to join.
    fn forget_before(&mut self, before: Timestamp) {
        self.seen.retain(|_, standing| standing.last >= before);
        if self.seen.len() >= MOST_REMEMBERED {
            self.seen.clear();
        }
    }
}

fn who(record: &ActivityRecord) -> Who {
    (record.school, record.person.ok_or_else(|| record.device.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;
    use belisha_records::Identifier;

    fn searched(words: &str) -> ActivityRecord {
        ActivityRecord { search_term: Some(words.into()), ..record("search.example") }
    }

    #[test]
    fn illegal_content_is_urgent_and_shows_its_category_only() {
        let hit = ActivityRecord {
            reason: "illegal".into(),
            category: Some("illegal".into()),
            search_term: Some("words".into()),
            ..record("bad.example")
        };
        assert_eq!(
            worries(&hit),
            [Worry { theme: ILLEGAL_THEME.into(), danger: Danger::Urgent, excerpt: "illegal".into() }]
        );
    }

    #[test]
    fn worrying_words_are_found_in_searches_and_in_paths_and_ordinary_ones_are_not() {
        assert_eq!(worries(&searched("how to kill myself")).first().map(|worry| worry.danger), Some(Danger::Urgent));
        let path = ActivityRecord { path: Some("/wiki/how_to_kill%20myself".into()), ..record("pages.example") };
        assert!(!worries(&path).is_empty());
        assert_eq!(worries(&searched("photosynthesis for year 7")), []);
        assert_eq!(worries(&record("maths.example")), []);
    }

    #[test]
    fn the_same_worry_within_ten_minutes_joins_the_alert_that_stands() {
        let id = AlertId::make(0, [0; 10]);
        let worry = |danger| Worry { theme: "self-harm".into(), danger, excerpt: "words".into() };
        let mut recent = Recent::default();
        let first = searched("words");
        recent.remember(&first, &worry(Danger::Serious), id, 1);
        let later =
            |seconds: i64| ActivityRecord { at: first.at + SignedDuration::from_secs(seconds), ..first.clone() };
        let table = [
            ("at once", later(0), Danger::Serious, true),
            ("ten minutes later", later(600), Danger::Serious, true),
            ("past ten minutes", later(601), Danger::Serious, false),
            ("seen earlier, told later", later(-60), Danger::Low, true),
            ("more dangerous", later(10), Danger::Urgent, false),
            ("another device", ActivityRecord { device: "10.0.0.8".into(), ..later(10) }, Danger::Serious, false),
            (
                "a known person there",
                ActivityRecord { person: Some(PersonId::make(0, [2; 10])), ..later(10) },
                Danger::Serious,
                false,
            ),
            (
                "another school",
                ActivityRecord { school: SchoolId::make(0, [9; 10]), ..later(10) },
                Danger::Serious,
                false,
            ),
        ];
        for (what, seen, danger, joins) in table {
            assert_eq!(recent.standing(&seen, &worry(danger)).is_some(), joins, "{what}");
        }
    }
}
