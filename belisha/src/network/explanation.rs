//! A decision in labelled rows: the same for `belisha explain` and for the page that explains. What decides is the filter's.

use crate::lists;
use belisha_filter::{Request, RuleKind};
use belisha_gateway::{GatewayRules, UNKNOWN_GROUP};
use belisha_policy::DeviceKind;
use belisha_records::PersonId;
use jiff::Timestamp;
use std::path::Path;

/// Host, and path with query, of what somebody typed: a whole address or only a host.
pub(super) fn host_and_path(page: &str) -> (String, Option<String>) {
    let whole = if page.contains("://") { page.to_owned() } else { format!("http://{page}") };
    match url::Url::parse(&whole) {
        Ok(url) => {
            let path = url.path().to_owned() + &url.query().map(|query| format!("?{query}")).unwrap_or_default();
            (
                url.host_str().unwrap_or_default().trim_end_matches('.').to_lowercase(),
                Some(path).filter(|path| path != "/"),
            )
        }
        Err(_) => (page.trim().to_lowercase(), None),
    }
}

/// Who asks for a page: a person, anybody of a group, or nobody known; and on what, where the device is registered.
#[derive(Debug, Clone, Copy, Default)]
pub struct Asking<'a> {
    /// The person.
    pub person: Option<PersonId>,
    /// A filter group, where no person is meant.
    pub group: Option<&'a str>,
    /// Whose the device is; `None`: it is not registered.
    pub device: Option<DeviceKind>,
    /// Whether the gateway's own name server speaks of the host.
    pub own_zone: bool,
}

/// What the rules would do, in labelled rows: the answer, why, the list with its generation in the data folder, the clause, who
/// could change it.
pub fn explanation(
    rules: &GatewayRules,
    asking: &Asking<'_>,
    page: &str,
    at: Timestamp,
    data: &Path,
) -> Vec<(String, String)> {
    let (host, path) = host_and_path(page);
    let known = asking.person.and_then(|person| rules.person(person));
    let group = known.map(|known| known.group.as_str()).or(asking.group).unwrap_or(UNKNOWN_GROUP);
    let key = asking.person.map(|person| person.to_string());
    let Asking { device, own_zone, .. } = *asking;
    let request = Request { host: &host, path: path.as_deref(), group, person: key.as_deref(), device, own_zone };
    let sign_first = known.is_some_and(|known| known.gate == belisha_gateway::Gate::SignFirst);
    rows(rules, &request, sign_first, at, data)
}

fn rows(
    rules: &GatewayRules,
    request: &Request<'_>,
    sign_first: bool,
    at: Timestamp,
    data: &Path,
) -> Vec<(String, String)> {
    let explained = rules.ruleset.explain(request, at);
    let reason = &explained.decision.reason;
    let mut rows = vec![("Answer".to_owned(), format!("{}: {}", explained.decision.action.label(), reason))];
    if sign_first && !matches!(reason.rule, RuleKind::Helpline) {
        rows.push(("Gate".into(), "this person has not signed what opens the network, so only the portal, the policy and helplines are reachable".into()));
    }
    rows.push(("Group".into(), explained.group.key().into()));
    if let Some(device) = request.device {
        rows.push(("Device".into(), device.label().to_lowercase()));
    }
    let timetable = &rules.ruleset.rules().timetable;
    rows.push(("Time of day".into(), timetable.period_at(at).label().into()));
    rows.push(("Rule".into(), reason.rule.label().into()));
    for (list, category, name) in &explained.listings {
        // The built-in list has no generations.
        let generation = lists::newest(data, list).map(|newest| {
            format!(" (generation {}, fetched {})", newest.number, newest.manifest.fetched_at.strftime("%-d %B %Y"))
        });
        rows.push((
            "List".into(),
            format!("`{list}` has `{name}` under `{category}`{}", generation.unwrap_or_default()),
        ));
    }
    rows.extend(explained.for_others.iter().map(|words| ("For others".to_owned(), words.clone())));
    if let Some(clause) = &reason.clause {
        rows.push(("Clause of the policy".into(), format!("{} {} ({})", clause.number, clause.section, clause.id)));
    }
    let by_nobody = matches!(reason.rule, RuleKind::Illegal | RuleKind::Helpline);
    let by_whom = reason.changed_by.or_else(|| (!by_nobody).then(|| rules.ruleset.office()));
    rows.push(("Who could change it".into(), by_whom.map_or("nobody at the school", |role| role.label()).into()));
    if let Some(opens) = reason.opens_at {
        let zone = timetable.time_zone().clone();
        rows.push(("Next open".into(), opens.to_zoned(zone).strftime("%A %-d %B, %H:%M").to_string()));
    }
    for (place, step) in explained.steps.iter().enumerate() {
        rows.push((format!("Step {}", place + 1), step.words.clone()));
    }
    rows
}
