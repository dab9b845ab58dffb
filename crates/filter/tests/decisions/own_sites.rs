//! The school's own sites for everybody, for groups and for year groups: who gets what where they disagree, as a table. The same
//! table is in `docs/guides/how-a-request-is-decided.md`.

use crate::school::*;
use belisha_filter::*;
use belisha_policy::FilterAction::{self, Allow, Block};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rule: open or close, a host, whom it is for.
type Own = (FilterAction, &'static str, &'static [&'static str]);

const YEAR_12: &[&str] = &["year:12"];
const PUPILS: &[&str] = &["pupil"];
const EVERYBODY: &[&str] = &[];

fn rules_of(own: &[Own]) -> Rules {
    let mut rules = Rules::new(policy(), timetable());
    rules.year_groups = BTreeMap::from([("year:12".into(), vec!["in-year-12".into()])]);
    for (action, host, groups) in own {
        let list = if *action == Allow { &mut rules.school_allow } else { &mut rules.school_deny };
        list.push(rule(host, groups));
    }
    rules
}

fn compiled(rules: Rules) -> Ruleset {
    Ruleset::compile(rules, Arc::new(built_in_index().unwrap()), Arc::new(IllegalList::new([1; 16])))
}

/// What a teacher, a pupil and a pupil of year 12 get.
fn answers(rules: &Ruleset, host: &str) -> [FilterAction; 3] {
    [("staff", "a-teacher"), ("pupil", "in-year-9"), ("pupil", "in-year-12")].map(|(group, person)| {
        rules.decide(&Request { person: Some(person), ..Request::new(host, group) }, at(LESSON)).action
    })
}

#[test]
fn a_narrower_rule_opens_what_a_wider_one_closed_and_else_closed_wins() {
    for (own, host, expected) in [
        // One rule: whom it names, and nobody else.
        (&[(Block, "site.example", YEAR_12)][..], "site.example", [Allow, Allow, Block]),
        (&[(Block, "site.example", PUPILS)], "www.site.example", [Allow, Block, Block]),
        (&[(Allow, "games.example", YEAR_12)], "games.example", [Allow, Block, Allow]),
        // Opened by a narrower rule.
        (&[(Block, "site.example", EVERYBODY), (Allow, "site.example", PUPILS)], "site.example", [Block, Allow, Allow]),
        (
            &[(Block, "site.example", EVERYBODY), (Allow, "site.example", YEAR_12)],
            "site.example",
            [Block, Block, Allow],
        ),
        (&[(Block, "site.example", PUPILS), (Allow, "site.example", YEAR_12)], "site.example", [Allow, Block, Allow]),
        // A part of the site, by a narrower rule: that part.
        (
            &[(Block, "site.example", EVERYBODY), (Allow, "maps.site.example", PUPILS)],
            "maps.site.example",
            [Block, Allow, Allow],
        ),
        (&[(Block, "site.example", EVERYBODY), (Allow, "maps.site.example", PUPILS)], "site.example", [Block; 3]),
        // The whole site opened for some does not open a part that is closed.
        (&[(Block, "bad.site.example", EVERYBODY), (Allow, "site.example", PUPILS)], "bad.site.example", [Block; 3]),
        // Closed by a narrower rule.
        (
            &[(Allow, "site.example", EVERYBODY), (Block, "site.example", YEAR_12)],
            "site.example",
            [Allow, Allow, Block],
        ),
        (&[(Allow, "site.example", PUPILS), (Block, "site.example", YEAR_12)], "site.example", [Allow, Allow, Block]),
        // For the same people closed wins, also where the open one is about a part.
        (
            &[(Allow, "maps.site.example", EVERYBODY), (Block, "site.example", EVERYBODY)],
            "maps.site.example",
            [Block; 3],
        ),
        (&[(Allow, "site.example", PUPILS), (Block, "site.example", PUPILS)], "site.example", [Allow, Block, Block]),
        // Two that close, one of which is overruled: the other holds.
        (
            &[
                (Block, "site.example", EVERYBODY),
                (Block, "maps.site.example", YEAR_12),
                (Allow, "maps.site.example", PUPILS),
            ],
            "maps.site.example",
            [Block, Allow, Block],
        ),
    ] {
        let rules = rules_of(own);
        // The authority's sites are ordered among themselves in the same way, and the order of writing is nothing.
        let mut of_authority = rules.clone();
        of_authority.authority_allow = std::mem::take(&mut of_authority.school_allow);
        of_authority.authority_deny = std::mem::take(&mut of_authority.school_deny);
        for rules in [compiled(rules), compiled(of_authority)] {
            assert_eq!(answers(&rules, host), expected, "{own:?}: {host}");
        }
    }
}

#[test]
fn the_reason_says_that_the_rule_is_for_a_group_or_a_year_group() {
    let rules = compiled(rules_of(&[
        (Block, "site.example", YEAR_12),
        (Block, "other.example", PUPILS),
        (Block, "third.example", EVERYBODY),
        (Allow, "third.example", YEAR_12),
    ]));
    assert!(rules.names_people());
    for (host, words) in [
        ("site.example", "the school has closed it for this year group (asked by the head of year)"),
        ("other.example", "the school has closed it for this group (asked by the head of year)"),
        ("third.example", "the school has opened it for this year group; can be changed by"),
    ] {
        let request = Request { person: Some("in-year-12"), ..Request::new(host, "pupil") };
        let said = rules.explain(&request, at(LESSON)).decision.reason.to_string();
        assert!(said.contains(words), "{said}");
    }
    let everybody = decide(&rules, "third.example", "guest", LESSON).reason.to_string();
    assert!(everybody.contains("the school has closed it (asked"), "{everybody}");
}

#[test]
fn an_explanation_says_what_the_school_says_to_others() {
    let rules =
        compiled(rules_of(&[(Block, "site.example", YEAR_12), (Allow, "maps.site.example", &["staff", "guest"])]));
    let others = |person| {
        let request = Request { person: Some(person), ..Request::new("maps.site.example", "pupil") };
        rules.explain(&request, at(LESSON)).for_others
    };
    let opened = "the school has opened `maps.site.example` for Staff, Guests";
    assert_eq!(others("in-year-9"), ["the school has closed `site.example` for Year group 12", opened]);
    assert_eq!(others("in-year-12"), [opened]);
    let mut listed = IllegalList::new([1; 16]);
    listed.insert("site.example");
    let rules = Ruleset::compile(rules.rules().clone(), rules.index().clone(), Arc::new(listed));
    let said = rules.explain(&Request::new("site.example", "pupil"), at(LESSON));
    assert!(said.for_others.is_empty(), "what other rules say about an illegal address is nobody's business");
}

#[test]
fn rules_written_before_they_named_year_groups_are_read() {
    let mut written = serde_json::to_value(rules_of(&[(Block, "site.example", PUPILS)])).unwrap();
    written.as_object_mut().unwrap().remove("year_groups");
    let read: Rules = serde_json::from_value(written).unwrap();
    assert!(read.year_groups.is_empty() && !compiled(read).names_people());
}

fn own() -> impl Strategy<Value = Own> {
    let action = prop_oneof![Just(Allow), Just(Block)];
    let host = prop_oneof![Just("site.example"), Just("maps.site.example"), Just("old.maps.site.example")];
    let whom = prop_oneof![Just(EVERYBODY), Just(PUPILS), Just(YEAR_12), Just(&["staff", "year:12"][..])];
    (action, host, whom)
}

proptest! {
    /// The table in words: something that closes and that nothing narrower opened, on the same site or a part of it.
    #[test]
    fn any_rules_in_any_order_come_to_what_the_guide_says(own in prop::collection::vec(own(), 0..6)) {
        let rules = compiled(rules_of(&own));
        for host in ["site.example", "maps.site.example", "new.maps.site.example", "old.maps.site.example"] {
            let keys = [["staff", "nobody"], ["pupil", "nobody"], ["pupil", "year:12"]];
            for (answer, [group, year]) in answers(&rules, host).into_iter().zip(keys) {
                let about = |named: &str| host == named || host.ends_with(&format!(".{named}"));
                let reach = |groups: &[&str]| match groups {
                    [] => Some(0),
                    some if some.contains(&year) => Some(2),
                    some => some.contains(&group).then_some(1),
                };
                let speaking: Vec<_> = own.iter().filter(|one| about(one.1)).filter_map(|one| Some((one, reach(one.2)?))).collect();
                let overruled = |closing: &Own, than: i32| speaking.iter().any(|(opening, reach)| {
                    opening.0 == Allow && *reach > than && (opening.1 == closing.1 || opening.1.ends_with(&format!(".{}", closing.1)))
                });
                let closed = speaking.iter().any(|(one, reach)| one.0 == Block && !overruled(one, *reach));
                prop_assert_eq!(answer, if closed { Block } else { Allow }, "{} for {} {}", host, group, year);
            }
        }
    }
}
