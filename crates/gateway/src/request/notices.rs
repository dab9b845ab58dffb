//! What is worth a person's notice about a request, whatever was decided about it: a pupil's own device on the network in
//! locker hours. When that is, is in `identity/locker.rs`; here it becomes an observation, once for each device and day.

use super::steps::Walk;
use crate::identity::{Notice, locker_day};
use crate::metrics::count;
use crate::observe::{Observation, Outcome};
use belisha_filter::Group;

/// The notice a request gives rise to, as an observation of its own. It names no person, host or path. Not to be asked for a
/// request that turns to a helpline or to the school's own pages: it leaves no trace, not even of having been there.
pub(crate) fn notice(walk: &Walk<'_>) -> Option<Observation> {
    let device = walk.caller.device?;
    let rules = walk.rules?;
    let hours = rules.network().locker_hours.as_ref();
    let day = locker_day(hours, &rules.ruleset.rules().timetable, device.kind, walk.now)?;
    if !walk.shared.identity.first_seen_on(device.id, day) {
        return None;
    }
    count(&walk.shared.identity.counters().notices);
    let notice = Notice::PersonalDeviceSeen { device: device.id, first_seen: walk.now };
    Some(Observation {
        at: walk.now,
        school: walk.shared.config.school,
        person: None,
        named_by: None,
        confidence: None,
        device_kind: Some(device.kind),
        device: walk.asked.device,
        group: Group::from_key(walk.caller.group).key(),
        protocol: walk.asked.protocol,
        method: None,
        host: None,
        path: None,
        search_term: None,
        worries: Vec::new(),
        outcome: Outcome::Noticed,
        reason: notice.key(),
        category: None,
        list: None,
        bytes: None,
        note: Some(notice.words().into()),
        notice: Some(notice),
    })
}
