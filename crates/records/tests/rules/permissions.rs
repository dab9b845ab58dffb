//! Who may do what: the promises that a change of the table must not break, and the reference page.

use belisha_policy::Role;
use belisha_records::*;

#[test]
fn promises_about_roles_hold() {
    use Permission::*;
    let cases: &[(&[Role], Permission, bool)] = &[
        (&[], ReadPolicy, false),
        (&[Role::Pupil], SignAgreements, true),
        (&[Role::Pupil], CounterSign, false),
        (&[Role::Pupil], SeeIncidents, false),
        (&[Role::Parent], CounterSign, true),
        (&[Role::Teacher], CounterSign, true),
        (&[Role::Teacher], RecordIncident, true),
        (&[Role::Teacher], LookUpActivity, false),
        (&[Role::IctTechnician], SeeIncidents, false),
        (&[Role::IctTechnician], TriageAlerts, false),
        (&[Role::IctTechnician], LookUpActivity, false),
        (&[Role::IctTechnician], ReadConcerns, false),
        (&[Role::IctTechnician], SeeFilterRules, true),
        (&[Role::IctTechnician], SeeActivityTotals, true),
        (&[Role::IctTechnician], SeeLiveRequests, true),
        (&[Role::Headteacher, Role::DesignatedSafeguardingLead, Role::Teacher], SeeLiveRequests, false),
        (&[Role::SystemAdministrator], SeeIncidents, false),
        (&[Role::SystemAdministrator], PrintIncident, false),
        (&[Role::SystemAdministrator], SeeIncidentsAboutAdults, false),
        (&[Role::SystemAdministrator], TriageAlerts, false),
        (&[Role::SystemAdministrator], LookUpActivity, false),
        (&[Role::SystemAdministrator, Role::DesignatedSafeguardingLead], SeeIncidents, true),
        (&[Role::Governor], SeeBoard, true),
        (&[Role::Governor], SeeIncidents, false),
        (&[Role::Governor], LookUpActivity, false),
        (&[Role::Governor], SeePeople, false),
        (&[Role::Governor], AcknowledgeReport, true),
        (&[Role::Headteacher], SeeIncidentsAboutAdults, true),
        (&[Role::OnlineSafetyLead], SeeIncidentsAboutAdults, false),
    ];
    for (roles, permission, expected) in cases {
        assert_eq!(may(roles, *permission), *expected, "{roles:?} {permission:?}");
    }
}

#[test]
fn every_permission_has_one_row_roles_and_words() {
    assert_eq!(PERMISSIONS.len(), Permission::ALL.len());
    for permission in Permission::ALL {
        assert_eq!(PERMISSIONS.iter().filter(|(row, _, _)| row == permission).count(), 1, "{permission:?}");
        assert!(!roles_with(*permission).is_empty() && lets(*permission).len() > 10, "{permission:?}");
    }
}

#[test]
fn governors_reach_nothing_that_names_a_child() {
    for permission in [
        Permission::SeeIncidents,
        Permission::ReadConcerns,
        Permission::TriageAlerts,
        Permission::LookUpActivity,
        Permission::SeeAllSignatures,
        Permission::PrintIncident,
    ] {
        assert!(!may(&[Role::Governor], permission), "{permission:?}");
    }
}

#[test]
fn the_reference_pages_are_the_tables() {
    for (name, page) in [("permissions", permissions_reference()), ("glossary", glossary_reference())] {
        let path = format!("{}/../../docs/reference/{name}.md", env!("CARGO_MANIFEST_DIR"));
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(stored == page, "docs/reference/{name}.md is out of date: run `belisha docs docs/reference`");
    }
}

#[test]
fn the_glossary_is_in_order() {
    assert!(GLOSSARY.windows(2).all(|pair| pair[0].0.to_lowercase() < pair[1].0.to_lowercase()));
}
