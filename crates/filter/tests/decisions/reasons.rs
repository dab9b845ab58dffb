//! Reasons, explanations, the time of day, and what may be written down.

use crate::school::*;
use belisha_filter::*;
use belisha_policy::{FilterAction, Period, Role};
use std::sync::Arc;

#[test]
fn one_persons_exception_is_hers_alone() {
    let rules = ruleset();
    let ask = |person| rules.decide(&Request { person, ..Request::new("social.example", "pupil") }, at(LESSON));
    assert_eq!(ask(Some("person-1")).reason.rule, RuleKind::Exception);
    assert_eq!(ask(Some("person-2")).action, FilterAction::Ask);
    assert_eq!(ask(None).action, FilterAction::Ask);
}

#[test]
fn a_listed_page_is_closed_and_its_site_is_not() {
    let rules = ruleset();
    let ask = |path| rules.decide(&Request { path, ..Request::new("pages.example", "staff") }, at(LESSON));
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
    let explanation = rules.explain(&Request::new(ILLEGAL_TEST_ENTRY, "staff"), at(LESSON));
    assert!(explanation.listings.is_empty());
    assert_eq!(explanation.steps.len(), 1);
    assert!(!explanation.to_string().contains("illegal-test"));
}

#[test]
fn before_the_gate_only_illegal_content_and_helplines_are_settled() {
    let rules = ruleset();
    let before = |host| rules.before_gate(&Request::new(host, "pupil")).map(|decision| decision.action);
    assert_eq!(before("Helpline.example"), Some(FilterAction::Allow));
    assert_eq!(before(ILLEGAL_TEST_ENTRY), Some(FilterAction::Block));
    assert_eq!(before("games.example"), None);
}

#[test]
fn the_explanation_agrees_with_the_decision_everywhere() {
    let rules = ruleset();
    for group in Group::ALL {
        for now in [LESSON, LUNCH, EVENING, SATURDAY] {
            for (host, _) in built_in_list().chain([
                ("denied.example", ""),
                ("helpline.example", ""),
                (ILLEGAL_TEST_ENTRY, ""),
                ("nowhere.example", ""),
            ]) {
                let request = Request::new(host, group.key());
                let explanation = rules.explain(&request, at(now));
                assert_eq!(explanation.decision, rules.decide(&request, at(now)));
                let deciding: Vec<RuleKind> = explanation
                    .steps
                    .iter()
                    .filter(|step| step.outcome == Outcome::Decides)
                    .map(|step| step.rule)
                    .collect();
                assert_eq!(deciding, [explanation.decision.reason.rule], "{host}");
            }
        }
    }
    let text = rules.explain(&Request::new("casino.example", "pupil"), at(LESSON)).to_string();
    for words in [
        "this is open",
        "opened or closed for a time",
        "would say closed",
        "Gambling",
        "policy 7.1",
        "It closes again at 2026-09-18T16:00:00Z",
    ] {
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
    assert!(
        serde_json::from_str::<Timetable>(r#"{"time_zone":"Europe/Nowhere","terms":[],"closed":[],"day":[]}"#)
            .unwrap_err()
            .to_string()
            .contains("Europe/Nowhere")
    );
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
    assert_eq!(
        timetable.next_when(at("2026-10-24T10:00:00Z"), |period| period == Period::Lesson),
        Some(at("2026-11-02T08:45:00Z"))
    );
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

#[test]
fn boarding_time_is_evenings_and_weekends_of_a_term_and_gives_way_to_lessons() {
    let hours = |weekend, from, until| BoardingTime {
        weekend,
        from: jiff::civil::time(from, 0, 0, 0),
        until: jiff::civil::time(until, 0, 0, 0),
    };
    let timetable = timetable().with_boarding(vec![hours(false, 15, 22), hours(true, 8, 0)]);
    for (moment, period) in [
        ("2026-09-14T14:14:59Z", Period::Lesson), // the lesson ends at a quarter past three, after boarding began
        ("2026-09-14T14:15:00Z", Period::Boarding),
        ("2026-09-14T21:00:00Z", Period::OutOfSchool),
        ("2026-09-19T06:59:59Z", Period::OutOfSchool),
        ("2026-09-19T22:59:59Z", Period::Boarding), // until midnight
        ("2026-09-19T23:00:00Z", Period::OutOfSchool),
        ("2026-10-27T18:00:00Z", Period::OutOfSchool), // half term: the house is empty
        ("2026-08-15T12:00:00Z", Period::OutOfSchool),
    ] {
        assert_eq!(timetable.period_at(at(moment)), period, "{moment}");
    }
    let friday = at("2026-09-18T21:30:00Z");
    assert_eq!(timetable.next_when(friday, |period| period == Period::Boarding), Some(at("2026-09-19T07:00:00Z")));
    let written = serde_json::to_string(&timetable).unwrap();
    assert_eq!(serde_json::from_str::<Timetable>(&written).unwrap(), timetable);
}

#[test]
fn a_table_for_boarding_time_wins_there_and_without_one_the_hours_after_school_hold() {
    let boarding = vec![BoardingTime {
        weekend: false,
        from: jiff::civil::time(18, 0, 0, 0),
        until: jiff::civil::time(22, 0, 0, 0),
    }];
    let mut rules = Rules::new(policy(), timetable().with_boarding(boarding));
    let compiled = |rules: &Rules| {
        Ruleset::compile(rules.clone(), Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])))
    };
    let games = |rules: &Rules| {
        let decision = decide(&compiled(rules), "games.example", "pupil", EVENING);
        (decision.action, decision.reason.period)
    };
    assert_eq!(games(&rules), (FilterAction::Allow, Some(Period::Boarding)));
    let row = row("n-games", "games", &[("pupil", FilterAction::Warn)]);
    rules.policy.clauses.push(table("7.9", Period::Boarding, &["pupil"], vec![row]));
    assert_eq!(games(&rules), (FilterAction::Warn, Some(Period::Boarding)));
}

#[test]
fn a_list_may_count_for_some_groups_alone() {
    let mut rules = Rules::new(policy(), timetable());
    rules.list_groups.insert(BUILT_IN_LIST.into(), vec!["pupil".into()]);
    let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])));
    assert_eq!(decide(&rules, "casino.example", "pupil", LESSON).reason.rule, RuleKind::Category);
    assert_eq!(decide(&rules, "casino.example", "staff", LESSON).reason.rule, RuleKind::Default);
}
