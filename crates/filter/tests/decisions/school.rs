//! The made-up school of these tests: its policy, its day, its rules.

use belisha_filter::*;
use belisha_policy::*;
use jiff::Timestamp;
use jiff::civil::{date, time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Monday of a school week in lesson time, at lunch, and in the evening; and a Saturday. London is on summer time.
pub const LESSON: &str = "2026-09-14T09:30:00Z";
pub const LUNCH: &str = "2026-09-14T11:40:00Z";
pub const EVENING: &str = "2026-09-14T18:00:00Z";
pub const SATURDAY: &str = "2026-09-19T09:30:00Z";

pub fn at(moment: &str) -> Timestamp {
    moment.parse().unwrap()
}

pub fn row(id: &str, category: &str, cells: &[(&str, FilterAction)]) -> FilterRow {
    FilterRow {
        id: ClauseId(id.into()),
        category: category.into(),
        label: category.into(),
        cells: cells.iter().map(|(group, action)| ((*group).to_owned(), *action)).collect::<BTreeMap<_, _>>(),
    }
}

pub fn table(number: &str, when: Period, groups: &[&str], rows: Vec<FilterRow>) -> Clause {
    let columns = groups.iter().map(|group| Column { id: (*group).into(), label: (*group).into() }).collect();
    clause(number, Binding::Filter(FilterTable { when, columns, rows }))
}

pub fn clause(number: &str, binding: Binding) -> Clause {
    Clause {
        id: ClauseId(format!("clause-{number}")),
        number: number.into(),
        section: "Filtering".into(),
        text: String::new(),
        span: 0..0,
        binding,
        sources: vec![],
        facts: vec![],
    }
}

pub fn policy() -> Policy {
    use FilterAction::*;
    let everybody = ["younger-pupil", "pupil", "staff", "guest", "unknown"];
    let all = |action| everybody.map(|group| (group, action));
    let head = Head {
        nation: Nation::England,
        phase: Phase::Secondary,
        agreed: None,
        approved_by: None,
        review_every: None,
        next_review: None,
    };
    let always = vec![
        row("f-gambling", "gambling", &all(Block)),
        row(
            "f-games",
            "games",
            &[("younger-pupil", Block), ("pupil", Block), ("staff", Allow), ("guest", Ask), ("unknown", Block)],
        ),
        row(
            "f-social",
            "social-media",
            &[("younger-pupil", Block), ("pupil", Ask), ("staff", Allow), ("guest", Warn), ("unknown", Block)],
        ),
        row("f-streaming", "streaming", &[("pupil", Warn), ("staff", Allow)]),
        row("f-search", "search", &all(Allow)),
        row("f-education", "education", &all(Allow)),
    ];
    let clauses = vec![
        table("7.1", Period::Always, &everybody, always),
        table(
            "7.2",
            Period::OutOfSchool,
            &["pupil"],
            vec![row("o-games", "games", &[("pupil", Allow)]), row("o-streaming", "streaming", &[])],
        ),
        table("7.3", Period::Break, &["pupil"], vec![row("b-games", "games", &[("pupil", Warn)])]),
        clause(
            "7.4",
            Binding::Approval(Approval {
                what: "unblock".into(),
                by: vec![Role::IctTechnician],
                reason_required: true,
                longest_days: Some(42),
            }),
        ),
    ];
    Policy { title: "Online safety".into(), head, sections: vec![], clauses }
}

pub fn timetable() -> Timetable {
    let part = |period, from: (i8, i8), until: (i8, i8)| TimetablePart {
        period,
        from: time(from.0, from.1, 0, 0),
        until: time(until.0, until.1, 0, 0),
    };
    Timetable::new(
        "Europe/London",
        vec![(date(2026, 9, 2), date(2026, 12, 18)), (date(2027, 1, 5), date(2027, 4, 1))],
        vec![(date(2026, 10, 26), date(2026, 10, 30))],
        vec![
            part(Period::Lesson, (8, 45), (12, 30)),
            part(Period::Break, (12, 30), (13, 20)),
            part(Period::Lesson, (13, 20), (15, 15)),
        ],
    )
    .unwrap()
}

pub fn rule(host: &str, groups: &[&str]) -> SchoolRule {
    SchoolRule {
        id: format!("rule-{host}"),
        host: host.into(),
        groups: groups.iter().map(|group| (*group).into()).collect(),
        reason: "asked by the head of year".into(),
    }
}

pub fn exception(host: &str, groups: &[&str], person: Option<&str>, allow: bool) -> Exception {
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

pub fn ruleset() -> Ruleset {
    let mut builder = DomainIndexBuilder::new();
    add_built_in(&mut builder).unwrap();
    let other = builder.source("other list", "gambling").unwrap();
    builder.add(other, "betting.games.example");
    let cooking = builder.source("other list", "cooking").unwrap();
    builder.add(cooking, "cakes.example");
    let mut illegal = IllegalList::new([1; 16]);
    illegal.insert("pages.example/one/page");
    let rules = Rules {
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
        school_allow: vec![
            rule("open.example", &[]),
            rule("chess.games.example", &["pupil"]),
            rule(ILLEGAL_TEST_ENTRY, &[]),
            rule("denied.example", &[]),
            rule("library.example", &[]),
        ],
        school_deny: vec![
            rule("denied.example", &[]),
            rule("helpline.example", &[]),
            rule("video.example", &["guest"]),
        ],
        ..Rules::new(policy(), timetable())
    };
    Ruleset::compile(rules, Arc::new(builder.build().unwrap()), Arc::new(illegal))
}

pub fn decide(rules: &Ruleset, host: &str, group: &str, now: &str) -> Decision {
    rules.decide(&Request::new(host, group), at(now))
}
