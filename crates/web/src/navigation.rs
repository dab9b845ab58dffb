//! The menu: the few pages that somebody's office opens most, and behind "All pages" every area they may open, in groups.
//! What a page of an area then links to is the area's own business.

use crate::urls;
use belisha_policy::Role;
use belisha_records::{Permission, may};

/// One word of the menu.
#[derive(Debug)]
pub struct Area {
    /// What people read.
    pub label: &'static str,
    /// First page of the area; every address below it belongs to the area.
    pub href: &'static str,
    /// Who is shown it.
    pub permission: Permission,
}

const fn area(label: &'static str, href: &'static str, permission: Permission) -> Area {
    Area { label, href, permission }
}

/// Every area, in groups, in the order people read them. An area is shown to those who may open its first page.
pub const AREAS: &[(&str, &[Area])] = &[
    (
        "Safeguarding",
        &[
            area("Alerts", urls::ALERTS, Permission::TriageAlerts),
            area("Told to us", urls::CONCERNS, Permission::ReadConcerns),
            area("Cases", urls::INCIDENTS, Permission::SeeIncidents),
            area("Record a concern", urls::RECORD, Permission::RecordIncident),
        ],
    ),
    (
        "Work",
        &[
            area("My tasks", urls::TASKS, Permission::SeeOwnTasks),
            area("Duties", urls::DUTIES, Permission::SeeDuties),
            area("Reports", urls::REPORTS, Permission::SeeReports),
        ],
    ),
    (
        "Policy",
        &[
            area("Board", urls::BOARD, Permission::SeeBoard),
            area("Signatures", urls::SIGNATURES, Permission::SeeClassSignatures),
            area("Our policy", urls::POLICY, Permission::ReadPolicy),
            area("Versions", urls::POLICY_VERSIONS, Permission::ManagePolicy),
        ],
    ),
    (
        "Internet",
        &[
            area("Requests", urls::REQUESTS, Permission::SeeAccessRequests),
            area("Filter", urls::FILTER, Permission::SeeFilterRules),
            area("Why is a page closed?", urls::EXPLAIN, Permission::ExplainDecisions),
            area("Asked for now", urls::LIVE, Permission::SeeLiveRequests),
            area("Sites for a lesson", urls::LESSON_SITES, Permission::CheckLessonSites),
            area("Activity", urls::ACTIVITY, Permission::SeeActivityTotals),
            area("Devices", urls::DEVICES, Permission::SeeDevices),
            area("Gateways", urls::GATEWAYS, Permission::SeeGateways),
        ],
    ),
    (
        "School",
        &[
            area("People", urls::PEOPLE, Permission::SeePeople),
            area("Jobs", urls::JOBS, Permission::SeeJobs),
            area("Ledger", urls::LEDGER, Permission::SeeLedger),
        ],
    ),
    (
        "For me",
        &[
            area("Sign and connect", urls::PORTAL, Permission::SignAgreements),
            area("Tell someone", urls::TELL, Permission::TellSomeone),
            area("Ask for a site", urls::ASK_FOR_SITE, Permission::AskForSite),
            area("What is recorded", urls::MY_ACTIVITY, Permission::SeeOwnRecord),
        ],
    ),
];

/// What stands in the menu for each office, most needed first. The office that answers for most comes first.
const FIRST: &[(&[Role], &[&str])] = &[
    (&[Role::Headteacher], LEADERS),
    (
        &[
            Role::DesignatedSafeguardingLead,
            Role::DeputyDesignatedSafeguardingLead,
            Role::ChildProtectionCoordinator,
            Role::NamedPerson,
        ],
        &[urls::ALERTS, urls::CONCERNS, urls::INCIDENTS, urls::TASKS, urls::REPORTS],
    ),
    (
        &[Role::OnlineSafetyLead, Role::OnlineSafetyCoordinator],
        &[urls::ALERTS, urls::CONCERNS, urls::INCIDENTS, urls::REQUESTS, urls::TASKS],
    ),
    (&[Role::SeniorLeader], LEADERS),
    (&[Role::LocalAuthorityOfficer], &[urls::BOARD, urls::INCIDENTS, urls::REQUESTS, urls::REPORTS, urls::LEDGER]),
    (&[Role::Governor, Role::ChairOfGovernors], &[urls::BOARD, urls::REPORTS, urls::DUTIES, urls::TASKS, urls::LEDGER]),
    (
        &[Role::IctManager, Role::IctTechnician],
        &[urls::TASKS, urls::REQUESTS, urls::FILTER, urls::DEVICES, urls::GATEWAYS],
    ),
    (&[Role::SystemAdministrator], &[urls::TASKS, urls::PEOPLE, urls::GATEWAYS, urls::JOBS, urls::LEDGER]),
    (&[Role::OfficeAdministrator], &[urls::SIGNATURES, urls::PEOPLE, urls::DUTIES, urls::TASKS]),
    (
        &[Role::Teacher, Role::SupportStaff, Role::Volunteer],
        &[urls::RECORD, urls::TASKS, urls::SIGNATURES, urls::ASK_FOR_SITE],
    ),
    (&[Role::Pupil], &[urls::TELL, urls::PORTAL, urls::ASK_FOR_SITE]),
];
const LEADERS: &[&str] = &[urls::BOARD, urls::DUTIES, urls::INCIDENTS, urls::REQUESTS, urls::REPORTS];

/// The most links in the menu itself, beside the area the reader is in.
const MOST: usize = 5;

/// A link of the menu as this reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NavigationLink {
    /// Words.
    pub label: &'static str,
    /// Address.
    pub href: &'static str,
    /// Whether the reader is in this area.
    pub current: bool,
}

/// The menu as this reader sees it.
#[derive(Debug, Clone, Default)]
pub struct Menu {
    /// What stands there at once; the area the reader is in is always among it.
    pub first: Vec<NavigationLink>,
    /// Every area they may open, in groups; empty where all of it stands in `first`.
    pub all: Vec<(&'static str, Vec<NavigationLink>)>,
}

impl Menu {
    /// The menu for somebody with these roles, who is on this page.
    pub(crate) fn of(roles: &[Role], path: &str) -> Self {
        let here = here(path);
        let link =
            |area: &Area| NavigationLink { label: area.label, href: area.href, current: here == Some(area.href) };
        let mut all: Vec<(&str, Vec<NavigationLink>)> = AREAS
            .iter()
            .map(|(group, areas)| (*group, areas.iter().filter(|area| may(roles, area.permission)).map(link).collect()))
            .collect();
        all.retain(|(_, links): &(_, Vec<_>)| !links.is_empty());
        let open: Vec<NavigationLink> = all.iter().flat_map(|(_, links)| links).copied().collect();
        let office = FIRST.iter().find(|(offices, _)| offices.iter().any(|office| roles.contains(office)));
        let mut first: Vec<NavigationLink> = match office {
            Some((_, hrefs)) => {
                hrefs.iter().filter_map(|href| open.iter().find(|link| link.href == *href)).copied().collect()
            }
            None => open.iter().take(MOST).copied().collect(),
        };
        if open.iter().all(|link| first.contains(link)) {
            all.clear();
        }
        first.extend(open.iter().find(|link| link.current && !first.contains(link)));
        Self { first, all }
    }
}

/// The area an address belongs to. One may lie below another, such as asking for a site below requests: the nearer counts.
fn here(path: &str) -> Option<&'static str> {
    let covers =
        |area: &&Area| path.strip_prefix(area.href).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let areas = AREAS.iter().flat_map(|(_, areas)| *areas);
    areas.filter(covers).map(|area| area.href).max_by_key(|href| href.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(links: &[NavigationLink]) -> Vec<&str> {
        links.iter().map(|link| link.label).collect()
    }

    #[test]
    fn everybody_has_a_short_menu_and_reaches_every_area_they_may_open() {
        for role in Role::ALL {
            let menu = Menu::of(&[*role], "/");
            assert!((1..=MOST).contains(&menu.first.len()), "{role:?}: {:?}", labels(&menu.first));
            let mut reached: Vec<_> =
                menu.all.iter().flat_map(|(_, links)| links).chain(&menu.first).map(|link| link.href).collect();
            reached.sort_unstable();
            reached.dedup();
            let areas = AREAS.iter().flat_map(|(_, areas)| *areas);
            let mut allowed: Vec<_> =
                areas.filter(|area| may(&[*role], area.permission)).map(|area| area.href).collect();
            allowed.sort_unstable();
            assert_eq!(reached, allowed, "{role:?}");
        }
    }

    #[test]
    fn the_menu_of_an_office_leads_to_pages_it_may_open() {
        for (offices, hrefs) in FIRST {
            for office in *offices {
                let first = Menu::of(&[*office], "/").first;
                assert!(first.len() >= 3, "{office:?} is left with {:?} of {hrefs:?}", labels(&first));
            }
        }
    }

    #[test]
    fn the_nearest_area_is_where_the_reader_is_and_stands_in_the_menu() {
        let table = [
            ("/requests/ask", Some(urls::ASK_FOR_SITE)),
            ("/requests/0190a000", Some(urls::REQUESTS)),
            ("/requests", Some(urls::REQUESTS)),
            ("/requestsabc", None),
            ("/incidents/record", Some(urls::RECORD)),
            ("/", None),
        ];
        for (path, area) in table {
            assert_eq!(here(path), area, "{path}");
        }
        let ledger = Menu::of(&[Role::Headteacher], "/ledger").first;
        assert_eq!(labels(&ledger), ["Board", "Duties", "Cases", "Requests", "Reports", "Ledger"]);
        assert_eq!(ledger.iter().filter(|link| link.current).count(), 1);
        assert!(Menu::of(&[Role::Parent], "/portal").all.is_empty(), "nothing more than what stands there");
    }
}
