//! Reads one school's rules out of its records: the policy in force, the calendar, granted sites, the school's own rules, and
//! for every person the group, the gate and the age band. Names stay behind.

use crate::commands::Failure;
use crate::installation::Installation;
use belisha_filter::{
    BoardingTime, DomainIndex, Exception, FILTER_SETTINGS, FilterSettings, Group, IllegalList, LessonList, Rules,
    Ruleset, SchoolRule, Timetable, TimetablePart,
};
use belisha_gateway::{
    AgeBand, Gate, GatewayRules, LockerHours, NetworkRange, NetworkRegister, PersonRules, ProxyCredential,
    RegisteredDevice,
};
use belisha_policy::{Audience, Phase, Policy, Role, year_of};
use belisha_records::{
    ClassId, Person, PersonId, SchoolCalendar, SchoolId, Signature, in_year_groups, is_at_school, network_gate,
};
use belisha_store::school_rules::{HostAction, HostRule};
use belisha_store::{
    Store, Tx, exceptions, lesson_lists, parents_of, people, policies, school_rules, schools, signatures,
};
use jiff::civil::Date;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

fn age_band_of(audience: Audience, phase: Phase) -> AgeBand {
    match audience {
        Audience::YoungerPupil => AgeBand::Younger,
        Audience::Pupil if phase == Phase::Primary => AgeBand::Younger,
        Audience::Pupil => AgeBand::Pupil,
        _ => AgeBand::Adult,
    }
}

fn timetable(calendar: &SchoolCalendar) -> Result<Timetable, Failure> {
    let terms = calendar.terms.iter().map(|term| (term.first, term.last)).collect();
    let closed = calendar.closed.iter().map(|closed| (closed.first, closed.last)).collect();
    let day = calendar
        .day
        .iter()
        .map(|part| TimetablePart { period: part.period, from: part.from, until: part.until })
        .collect();
    let boarding = calendar
        .boarding
        .iter()
        .map(|hours| BoardingTime { weekend: hours.weekend, from: hours.from, until: hours.until })
        .collect();
    Ok(Timetable::new(&calendar.time_zone, terms, closed, day)?.with_boarding(boarding))
}

/// The rules of a school; `None` while no policy is in force there, and then the gateway is at its strictest.
///
/// # Errors
/// When the records cannot be read, or the policy in force does not compile.
pub async fn read_rules(
    installation: &Installation,
    school: SchoolId,
    index: Arc<DomainIndex>,
    illegal: Arc<IllegalList>,
) -> Result<Option<GatewayRules>, Failure> {
    let store: &Store = &installation.store;
    let now = (installation.clock)();
    let mut tx = store.read(school).await?;
    let Some(record) = schools::find(&mut tx, school).await? else { return Ok(None) };
    let Some(version) = policies::in_force(&mut tx).await? else { return Ok(None) };
    let today = record.calendar.day_of(now);
    let Some(policy) = belisha_policy::compile(&version.source, today).policy else {
        return Err(Failure("the policy in force does not compile; put an earlier version back in force".into()));
    };
    let everyone = everyone(&mut tx, installation, &policy, &record.calendar, record.phase, today).await?;
    let network = NetworkRegister {
        devices: registered_devices(&mut tx).await?,
        ranges: ranges(&mut tx).await?,
        owners_are_named: record.settings.get("owners_are_named").and_then(serde_json::Value::as_bool).unwrap_or(false),
        usernames: usernames(&mut tx, today).await?,
        locker_hours: locker_hours(&policy, &record.calendar),
    };
    let own_rules = school_rules::list(&mut tx).await?;
    let own = |action| own_rules.iter().filter(|rule| rule.action == action).map(own_rule).collect();
    let rules = Rules {
        exceptions: granted(&mut tx, now, &policy).await?,
        school_allow: own(HostAction::Allow),
        school_deny: own(HostAction::Deny),
        authority_allow: own(HostAction::AuthorityAllow),
        authority_deny: own(HostAction::AuthorityDeny),
        year_groups: year_groups(&mut tx, &own_rules, today).await?,
        lesson_lists: lesson_lists(&mut tx, now).await?,
        safe_search: record.settings.get("safe_search").and_then(serde_json::Value::as_bool).unwrap_or(true),
        ..Rules::new(policy.clone(), timetable(&record.calendar)?).with_settings(settings(&record.settings)?)
    };
    let ruleset = Arc::new(Ruleset::compile(rules, index, illegal));
    Ok(Some(GatewayRules::new(school, record.name, ruleset, everyone).with_network(network)))
}

async fn registered_devices(tx: &mut Tx) -> Result<Vec<RegisteredDevice>, Failure> {
    let devices = belisha_store::registered_devices::list(tx).await?.into_iter();
    Ok(devices
        .map(|device| RegisteredDevice {
            id: device.id,
            mac: device.mac,
            kind: device.kind,
            person: device.person,
            shared: device.shared,
        })
        .collect())
}

/// Rooms and networks. The pages write addresses in one way; what cannot be read all the same is left out and said.
async fn ranges(tx: &mut Tx) -> Result<Vec<NetworkRange>, Failure> {
    let ranges = belisha_store::network_ranges::list(tx).await?.into_iter().filter_map(|range| {
        let Ok(network) = range.network.parse() else {
            tracing::error!(network = range.network, "these addresses of a room cannot be read; enter the room again");
            return None;
        };
        Some(NetworkRange { network, label: range.label, unknown_group: range.unknown_group })
    });
    Ok(ranges.collect())
}

/// The names people have in the school's directory, which are those they sign in with: RADIUS and log-ons use them.
async fn usernames(tx: &mut Tx, today: Date) -> Result<Vec<(String, PersonId)>, Failure> {
    let here = people::list(tx).await?.into_iter().filter(|person| is_at_school(person, today));
    Ok(here.filter_map(|person| Some((person.username?, person.id))).collect())
}

/// The whole school day, where the policy promises that pupils' own devices lie in lockers: the duty `phones:into-lockers`.
fn locker_hours(policy: &Policy, calendar: &SchoolCalendar) -> Option<LockerHours> {
    policy.duties().find(|(_, duty)| duty.what == "phones:into-lockers")?;
    let from = calendar.day.iter().map(|part| part.from).min()?;
    let until = calendar.day.iter().map(|part| part.until).max()?;
    Some(LockerHours { from, until, periods: Vec::new() })
}

async fn everyone(
    tx: &mut Tx,
    installation: &Installation,
    policy: &Policy,
    calendar: &SchoolCalendar,
    phase: Phase,
    today: Date,
) -> Result<Vec<PersonRules>, Failure> {
    let mut signatures_about: HashMap<PersonId, Vec<Signature>> = HashMap::new();
    for signature in signatures::list(tx).await? {
        signatures_about.entry(signature.about).or_default().push(signature);
    }
    let mut parents: HashMap<PersonId, Vec<PersonId>> = HashMap::new();
    for (parent, pupil) in parents_of::list(tx).await? {
        parents.entry(pupil).or_default().push(parent);
    }
    let person_rules = |person: Person| {
        let signed = signatures_about.remove(&person.id).unwrap_or_default();
        let counter_signers = parents.remove(&person.id).unwrap_or_default();
        let open = network_gate(policy, &person, &counter_signers, &signed, calendar, today).is_open();
        let proxy = person
            .username
            .as_deref()
            .map(|name| ProxyCredential::new(name, &installation.keys.proxy_password(person.id)));
        PersonRules {
            person: person.id,
            group: Group::of(person.audience).key().to_owned(),
            gate: if open { Gate::Open } else { Gate::SignFirst },
            age_band: age_band_of(person.audience, phase),
            proxy,
        }
    };
    Ok(people::list(tx).await?.into_iter().filter(|person| is_at_school(person, today)).map(person_rules).collect())
}

async fn granted(tx: &mut Tx, now: jiff::Timestamp, policy: &Policy) -> Result<Vec<Exception>, Failure> {
    let office = policy
        .clauses
        .iter()
        .find_map(|clause| match &clause.binding {
            belisha_policy::Binding::Approval(approval) if approval.what == "unblock" => approval.by.first().copied(),
            _ => None,
        })
        .unwrap_or(Role::OnlineSafetyLead);
    let open = exceptions::list_open(tx, now).await?.into_iter();
    let exceptions = open.map(|exception| Exception {
        id: exception.id.to_string(),
        host: exception.host,
        groups: exception.groups,
        person: exception.person.map(|person| person.to_string()),
        from: exception.from,
        until: exception.until,
        allow: true,
        reason: exception.reason,
        granted_by_office: office,
    });
    Ok(exceptions.collect())
}

fn own_rule(rule: &HostRule) -> SchoolRule {
    let HostRule { id, host, groups, reason, .. } = rule.clone();
    SchoolRule { id, host, groups, reason }
}

/// Who is in the year groups that rules name. Nobody is read where none does.
async fn year_groups(tx: &mut Tx, rules: &[HostRule], today: Date) -> Result<BTreeMap<String, Vec<String>>, Failure> {
    let named = || rules.iter().flat_map(|rule| &rule.groups).filter(|key| year_of(key).is_some());
    if named().next().is_none() {
        return Ok(BTreeMap::new());
    }
    Ok(in_year_groups(&people::list(tx).await?, named(), today))
}

/// What the school set for its filter. Settings that cannot be read stop the new rules: the gateway keeps its last ones.
fn settings(of_school: &serde_json::Value) -> Result<FilterSettings, Failure> {
    match of_school.get(FILTER_SETTINGS) {
        None | Some(serde_json::Value::Null) => Ok(FilterSettings::default()),
        Some(written) => serde_json::from_value(written.clone()).map_err(|wrong| {
            Failure(format!("the school's settings of its filter cannot be read ({wrong}); save them again on the page Settings of the filter"))
        }),
    }
}

/// The lists that hold now or later, a class as the ids of who is in it today.
async fn lesson_lists(tx: &mut Tx, now: jiff::Timestamp) -> Result<Vec<LessonList>, Failure> {
    let open = lesson_lists::list_open(tx, now).await?;
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let people = people::list(tx).await?;
    let of_class = |class: Option<ClassId>| {
        let members = people.iter().filter(|person| class.is_some() && person.class == class);
        members.map(|person| person.id.to_string()).collect()
    };
    Ok(open
        .into_iter()
        .map(|list| LessonList {
            people: of_class(list.class),
            id: list.id,
            name: list.name,
            hosts: list.hosts,
            groups: list.groups,
            from: list.from,
            until: list.until,
            reason: list.reason,
            made_by_office: Role::Teacher,
        })
        .collect())
}
