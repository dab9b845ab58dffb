//! What is asked for at this moment, for whoever must see the filter at work: sites, groups, outcomes. It names no person and no
//! device, leaves out helplines and illegal content, and each look is an entry in the ledger. [`socket`] is where `belisha tail`
//! looks, [`looks`] where the page does.

mod looks;
mod socket;

pub use looks::Looks;
pub use socket::{Line, Wish, serve};

use belisha_activity::ActivityRecord;
use belisha_records::SchoolId;
use belisha_web::LiveVisit;
use std::sync::Arc;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Visits that may wait for somebody who reads slowly; past them the oldest are left out, and counted.
const WAITING: usize = 1024;

/// A record as it may be seen live; `None` for what must not be.
fn shown(record: &ActivityRecord) -> Option<LiveVisit> {
    let permitted = record.clone().permitted().filter(|record| !record.is_illegal() && !record.host.is_empty())?;
    Some(LiveVisit {
        at: permitted.at,
        group: permitted.group,
        outcome: permitted.action,
        host: permitted.host,
        category: permitted.category,
        reason: permitted.reason,
    })
}

/// What is seen at this moment, for all who look.
#[derive(Clone)]
pub struct Live(broadcast::Sender<Arc<(SchoolId, LiveVisit)>>);

impl Default for Live {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Live {
    /// Whether anybody looks.
    pub fn is_watched(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Shows a record to whoever looks; costs nothing while nobody does.
    pub fn show(&self, record: &ActivityRecord) {
        if self.is_watched()
            && let Some(visit) = shown(record)
        {
            // The last of them may have gone this moment.
            let _ = self.0.send(Arc::new((record.school, visit)));
        }
    }

    /// Everything from now on.
    fn watch(&self) -> Watching {
        Watching(self.0.subscribe())
    }
}

/// Somebody who looks.
struct Watching(broadcast::Receiver<Arc<(SchoolId, LiveVisit)>>);

/// What somebody who looks comes to see next.
enum Next {
    Visit(LiveVisit),
    /// So many were left out.
    Missed(u64),
}

impl Watching {
    /// The next visit of a school; `None` when there will be no more.
    async fn next(&mut self, school: SchoolId) -> Option<Next> {
        loop {
            match self.0.recv().await {
                Ok(seen) if seen.0 == school => return Some(Next::Visit(seen.1.clone())),
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Some(Next::Missed(missed)),
                Err(RecvError::Closed) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::{Identifier, PersonId};
    use jiff::Timestamp;

    pub(super) fn record(host: &str, reason: &str) -> ActivityRecord {
        ActivityRecord {
            at: Timestamp::UNIX_EPOCH,
            school: SchoolId::make(1, [1; 10]),
            person: Some(PersonId::make(1, [2; 10])),
            confidence: None,
            device_kind: None,
            device: "10.0.0.50".into(),
            group: "pupil".into(),
            host: host.into(),
            path: Some("/a-path".into()),
            search_term: Some("a search".into()),
            action: "blocked".into(),
            category: Some("games".into()),
            list: None,
            reason: reason.into(),
            bytes: None,
            note: Some("a reason".into()),
        }
    }

    #[test]
    fn a_visit_names_neither_person_nor_device_nor_what_was_read() {
        let visit = shown(&record("games.example", "category")).unwrap();
        let text = serde_json::to_string(&visit).unwrap();
        assert!(text.contains("games.example") && text.contains("pupil"), "{text}");
        let kept = record("games.example", "category");
        for hidden in ["10.0.0.50", "a-path", "a search", "a reason", &kept.person.unwrap().to_string(), "school"] {
            assert!(!text.contains(hidden), "`{hidden}` in {text}");
        }
    }

    #[test]
    fn helplines_and_illegal_content_are_never_seen() {
        for (host, reason) in [
            ("illegal-test.example", "illegal"),
            ("childline.org.uk", "helpline"),
            ("www.childline.org.uk", "category"),
            ("", "category"),
        ] {
            assert_eq!(shown(&record(host, reason)), None, "{host} {reason}");
        }
    }
}
