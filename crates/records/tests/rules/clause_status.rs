//! Status and proof of a clause; nothing is kept without evidence.

use crate::school::*;
use belisha_policy::*;
use belisha_records::*;
use jiff::civil::{Date, date};
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 21);

fn columns() -> Vec<Column> {
    ["pupil", "staff"].map(|id| Column { id: id.to_owned(), label: id.to_owned() }).to_vec()
}

fn filter(cells: &[&str]) -> Binding {
    let cells = cells.iter().map(|group| ((*group).to_owned(), FilterAction::Block)).collect();
    let row = FilterRow {
        id: ClauseId("f-games".to_owned()),
        category: "games".to_owned(),
        label: "Games".to_owned(),
        cells,
    };
    Binding::Filter(FilterTable { when: Period::Always, columns: columns(), rows: vec![row] })
}

fn allowances(cells: &[&str]) -> Binding {
    let cells = cells.iter().map(|group| ((*group).to_owned(), Allowance::No)).collect();
    Binding::Allowances(AllowanceTable {
        about: AllowanceSubject::Devices,
        columns: columns(),
        rows: vec![AllowanceRow { id: ClauseId("d".to_owned()), label: "Phones".to_owned(), device_use: None, cells }],
    })
}

fn every_kind() -> Vec<Binding> {
    let agreement = Agreement {
        who: vec![Audience::Staff],
        co_signed_by: None,
        renews: None,
        opens_network: true,
        preamble: String::new(),
        lines: vec![],
    };
    vec![
        Binding::Agreement(agreement),
        Binding::Duty(duty(Cadence::Week, &[], None)),
        Binding::Duty(duty(Cadence::Lesson, &[], None)),
        Binding::Duty(Duty {
            due: Due::On { event: Event::NewThreat, within: Within::Immediately },
            ..duty(Cadence::Week, &[], None)
        }),
        Binding::Actions(ActionTable { about: ActionSubject::Pupil, columns: columns(), rows: vec![] }),
        allowances(&["pupil", "staff"]),
        filter(&["pupil", "staff"]),
        Binding::Approval(Approval {
            what: "unblock".to_owned(),
            by: vec![],
            reason_required: true,
            longest_days: Some(14),
        }),
        Binding::Response(Response { to: Event::CommentOnSchoolAccount, owners: vec![], within: Within::Hours(24) }),
        Binding::Role(Office { role: Role::Headteacher, at_least: 0 }),
        Binding::Retention(Retention { kind: RecordKind::Alerts, days: 90 }),
        Binding::Power(Power { what: "search:device".to_owned(), nation: Nation::England, decided_by: vec![] }),
    ]
}

#[test]
fn without_evidence_nothing_is_kept() {
    for binding in every_kind() {
        let proof = clause_proof(&clause(1, "c", binding), &Evidence::default(), TODAY);
        assert!(
            proof.status != ClauseStatus::Kept && proof.status != ClauseStatus::Guidance && !proof.sentence.is_empty(),
            "{proof:?}"
        );
    }
    assert_eq!(
        clause_proof(&clause(1, "c", Binding::Guidance), &Evidence::default(), TODAY).status,
        ClauseStatus::Guidance
    );
}

#[test]
fn entries_that_count_nothing_are_no_evidence() {
    let key = || "c".to_owned();
    let hollow = Evidence {
        signatures: [(key(), SignatureCount::default())].into(),
        duties: [(key(), DutyCount::default())].into(),
        approvals: [(key(), AnswerCount::default())].into(),
        responses: [(key(), AnswerCount::default())].into(),
        powers: [(key(), (0, TODAY))].into(),
        holders: [(key(), 0)].into(),
        cases: [(ActionSubject::Pupil, CaseCount::default())].into(),
        filter: FilterEvidence { clauses_loaded: vec![key()], loaded_on: None, domains: 0 },
        ..Evidence::default()
    };
    for binding in every_kind() {
        let proof = clause_proof(&clause(1, "c", binding), &hollow, TODAY);
        assert_ne!(proof.status, ClauseStatus::Kept, "{proof:?}");
    }
}

#[test]
fn sentences_and_statuses() {
    let key = || "c".to_owned();
    let november = date(2026, 11, 3);
    let none = Evidence::default;
    let kinds = every_kind();
    let signed = |complete, of, refused| Evidence {
        signatures: [(key(), SignatureCount { complete, of, refused, awaiting_parent: 0, last: Some(november) })]
            .into(),
        ..none()
    };
    let done = |kept, due, overdue| Evidence {
        duties: [(
            key(),
            DutyCount {
                kept,
                due,
                overdue,
                last_done: Some(november),
                next_due: Some(date(2026, 12, 18)),
                oldest_overdue: Some(date(2026, 11, 12)),
            },
        )]
        .into(),
        ..none()
    };
    let running = |domains| Evidence {
        filter: FilterEvidence { clauses_loaded: vec![key()], loaded_on: Some(november), domains },
        ..none()
    };
    let purged = |day| Evidence { purged: [(RecordKind::Alerts, day)].into(), ..none() };
    let answered = |kept, amiss, waiting, waiting_late| Evidence {
        responses: [(key(), AnswerCount { kept, amiss, waiting, waiting_late, last: Some(november) })].into(),
        ..none()
    };
    let held = |number| Evidence { holders: [(key(), number)].into(), ..none() };
    let cases_of = |settled, open, late| Evidence {
        cases: [(ActionSubject::Pupil, CaseCount { settled, open, late })].into(),
        ..none()
    };
    use ClauseStatus::*;
    let cases = [
        (kinds[0].clone(), signed(40, 43, 0), Due, "40 of 43 signed, last on 3 November 2026"),
        (kinds[0].clone(), signed(42, 43, 1), Due, "42 of 43 signed, last on 3 November 2026, 1 declined"),
        (kinds[0].clone(), signed(43, 43, 0), Kept, "43 of 43 signed, last on 3 November 2026"),
        (kinds[1].clone(), done(9, 0, 3), Overdue, "9 of 12 done, last on 3 November 2026, 3 overdue by 9 days"),
        (kinds[1].clone(), done(1, 1, 0), Kept, "1 of 2 done, last on 3 November 2026, next due on 18 December 2026"),
        (kinds[1].clone(), done(0, 1, 0), Due, "0 of 1 done, last on 3 November 2026, due on 18 December 2026"),
        (kinds[4].clone(), cases_of(1, 0, 0), Kept, "1 case, every action done or left out with a reason"),
        (kinds[4].clone(), cases_of(1, 2, 0), Due, "3 cases, 2 with an action still to do"),
        (kinds[4].clone(), cases_of(1, 2, 1), Overdue, "4 cases, 1 with an action past its time"),
        (
            allowances(&["pupil"]),
            Evidence { in_force_since: Some(november), ..none() },
            Undecided,
            "1 of 2 cells undecided, and none of them allowed",
        ),
        (
            kinds[5].clone(),
            Evidence { in_force_since: Some(november), ..none() },
            Kept,
            "all 2 cells decided and shown to everybody since 3 November 2026",
        ),
        (kinds[6].clone(), running(1_000), Kept, "2 rules in force over 1000 domains since 3 November 2026"),
        (kinds[6].clone(), running(0), Broken, "the rules run, and no category list is loaded"),
        (filter(&["pupil"]), running(1_000), Undecided, "1 of 2 cells undecided; the filter closes what they speak of"),
        (kinds[8].clone(), answered(8, 0, 0, 0), Kept, "8 of 8 answered within 24 hours, last on 3 November 2026"),
        (kinds[8].clone(), answered(7, 1, 0, 0), Broken, "7 of 8 answered within 24 hours, last on 3 November 2026"),
        (
            kinds[8].clone(),
            answered(7, 1, 0, 2),
            Overdue,
            "7 of 8 answered within 24 hours, last on 3 November 2026, 2 waiting past the time",
        ),
        (kinds[9].clone(), held(1), Kept, "1 person holds this office today"),
        (kinds[9].clone(), held(0), Broken, "0 people hold this office today, and the policy asks for 1"),
        (
            kinds[10].clone(),
            purged(date(2026, 11, 20)),
            Kept,
            "records older than 90 days were removed on 20 November 2026",
        ),
        (
            kinds[10].clone(),
            purged(date(2026, 11, 1)),
            Overdue,
            "records older than 90 days were last removed on 1 November 2026",
        ),
    ];
    for (binding, evidence, status, sentence) in cases {
        let proof = clause_proof(&clause(1, "c", binding), &evidence, TODAY);
        assert_eq!((proof.status, proof.sentence.as_str()), (status, sentence));
    }
}

#[test]
fn nothing_on_the_board_tells_of_cases_about_adults() {
    let staff = || Binding::Actions(ActionTable { about: ActionSubject::Staff, columns: columns(), rows: vec![] });
    let some = Evidence {
        cases: [(ActionSubject::Staff, CaseCount { settled: 2, open: 1, late: 1 })].into(),
        ..Evidence::default()
    };
    let (with, without) = (
        clause_proof(&clause(1, "c", staff()), &some, TODAY),
        clause_proof(&clause(1, "c", staff()), &Evidence::default(), TODAY),
    );
    assert_eq!(with, without);
}

#[test]
fn totals_add_up_to_the_clauses() {
    let bindings: Vec<(&str, Binding)> =
        every_kind().into_iter().map(|binding| ("c", binding)).chain([("g", Binding::Guidance)]).collect();
    let board = board(&policy(Nation::England, bindings), &Evidence::default(), TODAY);
    assert_eq!(board.totals.iter().map(|(_, count)| count).sum::<usize>(), board.clauses.len());
    assert_eq!((board.total(ClauseStatus::Kept), board.total(ClauseStatus::Guidance)), (0, 1));
}

proptest! {
    #[test]
    fn a_kept_clause_has_something_to_show(kept in 0usize..3, due in 0usize..3, overdue in 0usize..3, of in 0usize..4) {
        let evidence = Evidence {
            duties: [("c".to_owned(), DutyCount { kept, due, overdue, ..DutyCount::default() })].into(),
            signatures: [("c".to_owned(), SignatureCount { complete: kept, of, ..SignatureCount::default() })].into(),
            responses: [("c".to_owned(), AnswerCount { kept, amiss: overdue, waiting: due, ..AnswerCount::default() })].into(),
            ..Evidence::default()
        };
        for binding in every_kind() {
            let proof = clause_proof(&clause(1, "c", binding), &evidence, TODAY);
            if proof.status == ClauseStatus::Kept {
                prop_assert!(kept > 0);
            }
        }
    }
}
