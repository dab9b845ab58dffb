//! One line of activity as this crate takes it. The binary makes it from what the gateway saw; storing it is `ingest`'s.

use belisha_filter::{leads_to_helpline, names_helpline, scan};
use belisha_records::{PersonId, SchoolId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One request of one device. Personal data about children: it goes to the database, or while that is down to the spill
/// file in the data folder, and nowhere else. It therefore has no `Display`, and its `Debug` shows only the time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivityRecord {
    /// When.
    pub at: Timestamp,
    /// At which school.
    pub school: SchoolId,
    /// Whom a mapping covered at that second; `None` is unknown and never a guess.
    pub person: Option<PersonId>,
    /// Address of the device.
    pub device: String,
    /// Key of how far the person's name can be relied on, `session`.
    #[serde(default)]
    pub confidence: Option<String>,
    /// Key of whose the device is, `pupil-owned`, where the school's register has it.
    #[serde(default)]
    pub device_kind: Option<String>,
    /// Filter group the decision was made for, `pupil`.
    pub group: String,
    /// Host asked for; empty where it must not be written down (illegal content).
    pub host: String,
    /// Path of a plain HTTP request, without its query.
    pub path: Option<String>,
    /// What was searched for, where the address showed it.
    pub search_term: Option<String>,
    /// What the gateway did: `allowed`, `blocked`, `warned`, `asked`, `sign-first`.
    pub action: String,
    /// Category that decided.
    pub category: Option<String>,
    /// List the host was found on.
    pub list: Option<String>,
    /// Key of the reason, the same that `belisha explain` prints: `illegal`, `category`, `default`, …
    pub reason: String,
    /// Bytes the origin stated, where it did.
    pub bytes: Option<u64>,
    /// Why somebody went on past a warning, in their own words.
    #[serde(default)]
    pub note: Option<String>,
}

impl std::fmt::Debug for ActivityRecord {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "ActivityRecord({}, …)", self.at)
    }
}

impl ActivityRecord {
    /// Whether it is a hit on the list of illegal content.
    pub fn is_illegal(&self) -> bool {
        self.reason == belisha_filter::RuleKind::Illegal.key()
    }

    /// The record as it may be written down, or `None` if it may not be at all. Helplines leave no trace by name whatever
    /// the sender made of them, and illegal content leaves no host, path, term or list.
    pub fn permitted(mut self) -> Option<Self> {
        let helpline = self.reason == belisha_filter::RuleKind::Helpline.key()
            || belisha_filter::helpline_for(&self.host).is_some();
        if self.is_illegal() {
            self.host = String::new();
            (self.path, self.search_term, self.list, self.note) = (None, None, None, None);
            return Some(self);
        }
        if helpline || leads_to_helpline(&self.host, None) {
            return None;
        }
        if leads_to_helpline(&self.host, self.path.as_deref()) {
            (self.path, self.search_term) = (None, None);
        }
        self.search_term = self.search_term.filter(|words| !seeks_help_alone(words));
        self.note = self.note.filter(|words| !seeks_help_alone(words));
        Some(self)
    }
}

/// Whether words speak of a helpline and of nothing that worries.
fn seeks_help_alone(words: &str) -> bool {
    names_helpline(words) && scan(words).is_empty()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use belisha_records::Identifier;

    pub(crate) fn record(host: &str) -> ActivityRecord {
        ActivityRecord {
            at: "2026-11-20T10:00:00Z".parse().unwrap(),
            school: SchoolId::make(0, [1; 10]),
            person: None,
            device: "10.0.0.7".into(),
            confidence: None,
            device_kind: None,
            group: "pupil".into(),
            host: host.into(),
            path: None,
            search_term: None,
            action: "allowed".into(),
            category: None,
            list: None,
            reason: "default".into(),
            bytes: None,
            note: None,
        }
    }

    #[test]
    fn helplines_leave_no_trace_even_when_the_sender_forgot() {
        assert_eq!(record("www.childline.org.uk").permitted(), None);
        assert_eq!(ActivityRecord { reason: "helpline".into(), ..record("elsewhere.example") }.permitted(), None);
        assert!(record("maths.example").permitted().is_some());
        assert_eq!(record("www-childline-org-uk.translate.goog").permitted(), None);
        let kept = |path: &str, words: &str| {
            let words = Some(words.to_owned());
            let seen = ActivityRecord {
                path: Some(path.into()),
                search_term: words.clone(),
                note: words,
                ..record("maths.example")
            };
            seen.permitted().map(|kept| (kept.path, kept.search_term, kept.note)).unwrap()
        };
        let (path, help) = ("/web/2026/https://www.childline.org.uk/", "the number of childline");
        assert_eq!(kept(path, "fractions"), (None, None, Some("fractions".into())));
        assert_eq!(kept("/page", help), (Some("/page".into()), None, None));
        let danger = "how to kill myself, or childline";
        assert_eq!(kept("/page", danger).1.as_deref(), Some(danger), "somebody in danger is seen");
    }

    #[test]
    fn illegal_content_leaves_no_host_path_or_term() {
        let seen = ActivityRecord {
            reason: "illegal".into(),
            path: Some("/a".into()),
            search_term: Some("b".into()),
            list: Some("c".into()),
            category: Some("illegal".into()),
            ..record("bad.example")
        };
        let kept = seen.permitted().unwrap();
        assert_eq!((kept.host.as_str(), kept.path, kept.search_term, kept.list), ("", None, None, None));
        assert_eq!(kept.category.as_deref(), Some("illegal"));
    }

    #[test]
    fn debug_output_names_nobody_and_nothing() {
        assert_eq!(format!("{:?}", record("maths.example")), "ActivityRecord(2026-11-20T10:00:00Z, …)");
    }
}
