//! Whose encrypted pages may be read, and what pages and files may hold.

use crate::school::*;
use belisha_filter::*;
use std::collections::BTreeSet;
use std::sync::Arc;

fn compiled(change: impl FnOnce(&mut Rules)) -> Ruleset {
    let mut rules = ruleset().rules().clone();
    change(&mut rules);
    Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])))
}

#[test]
fn nothing_is_inspected_until_the_school_says_so() {
    let rules = compiled(|_| ());
    assert!(Group::ALL.iter().all(|group| !rules.inspects("games.example", group.key())));
    let off = compiled(|rules| rules.inspection.groups = vec!["pupil".into()]);
    assert!(!off.inspects("games.example", "pupil"), "a list of groups alone switches nothing on");
}

#[test]
fn groups_that_are_named_are_inspected_but_never_helplines_nor_what_the_school_keeps_out() {
    let rules = compiled(|rules| {
        rules.inspection = InspectionRules {
            enabled: true,
            groups: vec!["pupil".into(), "younger-pupil".into()],
            never_hosts: vec!["bank.example".into()],
            never_categories: vec!["social-media".into()],
        };
    });
    assert!(rules.inspects("games.example", "pupil"));
    assert!(rules.inspects("WWW.Games.Example.", "younger-pupil"));
    assert!(!rules.inspects("games.example", "staff"));
    assert!(!rules.inspects("games.example", "a slip of the pen"), "`unknown` is not named");
    for host in
        ["bank.example", "app.bank.example", "Bank.Example", "social.example", "helpline.example", "childline.org.uk"]
    {
        assert!(!rules.inspects(host, "pupil"), "{host}");
    }
}

#[test]
fn limits_are_each_groups_own_and_none_where_nothing_is_written() {
    let pupils = ContentLimits {
        phrase_limit: Some(160),
        blocked_file_kinds: BTreeSet::from([FileKind::Programs, FileKind::Scripts]),
        scan_downloads: true,
        when_scanner_away: WhenScannerAway::Refuse,
    };
    let rules = compiled(|rules| {
        rules.content.groups.insert("pupil".into(), pupils.clone());
    });
    assert_eq!(*rules.content_limits("pupil"), pupils);
    assert_eq!(*rules.content_limits("staff"), ContentLimits::default());
}

#[test]
fn rules_written_before_there_were_limits_are_read_with_none() {
    let mut written = serde_json::to_value(ruleset().rules()).unwrap();
    for key in ["inspection", "content"] {
        written.as_object_mut().unwrap().remove(key).unwrap();
    }
    let read: Rules = serde_json::from_value(written).unwrap();
    assert_eq!((read.inspection, read.content), (InspectionRules::default(), ContentRules::default()));
}
