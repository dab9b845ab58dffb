//! The two example policies compile without errors and carry, cell for cell, what MISSION.md lists for their seeds.

use belisha_policy::*;
use jiff::civil::date;
use std::collections::BTreeSet;

const ENGLAND: &str = include_str!("../../../policies/england-secondary.dj");
const SCOTLAND: &str = include_str!("../../../policies/scotland-primary.dj");

fn example(source: &str) -> (Policy, Vec<Finding>) {
    let compilation = compile(source, date(2026, 11, 21));
    let shown: String =
        compilation.findings.iter().map(|finding| render_finding(finding, source, "policy.dj")).collect();
    assert_eq!(compilation.count(Severity::Error), 0, "{shown}");
    let Some(policy) = compilation.policy else { panic!("no errors, and no policy") };
    (policy, compilation.findings)
}

fn codes(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

fn table(policy: &Policy, about: ActionSubject) -> &ActionTable {
    let Some((_, table)) = policy.action_tables().find(|(_, table)| table.about == about) else {
        panic!("no such table")
    };
    table
}

/// Marks of a table as a picture: a row a line, `x` or `.` for each column.
fn picture(table: &ActionTable) -> Vec<String> {
    let row = |row: &ActionRow| {
        table.columns.iter().map(|column| if row.marks.contains(&column.id) { 'x' } else { '.' }).collect()
    };
    table.rows.iter().map(row).collect()
}

#[test]
fn the_pupil_table_of_m50_cell_by_cell() {
    let (policy, _) = example(SCOTLAND);
    let table = table(&policy, ActionSubject::Pupil);
    let columns: Vec<_> = table.columns.iter().map(|column| column.id.as_str()).collect();
    assert_eq!(
        columns,
        ["class-teacher", "headteacher", "police", "technical", "parents", "access", "warning", "sanction"]
    );
    let expected = [
        ".x.xxx..", "x.......", "xx......", "xx..x.x.", "xx.x.x..", "xx......", "x.......", "xx......", "xx..x.x.",
        ".x..xxx.", ".x..xx.x", "xx.xxxx.", ".x.x.xx.", ".x.x..x.", "xxxxxx.x", "xx.x....",
    ];
    assert_eq!(picture(table), expected);
    assert_eq!(picture(table).concat().matches('x').count(), 55);
}

#[test]
fn the_staff_table_of_m51_cell_by_cell() {
    let (policy, _) = example(SCOTLAND);
    let table = table(&policy, ActionSubject::Staff);
    let columns: Vec<_> = table.columns.iter().map(|column| column.id.as_str()).collect();
    assert_eq!(columns, ["authority", "police", "technical", "warning", "suspension", "disciplinary"]);
    let expected = [
        "xx...x", "..xx..", "..xx..", "...x..", "...x..", "x.x..x", "xx...x", "x..x..", "...x..", "...x.x", "x..x.x",
        "xx.x.x", "..xx..", "xx...x", "...x..", "x...xx",
    ];
    assert_eq!(picture(table), expected);
    assert_eq!(picture(table).concat().matches('x').count(), 36);
}

#[test]
fn undecided_cells_of_m65_and_m69_stay_undecided() {
    let (policy, findings) = example(SCOTLAND);
    let json = show_json(&policy);
    let undecided = |id: &str| {
        let table = json["tables"].as_array().unwrap().iter().find(|table| table["id"] == id).unwrap();
        let cells: Vec<_> = table["rows"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|row| row["cells"].as_object().unwrap().values())
            .collect();
        (cells.iter().filter(|cell| cell.is_null()).count(), cells.len())
    };
    assert_eq!(undecided("communications"), (79, 80));
    assert_eq!(undecided("devices"), (13, 24));
    assert_eq!(findings.iter().filter(|finding| finding.code == "undecided-cells").count(), 2);
    let pupils = json["tables"].as_array().unwrap().iter().find(|table| table["id"] == "pupil-actions").unwrap();
    assert_eq!(pupils["rows"][0]["cells"]["police"], false);
    assert_eq!(pupils["rows"][0]["cells"]["parents"], true);
}

#[test]
fn the_scottish_policy_keeps_the_warnings_its_seed_earns_and_no_others() {
    let (_, findings) = example(SCOTLAND);
    let expected = BTreeSet::from([
        "undecided-cells",
        "empty-row",
        "empty-column",
        "illegal-without-police",
        "bypass-without-parents",
        "reports-to-itself",
        "forced-password-change",
        "staff-illegal-incomplete",
    ]);
    assert_eq!(codes(&findings), expected);
}

#[test]
fn the_english_policy_keeps_the_two_contradictions_of_its_seed_and_no_others() {
    let (_, findings) = example(ENGLAND);
    assert_eq!(codes(&findings), BTreeSet::from(["monitoring-contradiction", "agreements-contradict"]));
}

#[test]
fn every_row_of_the_calendar_is_a_duty_or_a_response() {
    let england: BTreeSet<_> = rows_of_the_calendar(&example(ENGLAND).0);
    let scotland: BTreeSet<_> = rows_of_the_calendar(&example(SCOTLAND).0);
    for (policy, rows) in [(&england, ENGLAND_CALENDAR), (&scotland, SCOTLAND_CALENDAR)] {
        for row in rows {
            assert!(policy.contains(*row), "missing from the policy: {row}");
        }
    }
    assert!(example(ENGLAND).0.duties().count() >= 50);
    assert!(example(SCOTLAND).0.duties().count() >= 55);
}

/// `what @ when` of every duty, and `response @ event`.
fn rows_of_the_calendar(policy: &Policy) -> BTreeSet<String> {
    let duties = policy.duties().map(|(_, duty)| match &duty.due {
        Due::Every { cadence, months } if !months.is_empty() => format!("{} @ {} {months:?}", duty.what, cadence.key()),
        Due::Every { cadence, .. } => format!("{} @ {}", duty.what, cadence.key()),
        Due::On { event, .. } => format!("{} @ {}", duty.what, event.key()),
    });
    let responses = policy.clauses.iter().filter_map(|clause| match &clause.binding {
        Binding::Response(response) => Some(format!("response @ {}", response.to.key())),
        _ => None,
    });
    duties.chain(responses).collect()
}

const ENGLAND_CALENDAR: &[&str] = &[
    "report:upsetting-material @ upsetting-material-seen",
    "report:filter-breach @ filter-breached",
    "report:role-conflict @ role-conflict",
    "report:police @ illegal-material-suspected",
    "incident:respond @ incident-recorded",
    "incident:social-media @ unacceptable-conduct",
    "response @ comment-on-school-account",
    "phones:into-lockers @ school-day",
    "phones:returned @ school-day",
    "visit:ict-support @ week",
    "check:security @ week",
    "review:monitoring @ week",
    "meeting:governors-and-staff @ term",
    "report:online-safety @ term",
    "review:safety-log @ half-term",
    "letter:staff-resources @ half-term",
    "check:own-profile @ term",
    "agreement:start-of-year @ start-of-school-year",
    "training:induction @ person-joins",
    "training:refresher @ academic-year",
    "training:safeguarding-update @ academic-year",
    "review:policy @ academic-year",
    "report:policy-to-governors @ policy-reviewed",
    "event:pupil-progress-day @ pupil-progress-day",
    "training:safeguarding @ two-years",
    "review:new-technology @ new-technology",
    "review:new-threat @ new-threat",
    "review:policy @ serious-incident",
    "account:close @ person-leaves",
    "filter:close-exception @ study-period-ends",
    "media:delete @ transfer-complete",
    "agreement:aup-adult @ before-access",
    "account:open @ before-access",
    "audit:training-needs @ academic-year",
    "training:from-audit @ answer-is-no",
];

const SCOTLAND_CALENDAR: &[&str] = &[
    "report:upsetting-material @ upsetting-material-seen",
    "report:worrying-communication @ worrying-communication",
    "report:police @ illegal-material-suspected",
    "report:serious-incident @ serious-incident",
    "incident:respond @ incident-recorded",
    "report:social-conduct @ unacceptable-conduct",
    "response @ comment-on-school-account",
    "lesson:watch-devices @ lesson",
    "lesson:check-sites @ lesson",
    "report:coordinator @ half-term",
    "report:online-safety-group @ term",
    "meeting:local-authority @ term",
    "review:incident-log @ month",
    "review:filter-changes @ half-term",
    "check:security @ term",
    "password:change @ term",
    "check:software-licences @ academic-year",
    "audit:training-needs @ academic-year",
    "check:social-accounts @ day",
    "check:own-profile @ term",
    "report:implementation @ twice-a-year [12, 6]",
    "agreement:image-permission @ start-of-school-year",
    "training:induction @ person-joins",
    "lesson:induction @ start-of-school-year",
    "review:policy-impact @ academic-year",
    "review:policy @ academic-year",
    "event:safer-internet-day @ safer-internet-day",
    "review:new-technology @ new-technology",
    "review:new-threat @ new-threat",
    "review:after-incident @ serious-incident",
    "account:social-transfer @ person-leaves",
    "filter:close-exception @ study-period-ends",
    "media:delete @ transfer-complete",
    "agreement:aup-community @ before-access",
    "account:guest @ before-access",
    "report:journalist @ journalist-contact",
    "meeting:monitor-support @ half-term",
];

#[test]
fn every_agreement_line_of_m33_and_m34_is_there() {
    let (policy, _) = example(ENGLAND);
    let agreement = |id: &str| policy.agreements().find(|(clause, _)| clause.id.0 == id).unwrap().1;
    let pupil = agreement("aup-pupil");
    assert_eq!(pupil.co_signed_by, Some(Audience::Parent));
    assert!(pupil.opens_network);
    let refusals = pupil.lines.iter().filter(|line| line.text.starts_with("I will not")).count();
    assert_eq!((refusals, pupil.lines.len(), pupil.lines.iter().filter(|line| line.co_signer).count()), (10, 18, 3));
    let adult = agreement("aup-adult");
    assert_eq!(adult.who, [Audience::Staff, Audience::Governor, Audience::Volunteer, Audience::Visitor]);
    assert_eq!(adult.lines.len(), 23);
}

#[test]
fn scottish_agreements_speak_to_every_audience() {
    let (policy, _) = example(SCOTLAND);
    let who: BTreeSet<_> = policy.agreements().flat_map(|(_, agreement)| agreement.who.clone()).collect();
    use Audience::*;
    assert_eq!(who, BTreeSet::from([YoungerPupil, Pupil, Parent, Staff, Volunteer, Visitor, CommunityUser]));
}

#[test]
fn both_say_how_long_every_kind_of_record_is_kept_and_filter_every_group() {
    for source in [ENGLAND, SCOTLAND] {
        let (policy, _) = example(source);
        assert!(RecordKind::ALL.iter().all(|kind| policy.retention_days(*kind).is_some()));
        let (_, always) = policy.filter_tables().find(|(_, table)| table.when == Period::Always).unwrap();
        let groups: Vec<_> = always.columns.iter().map(|column| column.id.as_str()).collect();
        assert_eq!(groups, ["younger-pupil", "pupil", "staff", "guest", "unknown"]);
        assert_eq!(always.rows.len(), 20);
        assert!(always.rows.iter().all(|row| row.cells.len() == 5));
    }
}

#[test]
fn coverage_puts_every_clause_in_one_share() {
    for source in [ENGLAND, SCOTLAND] {
        let (policy, _) = example(source);
        let coverage = coverage(&policy);
        assert_eq!(coverage.total(), policy.clauses.len());
        assert!(coverage.carried_percent() > 70);
    }
}

#[test]
fn changing_one_line_asks_for_that_line() {
    let (before, _) = example(ENGLAND);
    let (after, _) =
        example(&ENGLAND.replace("I will not use chat rooms.", "I will not use chat rooms or voice channels."));
    let diff = diff(&before, &after);
    assert_eq!(diff.lines.len(), 1);
    assert_eq!(diff.lines[0].line.0, "aup-pupil-chat");
    assert_eq!(diff.lines[0].change, Change::Changed);
    assert_eq!(diff.clauses.len(), 1);
    assert!(belisha_policy::diff(&before, &before).is_empty());
}

#[test]
fn a_row_of_a_device_table_says_what_it_grants_in_words_the_network_knows() {
    let table = |attribute: &str| {
        format!(
            "{{nation=\"england\" phase=\"primary\"}}\n# P\n\n## S\n\n{{#c .allowances about=\"devices\"}}\n| What | Pupil-owned |\n|---|---|\n| [a]{{#a {attribute}}} | yes |\n"
        )
    };
    let uses = |attribute: &str| {
        let compiled = belisha_policy::compile(&table(attribute), "2026-09-14".parse().unwrap());
        let messages: Vec<String> = compiled.findings.iter().map(|finding| finding.message.clone()).collect();
        let read = compiled.policy.and_then(|policy| match &policy.clause("c")?.binding {
            belisha_policy::Binding::Allowances(table) => table.rows.first()?.device_use,
            _ => None,
        });
        (read, messages.into_iter().find(|message| message.contains("use")))
    };
    assert_eq!(uses("use=\"internet-only\""), (Some(belisha_policy::DeviceUse::InternetOnly), None));
    assert_eq!(uses(""), (None, None));
    let (read, message) = uses("use=\"internet\"");
    assert_eq!((read, message.as_deref()), (None, Some("`internet` is not a word that `use` knows")));
}
