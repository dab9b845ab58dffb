//! From what the gateway saw to what the activity store keeps. The two crates do not know each other; they meet here.

use belisha_activity::ActivityRecord;
use belisha_gateway::Observation;

/// The record of an observation.
pub fn record(seen: Observation) -> ActivityRecord {
    ActivityRecord {
        at: seen.at,
        person: seen.person,
        device: seen.device.to_string(),
        confidence: seen.confidence.map(|confidence| confidence.key().to_owned()),
        device_kind: seen.device_kind.map(|kind| kind.key().to_owned()),
        group: seen.group.to_owned(),
        host: seen.host.map(String::from).unwrap_or_default(),
        school: seen.school,
        path: seen.path.map(String::from),
        search_term: seen.search_term.map(String::from),
        action: seen.outcome.key().to_owned(),
        category: seen.category.map(|category| category.to_string()),
        list: seen.list.map(|list| list.to_string()),
        reason: seen.reason.to_owned(),
        bytes: seen.bytes,
        note: seen.note.map(String::from),
    }
}
