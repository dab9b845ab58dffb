//! Who sees a case, and what a number gives away.

use crate::incidents::incident;
use crate::school::*;
use belisha_policy::*;
use belisha_records::*;

#[test]
fn who_sees_a_case() {
    use Role::*;
    let pupil_case =
        incident(Some(ActionSubject::Pupil), &[(1, Part::Alleged), (2, Part::Harmed), (3, Part::Reporter)]);
    let staff_case = incident(Some(ActionSubject::Staff), &[(10, Part::Alleged), (3, Part::Reporter)]);
    let alleged =
        |number: u8, audience, roles: &[Role]| Alleged { person: id(number), audience, roles: roles.to_vec() };
    let about_pupil = vec![alleged(1, Audience::Pupil, &[Pupil])];
    let about_teacher = vec![alleged(10, Audience::Staff, &[Teacher])];
    let about_head = vec![alleged(10, Audience::Staff, &[Headteacher])];
    let about_lead = vec![alleged(10, Audience::Staff, &[DesignatedSafeguardingLead])];
    let about_chair = vec![alleged(10, Audience::Governor, &[ChairOfGovernors])];
    let (england, scotland) = (Nation::England, Nation::Scotland);
    // case, alleged, nation, viewer, roles, has a task, what they see
    let cases: Vec<(&Incident, &Vec<Alleged>, Nation, u8, &[Role], bool, Sight)> = vec![
        (&pupil_case, &about_pupil, england, 20, &[Headteacher], false, Sight::Whole),
        (&pupil_case, &about_pupil, england, 20, &[DesignatedSafeguardingLead], false, Sight::Whole),
        (&pupil_case, &about_pupil, scotland, 20, &[NamedPerson], false, Sight::Whole),
        (&pupil_case, &about_pupil, england, 20, &[Teacher], false, Sight::Nothing),
        (&pupil_case, &about_pupil, england, 20, &[Teacher], true, Sight::Whole),
        (&pupil_case, &about_pupil, england, 20, &[IctTechnician], true, Sight::Task),
        (&pupil_case, &about_pupil, england, 20, &[IctTechnician, SystemAdministrator], false, Sight::Nothing),
        (&pupil_case, &about_pupil, england, 20, &[Governor, ChairOfGovernors], false, Sight::Nothing),
        (&pupil_case, &about_pupil, england, 50, &[Teacher], false, Sight::Status),
        (&pupil_case, &about_pupil, england, 3, &[Pupil], false, Sight::Status),
        (&pupil_case, &about_pupil, england, 2, &[Pupil], false, Sight::Nothing),
        (&pupil_case, &about_pupil, england, 1, &[Pupil], false, Sight::Nothing),
        (&staff_case, &about_teacher, england, 20, &[Headteacher], false, Sight::Whole),
        (&staff_case, &about_teacher, england, 20, &[DesignatedSafeguardingLead], false, Sight::Whole),
        (&staff_case, &about_teacher, england, 20, &[OnlineSafetyLead], false, Sight::Nothing),
        (&staff_case, &about_teacher, england, 20, &[Teacher], true, Sight::Task),
        (&staff_case, &about_teacher, england, 3, &[Teacher], false, Sight::Status),
        (&staff_case, &about_teacher, england, 10, &[Teacher, DesignatedSafeguardingLead], true, Sight::Nothing),
        (&staff_case, &about_teacher, scotland, 20, &[ChildProtectionCoordinator], false, Sight::Whole),
        (&staff_case, &about_lead, england, 10, &[DesignatedSafeguardingLead], false, Sight::Nothing),
        (&staff_case, &about_lead, england, 20, &[Headteacher], false, Sight::Whole),
        (&staff_case, &about_head, england, 10, &[Headteacher], false, Sight::Nothing),
        (&staff_case, &about_head, england, 20, &[Headteacher], false, Sight::Nothing),
        (&staff_case, &about_head, england, 20, &[DesignatedSafeguardingLead], false, Sight::Nothing),
        (&staff_case, &about_head, england, 20, &[ChairOfGovernors], false, Sight::Whole),
        (&staff_case, &about_head, scotland, 20, &[ChairOfGovernors], false, Sight::Nothing),
        (&staff_case, &about_head, scotland, 20, &[LocalAuthorityOfficer], false, Sight::Whole),
        (&staff_case, &about_chair, england, 10, &[ChairOfGovernors], false, Sight::Nothing),
        (&staff_case, &about_chair, england, 20, &[LocalAuthorityOfficer], false, Sight::Whole),
        (&staff_case, &about_chair, england, 20, &[Headteacher], false, Sight::Nothing),
    ];
    for (at, (case, alleged, nation, viewer, roles, viewer_has_task, expected)) in cases.into_iter().enumerate() {
        let relations = CaseRelations { nation, alleged: alleged.clone(), viewer_has_task };
        assert_eq!(incident_sight(id(viewer), roles, case, &relations), expected, "row {at}: {roles:?}");
        assert_eq!(may_see_incident(id(viewer), roles, case, &relations), expected == Sight::Whole);
    }
}

#[test]
fn the_accused_never_sees_their_case_whatever_else_they_are() {
    for role in Role::ALL {
        for audience in Audience::ALL {
            let mut case =
                incident(Some(ActionSubject::Staff), &[(10, Part::Alleged), (10, Part::Reporter), (10, Part::Harmed)]);
            case.recorded_by = id(10);
            let relations = CaseRelations {
                nation: Nation::England,
                alleged: vec![Alleged { person: id(10), audience: *audience, roles: vec![*role] }],
                viewer_has_task: true,
            };
            assert_eq!(incident_sight(id(10), &[*role], &case, &relations), Sight::Nothing);
            // Even where the roster says nothing about them.
            let unknown = CaseRelations { alleged: vec![], ..relations };
            assert_eq!(incident_sight(id(10), Role::ALL, &case, &unknown), Sight::Nothing);
        }
    }
}

#[test]
fn numbers_of_cases_about_adults_leave_no_gap() {
    assert_eq!(incident_number(CaseRoute::Pupils, 0, 7), 1);
    assert_eq!(incident_number(CaseRoute::Pupils, 14, 7), 15);
    for random in [0, 1, u32::MAX] {
        let number = incident_number(CaseRoute::Adult, 14, random);
        assert!((100_000..1_000_000).contains(&number));
    }
}
