//! Roles on a day, vacancies, and offices that collide.

use crate::school::*;
use belisha_policy::*;
use belisha_records::*;
use jiff::civil::date;

const TODAY: jiff::civil::Date = date(2026, 11, 3);

#[test]
fn roles_of_a_day() {
    let ended = OfficeHolding { until: Some(date(2026, 11, 2)), ..holding(1, Role::Headteacher) };
    let coming = OfficeHolding { from: date(2026, 11, 4), ..holding(1, Role::Headteacher) };
    let left = |day| Person { left: Some(day), ..person(1, Audience::Staff) };
    let cases = [
        ("staff without office", person(1, Audience::Staff), vec![], vec![Role::SupportStaff]),
        ("one office", person(1, Audience::Staff), vec![holding(1, Role::Teacher)], vec![Role::Teacher]),
        ("ended yesterday", person(1, Audience::Staff), vec![ended], vec![Role::SupportStaff]),
        ("begins tomorrow", person(1, Audience::Staff), vec![coming], vec![Role::SupportStaff]),
        ("someone else's", person(1, Audience::Staff), vec![holding(2, Role::Headteacher)], vec![Role::SupportStaff]),
        (
            "governor in the chair",
            person(1, Audience::Governor),
            vec![holding(1, Role::ChairOfGovernors)],
            vec![Role::Governor, Role::ChairOfGovernors],
        ),
        ("pupil by a slip head", person(1, Audience::Pupil), vec![holding(1, Role::Headteacher)], vec![Role::Pupil]),
        ("left yesterday", left(date(2026, 11, 2)), vec![holding(1, Role::Headteacher)], vec![]),
        ("leaves today", left(TODAY), vec![holding(1, Role::Headteacher)], vec![Role::Headteacher]),
    ];
    for (name, person, holdings, expected) in cases {
        assert_eq!(active_roles(&person, &holdings, TODAY), expected, "{name}");
    }
}

#[test]
fn an_office_with_too_few_holders_is_vacant() {
    let policy = policy(
        Nation::England,
        vec![("deputies", Binding::Role(Office { role: Role::DeputyDesignatedSafeguardingLead, at_least: 2 }))],
    );
    let one = holding(1, Role::DeputyDesignatedSafeguardingLead);
    let two = holding(2, Role::DeputyDesignatedSafeguardingLead);
    let ended = OfficeHolding { until: Some(date(2026, 10, 1)), ..two.clone() };
    assert_eq!(vacancies(&policy, &[one.clone(), two], TODAY), vec![]);
    let vacancy = &vacancies(&policy, &[one.clone(), ended], TODAY)[0];
    assert_eq!((vacancy.held, vacancy.at_least, vacancy.ended), (1, 2, Some(date(2026, 10, 1))));
    // The same person twice is one holder.
    assert_eq!(vacancies(&policy, &[one.clone(), one], TODAY)[0].held, 1);
}

#[test]
fn offices_collide() {
    use Role::*;
    let cases: &[(&str, Nation, &[(u8, Role)], &[&str])] = &[
        ("one of each", Nation::Scotland, &[(1, Headteacher), (2, OnlineSafetyCoordinator)], &[]),
        (
            "small school",
            Nation::Scotland,
            &[(1, Headteacher), (1, OnlineSafetyCoordinator), (1, NamedPerson), (1, ChildProtectionCoordinator)],
            &[
                "head-is-coordinator",
                "head-is-named-person",
                "head-is-child-protection",
                "coordinator-is-child-protection",
            ],
        ),
        (
            "lead is not the safeguarding lead",
            Nation::England,
            &[(1, DesignatedSafeguardingLead), (2, OnlineSafetyLead)],
            &["two-leads"],
        ),
        (
            "lead is the safeguarding lead",
            Nation::England,
            &[(1, DesignatedSafeguardingLead), (1, OnlineSafetyLead)],
            &[],
        ),
        ("not a matter in Scotland", Nation::Scotland, &[(1, DesignatedSafeguardingLead), (2, OnlineSafetyLead)], &[]),
        ("lead reports to self", Nation::England, &[(1, Headteacher), (1, OnlineSafetyLead)], &["head-is-lead"]),
    ];
    for (name, nation, held, expected) in cases {
        let holdings: Vec<_> = held.iter().map(|(number, role)| holding(*number, *role)).collect();
        let found = collisions(*nation, &holdings, TODAY);
        assert_eq!(found.iter().map(|collision| collision.code).collect::<Vec<_>>(), *expected, "{name}");
        assert!(found.iter().all(|collision| !collision.remedy.is_empty() && collision.severity == Severity::Warning));
    }
}
