//! From what the gateway saw to what the activity store keeps. The two crates do not know each other; they meet here.

use belisha_activity::ActivityRecord;
use belisha_gateway::Observation;

/// The record of an observation.
pub fn record(seen: Observation) -> ActivityRecord {
    ActivityRecord {
        at: seen.at,
        person: seen.person,
        device: seen.device.to_string(),
        group: seen.group,
        host: seen.host.unwrap_or_default(),
        school: seen.school,
        path: seen.path,
        search_term: seen.search_term,
        action: seen.outcome.key().to_owned(),
        category: seen.category,
        list: seen.list,
        reason: seen.reason,
        bytes: seen.bytes,
        note: seen.note,
    }
}
