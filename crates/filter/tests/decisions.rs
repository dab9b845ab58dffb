//! The table of precedence, one row a case; what undecided cells, unknown people and the time of day do; and that an
//! explanation says what the decision says.

use belisha_filter::*;
use belisha_policy::*;
use jiff::Timestamp;
use jiff::civil::{date, time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Monday of a school week in lesson time, at lunch, and in the evening; and a Saturday. London is on summer time.
const LESSON: &str = "2026-09-14T09:30:00Z";
const LUNCH: &str = "2026-09-14T11:40:00Z";
const EVENING: &str = "2026-09-14T18:00:00Z";
const SATURDAY: &str = "2026-09-19T09:30:00Z";

fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

fn row(id: &str, category: &str, cells: &[(&str, FilterAction)]) -> FilterRow {
    FilterRow { id: ClauseId(id.into()), category: category.into(), label: category.into(), cells: cells.iter().map(|(group, action)| ((*group).to_owned(), *action)).collect::<BTreeMap<_, _>>() }
}

fn table(number: &str, when: Period, groups: &[&str], rows: Vec<FilterRow>) -> Clause {
    let columns = groups.iter().map(|group| Column { id: (*group).into(), label: (*group).into() }).collect();
    clause(number, Binding::Filter(FilterTable { when, columns, rows }))
}

fn clause(number: &str, binding: Binding) -> Clause {
    Clause { id: ClauseId(format!("clause-{number}")), number: number.into(), section: "Filtering".into(), text: String::new(), span: 0..0, binding, sources: vec![], facts: vec![] }
}

fn policy() -> Policy {
    use FilterAction::*;
    let everybody = ["younger-pupil", "pupil", "staff", "guest", "unknown"];
    let all = |action| everybody.map(|group| (group, action));
    let head = Head { nation: Nation::England, phase: Phase::Secondary, agreed: None, approved_by: None, review_every: None, next_review: None };
    let always = vec![
        row("f-gambling", "gambling", &all(Block)),
        row("f-games", "games", &[("younger-pupil", Block), ("pupil", Block), ("staff", Allow), ("guest", Ask), ("unknown", Block)]),
        row("f-social", "social-media", &[("younger-pupil", Block), ("pupil", Ask), ("staff", Allow), ("guest", Warn), ("unknown", Block)]),
        row("f-streaming", "streaming", &[("pupil", Warn), ("staff", Allow)]),
        row("f-search", "search", &all(Allow)),
        row("f-education", "education", &all(Allow)),
    ];
    let clauses = vec![
        table("7.1", Period::Always, &everybody, always),
        table("7.2", Period::OutOfSchool, &["pupil"], vec![row("o-games", "games", &[("pupil", Allow)]), row("o-streaming", "streaming", &[])]),
        table("7.3", Period::Break, &["pupil"], vec![row("b-games", "games", &[("pupil", Warn)])]),
        clause("7.4", Binding::Approval(Approval { what: "unblock".into(), by: vec![Role::IctTechnician], reason_required: true, longest_days: Some(42) })),
    ];
    Policy { title: "Online safety".into(), head, sections: vec![], clauses }
}

fn timetable() -> Timetable {
    let part = |period, from: (i8, i8), until: (i8, i8)| TimetablePart { period, from: time(from.0, from.1, 0, 0), until: time(until.0, until.1, 0, 0) };
    Timetable::new(
        "Europe/London",
        vec![(date(2026, 9, 2), date(2026, 12, 18)), (date(2027, 1, 5), date(2027, 4, 1))],
        vec![(date(2026, 10, 26), date(2026, 10, 30))],
        vec![part(Period::Lesson, (8, 45), (12, 30)), part(Period::Break, (12, 30), (13, 20)), part(Period::Lesson, (13, 20), (15, 15))],
    )
    .unwrap()
}

fn rule(host: &str, groups: &[&str]) -> SchoolRule {
    SchoolRule { id: format!("rule-{host}"), host: host.into(), groups: groups.iter().map(|group| (*group).into()).collect(), reason: "asked by the head of year".into() }
}

fn exception(host: &str, groups: &[&str], person: Option<&str>, allow: bool) -> Exception {
    Exception {
        id: format!("exception-{host}"),
        host: host.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        person: person.map(Into::into),
        from: at("2026-09-14T00:00:00Z"),
        until: at("2026-09-18T16:00:00Z"),
        allow,
        reason: "study of betting in mathematics".into(),
        granted_by_office: Role::OnlineSafetyLead,
    }
}

fn ruleset() -> Ruleset {
    let mut builder = DomainIndexBuilder::new();
    add_built_in(&mut builder).unwrap();
    let other = builder.source("other list", "gambling").unwrap();
    builder.add(other, "betting.games.example");
    let cooking = builder.source("other list", "cooking").unwrap();
    builder.add(cooking, "cakes.example");
    let mut illegal = IllegalList::new([1; 16]);
    illegal.insert("pages.example/one/page");
    let rules = Rules {
        policy: policy(),
        timetable: timetable(),
        exceptions: vec![
            exception("casino.example", &["pupil"], None, true),
            exception("social.example", &[], Some("person-1"), true),
            exception("open.example", &["pupil"], None, false),
            exception("both.example", &["pupil"], None, true),
            exception("both.example", &["pupil"], None, false),
            exception("denied.example", &["pupil"], None, true),
            exception(ILLEGAL_TEST_ENTRY, &["pupil"], None, true),
            exception("nobody.casino.example", &[], None, true),
        ],
        school_allow: vec![rule("open.example", &[]), rule("chess.games.example", &["pupil"]), rule(ILLEGAL_TEST_ENTRY, &[]), rule("denied.example", &[]), rule("library.example", &[])],
        school_deny: vec![rule("denied.example", &[]), rule("helpline.example", &[]), rule("video.example", &["guest"])],
        safe_search: true,
    };
    Ruleset::compile(rules, Arc::new(builder.build().unwrap()), Arc::new(illegal))
}

fn decide(rules: &Ruleset, host: &str, group: &str, now: &str) -> Decision {
    rules.decide(&Request { host, path: None, group, person: None }, at(now))
}

#[test]
fn precedence() {
    use FilterAction::*;
    use RuleKind::*;
    let rules = ruleset();
    let cases = [
        // the illegal list beats a granted exception, the school's allow list and any spelling
        (ILLEGAL_TEST_ENTRY, "pupil", LESSON, Block, Illegal),
        ("WWW.Illegal-Test.Example.", "staff", LESSON, Block, Illegal),
        // a helpline beats the school's deny list, for everybody, unknown people included
        ("helpline.example", "pupil", LESSON, Allow, Helpline),
        ("www.childline.org.uk", "unknown", LESSON, Allow, Helpline),
        // the school's deny beats an exception and the school's allow
        ("denied.example", "pupil", LESSON, Block, SchoolDeny),
        ("video.example", "guest", LESSON, Block, SchoolDeny),
        // an exception beats the category, while it lasts and for its groups alone
        ("casino.example", "pupil", LESSON, Allow, Exception),
        ("www.casino.example", "pupil", "2026-09-18T15:59:59Z", Allow, Exception),
        ("casino.example", "pupil", "2026-09-18T16:00:00Z", Block, Category),
        ("casino.example", "pupil", "2026-09-13T23:59:59Z", Block, Category),
        ("casino.example", "staff", LESSON, Block, Category),
        ("nobody.casino.example", "staff", LESSON, Block, Category),
        // a closing exception beats the school's allow, and an opening one beside it
        ("open.example", "pupil", LESSON, Block, Exception),
        ("open.example", "staff", LESSON, Allow, SchoolAllow),
        ("both.example", "pupil", LESSON, Block, Exception),
        // the school's allow beats the category, for its groups
        ("chess.games.example", "pupil", LESSON, Allow, SchoolAllow),
        ("chess.games.example", "guest", LESSON, Ask, Category),
        ("library.example", "unknown", LESSON, Allow, SchoolAllow),
        // the narrower period beats always
        ("games.example", "pupil", LESSON, Block, Category),
        ("games.example", "pupil", LUNCH, Warn, Category),
        ("games.example", "pupil", EVENING, Allow, Category),
        ("games.example", "pupil", SATURDAY, Allow, Category),
        ("games.example", "younger-pupil", EVENING, Block, Category),
        ("games.example", "staff", LESSON, Allow, Category),
        // the most severe category of a host and its parents wins
        ("betting.games.example", "pupil", EVENING, Block, Category),
        ("betting.games.example", "staff", EVENING, Block, Category),
        ("social.example", "pupil", LESSON, Ask, Category),
        ("social.example", "guest", LESSON, Warn, Category),
        // an undecided cell blocks, in the table for always and in a narrower one
        ("video.example", "pupil", LESSON, Warn, Category),
        ("video.example", "younger-pupil", LESSON, Block, Undecided),
        ("video.example", "pupil", EVENING, Block, Undecided),
        ("video.example", "unknown", LESSON, Block, Undecided),
        // nothing said: open for people we know, closed for those we do not
        ("unheard-of.example", "pupil", LESSON, Allow, Default),
        ("unheard-of.example", "guest", LESSON, Allow, Default),
        ("unheard-of.example", "unknown", LESSON, Block, Default),
        ("unheard-of.example", "no-such-group", LESSON, Block, Default),
        ("learning.example", "unknown", LESSON, Allow, Category),
        // a category without a row is left to the default
        ("cakes.example", "pupil", LESSON, Allow, Default),
        ("cakes.example", "unknown", LESSON, Block, Default),
    ];
    for (host, group, now, action, rule) in cases {
        let decision = decide(&rules, host, group, now);
        assert_eq!((decision.action, decision.reason.rule), (action, rule), "{host} for {group} at {now}: {decision:?}");
    }
}

#[test]
fn one_persons_exception_is_hers_alone() {
    let rules = ruleset();
    let ask = |person| rules.decide(&Request { host: "social.example", path: None, group: "pupil", person }, at(LESSON));
    assert_eq!(ask(Some("person-1")).reason.rule, RuleKind::Exception);
    assert_eq!(ask(Some("person-2")).action, FilterAction::Ask);
    assert_eq!(ask(None).action, FilterAction::Ask);
}

#[test]
fn a_listed_page_is_closed_and_its_site_is_not() {
    let rules = ruleset();
    let ask = |path| rules.decide(&Request { host: "pages.example", path, group: "staff", person: None }, at(LESSON));
    assert_eq!(ask(Some("/one/page?x=1")).reason.rule, RuleKind::Illegal);
    assert_eq!(ask(Some("/another")).action, FilterAction::Allow);
    assert_eq!(ask(None).action, FilterAction::Allow);
}

#[test]
fn a_reason_names_the_list_the_clause_and_who_can_change_it() {
    let reason = decide(&ruleset(), "www.games.example", "pupil", LESSON).reason;
    assert_eq!(reason.category.as_deref(), Some("games"));
    assert_eq!(reason.list.as_deref(), Some(BUILT_IN_LIST));
    let clause = reason.clause.unwrap();
    assert_eq!((&*clause.id, &*clause.number, &*clause.section), ("f-games", "7.1", "Filtering"));
    assert_eq!(reason.period, Some(Period::Lesson));
    assert_eq!(reason.changed_by, Some(Role::IctTechnician));
}

#[test]
fn a_closed_site_says_when_it_next_opens_by_itself() {
    let rules = ruleset();
    let opens = |host, group, now| decide(&rules, host, group, now).reason.opens_at;
    // after the last lesson, 15:15 in London
    assert_eq!(opens("games.example", "pupil", LESSON), Some(at("2026-09-14T14:15:00Z")));
    assert_eq!(opens("games.example", "pupil", LUNCH), Some(at("2026-09-14T14:15:00Z")));
    assert_eq!(opens("betting.games.example", "pupil", LESSON), None);
    assert_eq!(opens("games.example", "younger-pupil", LESSON), None);
    assert_eq!(opens("open.example", "pupil", LESSON), Some(at("2026-09-18T16:00:00Z")));
}

#[test]
fn illegal_content_leaves_no_host_and_helplines_no_trace() {
    let rules = ruleset();
    let illegal = decide(&rules, ILLEGAL_TEST_ENTRY, "staff", LESSON);
    assert_eq!((illegal.log, illegal.reason.changed_by), (Log::WithoutHost, None));
    assert!(!format!("{illegal:?}").contains("illegal-test"));
    assert_eq!(decide(&rules, "helpline.example", "pupil", LESSON).log, Log::Never);
    assert_eq!(decide(&rules, "games.example", "pupil", LESSON).log, Log::ByName);
    let explanation = rules.explain(&Request { host: ILLEGAL_TEST_ENTRY, path: None, group: "staff", person: None }, at(LESSON));
    assert!(explanation.listings.is_empty());
    assert_eq!(explanation.steps.len(), 1);
    assert!(!explanation.to_string().contains("illegal-test"));
}

#[test]
fn before_the_gate_only_illegal_content_and_helplines_are_settled() {
    let rules = ruleset();
    let before = |host| rules.before_gate(&Request { host, path: None, group: "pupil", person: None }).map(|decision| decision.action);
    assert_eq!(before("Helpline.example"), Some(FilterAction::Allow));
    assert_eq!(before(ILLEGAL_TEST_ENTRY), Some(FilterAction::Block));
    assert_eq!(before("games.example"), None);
}

#[test]
fn the_explanation_agrees_with_the_decision_everywhere() {
    let rules = ruleset();
    for group in Group::ALL {
        for now in [LESSON, LUNCH, EVENING, SATURDAY] {
            for (host, _) in built_in_list().chain([("denied.example", ""), ("helpline.example", ""), (ILLEGAL_TEST_ENTRY, ""), ("nowhere.example", "")]) {
                let request = Request { host, path: None, group: group.key(), person: None };
                let explanation = rules.explain(&request, at(now));
                assert_eq!(explanation.decision, rules.decide(&request, at(now)));
                let deciding: Vec<RuleKind> = explanation.steps.iter().filter(|step| step.outcome == Outcome::Decides).map(|step| step.rule).collect();
                assert_eq!(deciding, [explanation.decision.reason.rule], "{host}");
            }
        }
    }
    let text = rules.explain(&Request { host: "casino.example", path: None, group: "pupil", person: None }, at(LESSON)).to_string();
    for words in ["this is open", "opened or closed for a time", "would say closed", "`gambling`", "policy 7.1 `f-gambling`", "It closes again at 2026-09-18T16:00:00Z"] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
}

#[test]
fn rules_are_written_down_and_read_again() {
    let rules = ruleset();
    let written = serde_json::to_string(rules.rules()).unwrap();
    let read: Rules = serde_json::from_str(&written).unwrap();
    assert_eq!(&read, rules.rules());
    let decision = decide(&rules, "games.example", "pupil", LESSON);
    assert_eq!(serde_json::from_str::<Decision>(&serde_json::to_string(&decision).unwrap()).unwrap(), decision);
    assert!(serde_json::from_str::<Timetable>(r#"{"time_zone":"Europe/Nowhere","terms":[],"closed":[],"day":[]}"#).unwrap_err().to_string().contains("Europe/Nowhere"));
}

#[test]
fn the_school_day_follows_the_schools_own_clock() {
    let timetable = timetable();
    for (moment, period) in [
        ("2026-09-14T07:44:59Z", Period::OutOfSchool),
        ("2026-09-14T07:45:00Z", Period::Lesson),
        ("2026-09-14T11:30:00Z", Period::Break),
        ("2026-09-14T14:15:00Z", Period::OutOfSchool),
        // winter time
        ("2026-11-16T08:44:00Z", Period::OutOfSchool),
        ("2026-11-16T08:45:00Z", Period::Lesson),
        // half term, holidays, weekend
        ("2026-10-27T10:00:00Z", Period::OutOfSchool),
        ("2026-12-25T10:00:00Z", Period::OutOfSchool),
        ("2026-11-21T10:00:00Z", Period::OutOfSchool),
    ] {
        assert_eq!(timetable.period_at(at(moment)), period, "{moment}");
    }
    assert_eq!(timetable.next_when(at("2026-10-24T10:00:00Z"), |period| period == Period::Lesson), Some(at("2026-11-02T08:45:00Z")));
    assert_eq!(timetable.next_when(at("2027-04-02T10:00:00Z"), |period| period == Period::Lesson), None);
}

#[test]
fn categories_the_policy_forgot_are_named() {
    let rules = ruleset();
    let forgotten: Vec<&str> = rules.categories_without_a_row().collect();
    assert!(forgotten.contains(&"cooking") && forgotten.contains(&"pornography") && !forgotten.contains(&"games"));
    assert_eq!(rules.office(), Role::IctTechnician);
}

#[test]
fn safe_search_is_strict_for_pupils_and_moderate_for_staff() {
    let rules = ruleset();
    assert_eq!(rules.safe_search("www.youtube.com", "pupil"), Some("restrict.youtube.com"));
    assert_eq!(rules.safe_search("www.youtube.com", "unknown"), Some("restrict.youtube.com"));
    assert_eq!(rules.safe_search("www.youtube.com", "staff"), Some("restrictmoderate.youtube.com"));
}

/// Both example policies, as they ship, with every list we have: whatever a category's cell says is what happens.
#[test]
fn the_example_policies_are_carried_out_cell_for_cell() {
    for name in ["england-secondary", "scotland-primary"] {
        let source = std::fs::read_to_string(format!("{}/../../policies/{name}.dj", env!("CARGO_MANIFEST_DIR"))).unwrap();
        let policy = compile(&source, date(2026, 9, 14)).policy.unwrap();
        let rules = Rules { policy, timetable: timetable(), exceptions: vec![], school_allow: vec![], school_deny: vec![], safe_search: true };
        let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([2; 16])));
        assert_eq!(rules.categories_without_a_row().count(), 0, "{name}: {:?}", rules.categories_without_a_row().collect::<Vec<_>>());
        for (now, period) in [(LESSON, Period::Lesson), (LUNCH, Period::Break), (EVENING, Period::OutOfSchool)] {
            for (host, category) in built_in_list() {
                let all = |wanted: Period| rules.rules().policy.filter_tables().filter(move |(_, table)| table.when == wanted).flat_map(|(_, table)| &table.rows);
                let row = all(period).chain(all(Period::Always)).find(|row| row.category == category).unwrap();
                // Hosts that are listed under a parent in another category follow the stricter of the two.
                if rules.index().lookup(host).listings().count() > 1 {
                    continue;
                }
                for group in Group::ALL {
                    let expected = row.cells.get(group.key()).copied().unwrap_or(FilterAction::Block);
                    assert_eq!(decide(&rules, host, group.key(), now).action, expected, "{name}: {host} for {group:?} {period:?}");
                }
            }
        }
    }
}
