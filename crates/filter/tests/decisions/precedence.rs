//! Every pair of rules in conflict about one site: the earlier one wins. The pairs are made from `RuleKind::ALL`, so a new
//! kind of rule that has no case here does not compile.

use crate::school::*;
use belisha_filter::*;
use belisha_policy::{
    Allowance, AllowanceRow, AllowanceSubject, AllowanceTable, Binding, ClauseId, DeviceKind, DeviceUse, FilterAction,
    Period, Role,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The site that all the rules are about. It must be a helpline to fall under that rule and must not be for the others.
const SITE: &str = "contested.example";
const HELPLINE: &str = "helpline.example";

/// What a rule kind says when it decides.
fn says(kind: RuleKind) -> FilterAction {
    match kind {
        RuleKind::Helpline
        | RuleKind::Exception
        | RuleKind::SchoolAllow
        | RuleKind::AuthorityAllow
        | RuleKind::Default => FilterAction::Allow,
        RuleKind::Category => FilterAction::Ask,
        RuleKind::Illegal
        | RuleKind::Device
        | RuleKind::SchoolDeny
        | RuleKind::LessonList
        | RuleKind::AllowListOnly
        | RuleKind::AuthorityDeny
        | RuleKind::Undecided => FilterAction::Block,
    }
}

/// A school in which the given kinds of rule speak about a site, and no others.
fn school_with(kinds: &[RuleKind], site: &str) -> Ruleset {
    let mut rules = Rules::new(policy(), timetable());
    rules.policy.clauses.clear();
    let mut illegal = IllegalList::new([1; 16]);
    let mut lists = DomainIndexBuilder::new();
    for kind in kinds {
        match kind {
            RuleKind::Illegal => {
                illegal.insert(site);
            }
            RuleKind::Helpline => assert!(helpline_for(site).is_some()),
            RuleKind::Device => rules.policy.clauses.push(clause("8.1", refused_devices())),
            RuleKind::SchoolDeny => rules.school_deny.push(rule(site, &["pupil"])),
            RuleKind::LessonList => rules.lesson_lists.push(lesson_list(&["checked.example"])),
            RuleKind::Exception => rules.exceptions.push(exception(site, &["pupil"], None, true)),
            RuleKind::SchoolAllow => rules.school_allow.push(rule(site, &["pupil"])),
            RuleKind::AllowListOnly => rules.allow_list_only.push("pupil".into()),
            RuleKind::AuthorityDeny => rules.authority_deny.push(rule(site, &["pupil"])),
            RuleKind::AuthorityAllow => rules.authority_allow.push(rule(site, &["pupil"])),
            RuleKind::Category => {
                list(&mut lists, "games", site);
                let games = row("f-games", "games", &[("pupil", FilterAction::Ask)]);
                rules.policy.clauses.push(table("7.1", Period::Always, &["pupil"], vec![games]));
            }
            RuleKind::Undecided => {
                list(&mut lists, "gambling", site);
                let gambling = row("f-gambling", "gambling", &[]);
                rules.policy.clauses.push(table("7.2", Period::Always, &["pupil"], vec![gambling]));
            }
            RuleKind::Default => {}
        }
    }
    Ruleset::compile(rules, Arc::new(lists.build().unwrap()), Arc::new(illegal))
}

fn list(lists: &mut DomainIndexBuilder, category: &str, host: &str) {
    let source = lists.source("a list", category).unwrap();
    lists.add(source, host);
}

fn refused_devices() -> Binding {
    let row = AllowanceRow {
        id: ClauseId("d-in".into()),
        label: "Come into school".into(),
        device_use: Some(DeviceUse::InSchool),
        cells: BTreeMap::from([("pupil-owned".to_owned(), Allowance::No)]),
    };
    Binding::Allowances(AllowanceTable { about: AllowanceSubject::Devices, columns: vec![], rows: vec![row] })
}

fn lesson_list(hosts: &[&str]) -> LessonList {
    LessonList {
        id: "lesson-1".into(),
        name: "7B, geography".into(),
        hosts: hosts.iter().map(|host| (*host).into()).collect(),
        groups: vec!["pupil".into()],
        people: vec![],
        from: at("2026-09-14T09:00:00Z"),
        until: at("2026-09-14T10:00:00Z"),
        reason: "rivers, with the sites checked on Friday".into(),
        made_by_office: Role::Teacher,
    }
}

#[test]
fn the_earlier_of_every_two_kinds_of_rule_wins() {
    for (place, earlier) in RuleKind::ALL.iter().enumerate() {
        for later in RuleKind::ALL.iter().skip(place) {
            // A category outranks an undecided cell only by what it says, which the next test is about.
            if (*earlier, *later) == (RuleKind::Category, RuleKind::Undecided) {
                continue;
            }
            let site = if *earlier == RuleKind::Helpline || *later == RuleKind::Helpline { HELPLINE } else { SITE };
            let rules = school_with(&[*earlier, *later], site);
            let request = Request { device: Some(DeviceKind::PupilOwned), ..Request::new(site, "pupil") };
            let decision = rules.decide(&request, at(LESSON));
            assert_eq!(
                (decision.reason.rule, decision.action),
                (*earlier, says(*earlier)),
                "{earlier:?} against {later:?}: {decision:?}"
            );
            let explanation = rules.explain(&request, at(LESSON));
            assert_eq!(explanation.decision, decision);
            let overruled = explanation.steps.iter().any(|step| step.outcome == Outcome::Overruled);
            assert_eq!(overruled, *earlier != RuleKind::Illegal && *earlier != RuleKind::Default, "{explanation}");
        }
    }
}

#[test]
fn the_order_of_the_kinds_is_the_order_in_which_they_are_listed() {
    assert!(RuleKind::ALL.is_sorted());
    let mut keys: Vec<_> = RuleKind::ALL.iter().map(|kind| kind.key()).collect();
    keys.dedup();
    assert_eq!(keys.len(), RuleKind::ALL.len());
    for kind in RuleKind::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.key(), "{}", kind.label());
    }
}

#[test]
fn nothing_but_the_cells_severity_orders_two_categories_of_one_site() {
    let rules = school_with(&[RuleKind::Category, RuleKind::Undecided], SITE);
    let decision = decide(&rules, SITE, "pupil", LESSON);
    assert_eq!((decision.action, decision.reason.rule), (FilterAction::Block, RuleKind::Undecided));
}

#[test]
fn a_lessons_list_closes_everything_else_until_its_end_and_opens_nothing_by_itself() {
    let mut rules = school_with(&[RuleKind::LessonList], SITE).rules().clone();
    rules.lesson_lists.push(LessonList { id: "other".into(), ..lesson_list(&["atlas.example", "casino.example"]) });
    rules.school_deny.push(rule("closed.checked.example", &[]));
    rules.policy = policy();
    let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])));
    for (host, group, now, rule) in [
        ("checked.example", "pupil", LESSON, RuleKind::Default),
        ("www.atlas.example", "pupil", LESSON, RuleKind::Default),
        ("closed.checked.example", "pupil", LESSON, RuleKind::SchoolDeny),
        ("casino.example", "pupil", LESSON, RuleKind::Category),
        ("elsewhere.example", "pupil", LESSON, RuleKind::LessonList),
        ("helpline.example", "pupil", LESSON, RuleKind::Helpline),
        ("elsewhere.example", "pupil", "2026-09-14T10:00:00Z", RuleKind::Default),
        ("elsewhere.example", "pupil", "2026-09-14T08:59:59Z", RuleKind::Default),
        ("elsewhere.example", "staff", LESSON, RuleKind::Default),
    ] {
        assert_eq!(decide(&rules, host, group, now).reason.rule, rule, "{host} for {group} at {now}");
    }
    let closed = decide(&rules, "elsewhere.example", "pupil", LESSON);
    assert_eq!(closed.reason.opens_at, Some(at("2026-09-14T10:00:00Z")));
    let words = closed.reason.to_string();
    for word in ["7B, geography", "rivers", "teacher"] {
        assert!(words.contains(word), "{word} in {words}");
    }
}

#[test]
fn a_lessons_list_for_a_class_is_for_its_people_alone() {
    let mut rules = Rules::new(policy(), timetable());
    rules.lesson_lists =
        vec![LessonList { groups: vec![], people: vec!["person-1".into()], ..lesson_list(&["checked.example"]) }];
    let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])));
    assert!(rules.names_people());
    let asks = |person| {
        rules.decide(&Request { person, ..Request::new("elsewhere.example", "pupil") }, at(LESSON)).reason.rule
    };
    assert_eq!(asks(Some("person-1")), RuleKind::LessonList);
    assert_eq!((asks(Some("person-2")), asks(None)), (RuleKind::Default, RuleKind::Default));
}

#[test]
fn the_youngest_see_what_the_school_opened_and_what_was_checked_for_their_lesson() {
    let mut rules = Rules::new(policy(), timetable());
    rules.allow_list_only = vec!["younger-pupil".into()];
    rules.school_allow = vec![rule("stories.example", &[])];
    rules.authority_allow = vec![rule("authority.example", &[])];
    rules.exceptions = vec![exception("museum.example", &["younger-pupil"], None, true)];
    rules.lesson_lists = vec![LessonList { groups: vec!["younger-pupil".into()], ..lesson_list(&["checked.example"]) }];
    let rules = Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])));
    let later = "2026-09-14T10:30:00Z";
    for (host, now, open, kind) in [
        ("checked.example", LESSON, true, RuleKind::Default),
        ("stories.example", LESSON, false, RuleKind::LessonList),
        ("www.stories.example", later, true, RuleKind::SchoolAllow),
        ("museum.example", later, true, RuleKind::Exception),
        ("checked.example", later, false, RuleKind::AllowListOnly),
        ("authority.example", later, false, RuleKind::AllowListOnly),
        ("learning.example", later, false, RuleKind::AllowListOnly),
        ("childline.org.uk", later, true, RuleKind::Helpline),
    ] {
        let decision = decide(&rules, host, "younger-pupil", now);
        assert_eq!((decision.is_open(), decision.reason.rule), (open, kind), "{host} at {now}");
    }
    assert_eq!(decide(&rules, "learning.example", "pupil", later).reason.rule, RuleKind::Category);
}
