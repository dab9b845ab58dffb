//! Why content is refused, once it was looked at: what the page, the record and the counters say.

use crate::blockpage::Block;
use crate::gateway::Shared;
use crate::metrics::count;
use crate::observe::{Observation, Outcome};
use crate::proxy::{Response, closed_response};
use crate::request::Closed;
use crate::rules::{AgeBand, GatewayRules};
use belisha_filter::{FileKind, PageVerdict, RuleKind};
use std::sync::Arc;

/// Why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The words of the page, or of a chat's answer, are over the group's limit.
    Words {
        /// The category that says most, as its list calls it.
        category: Option<String>,
        /// The score.
        score: i64,
    },
    /// The group takes no files of this kind.
    File(FileKind),
    /// The scanner knows it as malware.
    Malware,
    /// It could not be opened or scanned: too large, locked with a password, or the scanner was away.
    NotScanned,
    /// It has words, the group's pages are read, and it is packed in a way that cannot be.
    NotRead,
}

impl Refusal {
    /// What a page's verdict refuses.
    pub(super) fn of(verdict: &PageVerdict) -> Self {
        let category = verdict.by_category.first().map(|most| most.category.clone());
        Refusal::Words { category, score: verdict.score }
    }

    /// The key in records.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Refusal::Words { .. } => "page-words",
            Refusal::File(_) => "file-kind",
            Refusal::Malware => "malware",
            Refusal::NotScanned => "not-scanned",
            Refusal::NotRead => "page-unread",
        }
    }

    fn category(&self) -> Option<String> {
        match self {
            Refusal::Words { category, .. } => category.clone(),
            Refusal::File(kind) => Some(kind.key().to_owned()),
            Refusal::Malware => Some("malware".to_owned()),
            Refusal::NotScanned | Refusal::NotRead => None,
        }
    }

    fn label(&self) -> Option<String> {
        match self {
            Refusal::File(kind) => Some(kind.label().to_lowercase()),
            other => other.category().map(|category| category.replace('-', " ")),
        }
    }

    fn note(&self) -> Option<Box<str>> {
        match self {
            Refusal::Words { score, .. } => Some(format!("the words of the page scored {score}").into()),
            _ => None,
        }
    }
}

/// What a request that was let through becomes when its content is refused. `allowed` is what was to be written down.
pub(super) fn observe(shared: &Shared, allowed: Observation, refusal: &Refusal) {
    count(&shared.metrics.content_refused);
    shared.observer.observe(Observation {
        outcome: Outcome::Blocked,
        reason: refusal.key(),
        category: refusal.category().map(Arc::from),
        list: None,
        note: refusal.note(),
        ..allowed
    });
}

/// The page that says so.
pub(super) fn page(shared: &Shared, rules: &GatewayRules, allowed: &Observation, refusal: &Refusal) -> Response {
    let person = allowed.person.and_then(|person| rules.person(person));
    let block = Block {
        id: String::new(),
        at: allowed.at,
        school: allowed.school,
        person: allowed.person,
        device: allowed.device,
        group: allowed.group.to_owned(),
        host: allowed.host.as_deref().map(str::to_owned),
        outcome: Outcome::Blocked,
        reason: refusal.key(),
        category: refusal.category(),
        list: None,
        category_label: refusal.label(),
        clause: None,
        opens_at: None,
    };
    let closed = Closed {
        block,
        age_band: person.map_or(AgeBand::Pupil, |person| person.age_band),
        rule: RuleKind::Category,
        named_by: allowed.named_by,
        device_kind: allowed.device_kind,
        opens: None,
        school_name: rules.school_name.clone(),
        content: Some(refusal.clone()),
    };
    closed_response(shared, closed)
}
