//! Who sees which case. Need to know, decided by the part somebody has in it and the office they hold (DESIGN 5, ECOSYSTEM D3 and D4).
//!
//! Lists, counts, searches, digests and print-outs ask the same question as the page: a case somebody has no sight of does not exist for them.

use crate::incidents::*;
use belisha_policy::{ActionSubject, Audience, Nation, Role};

/// Somebody a case is about, with what the roster knows of them today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alleged {
    /// Who.
    pub person: PersonId,
    /// What kind of member of the community.
    pub audience: Audience,
    /// Offices they hold, or held when it happened.
    pub roles: Vec<Role>,
}

/// What has to be known beside the case to say who may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRelations {
    /// Whose referral routes apply.
    pub nation: Nation,
    /// Those the case is about who are on the roster.
    pub alleged: Vec<Alleged>,
    /// Whether the viewer was given a task in this case.
    pub viewer_has_task: bool,
}

/// How much of a case somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// It does not exist for them: not in lists, not in counts, "not found" when asked for by number.
    Nothing,
    /// That it was received, is being dealt with, or is closed; they told us or recorded it.
    Status,
    /// Their own task and its words, which tell nothing of the case.
    Task,
    /// The case.
    Whole,
}

/// Who a case may be about, which settles who may handle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseRoute {
    /// Pupils or nobody: those who handle safeguarding.
    Pupils,
    /// An adult who is not in charge: the head and the safeguarding lead or child protection co-ordinator.
    Adult,
    /// The head: the chair of governors in England, the local authority officer in both nations. Nobody inside the school.
    Head,
    /// The chair of governors: the local authority officer.
    Chair,
}

/// The way a case goes. The gravest allegation decides.
pub fn case_route(incident: &Incident, relations: &CaseRelations) -> CaseRoute {
    let holds = |role: Role| relations.alleged.iter().any(|alleged| alleged.roles.contains(&role));
    let adult =
        relations.alleged.iter().any(|alleged| !matches!(alleged.audience, Audience::Pupil | Audience::YoungerPupil));
    match () {
        () if holds(Role::ChairOfGovernors) => CaseRoute::Chair,
        () if holds(Role::Headteacher) => CaseRoute::Head,
        () if adult || incident.about == Some(ActionSubject::Staff) => CaseRoute::Adult,
        () => CaseRoute::Pupils,
    }
}

/// The offices that handle cases of a route.
pub fn handlers(route: CaseRoute, nation: Nation) -> &'static [Role] {
    use Role::*;
    match (route, nation) {
        (CaseRoute::Pupils, _) => &[
            Headteacher,
            DesignatedSafeguardingLead,
            DeputyDesignatedSafeguardingLead,
            OnlineSafetyLead,
            OnlineSafetyCoordinator,
            ChildProtectionCoordinator,
            NamedPerson,
        ],
        (CaseRoute::Adult, Nation::England) => &[Headteacher, DesignatedSafeguardingLead],
        (CaseRoute::Adult, Nation::Scotland) => &[Headteacher, ChildProtectionCoordinator],
        (CaseRoute::Head, Nation::England) => &[ChairOfGovernors, LocalAuthorityOfficer],
        (CaseRoute::Head, Nation::Scotland) | (CaseRoute::Chair, _) => &[LocalAuthorityOfficer],
    }
}

/// How much of a case somebody with these roles today sees. Whoever it is about sees nothing, whatever else they are.
pub fn incident_sight(viewer: PersonId, roles: &[Role], incident: &Incident, relations: &CaseRelations) -> Sight {
    let has_part =
        |part: Part| incident.involved.iter().any(|involved| involved.person == Some(viewer) && involved.part == part);
    if has_part(Part::Alleged) || relations.alleged.iter().any(|alleged| alleged.person == viewer) {
        return Sight::Nothing;
    }
    let route = case_route(incident, relations);
    if handlers(route, relations.nation).iter().any(|role| roles.contains(role)) {
        return Sight::Whole;
    }
    // Telling must stay safe and not end in silence: whoever told or wrote it down sees that it is dealt with, and nothing of how.
    let told = has_part(Part::Reporter) || incident.recorded_by == viewer;
    let teaching = roles.contains(&Role::Teacher) || roles.contains(&Role::SeniorLeader);
    match () {
        () if relations.viewer_has_task && teaching && route == CaseRoute::Pupils => Sight::Whole,
        () if relations.viewer_has_task => Sight::Task,
        () if told => Sight::Status,
        () => Sight::Nothing,
    }
}

/// Whether somebody may read a case, act on it and print it.
pub fn may_see_incident(viewer: PersonId, roles: &[Role], incident: &Incident, relations: &CaseRelations) -> bool {
    incident_sight(viewer, roles, incident, relations) == Sight::Whole
}

/// The number people cite. Cases about pupils count from 1; a case about an adult gets a six-figure number from chance, because a gap in a
/// row of numbers would tell the one it is about that it exists. `highest` is the highest of the counted numbers so far, `random` 32 random bits.
pub fn incident_number(route: CaseRoute, highest: i64, random: u32) -> i64 {
    match route {
        CaseRoute::Pupils => highest.clamp(0, 99_998) + 1,
        CaseRoute::Adult | CaseRoute::Head | CaseRoute::Chair => 100_000 + i64::from(random % 900_000),
    }
}
