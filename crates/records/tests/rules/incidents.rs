//! What the table demands, departures, the form, whose task it is, and closing.

use crate::school::*;
use belisha_policy::*;
use belisha_records::{Finding, *};
use jiff::civil::date;
use std::collections::{BTreeMap, BTreeSet};

fn table(about: ActionSubject) -> ActionTable {
    let columns = ["class-teacher", "headteacher", "police", "technical", "parents", "access", "warning"];
    ActionTable {
        about,
        columns: columns.iter().map(|id| Column { id: (*id).to_owned(), label: id.replace('-', " ") }).collect(),
        rows: vec![ActionRow {
            id: ClauseId("p-proxy".to_owned()),
            label: "Got round the filter".to_owned(),
            marks: ["headteacher", "technical"].map(str::to_owned).into(),
        }],
    }
}

fn with_table() -> Policy {
    policy(Nation::England, vec![("pupil-actions", Binding::Actions(table(ActionSubject::Pupil)))])
}

fn form() -> IncidentForm {
    IncidentForm {
        occurred_date: "2026-11-03".to_owned(),
        occurred_time: "10:40".to_owned(),
        place: "library".to_owned(),
        description: "used a site that gets round the filter".to_owned(),
        action_taken: "closed the page".to_owned(),
        signed_as: "A Teacher".to_owned(),
        about: "pupil".to_owned(),
        row: "p-proxy".to_owned(),
        risk_areas: vec![RiskArea::Conduct],
        bullying: false,
        may_involve_indecent_images: Some(false),
        involved: vec![InvolvementForm { person: Some(id(1)), described_as: String::new(), part: Part::Alleged }],
    }
}

pub fn incident(about: Option<ActionSubject>, involved: &[(u8, Part)]) -> Incident {
    let facts = validate_incident(&form(), Some(&with_table()), date(2026, 11, 3).at(12, 0, 0, 0)).unwrap();
    let actions = facts.actions.clone();
    let stamp = IncidentStamp {
        id: id(100),
        school: id(200),
        number: 14,
        recorded_by: id(50),
        recorded_at: at(date(2026, 11, 3).at(12, 0, 0, 0)),
        policy_version: None,
        from_alert: None,
    };
    let mut incident = record_incident(facts, actions, stamp);
    incident.about = about;
    incident.involved = involved
        .iter()
        .map(|(number, part)| Involvement { person: Some(id(*number)), described_as: None, part: *part })
        .collect();
    incident
}

#[test]
fn departures_need_a_reason_and_nothing_else_does() {
    let demanded = demanded_actions(&table(ActionSubject::Pupil), "p-proxy");
    assert_eq!(
        demanded.iter().filter(|action| action.taken).map(|action| action.column.as_str()).collect::<Vec<_>>(),
        ["headteacher", "technical"]
    );
    let cases: &[(&str, &[&str], &[(&str, &str)], &[&str])] = &[
        ("as the policy says", &["headteacher", "technical"], &[], &[]),
        ("one dropped", &["headteacher"], &[], &["reason-technical"]),
        ("one dropped, blank reason", &["headteacher"], &[("technical", "  ")], &["reason-technical"]),
        ("one dropped, with reason", &["headteacher"], &[("technical", "fixed already")], &[]),
        ("one added", &["headteacher", "technical", "police"], &[], &["reason-police"]),
        ("both", &["headteacher", "police"], &[("police", "a threat was made")], &["reason-technical"]),
        ("not in the table", &["headteacher", "technical", "exile"], &[], &["actions"]),
    ];
    for (name, taken, reasons, wrong) in cases {
        let taken: BTreeSet<String> = taken.iter().map(|column| (*column).to_owned()).collect();
        let reasons: BTreeMap<String, String> =
            reasons.iter().map(|(column, reason)| ((*column).to_owned(), (*reason).to_owned())).collect();
        match decide_actions(&demanded, &taken, &reasons) {
            Ok(decided) => {
                assert!(wrong.is_empty(), "{name}");
                assert!(
                    decided.iter().all(|action| action.reason.is_some() == (action.taken != action.by_policy)),
                    "{name}"
                );
            }
            Err(errors) => assert_eq!(errors.iter().map(|(field, _)| field).collect::<Vec<_>>(), *wrong, "{name}"),
        }
    }
    assert!(demanded_actions(&table(ActionSubject::Pupil), "no-such-row").is_empty());
}

#[test]
fn the_form_says_which_field_is_wrong() {
    type Change = fn(&mut IncidentForm);
    let cases: &[(&str, Change, &[&str])] = &[
        ("nothing wrong", |_| {}, &[]),
        ("no date", |form| form.occurred_date.clear(), &["occurred-date"]),
        ("a date that is none", |form| form.occurred_date = "2026-02-30".to_owned(), &["occurred-date"]),
        ("no time", |form| form.occurred_time.clear(), &["occurred-time"]),
        ("tomorrow", |form| form.occurred_date = "2026-11-04".to_owned(), &["occurred-date"]),
        ("blank place", |form| form.place = " \n".to_owned(), &["place"]),
        ("no description", |form| form.description.clear(), &["description"]),
        ("an endless description", |form| form.description = "a ".repeat(20_000), &["description"]),
        ("nothing done", |form| form.action_taken.clear(), &["action-taken"]),
        ("not signed", |form| form.signed_as.clear(), &["signed-as"]),
        ("no risk", |form| form.risk_areas.clear(), &["risk-areas"]),
        ("question not answered", |form| form.may_involve_indecent_images = None, &["may-involve-indecent-images"]),
        ("unknown subject", |form| form.about = "robot".to_owned(), &["about"]),
        ("no row", |form| form.row.clear(), &["row"]),
        ("a row of another table", |form| form.row = "s-proxy".to_owned(), &["row"]),
        ("nobody's conduct", |form| form.about.clear(), &[]),
        ("nobody involved", |form| form.involved.clear(), &["involved"]),
        ("an empty row of people", |form| form.involved[0].person = None, &["involved"]),
        (
            "somebody described",
            |form| {
                form.involved[0].person = None;
                form.involved[0].described_as = "a pupil of another school".to_owned()
            },
            &[],
        ),
        (
            "a link where it must not be",
            |form| {
                form.may_involve_indecent_images = Some(true);
                form.description = "see https://x.example".to_owned()
            },
            &["description"],
        ),
        (
            "bytes pasted",
            |form| {
                form.may_involve_indecent_images = Some(true);
                form.action_taken = "A".repeat(300)
            },
            &["action-taken"],
        ),
        ("a link elsewhere is fine", |form| form.description = "see https://x.example".to_owned(), &[]),
        (
            "two at once",
            |form| {
                form.place.clear();
                form.signed_as.clear()
            },
            &["place", "signed-as"],
        ),
    ];
    for (name, change, wrong) in cases {
        let mut form = form();
        change(&mut form);
        let found = validate_incident(&form, Some(&with_table()), date(2026, 11, 3).at(12, 0, 0, 0));
        let fields: Vec<String> =
            found.err().map(|errors| errors.iter().map(|(field, _)| field.to_owned()).collect()).unwrap_or_default();
        assert_eq!(fields, *wrong, "{name}");
    }
    let mut bare = form();
    bare.row.clear();
    assert!(validate_incident(&bare, None, date(2026, 11, 3).at(12, 0, 0, 0)).is_ok(), "a school without a table");
}

#[test]
fn tasks_go_to_offices_and_never_to_those_the_case_is_about() {
    let offices = CaseOffices {
        class_teacher: Some(id(30)),
        holders: vec![
            (Role::Headteacher, id(31)),
            (Role::DesignatedSafeguardingLead, id(32)),
            (Role::IctTechnician, id(33)),
        ],
    };
    let action = |column: &str| ActionDecision {
        column: column.to_owned(),
        label: "Talk to Person 1".to_owned(),
        by_policy: true,
        taken: true,
        reason: None,
        done_at: None,
    };
    let cases: &[(&str, &[u8], Option<u8>)] = &[
        ("class-teacher", &[], Some(30)),
        ("class-teacher", &[30], Some(31)),
        ("headteacher", &[], Some(31)),
        ("headteacher", &[31], None),
        ("police", &[], Some(31)),
        ("police", &[31], Some(32)),
        ("technical", &[], Some(33)),
        ("parents", &[], Some(30)),
        ("access", &[], Some(33)),
        ("sanction", &[], Some(31)),
        ("authority", &[], Some(31)),
        ("a-column-of-our-own", &[], Some(31)),
    ];
    let now = at(date(2026, 11, 3).at(12, 0, 0, 0));
    for (column, alleged, expected) in cases {
        let alleged: Vec<PersonId> = alleged.iter().map(|number| id(*number)).collect();
        let tasks = tasks_for_actions(&[action(column)], 14, &offices, &alleged, &england(), now);
        assert_eq!(tasks[0].assignee, expected.map(id), "{column}");
        assert!(tasks[0].due.is_some_and(|due| due > now));
        if *column != "a-column-of-our-own" {
            assert!(!tasks[0].what.contains("Person"), "{column}");
        }
    }
    let untaken = ActionDecision { taken: false, ..action("police") };
    let done = ActionDecision { done_at: Some(now), ..action("police") };
    assert!(tasks_for_actions(&[untaken, done], 14, &offices, &[], &england(), now).is_empty());
}

#[test]
fn a_case_closes_when_everything_is_done_or_explained() {
    let now = at(date(2026, 11, 9).at(12, 0, 0, 0));
    let closing = |outcome: &str, reasons: &[(&str, &str)]| Closing {
        finding: Finding::Unfounded,
        outcome: outcome.to_owned(),
        left_undone: reasons.iter().map(|(column, reason)| ((*column).to_owned(), (*reason).to_owned())).collect(),
        by: id(20),
        at: now,
    };
    let open = incident(Some(ActionSubject::Pupil), &[(1, Part::Alleged)]);
    let mut done = open.clone();
    done.actions.iter_mut().filter(|action| action.taken).for_each(|action| action.done_at = Some(now));
    let fields = |result: Result<Incident, CloseError>| match result {
        Ok(_) => vec!["closed".to_owned()],
        Err(CloseError::AlreadyClosed) => vec!["already".to_owned()],
        Err(CloseError::Missing(errors)) => errors.iter().map(|(field, _)| field.to_owned()).collect(),
    };
    let cases = [
        ("nothing done", &open, closing("It ended.", &[]), vec!["reason-headteacher", "reason-technical"]),
        ("one explained", &open, closing("It ended.", &[("headteacher", "head was away")]), vec!["reason-technical"]),
        (
            "all explained",
            &open,
            closing("It ended.", &[("headteacher", "away"), ("technical", "not ours")]),
            vec!["closed"],
        ),
        ("all done", &done, closing("It ended.", &[]), vec!["closed"]),
        ("no outcome", &done, closing("  ", &[]), vec!["outcome"]),
    ];
    for (name, case, closing, expected) in cases {
        assert_eq!(fields(close_incident(case, &closing)), expected, "{name}");
    }
    let closed = close_incident(&done, &closing("It ended.", &[])).unwrap();
    assert_eq!(closed.status, IncidentStatus::Closed);
    assert_eq!(fields(close_incident(&closed, &closing("Again.", &[]))), ["already"]);
}

#[test]
fn nations_differ() {
    assert!(bullying_definition(Nation::England).needs_repetition && bullying_definition(Nation::England).needs_intent);
    assert!(
        !bullying_definition(Nation::Scotland).needs_repetition && !bullying_definition(Nation::Scotland).needs_intent
    );
    assert_eq!(bullying_definition(Nation::Scotland).log_within, Within::SchoolDays(3));
    for nation in Nation::ALL {
        assert!(referral_checklist(*nation, CaseRoute::Pupils).is_empty());
        for route in [CaseRoute::Adult, CaseRoute::Head, CaseRoute::Chair] {
            let steps = referral_checklist(*nation, route);
            assert_eq!(steps[0].key, "danger-now");
            let handled = handlers(route, *nation);
            assert!(
                steps.iter().all(|step| handled.contains(&step.by)),
                "{nation:?} {route:?}: a step for somebody who may not see the case"
            );
        }
        assert!(indecent_image_steps(*nation).len() >= 6);
    }
    assert!(referral_checklist(Nation::England, CaseRoute::Adult).iter().any(|step| step.key == "designated-officer"));
}
