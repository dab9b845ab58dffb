//! What can never be switched off: the list of illegal content closes and helplines stay open, whatever anybody sets. Every kind
//! of rule is made to say the opposite, alone and all at once, for every group, device and time. The matches have no `_`: a new
//! kind of rule, or a new field of the rules, does not compile until it is tried here.

use crate::school::*;
use belisha_filter::{Change, *};
use belisha_policy::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const LISTED: &str = "listed-by-a-provider.example";
/// Sites on neither list that the same rules open and close.
const OPENED: &str = "opened.example";
const SHUT: &str = "shut.example";
const PERSON: &str = "person-1";
const YEAR: &str = "year:7";

/// Every host that must stay closed, and where the address shows it, the page.
const CLOSED: [(&str, Option<&str>); 14] = [
    (ILLEGAL_TEST_ENTRY, None),
    ("www.illegal-test.example", Some("/any/page")),
    ("ILLEGAL-TEST.example.", None),
    (LISTED, None),
    ("a.b.listed-by-a-provider.example", Some("/")),
    ("pages.example", Some("/one/page")),
    ("pages.example", Some("//one/./%70age?from=elsewhere")),
    ("198.51.100.9", Some("/")),
    ("illegal--test-example.translate.goog", None),
    ("translate.example", Some("/t?u=https%3A%2F%2Fillegal-test.example%2F")),
    ("archive.example", Some("/web/2026/http://pages.example/one/page")),
    ("www.google.com", Some("/search?q=cache:illegal-test.example")),
    ("encyclopedia.example", Some("/go?to=http://198.51.100.9/")),
    ("encyclopedia.example", Some("/go/illegal-test.example")),
];

fn illegal() -> IllegalList {
    let mut list = IllegalList::new([1; 16]);
    for address in [LISTED, "http://pages.example/one/page", "198.51.100.9"] {
        assert!(list.insert(address));
    }
    list
}

/// The hosts that rules are written about: those that must stay closed, and every helpline's.
fn contested() -> Vec<&'static str> {
    let helplines = HELPLINES.iter().flat_map(|helpline| helpline.hosts).copied();
    CLOSED.iter().map(|(host, _)| *host).chain(helplines).collect()
}

const EVERYBODY: [&str; 5] = ["younger-pupil", "pupil", "staff", "guest", "unknown"];

/// Makes one kind of rule say what must not happen: illegal content open, helplines closed.
fn defy(kind: RuleKind, rules: &mut Rules, lists: &mut DomainIndexBuilder) {
    let opens = |host: &&str| helpline_for(host).is_none();
    let mut open: Vec<&str> = contested().into_iter().filter(opens).collect();
    let mut close: Vec<&str> = contested().into_iter().filter(|host| !opens(host)).collect();
    open.push(OPENED);
    close.push(SHUT);
    match kind {
        // The two that must win. What could be said against them is all the others.
        RuleKind::Illegal | RuleKind::Helpline => {}
        RuleKind::Device => {
            let cells = DeviceKind::ALL.iter().map(|kind| (kind.key().to_owned(), Allowance::No)).collect();
            let (id, label) = (ClauseId("d-in".into()), "Come into school".to_owned());
            let row = AllowanceRow { id, label, device_use: Some(DeviceUse::InSchool), cells };
            let refused = AllowanceTable { about: AllowanceSubject::Devices, columns: vec![], rows: vec![row] };
            rules.policy.clauses.push(clause("8.1", Binding::Allowances(refused)));
        }
        RuleKind::SchoolDeny => rules.school_deny.extend(close.iter().map(|host| rule(host, &[]))),
        RuleKind::LessonList => rules.lesson_lists.push(LessonList {
            id: "lesson".into(),
            name: "7B".into(),
            hosts: open.iter().map(|host| (*host).to_owned()).collect(),
            groups: EVERYBODY.map(str::to_owned).into(),
            people: vec![PERSON.into()],
            from: at("2026-09-01T00:00:00Z"),
            until: at("2026-12-01T00:00:00Z"),
            reason: "only these".into(),
            made_by_office: Role::Teacher,
        }),
        RuleKind::Exception => {
            for (hosts, allow) in [(&open, true), (&close, false)] {
                rules.exceptions.extend(hosts.iter().flat_map(|host| {
                    [exception(host, &EVERYBODY, None, allow), exception(host, &[], Some(PERSON), allow)]
                }));
            }
        }
        RuleKind::SchoolAllow => rules.school_allow.extend(open.iter().map(|host| rule(host, &[]))),
        RuleKind::AllowListOnly => rules.allow_list_only = EVERYBODY.map(str::to_owned).into(),
        RuleKind::AuthorityDeny => rules.authority_deny.extend(close.iter().map(|host| rule(host, &[]))),
        RuleKind::AuthorityAllow => rules.authority_allow.extend(open.iter().map(|host| rule(host, &[]))),
        RuleKind::Category => {
            for (name, action, hosts) in
                [("wanted", FilterAction::Allow, &open), ("unwanted", FilterAction::Block, &close)]
            {
                list(lists, name, hosts);
                let cells = EVERYBODY.map(|group| (group, action));
                let tables =
                    Period::ALL.iter().map(|when| table("7.8", *when, &EVERYBODY, vec![row(name, name, &cells)]));
                rules.policy.clauses.extend(tables);
            }
        }
        RuleKind::Undecided => {
            list(lists, "nobody-decided", &close);
            for when in Period::ALL {
                let row = row("f-undecided", "nobody-decided", &[]);
                rules.policy.clauses.push(table("7.9", *when, &EVERYBODY, vec![row]));
            }
        }
        RuleKind::Default => {}
    }
}

fn list(lists: &mut DomainIndexBuilder, category: &str, hosts: &[&str]) {
    let source = lists.source(category, category).unwrap();
    hosts.iter().for_each(|host| lists.add(source, &host.to_ascii_lowercase()));
}

/// Rules for everybody, and the same for every group and for the person's year group.
fn for_narrower(rules: Vec<SchoolRule>) -> Vec<SchoolRule> {
    let groups = |rule: &SchoolRule| SchoolRule { groups: EVERYBODY.map(str::to_owned).to_vec(), ..rule.clone() };
    let year = |rule: &SchoolRule| SchoolRule { groups: vec![YEAR.to_owned()], ..rule.clone() };
    rules.into_iter().flat_map(|rule| [groups(&rule), year(&rule), rule]).collect()
}

/// Every setting of a school, turned against what must hold. Taken apart without `..`, so that a new one is tried as well.
fn set_everything(rules: Rules) -> Rules {
    let Rules {
        policy,
        timetable,
        exceptions,
        school_allow,
        school_deny,
        authority_allow,
        authority_deny,
        year_groups: _,
        lesson_lists,
        allow_list_only,
        list_groups: _,
        school_hosts: _,
        safe_search,
        inspection,
        content,
    } = rules;
    let hosts: Vec<String> = contested().into_iter().map(str::to_owned).collect();
    let InspectionRules { enabled, groups: _, never_hosts: _, never_categories: _ } = inspection;
    let ContentRules { groups: _ } = content;
    let limits = ContentLimits {
        phrase_limit: Some(1),
        blocked_file_kinds: FileKind::ALL.iter().copied().collect(),
        scan_downloads: true,
        when_scanner_away: WhenScannerAway::LetThrough,
    };
    let all = || EVERYBODY.map(str::to_owned).to_vec();
    Rules {
        policy,
        timetable,
        exceptions,
        school_allow: for_narrower(school_allow),
        school_deny: for_narrower(school_deny),
        authority_allow: for_narrower(authority_allow),
        authority_deny: for_narrower(authority_deny),
        year_groups: BTreeMap::from([(YEAR.to_owned(), vec![PERSON.to_owned()])]),
        lesson_lists,
        allow_list_only,
        list_groups: ["wanted", "unwanted", "nobody-decided"].map(|list| (list.to_owned(), all())).into(),
        school_hosts: hosts.clone(),
        safe_search: !safe_search,
        inspection: InspectionRules {
            enabled: !enabled,
            groups: all(),
            never_hosts: hosts,
            never_categories: vec!["wanted".into(), "unwanted".into()],
        },
        content: ContentRules { groups: EVERYBODY.map(|group| (group.to_owned(), limits.clone())).into() },
    }
}

/// Every school that is tried: no rules at all, each kind alone, all at once; with the settings as they come, and turned.
fn schools() -> Vec<(String, Ruleset)> {
    let none: Vec<RuleKind> = Vec::new();
    let alone = RuleKind::ALL.iter().map(|kind| vec![*kind]);
    let together = [none, RuleKind::ALL.to_vec()].into_iter().chain(alone);
    let made = together.flat_map(|kinds| [false, true].map(|turned| (kinds.clone(), turned)));
    made.map(|(kinds, turned)| {
        let mut lists = DomainIndexBuilder::new();
        let mut rules = Rules::new(Policy { clauses: Vec::new(), ..policy() }, timetable());
        kinds.iter().for_each(|kind| defy(*kind, &mut rules, &mut lists));
        let rules = if turned { set_everything(rules) } else { rules };
        let ruleset = Ruleset::compile(rules, Arc::new(lists.build().unwrap()), Arc::new(illegal()));
        (format!("{kinds:?}, settings turned: {turned}"), ruleset)
    })
    .collect()
}

/// Whoever may ask: every group and one that does not exist, known and not, on every kind of device and on none.
fn callers() -> Vec<(&'static str, Option<&'static str>, Option<DeviceKind>)> {
    let groups = Group::ALL.iter().map(|group| group.key()).chain(["no-such-group"]);
    groups
        .flat_map(|group| [None, Some(PERSON)].map(|person| (group, person)))
        .flat_map(|(group, person)| {
            let devices = std::iter::once(None).chain(DeviceKind::ALL.iter().copied().map(Some));
            devices.map(move |device| (group, person, device))
        })
        .collect()
}

/// Asks for hosts as everybody, at every time, at every school; of the answers, those that are not as they must be.
fn tried(hosts: &[(&str, Option<&str>)], right: impl Fn(&Ruleset, &Request<'_>, &Decision) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (school, rules) in schools() {
        for (group, person, device) in callers() {
            for (host, path) in hosts {
                let request = Request { host, path: *path, group, person, device, own_zone: person.is_some() };
                for now in [LESSON, LUNCH, EVENING, SATURDAY] {
                    let decision = rules.decide(&request, at(now));
                    if !right(&rules, &request, &decision) {
                        wrong.push(format!("{request:?} at {now}, {school}: {decision:?}"));
                    }
                }
            }
        }
    }
    wrong
}

#[test]
fn no_rule_opens_what_is_illegal() {
    let wrong = tried(&CLOSED, |rules, request, decision| {
        let before = rules.before_gate(request);
        let closed = |decision: &Decision| {
            (decision.action, decision.reason.rule, decision.log)
                == (FilterAction::Block, RuleKind::Illegal, Log::WithoutHost)
                && decision.reason == Reason::of(RuleKind::Illegal)
        };
        closed(decision) && before.as_ref().is_some_and(closed)
    });
    assert!(wrong.is_empty(), "{} answers: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
}

#[test]
fn no_rule_closes_a_helpline_or_has_it_read_or_written_down() {
    let mut hosts: Vec<(&str, Option<&str>)> =
        HELPLINES.iter().flat_map(|line| line.hosts).map(|host| (*host, None)).collect();
    // A report names what it reports.
    hosts.push(("report.iwf.org.uk", Some("/report?url=http%3A%2F%2Fillegal-test.example%2F")));
    hosts.push(("WWW.Childline.Org.UK.", Some("/kids")));
    let wrong = tried(&hosts, |rules, request, decision| {
        let before = rules.before_gate(request);
        let open = |decision: &Decision| {
            (decision.action, decision.reason.rule, decision.log)
                == (FilterAction::Allow, RuleKind::Helpline, Log::Never)
        };
        open(decision) && before.as_ref().is_some_and(open) && !rules.inspects(request.host, request.group)
    });
    assert!(wrong.is_empty(), "{} answers: {:#?}", wrong.len(), &wrong[..wrong.len().min(3)]);
}

#[test]
fn the_rules_that_are_tried_do_decide_about_other_sites() {
    // Else the two tests above would prove nothing: the same rules open and close what is on neither list.
    for kind in RuleKind::ALL {
        let mut lists = DomainIndexBuilder::new();
        let mut rules = Rules::new(Policy { clauses: Vec::new(), ..policy() }, timetable());
        defy(*kind, &mut rules, &mut lists);
        let rules = Ruleset::compile(rules, Arc::new(lists.build().unwrap()), Arc::new(illegal()));
        let of = |host: &str| {
            let device = Some(DeviceKind::PupilOwned);
            let decision = rules.decide(&Request { device, ..Request::new(host, "pupil") }, at(LESSON));
            (decision.reason.rule, decision.action)
        };
        let decided = [of(OPENED), of(SHUT)];
        match kind {
            RuleKind::Illegal | RuleKind::Helpline | RuleKind::Default => {
                assert_eq!(decided, [(RuleKind::Default, FilterAction::Allow); 2]);
            }
            RuleKind::Exception | RuleKind::Category => {
                assert_eq!(decided, [(*kind, FilterAction::Allow), (*kind, FilterAction::Block)]);
            }
            RuleKind::SchoolAllow | RuleKind::AuthorityAllow => assert_eq!(of(OPENED), (*kind, FilterAction::Allow)),
            RuleKind::Device
            | RuleKind::SchoolDeny
            | RuleKind::LessonList
            | RuleKind::AllowListOnly
            | RuleKind::AuthorityDeny
            | RuleKind::Undecided => assert_eq!(of(SHUT), (*kind, FilterAction::Block)),
        }
    }
}

#[test]
fn neither_an_explanation_nor_a_trial_says_more_than_the_decision() {
    for (school, rules) in schools() {
        for (host, path) in CLOSED {
            let request = Request { path, ..Request::new(host, "staff") };
            let told = rules.explain(&request, at(LESSON));
            let text = format!("{told}{told:?}").to_lowercase();
            assert!(
                told.listings.is_empty() && told.for_others.is_empty() && told.steps.len() == 1,
                "{school}: {text}"
            );
            for (name, _) in CLOSED {
                assert!(!text.contains(&name.to_lowercase()), "{school}: {text}");
            }
            for action in [FilterAction::Allow, FilterAction::Block] {
                let subject = Subject::Host(host.into());
                let change = Change { subject, action, groups: Vec::new(), year_groups: BTreeMap::new(), period: None };
                let seen = Seen { request, at: at(LESSON) };
                let effect = rules.effect(&rules.with_change(&change).unwrap(), [seen].into_iter());
                assert_eq!((effect.looked_at, effect.requests, effect.top.len()), (1, 0, 0), "{school}: {host}");
            }
        }
    }
}

#[test]
fn the_list_is_on_disk_and_comes_back_without_a_name() {
    let bytes = illegal().to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    assert!(!text.contains("example") && !text.contains("198.51"));
    let again = Arc::new(IllegalList::read_from([1; 16], &bytes).unwrap());
    let lists = Arc::new(DomainIndexBuilder::new().build().unwrap());
    let rules = Ruleset::compile(Rules::new(policy(), timetable()), lists, again);
    for (host, path) in CLOSED {
        let request = Request { path, ..Request::new(host, "staff") };
        assert_eq!(rules.decide(&request, at(LESSON)).reason.rule, RuleKind::Illegal, "{host}");
    }
    assert!(!format!("{rules:?}").contains("illegal-test"), "a rule set is printed for whoever mends it");
}
