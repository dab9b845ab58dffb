//! Trying a rule that nobody has saved on requests that were made, and settings with the words for their changes.

use crate::school::*;
use belisha_filter::*;
use belisha_policy::{FilterAction, Period};
use std::collections::{BTreeMap, BTreeSet};

fn change(subject: Subject, action: FilterAction, groups: &[&str], period: Option<Period>) -> Change {
    let groups = groups.iter().map(|group| (*group).into()).collect();
    Change {
        subject,
        action,
        groups,
        year_groups: BTreeMap::from([("year:7".into(), vec!["person-1".into()])]),
        period,
    }
}

fn host(host: &str) -> Subject {
    Subject::Host(host.into())
}

fn category(category: &str) -> Subject {
    Subject::Category(category.into())
}

/// A week of requests: host, group, person, time.
const WEEK: &[(&str, &str, Option<&str>, &str)] = &[
    ("games.example", "pupil", Some("person-1"), EVENING),
    ("games.example", "pupil", Some("person-2"), EVENING),
    ("games.example", "pupil", Some("person-1"), LESSON),
    ("www.games.example", "pupil", None, LUNCH),
    ("games.example", "staff", Some("person-3"), LESSON),
    ("unheard-of.example", "pupil", Some("person-1"), LESSON),
    ("childline.org.uk", "pupil", Some("person-1"), LESSON),
    ("cakes.example", "staff", Some("person-3"), LESSON),
];

fn tried(change: &Change) -> Effect {
    let rules = ruleset();
    let other = rules.with_change(change).unwrap();
    let seen = WEEK.iter().map(|(host, group, person, now)| Seen {
        request: Request { person: *person, ..Request::new(host, group) },
        at: at(now),
    });
    rules.effect(&other, seen)
}

#[test]
fn closing_a_category_at_every_time_says_how_much_changes_and_for_how_many() {
    let effect = tried(&change(category("games"), FilterAction::Block, &["pupil"], None));
    assert_eq!((effect.looked_at, effect.requests, effect.hosts, effect.people), (8, 3, 2, 2));
    assert_eq!((effect.closed, effect.opened), (3, 0), "the lesson was closed already, and a warning counts as open");
    let top: Vec<_> = effect.top.iter().map(|one| (one.host.as_str(), one.requests, one.from, one.to)).collect();
    assert_eq!(
        top,
        [
            ("games.example", 2, FilterAction::Allow, FilterAction::Block),
            ("www.games.example", 1, FilterAction::Warn, FilterAction::Block)
        ]
    );
    let written = serde_json::to_string(&effect).unwrap();
    assert!(!written.contains("person-"), "it names nobody");
}

#[test]
fn a_change_for_one_time_or_one_group_leaves_the_others_alone() {
    let lesson = tried(&change(category("games"), FilterAction::Allow, &["pupil"], Some(Period::Lesson)));
    assert_eq!((lesson.requests, lesson.opened, lesson.people), (1, 1, 1));
    let always = tried(&change(category("games"), FilterAction::Block, &["staff"], Some(Period::Always)));
    assert_eq!((always.requests, always.top[0].host.as_str()), (1, "games.example"));
    // The table for the evening still wins over the one for any time.
    let pupils = tried(&change(category("games"), FilterAction::Allow, &["pupil"], Some(Period::Always)));
    assert_eq!((pupils.requests, pupils.opened), (1, 1), "only the lesson has no table of its own");
    let without_a_row = tried(&change(category("cooking"), FilterAction::Block, &["pupil"], None));
    assert_eq!(without_a_row.requests, 0, "a new row for pupils closes nothing for staff");
    assert_eq!(tried(&change(category("cooking"), FilterAction::Ask, &[], None)).closed, 1);
}

#[test]
fn a_site_is_tried_as_the_schools_own_and_helplines_stay_out_of_reach() {
    let closed = tried(&change(host("unheard-of.example"), FilterAction::Block, &[], None));
    assert_eq!((closed.requests, closed.closed), (1, 1));
    assert_eq!(tried(&change(host("childline.org.uk"), FilterAction::Block, &[], None)).requests, 0);
    let rules = ruleset();
    let opened = rules.with_change(&change(host(ILLEGAL_TEST_ENTRY), FilterAction::Allow, &[], None)).unwrap();
    assert_eq!(decide(&opened, ILLEGAL_TEST_ENTRY, "staff", LESSON).reason.rule, RuleKind::Illegal);
    let again = rules.with_change(&change(host("denied.example"), FilterAction::Allow, &[], None)).unwrap();
    assert!(
        decide(&again, "denied.example", "staff", LESSON).is_open(),
        "it takes the place of the rule that is there"
    );
}

#[test]
fn a_rule_that_does_not_exist_is_refused_in_words() {
    let rules = ruleset();
    let wrong = |change: Change| rules.with_change(&change).unwrap_err().to_string();
    assert!(wrong(change(host("a.example"), FilterAction::Warn, &[], None)).contains("opened or closed"));
    assert!(wrong(change(host("a.example"), FilterAction::Block, &[], Some(Period::Lesson))).contains("every time"));
    assert!(wrong(change(category("gamse"), FilterAction::Block, &[], None)).contains("`gamse`"));
    assert!(wrong(change(category("games"), FilterAction::Block, &["pupils"], None)).contains("`pupils` is no group"));
}

#[test]
fn trying_what_holds_already_changes_nothing() {
    for (name, action) in [("gambling", FilterAction::Block), ("education", FilterAction::Allow)] {
        assert_eq!(tried(&change(category(name), action, &[], None)).requests, 0);
    }
}

#[test]
fn changed_settings_are_told_one_line_each() {
    let before = FilterSettings::default();
    let mut after = before.clone();
    after.inspection.enabled = true;
    after.inspection.groups = vec!["pupil".into()];
    after.allow_list_only = vec!["younger-pupil".into()];
    after.content.groups.insert(
        "pupil".into(),
        ContentLimits {
            phrase_limit: Some(160),
            blocked_file_kinds: BTreeSet::from([FileKind::Programs]),
            ..ContentLimits::default()
        },
    );
    assert_eq!(
        before.changes(&after),
        [
            "Files refused for pupil: programs (was: none)",
            "Groups inspected: pupil (was: none)",
            "Groups that see only what was opened for them: younger-pupil (was: none)",
            "Inspection: on (was: off)",
            "Phrase limit for pupil: 160 (was: none)",
        ]
    );
    assert!(after.changes(&after).is_empty());
    assert_eq!(after.changes(&before).len(), 5);
    let rules = Rules::new(policy(), timetable()).with_settings(after.clone());
    assert_eq!((rules.inspection, rules.content), (after.inspection, after.content));
}

#[test]
fn a_site_is_tried_for_a_year_group_and_a_category_is_not() {
    let year = tried(&change(host("unheard-of.example"), FilterAction::Block, &["year:7"], None));
    assert_eq!((year.requests, year.closed, year.people), (1, 1, 1));
    let other = tried(&change(host("unheard-of.example"), FilterAction::Block, &["year:8"], None));
    assert_eq!(other.requests, 0, "nobody is in that year group");
    let rules = ruleset();
    let wrong = rules.with_change(&change(category("games"), FilterAction::Block, &["year:7"], None)).unwrap_err();
    assert!(wrong.to_string().contains("not by year group"), "{wrong}");
}

#[test]
fn a_site_tried_for_a_group_takes_the_place_of_what_was_said_for_that_group_alone() {
    let rules = ruleset();
    let pupils =
        rules.with_change(&change(host("chess.games.example"), FilterAction::Block, &["pupil"], None)).unwrap();
    assert!(!decide(&pupils, "chess.games.example", "pupil", LESSON).is_open());
    assert!(pupils.rules().school_allow.iter().all(|rule| rule.host != "chess.games.example"));
    // Closed for everybody, tried open for staff: the narrower wins, and the other stays beside it.
    let staff = rules.with_change(&change(host("denied.example"), FilterAction::Allow, &["staff"], None)).unwrap();
    assert!(decide(&staff, "denied.example", "staff", LESSON).is_open());
    assert!(!decide(&staff, "denied.example", "pupil", LESSON).is_open());
}
