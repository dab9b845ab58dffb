//! Which role may do what: one table, asked by the first line of every handler and printed into the reference.
//!
//! It says what a role may *try*. Whether a person may see one particular case is settled afterwards by
//! [`crate::incident_sight`], so that the accused never sees theirs. Nobody gains sight of a case by running the
//! computers: technicians and administrators see rules and counts, never case text (ECOSYSTEM D3).

use belisha_policy::Role;
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// Declares the permissions with their keys, so that no list can miss one.
macro_rules! permissions {
    ($($variant:ident = $key:literal, $roles:expr, $lets:literal;)+) => {
        /// Something a person may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Permission { $(#[doc = $lets] #[serde(rename = $key)] $variant,)+ }
        impl Permission {
            /// Every permission, in the order of the table.
            pub const ALL: &'static [Permission] = &[$(Permission::$variant,)+];
            /// The spelling used in pages, the API and the reference.
            pub const fn key(self) -> &'static str { match self { $(Permission::$variant => $key,)+ } }
        }
        /// Who may do what, and what that lets them do. `docs/reference/permissions.md` is made from it.
        pub const PERMISSIONS: &[(Permission, &[Role], &str)] = &[$((Permission::$variant, $roles, $lets),)+];
    };
}

use Role::*;

/// Everybody the school knows.
const EVERYONE: &[Role] = Role::ALL;
/// Every adult: a teacher may be a parent here too. Whose child it is decides, not the office.
const ADULTS: &[Role] = &[
    Governor,
    ChairOfGovernors,
    Headteacher,
    SeniorLeader,
    DesignatedSafeguardingLead,
    DeputyDesignatedSafeguardingLead,
    OnlineSafetyLead,
    OnlineSafetyCoordinator,
    ChildProtectionCoordinator,
    NamedPerson,
    OnlineSafetyGroup,
    Teacher,
    SupportStaff,
    OfficeAdministrator,
    IctManager,
    IctTechnician,
    LocalAuthorityOfficer,
    SystemAdministrator,
    Volunteer,
    Parent,
    Visitor,
    CommunityUser,
];
/// Everybody but governors, who look after the school's promise and not its pupils one by one.
const WORKING: &[Role] = &[
    Headteacher,
    SeniorLeader,
    DesignatedSafeguardingLead,
    DeputyDesignatedSafeguardingLead,
    OnlineSafetyLead,
    OnlineSafetyCoordinator,
    ChildProtectionCoordinator,
    NamedPerson,
    OnlineSafetyGroup,
    Teacher,
    SupportStaff,
    OfficeAdministrator,
    IctManager,
    IctTechnician,
    Volunteer,
];
/// Those who answer for children's safety and handle cases.
const SAFEGUARDING: &[Role] = &[
    Headteacher,
    DesignatedSafeguardingLead,
    DeputyDesignatedSafeguardingLead,
    OnlineSafetyLead,
    OnlineSafetyCoordinator,
    ChildProtectionCoordinator,
    NamedPerson,
];
/// Those who may be given a case, or a part in one.
const CASE_HOLDERS: &[Role] = &[
    Headteacher,
    SeniorLeader,
    DesignatedSafeguardingLead,
    DeputyDesignatedSafeguardingLead,
    OnlineSafetyLead,
    OnlineSafetyCoordinator,
    ChildProtectionCoordinator,
    NamedPerson,
    Teacher,
    ChairOfGovernors,
    LocalAuthorityOfficer,
];
/// Those who may close a case.
const CASE_CLOSERS: &[Role] = &[
    Headteacher,
    DesignatedSafeguardingLead,
    DeputyDesignatedSafeguardingLead,
    OnlineSafetyLead,
    OnlineSafetyCoordinator,
    ChildProtectionCoordinator,
    ChairOfGovernors,
    LocalAuthorityOfficer,
];
/// Those who lead the school and its online safety, without the authority's or governors' eyes.
const LEADING: &[Role] =
    &[Headteacher, SeniorLeader, DesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator];
/// Those who oversee: leaders, governors and the authority, who see figures and no names.
const OVERSEEING: &[Role] = &[
    Governor,
    ChairOfGovernors,
    Headteacher,
    SeniorLeader,
    DesignatedSafeguardingLead,
    DeputyDesignatedSafeguardingLead,
    OnlineSafetyLead,
    OnlineSafetyCoordinator,
    ChildProtectionCoordinator,
    NamedPerson,
    OnlineSafetyGroup,
    LocalAuthorityOfficer,
];
/// Those who keep the roster.
const ROSTER: &[Role] = &[Headteacher, OfficeAdministrator, SystemAdministrator];
/// Those who run the network.
const TECHNICAL: &[Role] = &[IctManager, IctTechnician, SystemAdministrator];

permissions! {
    ReadPolicy = "read-policy", EVERYONE, "read the policy that is in force";
    SignAgreements = "sign-agreements", EVERYONE, "sign or decline the agreement that speaks to them";
    CounterSign = "counter-sign", ADULTS, "sign or decline for their own child";
    TellSomeone = "tell-someone", EVERYONE, "tell an adult at school that something is wrong";
    SeeOwnRecord = "see-own-record", EVERYONE, "see what is recorded about their own use and what they signed";
    AskForSite = "ask-for-site", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        ChildProtectionCoordinator, NamedPerson, OnlineSafetyGroup, Teacher, SupportStaff, OfficeAdministrator, IctManager, IctTechnician,
        Volunteer, Governor, ChairOfGovernors, Pupil, Visitor, CommunityUser,
    ], "ask for a site that is closed";
    SeeAccessRequests = "see-access-requests", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator, IctManager, IctTechnician, LocalAuthorityOfficer,
    ], "read the log of requests for sites and of what changed in the filter";
    DecideAccessRequests = "decide-access-requests", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator, IctManager, IctTechnician,
    ], "open a site for a time, or say no, never for themselves";
    RecordIncident = "record-incident", WORKING, "record an incident";
    SeeOwnTasks = "see-own-tasks", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        ChildProtectionCoordinator, NamedPerson, OnlineSafetyGroup, Teacher, SupportStaff, OfficeAdministrator, IctManager, IctTechnician, Volunteer,
        Governor, ChairOfGovernors, LocalAuthorityOfficer, SystemAdministrator,
    ], "see the tasks given to them and say that one is done";
    SeeIncidents = "see-incidents", CASE_HOLDERS, "open the list of cases, which holds only the cases that they need to know";
    ActOnIncident = "act-on-incident", CASE_HOLDERS, "do and tick the actions of a case they may see";
    CloseIncident = "close-incident", CASE_CLOSERS, "close a case they may see, with its outcome";
    PrintIncident = "print-incident", CASE_CLOSERS, "print the form of a case they may see";
    SeeIncidentsAboutAdults = "see-incidents-about-adults", &[
        Headteacher, DesignatedSafeguardingLead, ChildProtectionCoordinator, ChairOfGovernors, LocalAuthorityOfficer,
    ], "see cases about adults, never one about themselves nor one that must pass them by";
    ReadConcerns = "read-concerns", SAFEGUARDING, "read what pupils and others told, and make it an incident";
    TriageAlerts = "triage-alerts", SAFEGUARDING, "settle alerts of the monitoring, with a reason";
    LookUpActivity = "look-up-activity", &[
        Headteacher, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator, ChildProtectionCoordinator,
    ], "look up what a named person visited, with a reason that is itself recorded";
    SeeActivityTotals = "see-activity-totals", &[
        Governor, ChairOfGovernors, Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead,
        OnlineSafetyCoordinator, ChildProtectionCoordinator, IctManager, IctTechnician, LocalAuthorityOfficer,
    ], "see how much was visited and closed, by group and without names";
    SeeBoard = "see-board", OVERSEEING, "see clause by clause whether the policy is kept";
    SeeReports = "see-reports", OVERSEEING, "read issued reports, which name nobody";
    IssueReport = "issue-report", LEADING, "issue the half-yearly report";
    AcknowledgeReport = "acknowledge-report", &[Headteacher, Governor, ChairOfGovernors, LocalAuthorityOfficer], "say that they have read a report";
    SeeDuties = "see-duties", &[
        Governor, ChairOfGovernors, Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead,
        OnlineSafetyCoordinator, ChildProtectionCoordinator, NamedPerson, OnlineSafetyGroup, Teacher, SupportStaff, OfficeAdministrator, IctManager,
        IctTechnician, Volunteer, LocalAuthorityOfficer,
    ], "see the duties that are theirs, and leaders all of them";
    CompleteDuty = "complete-duty", &[
        Governor, ChairOfGovernors, Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead,
        OnlineSafetyCoordinator, ChildProtectionCoordinator, NamedPerson, OnlineSafetyGroup, Teacher, SupportStaff, OfficeAdministrator, IctManager,
        IctTechnician, Volunteer,
    ], "say that a duty of theirs is done, and what shows it";
    SeeClassSignatures = "see-class-signatures", &[Teacher, Headteacher, SeniorLeader, OnlineSafetyLead, OnlineSafetyCoordinator, OfficeAdministrator, DesignatedSafeguardingLead],
        "see who in their class has not signed";
    SeeAllSignatures = "see-all-signatures", &[Headteacher, SeniorLeader, OnlineSafetyLead, OnlineSafetyCoordinator, OfficeAdministrator, DesignatedSafeguardingLead],
        "see who in the whole school has not signed, and the text each signed";
    SeeRegisters = "see-registers", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        ChildProtectionCoordinator, OnlineSafetyGroup, OfficeAdministrator, IctManager, IctTechnician, LocalAuthorityOfficer,
    ], "read registers that hold no case text, such as training and weekly checks";
    SeePeople = "see-people", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        ChildProtectionCoordinator, OfficeAdministrator, SystemAdministrator, IctManager, IctTechnician,
    ], "find a person on the roster";
    ManagePeople = "manage-people", ROSTER, "add people, correct them, and make one-time sign-in links";
    ImportPeople = "import-people", ROSTER, "import the roster from a file";
    ManageOffices = "manage-offices", &[Headteacher, SystemAdministrator], "say who holds which office, from when until when";
    ManagePolicy = "manage-policy", LEADING, "upload a draft of the policy and see its findings";
    ApprovePolicy = "approve-policy", &[Headteacher, ChairOfGovernors], "put an approved policy in force";
    SeeFilterRules = "see-filter-rules", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        IctManager, IctTechnician, LocalAuthorityOfficer,
    ], "read the filter's rules with their reasons";
    ManageFilterRules = "manage-filter-rules", &[Headteacher, OnlineSafetyLead, OnlineSafetyCoordinator, IctManager, IctTechnician],
        "open or close a site for a group, with a reason; the illegal list and the helplines are out of everybody's reach";
    CheckLessonSites = "check-lesson-sites", &[Teacher, Headteacher, SeniorLeader, OnlineSafetyLead, OnlineSafetyCoordinator],
        "keep a class to the sites that were checked for its lesson, until an end";
    TryFilterRules = "try-filter-rules", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        IctManager, IctTechnician, LocalAuthorityOfficer,
    ], "see in figures, without names, what a rule that nobody has saved would have changed last week";
    ManageLists = "manage-lists", TECHNICAL, "add and refresh category lists";
    ExplainDecisions = "explain-decisions", &[
        Headteacher, SeniorLeader, DesignatedSafeguardingLead, DeputyDesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator,
        Teacher, IctManager, IctTechnician, LocalAuthorityOfficer,
    ], "ask what the filter would decide for a group, and why";
    SeeLiveRequests = "see-live-requests", TECHNICAL,
        "see what is asked for at this moment, naming nobody; each look is in the ledger";
    SeeDevices = "see-devices", &[Headteacher, DesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator, IctManager, IctTechnician],
        "see which devices the filter knows, and which it has not seen lately";
    ManageDevices = "manage-devices", &[Headteacher, OnlineSafetyLead, IctManager, IctTechnician],
        "enter devices, rooms and networks, correct and retire them";
    SeeGateways = "see-gateways", &[
        Headteacher, DesignatedSafeguardingLead, OnlineSafetyLead, OnlineSafetyCoordinator, IctManager, IctTechnician, SystemAdministrator,
    ], "see the gateways that run away from the server, and which of them is silent";
    ManageGateways = "manage-gateways", &[Headteacher, IctManager, IctTechnician, SystemAdministrator], "add a gateway, which shows its token once, and revoke one";
    SeeJobs = "see-jobs", &[Headteacher, OnlineSafetyLead, OnlineSafetyCoordinator, IctManager, IctTechnician, SystemAdministrator],
        "see when each job last ran well";
    SeeLedger = "see-ledger", &[Headteacher, Governor, ChairOfGovernors, LocalAuthorityOfficer, SystemAdministrator, IctManager],
        "see the ledger's checkpoints and have it proved; it shows no case text";
    ManageSchool = "manage-school", &[Headteacher, OfficeAdministrator, SystemAdministrator], "set the school's calendar, time zone and details";
}

/// Whether somebody who holds these roles today may do this. No roles, no permission.
pub fn may(roles: &[Role], permission: Permission) -> bool {
    roles_with(permission).iter().any(|role| roles.contains(role))
}

/// The roles a permission is given to.
pub fn roles_with(permission: Permission) -> &'static [Role] {
    PERMISSIONS.iter().find(|(row, _, _)| *row == permission).map_or(&[], |(_, roles, _)| roles)
}

/// What a permission lets somebody do, for a page that says no: "only X may …".
pub fn lets(permission: Permission) -> &'static str {
    PERMISSIONS.iter().find(|(row, _, _)| *row == permission).map_or("", |(_, _, lets)| lets)
}

/// The whole of `docs/reference/permissions.md`: a table of what each permission lets, then role by role.
pub fn permissions_reference() -> String {
    let mut page = String::from(
        "# Who may do what\n\nMade from the table in `crates/records/src/permissions.rs`; change it there. A person holds every permission of every \
         office they hold today.\n\nA permission lets somebody *try*. Whether they may see one particular case is decided case by case, by need to \
         know: somebody a case is about never sees it, and neither technicians nor administrators read case text.\n\n## What each permission lets \
         somebody do\n\n| Permission | It lets them | Who |\n|---|---|---|\n",
    );
    for (permission, roles, lets) in PERMISSIONS {
        let who = if roles.len() == Role::ALL.len() {
            "everybody".to_owned()
        } else {
            roles.iter().map(|role| role.label()).collect::<Vec<_>>().join(", ")
        };
        let _ = writeln!(page, "| `{}` | {lets} | {who} |", permission.key());
    }
    page.push_str("\n## Role by role\n\n| Role | May |\n|---|---|\n");
    for role in Role::ALL {
        let theirs: Vec<String> = PERMISSIONS
            .iter()
            .filter(|(_, roles, _)| roles.contains(role))
            .map(|(permission, _, _)| format!("`{}`", permission.key()))
            .collect();
        let _ = writeln!(page, "| {} | {} |", role.label(), theirs.join(", "));
    }
    page
}
