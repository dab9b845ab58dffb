//! The table of precedence, one row a case. What a reason says is in `reasons`, that the example policies are carried out
//! in `examples`.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must fail")]

mod devices;
mod examples;
mod limits;
mod never;
mod own_sites;
mod precedence;
mod reasons;
mod school;
mod what_if;

use belisha_filter::{ILLEGAL_TEST_ENTRY, RuleKind};
use belisha_policy::FilterAction;
use school::*;

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
        assert_eq!(
            (decision.action, decision.reason.rule),
            (action, rule),
            "{host} for {group} at {now}: {decision:?}"
        );
    }
}
