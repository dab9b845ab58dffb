//! One batch becomes rows and alerts of one school, in one transaction. Gathering batches and waiting for a database that is
//! away is `ingest`'s business.

use crate::alerts::{Recent, Worry, worries};
use crate::record::ActivityRecord;
use crate::spill::Batch;
use belisha_records::{Actor, Alert};
use belisha_store::register_entries::{self, RegisterEntry};
use belisha_store::{Store, StoreError, Tx, activity, alerts, schools};
use jiff::Timestamp;

/// The register of why people went on past a warning.
pub(crate) const WARNINGS_PASSED: &str = "filter:warning-passed";

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Rows written.
    pub stored: usize,
    /// Alerts raised.
    pub alerts: usize,
}

/// Writes a batch with its alerts. A batch whose key is there already is left as it is, so that replaying one after a crash
/// stores nothing twice.
pub(crate) async fn keep(
    store: &Store,
    batch: &Batch,
    now: Timestamp,
    recent: &mut Recent,
) -> Result<Kept, StoreError> {
    let Some(first) = batch.records.first() else { return Ok(Kept::default()) };
    let mut tx = store.begin(&Actor::Job("activity"), first.school, now).await?;
    let rows: Vec<activity::Visit> = batch.records.iter().map(row).collect();
    if !activity::insert_batch(&mut tx, &batch.key, &rows).await? {
        tx.rollback().await?;
        return Ok(Kept::default());
    }
    // Only what was committed may be remembered, so changes are made to a copy.
    let mut remembered = recent.clone();
    let mut raised = 0;
    for record in &batch.records {
        note_reason(&mut tx, record).await?;
        for worry in worries(record) {
            raised += usize::from(raise(&mut tx, record, &worry, &mut remembered).await?);
        }
    }
    tx.commit().await?;
    *recent = remembered;
    Ok(Kept { stored: rows.len(), alerts: raised })
}

/// Keeps why somebody went on past a warning beside the reasons given on the pages: a batch holds no free text but addresses.
async fn note_reason(tx: &mut Tx, record: &ActivityRecord) -> Result<(), StoreError> {
    let Some(reason) = record.note.as_deref() else { return Ok(()) };
    let Some(school) = schools::find(tx, record.school).await? else { return Ok(()) };
    let entry = RegisterEntry {
        id: String::new(),
        register: WARNINGS_PASSED.into(),
        on: school.calendar.day_of(record.at),
        about: record.person,
        by: record.person,
        entered_at: record.at,
        content: serde_json::json!({ "host": without_zero(&record.host), "category": record.category, "reason": without_zero(reason) }),
    };
    register_entries::insert(tx, &entry).await.map(drop)
}

/// Raises an alert, or adds the sight to the one that stands. Answers whether it is a new one.
async fn raise(tx: &mut Tx, record: &ActivityRecord, worry: &Worry, recent: &mut Recent) -> Result<bool, StoreError> {
    if let Some(standing) = recent.standing(record, worry) {
        let (id, sights) = (standing.alert, standing.sights + 1);
        let excerpt = format!("{} ({sights} times within minutes)", worry.excerpt);
        if alerts::seen_again(tx, id, &without_zero(&excerpt)).await? {
            recent.remember(record, worry, id, sights);
            return Ok(false);
        }
    }
    let alert = Alert {
        id: tx.new_id(),
        school: record.school,
        person: record.person,
        device: without_zero(&record.device),
        seen_at: record.at,
        theme: worry.theme.clone(),
        danger: worry.danger,
        host: without_zero(&record.host),
        excerpt: without_zero(&worry.excerpt),
        settled: None,
    };
    alerts::insert(tx, &alert).await?;
    recent.remember(record, worry, alert.id, 1);
    Ok(true)
}

fn row(record: &ActivityRecord) -> activity::Visit {
    let clean = |text: &Option<String>| text.as_deref().map(without_zero);
    activity::Visit {
        at: record.at,
        person: record.person,
        device: without_zero(&record.device),
        confidence: clean(&record.confidence),
        device_kind: clean(&record.device_kind),
        group: without_zero(&record.group),
        host: without_zero(&record.host),
        path: clean(&record.path),
        search_term: clean(&record.search_term),
        action: without_zero(&record.action),
        category: clean(&record.category),
        reason: without_zero(&record.reason),
    }
}

/// Neither database may hold a zero byte; a request made of them must not cost the batch it is in.
fn without_zero(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
