//! The rules a school's gateway works from, compiled once into a form that answers fast. What is written down is
//! [`Rules`]; what answers is [`Ruleset`]. How a request is judged is in `decide`.

use crate::content_limits::{ContentLimits, ContentRules};
use crate::decide::lower_case;
use crate::device::DeviceRules;
use crate::helplines::helpline_hashes;
use crate::host_table::HostTable;
use crate::illegal::IllegalList;
use crate::index::DomainIndex;
use crate::inspection::{CompiledInspection, InspectionRules};
use crate::moment::LastMoment;
use crate::named_hosts::NamedHosts;
use crate::narrowed::{LessonList, NarrowedRules};
use crate::own_sites::{OwnSites, YearGroups};
use crate::reason::{ClauseReference, Group};
use crate::timetable::Timetable;
use belisha_policy::{Binding, Clause, FilterAction, FilterRow, Period, Policy, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The office that answers for the filter where the policy's `unblock` approval names none.
const FALLBACK_OFFICE: Role = Role::OnlineSafetyLead;

/// A site opened or closed for a time (M55): auditable, with a reason and an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Id of the granted request.
    pub id: String,
    /// Host; its subdomains too.
    pub host: String,
    /// Groups it holds for, by key. Empty with no person: it holds for nobody.
    pub groups: Vec<String>,
    /// The one person it holds for, if it is one person's.
    pub person: Option<String>,
    /// From, included.
    pub from: Timestamp,
    /// Until, excluded. There is always an end.
    pub until: Timestamp,
    /// Opens (`true`) or closes (`false`) the site. Where both kinds hold, closed wins.
    pub allow: bool,
    /// Why.
    pub reason: String,
    /// The office of the person who granted it.
    pub granted_by_office: Role,
}

/// A site the school itself opened or closed until somebody changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolRule {
    /// Id.
    pub id: String,
    /// Host; its subdomains too.
    pub host: String,
    /// Groups it holds for, by key, and year groups, `year:7`; empty = everybody.
    pub groups: Vec<String>,
    /// Why.
    pub reason: String,
}

/// Everything the gateway must be told, apart from the two indexes: it can be written to disk as JSON and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rules {
    /// The policy in force.
    pub policy: Policy,
    /// The school's day.
    pub timetable: Timetable,
    /// Sites opened or closed for a time.
    pub exceptions: Vec<Exception>,
    /// Sites the school opened.
    pub school_allow: Vec<SchoolRule>,
    /// Sites the school closed.
    pub school_deny: Vec<SchoolRule>,
    /// Sites the local authority opened; the school's own word comes before it.
    #[serde(default)]
    pub authority_allow: Vec<SchoolRule>,
    /// Sites the local authority closed.
    #[serde(default)]
    pub authority_deny: Vec<SchoolRule>,
    /// Who is in the year groups that these rules name: ids as text, by key, `year:7`.
    #[serde(default)]
    pub year_groups: BTreeMap<String, Vec<String>>,
    /// Sites checked for lessons.
    #[serde(default)]
    pub lesson_lists: Vec<LessonList>,
    /// Groups, by key, that see only what the school opened for them.
    #[serde(default)]
    pub allow_list_only: Vec<String>,
    /// Lists by name that count for some groups alone, by key. A list that is not here counts for everybody.
    #[serde(default)]
    pub list_groups: BTreeMap<String, Vec<String>>,
    /// Names on the school's own network: a device for the internet only does not reach them, and no list closes them.
    #[serde(default)]
    pub school_hosts: Vec<String>,
    /// Whether search engines are sent to their safe results.
    pub safe_search: bool,
    /// Whose encrypted pages are read, and which never are.
    #[serde(default)]
    pub inspection: InspectionRules,
    /// What pages and files may hold.
    #[serde(default)]
    pub content: ContentRules,
}

impl Rules {
    /// What a policy and a school day alone come to: no sites of the school's own, safe search on, nothing inspected.
    pub fn new(policy: Policy, timetable: Timetable) -> Self {
        Self {
            policy,
            timetable,
            exceptions: Vec::new(),
            school_allow: Vec::new(),
            school_deny: Vec::new(),
            authority_allow: Vec::new(),
            authority_deny: Vec::new(),
            year_groups: BTreeMap::new(),
            lesson_lists: Vec::new(),
            allow_list_only: Vec::new(),
            list_groups: BTreeMap::new(),
            school_hosts: Vec::new(),
            safe_search: true,
            inspection: InspectionRules::default(),
            content: ContentRules::default(),
        }
    }
}

/// What the policy says about one category, for one group, in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cell {
    /// `None` is undecided.
    pub action: Option<FilterAction>,
    /// Index into [`Ruleset::clauses`].
    pub clause: u32,
}

/// The cells of one category and group: `always`, and those of the narrower periods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct CellsByPeriod {
    always: Option<Cell>,
    lesson: Option<Cell>,
    during_break: Option<Cell>,
    out_of_school: Option<Cell>,
    boarding: Option<Cell>,
}

impl CellsByPeriod {
    fn slot(&mut self, period: Period) -> &mut Option<Cell> {
        match period {
            Period::Always => &mut self.always,
            Period::Lesson => &mut self.lesson,
            Period::Break => &mut self.during_break,
            Period::OutOfSchool => &mut self.out_of_school,
            Period::Boarding => &mut self.boarding,
        }
    }

    /// The cell that holds in a period: the narrower one, else the one for always.
    pub fn at(&self, period: Period) -> Option<Cell> {
        let narrow = match period {
            Period::Always => None,
            Period::Lesson => self.lesson,
            Period::Break => self.during_break,
            Period::OutOfSchool => self.out_of_school,
            // A school that says nothing about boarding time means what holds before and after school.
            Period::Boarding => self.boarding.or(self.out_of_school),
        };
        narrow.or(self.always)
    }

    /// Whether the time of day matters.
    pub fn varies(&self) -> bool {
        self.lesson.is_some() || self.during_break.is_some() || self.out_of_school.is_some() || self.boarding.is_some()
    }
}

/// A compiled set of rules. Immutable: the gateway swaps a new one in whole.
#[derive(Debug)]
pub struct Ruleset {
    pub(crate) rules: Rules,
    pub(crate) index: Arc<DomainIndex>,
    pub(crate) illegal: Arc<IllegalList>,
    /// By category id of the index, then by group.
    pub(crate) cells: Vec<[CellsByPeriod; Group::ALL.len()]>,
    pub(crate) clauses: Vec<ClauseReference>,
    pub(crate) exceptions: HostTable,
    pub(crate) school: OwnSites,
    pub(crate) authority: OwnSites,
    pub(crate) year_groups: YearGroups,
    /// Every host that something else than the lists speaks of.
    pub(crate) named: NamedHosts,
    pub(crate) moment: LastMoment,
    pub(crate) devices: DeviceRules,
    pub(crate) narrowed: NarrowedRules,
    /// Lists that count for some groups alone.
    pub(crate) confined_lists: Vec<(Box<str>, Vec<Group>)>,
    pub(crate) office: Role,
    inspection: CompiledInspection,
    content: [ContentLimits; Group::ALL.len()],
}

impl Ruleset {
    /// Compiles rules. There is no way to leave the list of illegal content out.
    pub fn compile(rules: Rules, index: Arc<DomainIndex>, illegal: Arc<IllegalList>) -> Self {
        let mut clauses = Vec::new();
        let mut cells = vec![[CellsByPeriod::default(); Group::ALL.len()]; index.categories().len()];
        for (clause, table) in rules.policy.filter_tables() {
            for row in &table.rows {
                let reference = u32::try_from(clauses.len()).unwrap_or(u32::MAX);
                clauses.push(reference_to(clause, row));
                let Some(by_group) = index
                    .categories()
                    .iter()
                    .position(|category| **category == *row.category)
                    .and_then(|at| cells.get_mut(at))
                else {
                    continue;
                };
                for (group, by_period) in Group::ALL.iter().zip(by_group) {
                    let decided = row.cells.get(group.key()).copied();
                    // A narrower table without a column for a group says nothing about it; the table for always must.
                    let speaks =
                        table.when == Period::Always || table.columns.iter().any(|column| column.id == group.key());
                    if speaks {
                        put(by_period.slot(table.when), Cell { action: decided, clause: reference });
                    }
                }
            }
        }
        let exceptions = HostTable::new(rules.exceptions.iter().map(|exception| &*exception.host));
        let school = OwnSites::new(&rules.school_allow, &rules.school_deny);
        let authority = OwnSites::new(&rules.authority_allow, &rules.authority_deny);
        let by_school = exceptions.hashes().chain(school.hashes()).chain(authority.hashes());
        Self {
            named: named_hosts(&illegal, by_school.collect()),
            moment: LastMoment::default(),
            exceptions,
            school,
            authority,
            year_groups: YearGroups::new(&rules.year_groups),
            devices: DeviceRules::new(&rules.policy, rules.school_hosts.iter().map(|host| &**host)),
            narrowed: NarrowedRules::new(&rules.lesson_lists, &rules.allow_list_only),
            confined_lists: rules
                .list_groups
                .iter()
                .map(|(list, groups)| (list.as_str().into(), groups.iter().map(|key| Group::from_key(key)).collect()))
                .collect(),
            office: unblocking_office(&rules.policy),
            inspection: CompiledInspection::new(&rules.inspection, &index),
            content: rules.content.by_group(),
            rules,
            index,
            illegal,
            cells,
            clauses,
        }
    }

    /// The rules it was compiled from.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The index it looks hosts up in.
    pub fn index(&self) -> &Arc<DomainIndex> {
        &self.index
    }

    /// The list of illegal content, to hand on to the next compilation.
    pub fn illegal(&self) -> &Arc<IllegalList> {
        &self.illegal
    }

    /// The office that grants sites: the first named by the policy's `unblock` approval.
    pub fn office(&self) -> Role {
        self.office
    }

    /// Whether any rule is one person's: only then must a request carry a person's id.
    pub fn names_people(&self) -> bool {
        self.rules.exceptions.iter().any(|exception| exception.person.is_some())
            || self.rules.lesson_lists.iter().any(|list| !list.people.is_empty())
            || !self.rules.year_groups.is_empty()
    }

    /// Whether the gateway may read what somebody of a group exchanges with a host over TLS. Never for a helpline or a
    /// host the school keeps out of it. The portal's own name is the gateway's to keep out.
    pub fn inspects(&self, host: &str, group: &str) -> bool {
        self.inspection.inspects(&self.index, &lower_case(host), Group::from_key(group))
    }

    /// What pages and files may hold for a group.
    pub fn content_limits(&self, group: &str) -> &ContentLimits {
        let [younger, pupil, staff, guest, unknown] = &self.content;
        match Group::from_key(group) {
            Group::YoungerPupil => younger,
            Group::Pupil => pupil,
            Group::Staff => staff,
            Group::Guest => guest,
            Group::Unknown => unknown,
        }
    }

    /// Categories that some list fills and no filter table mentions: open for known groups, which the school should know.
    pub fn categories_without_a_row(&self) -> impl Iterator<Item = &str> {
        self.index
            .categories()
            .iter()
            .zip(&self.cells)
            .filter(|(_, by_group)| by_group.iter().all(|cells| *cells == CellsByPeriod::default()))
            .map(|(category, _)| &**category)
    }

    /// Where the name server must send a search engine's host for this group, if safe search is on: pupils, guests and
    /// unknown people to the strict results, staff to the moderate ones.
    pub fn safe_search(&self, host: &str, group: &str) -> Option<&'static str> {
        if !self.rules.safe_search {
            return None;
        }
        match Group::from_key(group) {
            Group::Staff => crate::safe_search::safe_search_moderate(host),
            _ => crate::safe_search::safe_search(host),
        }
    }
}

/// Marks every host that the list of illegal content, a helpline or one of the school's tables speaks of.
fn named_hosts(illegal: &IllegalList, by_school: Vec<u64>) -> NamedHosts {
    let names = illegal.marks().len() + helpline_hashes().count() + by_school.len();
    let mut named = NamedHosts::new(names, illegal.mark_key());
    illegal.marks().for_each(|mark| named.insert_mark(mark));
    helpline_hashes().chain(by_school).for_each(|hash| named.insert(hash));
    named
}

/// Puts a cell in; where two tables speak for the same period, the stricter one holds.
fn put(slot: &mut Option<Cell>, cell: Cell) {
    let stricter = slot.is_none_or(|held| severity(cell.action) > severity(held.action));
    if stricter {
        *slot = Some(cell);
    }
}

/// How strict a cell is; undecided blocks, and a decided block outranks it because it says more.
pub(crate) fn severity(action: Option<FilterAction>) -> u8 {
    match action {
        Some(FilterAction::Allow) => 0,
        Some(FilterAction::Warn) => 1,
        Some(FilterAction::Ask) => 2,
        None => 3,
        Some(FilterAction::Block) => 4,
    }
}

fn reference_to(clause: &Clause, row: &FilterRow) -> ClauseReference {
    ClauseReference {
        id: Arc::from(&*row.id.0),
        number: Arc::from(&*clause.number),
        section: Arc::from(&*clause.section),
    }
}

fn unblocking_office(policy: &Policy) -> Role {
    policy
        .clauses
        .iter()
        .find_map(|clause| match &clause.binding {
            Binding::Approval(approval) if approval.what == "unblock" => approval.by.first().copied(),
            _ => None,
        })
        .unwrap_or(FALLBACK_OFFICE)
}
