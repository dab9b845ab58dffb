//! What the policy's device table (MISSION M65) lets a device do: the whole network, the internet only, nothing. Which
//! device a request comes from is the gateway's to know; a device nobody registered is not judged here.

use crate::host_table::HostTable;
use crate::reason::{ClauseReference, Decision, Log, Reason, Request, RuleKind};
use crate::rules::Ruleset;
use belisha_policy::{
    Allowance, AllowanceRow, AllowanceSubject, Binding, Clause, DeviceKind, DeviceUse, FilterAction, Period, Policy,
};
use core::net::IpAddr;
use jiff::Timestamp;
use std::sync::Arc;

/// Endings of names that are never on the internet.
const LOCAL_ENDINGS: [&str; 4] = [".local", ".internal", ".lan", ".home.arpa"];

/// How far a kind of device may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Full,
    InternetOnly,
    Refused,
    /// Nobody has decided it, and undecided is never allowed.
    Undecided,
}

/// What holds for a kind of device, and the row that says so, by index into [`DeviceRules::clauses`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Word {
    access: Access,
    clause: usize,
}

/// The device table, compiled.
#[derive(Debug, Default)]
pub(crate) struct DeviceRules {
    /// In lessons and at other times, by [`DeviceKind`]. Empty where the policy has no table that the network carries out.
    words: Vec<[Word; 2]>,
    clauses: Vec<ClauseReference>,
    school_hosts: HostTable,
}

/// What the rows for one use say about a kind of device; several rows: the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Yes,
    Unset,
    No,
}

impl DeviceRules {
    /// Whether a host is one of the names on the school's own network, or below one.
    pub fn has_school_host(&self, host: &str) -> bool {
        self.school_hosts.matching(host).next().is_some()
    }

    /// Reads every device table of a policy. `school_hosts` are the names on the school's own network.
    pub fn new<'a>(policy: &Policy, school_hosts: impl Iterator<Item = &'a str>) -> Self {
        let mut rules = Self { school_hosts: HostTable::new(school_hosts), ..Self::default() };
        let rows: Vec<(&Clause, &AllowanceRow)> = policy
            .clauses
            .iter()
            .filter_map(|clause| match &clause.binding {
                Binding::Allowances(table) if table.about == AllowanceSubject::Devices => Some((clause, table)),
                _ => None,
            })
            .flat_map(|(clause, table)| table.rows.iter().map(move |row| (clause, row)))
            .filter(|(_, row)| row.device_use.is_some())
            .collect();
        if rows.is_empty() {
            return rules;
        }
        rules.clauses = rows
            .iter()
            .map(|(clause, row)| ClauseReference {
                id: Arc::from(&*row.id.0),
                number: Arc::from(&*clause.number),
                section: Arc::from(&*clause.section),
            })
            .collect();
        rules.words =
            DeviceKind::ALL.iter().map(|kind| [true, false].map(|lesson| word(&rows, *kind, lesson))).collect();
        rules
    }

    fn word(&self, kind: DeviceKind, period: impl FnOnce() -> Period) -> Option<Word> {
        let [lesson, otherwise] = *self.words.get(kind as usize)?;
        Some(if lesson != otherwise && period() == Period::Lesson { lesson } else { otherwise })
    }
}

/// What the rows come to for one kind of device, in a lesson or at another time.
fn word(rows: &[(&Clause, &AllowanceRow)], kind: DeviceKind, lesson: bool) -> Word {
    let says = |wanted: DeviceUse| {
        let of_this_use = rows.iter().enumerate().filter(|(_, (_, row))| row.device_use == Some(wanted));
        of_this_use.map(|(clause, (_, row))| (cell(row.cells.get(kind.key()).copied(), lesson), clause)).max()
    };
    let word = |access, clause| Word { access, clause };
    let (full, internet) = (says(DeviceUse::Full), says(DeviceUse::InternetOnly));
    match (says(DeviceUse::InSchool), says(DeviceUse::None)) {
        (Some((Cell::No, clause)), _) | (_, Some((Cell::Yes, clause))) => return word(Access::Refused, clause),
        (Some((Cell::Unset, clause)), _) => return word(Access::Undecided, clause),
        _ => {}
    }
    match (full, internet) {
        (Some((Cell::Yes, clause)), _) => word(Access::Full, clause),
        (_, Some((Cell::Yes, clause))) => word(Access::InternetOnly, clause),
        (Some((Cell::Unset, clause)), _) | (_, Some((Cell::Unset, clause))) => word(Access::Undecided, clause),
        (Some((Cell::No, clause)), _) | (None, Some((Cell::No, clause))) => word(Access::Refused, clause),
        // A table that only says what may come into school says nothing about the network.
        (None, None) => word(Access::Full, 0),
    }
}

/// For a registered device, permission and selection are what the register records; certain times are outside lessons.
fn cell(written: Option<Allowance>, lesson: bool) -> Cell {
    match written {
        None => Cell::Unset,
        Some(Allowance::Yes | Allowance::WithPermission | Allowance::SelectedPeople) => Cell::Yes,
        Some(Allowance::CertainTimes) if lesson => Cell::No,
        Some(Allowance::CertainTimes) => Cell::Yes,
        Some(Allowance::No) => Cell::No,
    }
}

impl Ruleset {
    pub(crate) fn device(&self, request: &Request<'_>, now: Timestamp) -> Option<Decision> {
        let kind = request.device?;
        let mut period = None;
        let word = self.devices.word(kind, || *period.insert(self.moment.at(&self.rules.timetable, now).period()))?;
        let because = match word.access {
            Access::Full => return None,
            Access::InternetOnly if !request.own_zone && !self.on_school_network(request.host) => return None,
            Access::InternetOnly => "such a device uses the internet only, and this is on the school’s own network",
            Access::Refused => "such a device does not use this network",
            Access::Undecided => "the policy has not decided what such a device may do, and undecided is never allowed",
        };
        let reason = Reason {
            device: Some(kind),
            because: Some(Arc::from(because)),
            clause: self.devices.clauses.get(word.clause).cloned(),
            period,
            changed_by: Some(self.office),
            ..Reason::of(RuleKind::Device)
        };
        Some(Decision { action: FilterAction::Block, reason, log: Log::ByName })
    }

    /// Whether a host is on the school's own network: one of its names, a name without a dot, or a private address.
    fn on_school_network(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(IpAddr::V4(address)) => address.is_private() || address.is_loopback() || address.is_link_local(),
            Ok(IpAddr::V6(address)) => {
                address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local()
            }
            Err(_) => {
                !host.contains('.')
                    || LOCAL_ENDINGS.iter().any(|ending| host.ends_with(ending))
                    || self.devices.has_school_host(host)
            }
        }
    }
}
