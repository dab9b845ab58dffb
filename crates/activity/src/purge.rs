//! Forgetting in time: named activity, alerts that were no concern and requests for sites, each as long as the policy says;
//! reasons for going on past a warning go with the visits that were not let through. Hourly figures that name nobody stay. When this runs is the job's business.

use crate::keep::WARNINGS_PASSED;
use belisha_policy::{Policy, RecordKind};
use belisha_records::{Actor, SchoolId};
use belisha_store::activity::KeptAs;
use belisha_store::{Result, Store, access_requests, activity, alerts, register_entries};
use jiff::{SignedDuration, Timestamp};

/// Batches gone through in one transaction, so that nobody waits long behind it.
const BATCHES: u32 = 50;
/// Who forgets, in the ledger.
const ACTOR: Actor = Actor::Job("purge-activity");

/// What was removed; `None` where the policy names no time, so that nothing was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Visits that were let through.
    pub allowed: Option<u64>,
    /// Visits that were not.
    pub blocked: Option<u64>,
    /// Alerts that were dismissed.
    pub alerts: Option<u64>,
    /// Requests for sites.
    pub requests: Option<u64>,
    /// Reasons given for going on past a warning.
    pub reasons: Option<u64>,
}

impl std::fmt::Display for Purged {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [
            ("open visits", self.allowed),
            ("closed visits", self.blocked),
            ("dismissed alerts", self.alerts),
            ("requests for sites", self.requests),
            ("reasons for going on", self.reasons),
        ];
        for (at, (what, removed)) in parts.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match removed {
                Some(removed) => write!(out, "{comma}{removed} {what} removed")?,
                None => write!(out, "{comma}{what} kept: the policy names no time")?,
            }
        }
        Ok(())
    }
}

/// Removes what is older than the policy's retention clauses say. Blocked visits without a clause of their own follow the one
/// for named activity. A kind without any clause is kept.
///
/// # Errors
/// `Busy`, `Unreachable`: what was removed until then stays removed, and calling again removes the rest.
pub async fn purge(store: &Store, school: SchoolId, policy: &Policy, now: Timestamp) -> Result<Purged> {
    let before = |kind: RecordKind| policy.retention_days(kind).and_then(|days| days_before(now, days));
    let allowed = before(RecordKind::ActivityNamed);
    let blocked = before(RecordKind::ActivityBlocked).or(allowed);
    let mut purged = Purged::default();
    if let Some(before) = allowed {
        purged.allowed = Some(purge_visits(store, school, KeptAs::Allowed, before, now).await?);
    }
    if let Some(before) = blocked {
        purged.blocked = Some(purge_visits(store, school, KeptAs::Other, before, now).await?);
    }
    let mut tx = store.begin(&ACTOR, school, now).await?;
    if let Some(before) = before(RecordKind::Alerts) {
        purged.alerts = Some(alerts::purge_dismissed(&mut tx, before).await?);
    }
    if let Some(before) = before(RecordKind::AccessRequests) {
        purged.requests = Some(access_requests::purge(&mut tx, before).await?);
    }
    if let Some(before) = blocked {
        purged.reasons = Some(register_entries::purge(&mut tx, WARNINGS_PASSED, before).await?);
    }
    tx.commit().await?;
    Ok(purged)
}

fn days_before(now: Timestamp, days: u32) -> Option<Timestamp> {
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

async fn purge_visits(store: &Store, school: SchoolId, kind: KeptAs, before: Timestamp, now: Timestamp) -> Result<u64> {
    let mut gone = 0;
    loop {
        let mut tx = store.begin(&ACTOR, school, now).await?;
        let removed = activity::purge(&mut tx, kind, before, BATCHES).await?;
        tx.commit().await?;
        gone += removed;
        if removed == 0 {
            return Ok(gone);
        }
    }
}
