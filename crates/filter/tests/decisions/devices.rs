//! What the device table of a policy lets a device do, cell by cell; and that a device nobody registered is judged by its
//! person alone.

use crate::school::*;
use belisha_filter::*;
use belisha_policy::{DeviceKind, compile};
use jiff::civil::date;
use std::sync::Arc;

fn school(rows: &str) -> Ruleset {
    let source = format!(
        "{{nation=\"scotland\" phase=\"primary\"}}\n# Policy\n\n## Devices\n\n{{#devices .allowances about=\"devices\"}}\n\
         | What | School, shared | Authorised | Pupil-owned | Visitor-owned |\n|---|---|---|---|---|\n{rows}\n"
    );
    with(compile(&source, date(2026, 9, 14)).policy.unwrap())
}

fn with(policy: belisha_policy::Policy) -> Ruleset {
    let mut rules = Rules::new(policy, timetable());
    rules.school_hosts = vec!["files.school.example".into()];
    Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])))
}

fn asks(rules: &Ruleset, device: Option<DeviceKind>, host: &str, now: &str) -> Decision {
    rules.decide(&Request { device, ..Request::new(host, "staff") }, at(now))
}

const TABLE: &str = r#"| [In school]{#d-in use="in-school"} | yes | | no | yes |
| [All]{#d-full use="full"} | yes | | yes | no |
| [Internet]{#d-net use="internet-only"} | | | | yes |
| [None]{#d-none use="none"} | | | | |"#;

#[test]
fn each_kind_of_device_goes_as_far_as_its_column_says() {
    let rules = school(TABLE);
    let kind = |device, host| {
        let decision = asks(&rules, device, host, LESSON);
        (decision.is_open(), decision.reason.rule, decision.reason.clause.map(|clause| clause.id.to_string()))
    };
    let open = (true, RuleKind::Default, None);
    let refused = |row: &str| (false, RuleKind::Device, Some(row.to_owned()));
    assert_eq!(kind(Some(DeviceKind::SchoolShared), "a.example"), open);
    assert_eq!(kind(Some(DeviceKind::SchoolShared), "files.school.example"), open);
    assert_eq!(
        kind(Some(DeviceKind::PupilOwned), "a.example"),
        refused("d-in"),
        "not in school, whatever else it says"
    );
    assert_eq!(kind(Some(DeviceKind::VisitorOwned), "a.example"), open);
    for own in ["files.school.example", "sub.files.school.example", "printer", "nas.local", "10.1.2.3", "[fd00::7]"] {
        assert_eq!(kind(Some(DeviceKind::VisitorOwned), own), refused("d-net"), "{own}");
    }
    assert_eq!(kind(Some(DeviceKind::VisitorOwned), "192.0.2.7"), open, "a public address is the internet");
    assert_eq!(kind(None, "a.example"), open, "an unknown device is judged by its person");
}

#[test]
fn no_list_closes_the_schools_own_names_and_the_school_still_can() {
    let policy = crate::school::policy();
    let names = |hosts: &[&str], deny: bool| {
        let mut rules = Rules::new(policy.clone(), timetable());
        rules.school_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        let closed = SchoolRule {
            id: "1".into(),
            host: "www.casino.example".into(),
            groups: Vec::new(),
            reason: "Not today".into(),
        };
        rules.school_deny = if deny { vec![closed] } else { Vec::new() };
        let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])));
        let decision = rules.decide(&Request::new("www.casino.example", "pupil"), at(LESSON));
        (decision.is_open(), decision.reason.rule)
    };
    assert_eq!(names(&[], false), (false, RuleKind::Category));
    assert_eq!(names(&["casino.example"], false), (true, RuleKind::Default), "a list named it by accident");
    assert_eq!(names(&["other.example"], false), (false, RuleKind::Category));
    assert_eq!(names(&["casino.example"], true), (false, RuleKind::SchoolDeny));
}

#[test]
fn a_host_that_the_schools_own_name_server_speaks_of_is_on_its_network_without_being_named_twice() {
    let own = |rules: &Ruleset, device, host| {
        let request = Request { device, own_zone: true, ..Request::new(host, "pupil") };
        rules.explain(&request, at(LESSON)).decision
    };
    let rules = school(TABLE);
    assert_eq!(own(&rules, Some(DeviceKind::VisitorOwned), "printer.here.example").reason.rule, RuleKind::Device);
    assert!(own(&rules, Some(DeviceKind::SchoolShared), "printer.here.example").is_open());
    assert_eq!(
        own(&with(policy()), None, "casino.example").reason.rule,
        RuleKind::Default,
        "a list named it by accident"
    );
    let ruleset = ruleset();
    assert_eq!(own(&ruleset, None, "denied.example").reason.rule, RuleKind::SchoolDeny, "the school still can");
    assert_eq!(own(&ruleset, None, ILLEGAL_TEST_ENTRY).reason.rule, RuleKind::Illegal);
}

#[test]
fn an_empty_cell_is_never_allowed_and_is_named_as_undecided() {
    let rules = school(TABLE);
    // `authorised` has no mark, `staff-owned` no column: nobody has decided either.
    for device in [DeviceKind::Authorised, DeviceKind::StaffOwned] {
        let decision = asks(&rules, Some(device), "a.example", LESSON);
        assert!(!decision.is_open());
        let words = decision.reason.to_string();
        assert!(
            words.contains("undecided is never allowed") && words.contains(&device.label().to_lowercase()),
            "{words}"
        );
    }
    let refused = asks(&rules, Some(DeviceKind::PupilOwned), "a.example", LESSON).reason.to_string();
    assert!(!refused.contains("undecided"), "a decided no is not an undecided one: {refused}");
}

#[test]
fn certain_times_are_outside_lessons_and_a_register_entry_is_the_permission() {
    let rules = school("| [All]{#d-full use=\"full\"} | with-permission | selected-people | certain-times | |");
    let open = |device, now| asks(&rules, Some(device), "a.example", now).is_open();
    assert!(open(DeviceKind::SchoolShared, LESSON) && open(DeviceKind::Authorised, LESSON));
    assert!(!open(DeviceKind::PupilOwned, LESSON) && open(DeviceKind::PupilOwned, LUNCH));
    assert!(open(DeviceKind::PupilOwned, EVENING));
}

#[test]
fn a_table_for_people_to_read_closes_nothing() {
    let rules = school("| [In school]{#d-in} | | | no | |");
    assert!(DeviceKind::ALL.iter().all(|device| asks(&rules, Some(*device), "a.example", LESSON).is_open()));
}

#[test]
fn the_example_policy_of_a_primary_school_is_carried_out() {
    let source = std::fs::read_to_string(format!("{}/../../policies/scotland-primary.dj", env!("CARGO_MANIFEST_DIR")));
    let rules = with(compile(&source.unwrap(), date(2026, 9, 14)).policy.unwrap());
    let goes = |device, host| asks(&rules, Some(device), host, LESSON).is_open();
    let far: Vec<_> = DeviceKind::ALL
        .iter()
        .map(|device| (goes(*device, "a.example"), goes(*device, "files.school.example")))
        .collect();
    let (all, internet, nothing) = ((true, true), (true, false), (false, false));
    assert_eq!(far, [all, all, nothing, nothing, internet, internet]);
}
