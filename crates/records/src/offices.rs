//! Rules on offices: who holds what on a day, offices nobody holds, and offices that collide in one person (M1 to M22).
//!
//! A collision is allowed, since small schools have few people. It is named, with the plain way out.

use crate::identifiers::*;
use crate::people::*;
use belisha_policy::{Audience, Binding, Nation, Policy, Role, Severity};
use jiff::civil::Date;

/// The role that comes with being a member of the school's community, before any office.
/// Staff without an office count as support staff, the least of the staff roles.
pub fn role_of_audience(audience: Audience) -> Role {
    match audience {
        Audience::YoungerPupil | Audience::Pupil => Role::Pupil,
        Audience::Parent => Role::Parent,
        Audience::Staff => Role::SupportStaff,
        Audience::Volunteer => Role::Volunteer,
        Audience::Governor => Role::Governor,
        Audience::Visitor => Role::Visitor,
        Audience::CommunityUser => Role::CommunityUser,
    }
}

/// Whether a person belongs to the school on a day.
pub fn is_at_school(person: &Person, day: Date) -> bool {
    person.joined <= day && person.left.is_none_or(|left| day <= left)
}

/// The roles a person has on a day: the offices they hold and the role their audience brings. Nobody who has left has any.
/// `holdings` may hold other people's offices too.
pub fn active_roles(person: &Person, holdings: &[OfficeHolding], day: Date) -> Vec<Role> {
    if !is_at_school(person, day) {
        return Vec::new();
    }
    let mut roles: Vec<Role> =
        holdings.iter().filter(|held| held.person == person.id && held.covers(day)).map(|held| held.role).collect();
    let own = role_of_audience(person.audience);
    // A pupil never gains an adult's office by a slip in the roster.
    if own == Role::Pupil {
        roles.clear();
    }
    // Somebody with an office is that, and not support staff as well.
    if own != Role::SupportStaff || roles.is_empty() {
        roles.push(own);
    }
    roles.sort_unstable();
    roles.dedup();
    roles
}

/// The people who hold an office on a day, longest in office first.
pub fn holders(role: Role, holdings: &[OfficeHolding], day: Date) -> Vec<PersonId> {
    let mut held: Vec<&OfficeHolding> = holdings.iter().filter(|held| held.role == role && held.covers(day)).collect();
    held.sort_by_key(|held| (held.from, held.person));
    let mut people: Vec<PersonId> = held.into_iter().map(|held| held.person).collect();
    let mut seen = std::collections::BTreeSet::new();
    people.retain(|person| seen.insert(*person));
    people
}

/// An office the policy asks for that too few people hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vacancy {
    /// Clause of the policy that asks for it.
    pub clause: String,
    /// Office.
    pub role: Role,
    /// How many it asks for.
    pub at_least: usize,
    /// How many hold it today.
    pub held: usize,
    /// When the last one who held it ended, if somebody did.
    pub ended: Option<Date>,
}

/// Offices of the policy's role clauses with too few holders on a day, in the policy's order.
pub fn vacancies(policy: &Policy, holdings: &[OfficeHolding], day: Date) -> Vec<Vacancy> {
    policy
        .clauses
        .iter()
        .filter_map(|clause| match &clause.binding {
            Binding::Role(office) => Some((clause, office)),
            _ => None,
        })
        .filter_map(|(clause, office)| {
            let held = holders(office.role, holdings, day).len();
            let at_least = usize::from(office.at_least);
            let ended = holdings
                .iter()
                .filter(|held| held.role == office.role)
                .filter_map(|held| held.until.filter(|until| *until < day))
                .max();
            (held < at_least).then(|| Vacancy { clause: clause.id.0.clone(), role: office.role, at_least, held, ended })
        })
        .collect()
}

/// Two offices that get in each other's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// Which rule, stable.
    pub code: &'static str,
    /// How much it matters; never an error, since the school may have nobody else.
    pub severity: Severity,
    /// Those concerned: one person with both offices, or two who hold offices that belong together.
    pub people: Vec<PersonId>,
    /// The offices.
    pub roles: [Role; 2],
    /// What the difficulty is.
    pub what: &'static str,
    /// The way out.
    pub remedy: &'static str,
}

/// When two offices collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollidesWhen {
    /// One person holds both.
    OnePerson,
    /// Different people hold them and nobody holds both.
    TwoPeople,
}

/// One rule: code, nation (`None` = both), the two offices, when they collide, what and remedy.
pub type CollisionRule = (&'static str, Option<Nation>, [Role; 2], CollidesWhen, &'static str, &'static str);

/// The rules on offices that collide (M22, M 1M 8 and 11).
pub const COLLISIONS: &[CollisionRule] = &[
    (
        "head-is-coordinator",
        None,
        [Role::Headteacher, Role::OnlineSafetyCoordinator],
        CollidesWhen::OnePerson,
        "the head is also online safety co-ordinator, and so reports to themselves",
        "name a second co-ordinator, and send the co-ordinator's reports to the local authority officer or the chair of governors as well",
    ),
    (
        "head-is-lead",
        None,
        [Role::Headteacher, Role::OnlineSafetyLead],
        CollidesWhen::OnePerson,
        "the head is also online safety lead, and so reports to themselves",
        "let a senior leader read the lead's reports, and send them to the governors directly",
    ),
    (
        "head-is-named-person",
        Some(Nation::Scotland),
        [Role::Headteacher, Role::NamedPerson],
        CollidesWhen::OnePerson,
        "the head is also named person, so a family with a worry about the head has nobody else to turn to",
        "tell families that the local authority officer listens in that case",
    ),
    (
        "head-is-child-protection",
        None,
        [Role::Headteacher, Role::ChildProtectionCoordinator],
        CollidesWhen::OnePerson,
        "the head is also child protection co-ordinator, so a case about the head would come to the head",
        "cases about the head go to the local authority officer; name one with dates, so that they arrive",
    ),
    (
        "head-is-safeguarding-lead",
        Some(Nation::England),
        [Role::Headteacher, Role::DesignatedSafeguardingLead],
        CollidesWhen::OnePerson,
        "the head is also designated safeguarding lead, so a case about the head would come to the head",
        "name a deputy, and the chair of governors as the one who takes cases about the head",
    ),
    (
        "coordinator-is-child-protection",
        None,
        [Role::OnlineSafetyCoordinator, Role::ChildProtectionCoordinator],
        CollidesWhen::OnePerson,
        "the online safety co-ordinator passes worries on to themselves as child protection co-ordinator",
        "let a second person read each worry that was not taken further",
    ),
    (
        "governor-is-staff",
        None,
        [Role::ChairOfGovernors, Role::Headteacher],
        CollidesWhen::OnePerson,
        "the one who holds the head to account is the head",
        "name somebody else as chair of governors",
    ),
    (
        "technician-decides",
        None,
        [Role::IctTechnician, Role::OnlineSafetyLead],
        CollidesWhen::OnePerson,
        "the one who asks for a change to the filter is the one who makes it",
        "let another leader decide requests for sites",
    ),
    (
        "two-leads",
        Some(Nation::England),
        [Role::DesignatedSafeguardingLead, Role::OnlineSafetyLead],
        CollidesWhen::TwoPeople,
        "different people are designated safeguarding lead and online safety lead, while the statutory guidance puts online safety under the safeguarding lead",
        "write down that the online safety lead acts for the designated safeguarding lead, who stays answerable",
    ),
];

/// The collisions among those who hold office on a day.
pub fn collisions(nation: Nation, holdings: &[OfficeHolding], day: Date) -> Vec<Collision> {
    COLLISIONS
        .iter()
        .filter(|rule| rule.1.is_none_or(|only| only == nation))
        .filter_map(|&(code, _, roles, when, what, remedy)| {
            let [first, second] = roles.map(|role| holders(role, holdings, day));
            let both: Vec<PersonId> = first.iter().copied().filter(|person| second.contains(person)).collect();
            let people = match when {
                CollidesWhen::OnePerson => both,
                CollidesWhen::TwoPeople if both.is_empty() && !first.is_empty() && !second.is_empty() => {
                    first.into_iter().chain(second).collect()
                }
                CollidesWhen::TwoPeople => Vec::new(),
            };
            (!people.is_empty()).then_some(Collision { code, severity: Severity::Warning, people, roles, what, remedy })
        })
        .collect()
}
