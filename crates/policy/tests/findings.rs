//! Every kind of finding is found where it is put into a sound policy, at its line and column, and a sound policy has none.

use belisha_policy::*;
use jiff::civil::date;
use std::collections::BTreeSet;

/// A short policy with nothing to say against it; `HERE` is where a case puts its clause, on line 5.
const SOUND: &str = r#"{nation="england" phase="secondary" agreed="2026-09-01" approved-by="governing-body" review-every="academic-year"}
# Online safety policy

{#first}
HERE

{#role-head .role office="headteacher"}
The headteacher answers for this policy.

{#role-dsl .role office="designated-safeguarding-lead"}
The designated safeguarding lead leads.

{#answer .response on="comment-on-school-account" within="24-hours" owner="headteacher"}
Comments are answered within a day.

{#aup .agreement who="pupil" opens="network"}
:::
- {#aup-kind}
  I will be kind.
:::

{#k1 .retention kind="activity-named" keep="90-days"}
Kept.

{#k2 .retention kind="activity-blocked" keep="90-days"}
Kept.

{#k3 .retention kind="alerts" keep="90-days"}
Kept.

{#k4 .retention kind="incidents" keep="25-years"}
Kept.

{#k5 .retention kind="agreements" keep="7-years"}
Kept.

{#k6 .retention kind="training" keep="7-years"}
Kept.

{#k7 .retention kind="access-requests" keep="12-months"}
Kept.

{#k8 .retention kind="sessions" keep="30-days"}
Kept.
"#;

fn with(clause: &str) -> String {
    SOUND.replace("HERE", &format!("Words.\n\n{clause}"))
}

fn findings(source: &str) -> Vec<Finding> {
    compile(source, date(2026, 11, 21)).findings
}

fn shown(source: &str) -> String {
    findings(source).iter().map(|finding| render_finding(finding, source, "policy.dj")).collect()
}

/// A clause and the one finding it must cause.
const CLAUSES: &[(&str, &str)] = &[
    ("missing-attribute", "{#c .duty every=\"term\" owner=\"headteacher\"}\nWords."),
    ("missing-attribute", "{#c .duty what=\"check:filter\" owner=\"headteacher\"}\nWords."),
    (
        "unknown-attribute",
        "{#c .duty what=\"check:filter\" evry=\"term\" every=\"term\" owner=\"headteacher\"}\nWords.",
    ),
    ("unknown-class", "{#c .dutty}\nWords."),
    ("two-kinds", "{#c .guidance .role office=\"headteacher\"}\nWords."),
    ("unknown-word", "{#c .duty what=\"check:filter\" every=\"trem\" owner=\"headteacher\"}\nWords."),
    ("unknown-word", "{#c .duty what=\"check filter\" every=\"term\" owner=\"headteacher\"}\nWords."),
    ("unknown-word", "{#c monitoring=\"everyone\"}\nWords."),
    ("not-a-number", "{#c .role office=\"headteacher\" at-least=\"two\"}\nWords."),
    ("not-a-length", "{#c .approval what=\"unblock\" by=\"headteacher\" longest=\"a-month\"}\nWords."),
    ("not-a-deadline", "{#c .response on=\"filter-breached\" within=\"soon\" owner=\"headteacher\"}\nWords."),
    (
        "calendar-and-event",
        "{#c .duty what=\"check:filter\" every=\"term\" on=\"new-threat\" within=\"immediately\" owner=\"headteacher\"}\nWords.",
    ),
    ("duplicate-id", "{#first}\nWords."),
    ("attributes-not-read", "{#c .duty what='check:filter'}\nWords."),
    ("wrong-shape", "{#c .actions about=\"pupil\"}\nWords."),
    ("wrong-shape", "{#c .agreement who=\"staff\"}\nWords."),
    (
        "ragged-row",
        "{#c .actions about=\"pupil\"}\n| What | police | parents |\n|---|---|---|\n| [a]{#a} | x | x |\n| [b]{#b} | x |",
    ),
    ("unknown-column", "{#c .actions about=\"pupil\"}\n| What | polise |\n|---|---|\n| [a]{#a} | x |"),
    ("unknown-column", "{#c .filter}\n| What | pupil | wizards |\n|---|---|---|\n| games | ask | ask |"),
    (
        "unknown-mark",
        "{#c .actions about=\"pupil\"}\n| What | police |\n|---|---|\n| [a]{#a} | maybe |\n| [b]{#b} | x |\n| [c]{#cc} | x |",
    ),
    (
        "twice-in-table",
        "{#c .filter}\n| What | pupil |\n|---|---|\n| games | ask |\n| [Play]{#play category=\"games\"} | ask |",
    ),
    (
        "illegal-without-police",
        "{#c .actions about=\"pupil\"}\n| What | police | parents |\n|---|---|---|\n| [Opened something illegal]{#a} |  | x |\n| [b]{#b} | x | |",
    ),
    (
        "illegal-without-police",
        "{#c .actions about=\"staff\"}\n| What | police | warning |\n|---|---|---|\n| [a]{#a concerns=\"illegal-content\"} |  | x |\n| [b]{#b} | x | |",
    ),
    (
        "bypass-without-parents",
        "{#c .actions about=\"pupil\"}\n| What | access | parents |\n|---|---|---|\n| [Used a proxy]{#a} | x | |\n| [b]{#b} | | x |",
    ),
    ("dead-law", "{#c source=\"data-protection-act-1998\"}\nWords."),
    ("dead-law", "{#c}\nWe follow the Data Protection Act 1998."),
    ("dead-law", "{#c source=\"kcsie-2024\"}\nWords."),
    ("dead-law", "{#c}\nAs Keeping Children Safe in Education (2023) asks."),
    ("dead-law", "{#c}\nA good reason is a suspicion that it was used to break any of the school rules."),
    (
        "undecided-cells",
        "{#c .allowances about=\"devices\"}\n| What | Pupil-owned | Staff-owned |\n|---|---|---|\n| [a]{#a} | yes | |\n| [b]{#b} | no | yes |",
    ),
    ("ambiguous-mark", "{#c .actions about=\"pupil\"}\n| What | police |\n|---|---|\n| [a]{#a} | x√ |"),
    ("empty-row", "{#c .actions about=\"pupil\"}\n| What | police |\n|---|---|\n| [a]{#a} | x |\n| [b]{#b} | |"),
    ("empty-column", "{#c .actions about=\"pupil\"}\n| What | police | parents |\n|---|---|---|\n| [a]{#a} | x | |"),
    ("missing-reference", "{#c}\nSee [the list](#unsuitable)."),
    ("missing-reference", "{#c see=\"flowchart\"}\nWords."),
    (
        "reports-to-itself",
        "{#c .duty what=\"report:all\" every=\"term\" owner=\"headteacher\" to=\"headteacher\"}\nWords.",
    ),
    (
        "reports-to-itself",
        "{#c .role office=\"named-person\" shared-with=\"headteacher\"}\nWords.\n\n{#d .duty what=\"report:all\" every=\"term\" owner=\"headteacher\" to=\"named-person\"}\nWords.",
    ),
    ("lead-is-not-safeguarding-lead", "{#c .role office=\"online-safety-lead\"}\nWords."),
    ("monitoring-contradiction", "{#c monitoring=\"everybody\"}\nWords.\n\n{#d monitoring=\"suspicion\"}\nWords."),
    ("agreements-contradict", "{#c bans=\"chat\"}\nWords.\n\n{#d allows=\"chat\"}\nWords."),
    (
        "monitoring-contradiction",
        "{#c}\nWe monitor the websites that pupils and staff visit.\n\n{#d .agreement who=\"staff\"}\n:::\n- {#l}\n  My use can be monitored where the school believes that it is unauthorised.\n:::",
    ),
    (
        "agreements-contradict",
        "{#c .agreement who=\"pupil\"}\n:::\n- {#l}\n  I will not use chat rooms unless my teacher says so.\n:::\n\n{#d .agreement who=\"staff\"}\n:::\n- {#m}\n  I will not use chat rooms.\n:::",
    ),
    ("forced-password-change", "{#c .duty what=\"password:change\" every=\"term\" owner=\"headteacher\"}\nWords."),
    ("forced-password-change", "{#c}\nDo you regularly change the password you use?"),
    ("commerce-missing", "{#c names=\"content contact conduct\"}\nWords."),
    ("commerce-missing", "{#c}\nThe risks are content, contact and conduct."),
    ("duty-without-owner", "{#c .duty what=\"check:filter\" every=\"term\"}\nWords."),
    (
        "several-log-owners",
        "{#c .duty what=\"log:incidents\" on=\"incident-recorded\" within=\"immediately\" owner=\"headteacher designated-safeguarding-lead\"}\nWords.",
    ),
    ("no-interval", "{#c .duty what=\"check:filter\" every=\"regularly\" owner=\"headteacher\"}\nWords."),
    ("bound-to-nothing", "{#c owner=\"headteacher\"}\nWords."),
    ("bound-to-nothing", "{#c .duty}\n\nWords."),
    ("without-id", "{#c .agreement who=\"staff\"}\n:::\n- I will.\n:::"),
    ("without-id", "{#c .actions about=\"pupil\"}\n| What | police |\n|---|---|\n| a | x |"),
    ("stray-text", "{#c .agreement who=\"staff\"}\n:::\n- {#l}\n  I will.\n\nAnd so on.\n:::"),
    (
        "staff-illegal-incomplete",
        "{#c .actions about=\"staff\"}\n| What | police | technical | suspension |\n|---|---|---|---|\n| [Illegal material]{#a} | x | | |\n| [b]{#b} | | x | x |",
    ),
    ("undeclared-office", "{#c .duty what=\"check:filter\" every=\"term\" owner=\"ict-manager\"}\nWords."),
    ("own-word", "{#c .filter}\n| What | pupil |\n|---|---|\n| astrology | block |"),
    ("own-word", "{#c .actions about=\"pupil\"}\n| What | litter-duty |\n|---|---|\n| [a]{#a} | x |"),
];

/// A change to the sound policy, and the one finding it must cause.
const CHANGES: &[(&str, &str, &str)] = &[
    ("not-a-date", "2026-09-01", "2026-09-31"),
    ("review-lapsed", "2026-09-01", "2025-03-01"),
    ("review-lapsed", "review-every=\"academic-year\"", "next-review=\"2023-03-31\""),
    ("approval-blank", " approved-by=\"governing-body\"", ""),
    ("no-retention", "{#k8 .retention kind=\"sessions\" keep=\"30-days\"}\n", ""),
    (
        "no-response-time",
        "{#answer .response on=\"comment-on-school-account\" within=\"24-hours\" owner=\"headteacher\"}\n",
        "",
    ),
    ("network-never-opens", " opens=\"network\"", ""),
    ("missing-attribute", " phase=\"secondary\"", ""),
];

#[test]
fn a_sound_policy_has_nothing_said_against_it() {
    assert_eq!(shown(&with("Words.")), "");
}

#[test]
fn each_fault_is_found_alone_and_in_its_place() {
    let mut wrong = String::new();
    for (code, clause) in CLAUSES {
        let source = with(clause);
        let found = findings(&source);
        let codes: BTreeSet<_> = found.iter().map(|finding| finding.code).collect();
        if codes != BTreeSet::from([*code]) {
            wrong.push_str(&format!("wanted {code} alone in\n{clause}\n{}\n", shown(&source)));
        }
        let lines = 7..7 + clause.lines().count().max(3);
        assert!(
            found
                .iter()
                .any(|finding| lines.contains(&finding.line)
                    || finding.span.start >= source.find("{#role-dsl").unwrap_or(0)),
            "{}",
            shown(&source)
        );
    }
    for (code, from, to) in CHANGES {
        let source = with("Words.").replace(from, to);
        let codes: BTreeSet<_> = findings(&source).iter().map(|finding| finding.code).collect();
        if codes != BTreeSet::from([*code]) {
            wrong.push_str(&format!("wanted {code} alone after {from} -> {to}\n{}\n", shown(&source)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn scotland_has_its_own_definitions_and_powers() {
    for (code, clause) in [
        (
            "powers-of-another-nation",
            "{#c .power what=\"search:device\" nation=\"england\" by=\"headteacher\"}\nWords.",
        ),
        ("powers-of-another-nation", "{#c}\nUnder the Education and Inspections Act 2006 staff may search."),
        ("bullying-of-another-nation", "{#c defines=\"bullying\" requires=\"repetition intent\"}\nWords."),
        (
            "bullying-of-another-nation",
            "{#c}\nBullying is the repetitive, intentional harming of one person by another.",
        ),
    ] {
        let source = with(clause);
        assert_eq!(shown(&source), "", "England has no finding here");
        let source = source.replace("nation=\"england\" phase=\"secondary\"", "nation=\"scotland\" phase=\"primary\"");
        let codes: BTreeSet<_> = findings(&source).iter().map(|finding| finding.code).collect();
        assert_eq!(codes, BTreeSet::from([code]), "{}", shown(&source));
    }
}

#[test]
fn every_kind_of_finding_is_tried_here() {
    let elsewhere = ["too-long", "no-title", "powers-of-another-nation", "bullying-of-another-nation"];
    let tried: BTreeSet<_> =
        CLAUSES.iter().map(|(code, _)| *code).chain(CHANGES.iter().map(|(code, ..)| *code)).chain(elsewhere).collect();
    let all: BTreeSet<_> = FINDINGS.iter().map(|kind| kind.code).collect();
    assert_eq!(tried, all);
    assert_eq!(findings("Words without a heading.")[0].code, "no-title");
}

#[test]
fn a_slip_is_shown_as_a_good_compiler_shows_it() {
    let source = "{nation=\"englnd\" phase=\"secondary\"}\n# Café policy\n\n{#c source=\"é\" .duty what=\"check:filter\" every=\"term\" owner=\"headteecher\"}\nWords.\n";
    let shown = shown(source);
    let first = "error[unknown-word]: `englnd` is not a word that `nation` knows\n --> policy.dj:1:10\n  |\n1 | {nation=\"englnd\" phase=\"secondary\"}\n  |          ^^^^^^\n  = help: did you mean `england`?\n";
    assert!(shown.contains(first), "{shown}");
    assert!(shown.contains(" --> policy.dj:4:62\n"), "columns are counted in characters: {shown}");
    assert!(shown.contains("did you mean `headteacher`?"), "{shown}");
}

#[test]
fn all_faults_are_told_at_once() {
    let source = with(
        "{#c .dutty}\nOne.\n\n{#d .role office=\"king\"}\nTwo.\n\n{#e .retention kind=\"alerts\" keep=\"ever\"}\nThree.",
    );
    let codes: Vec<_> = findings(&source).iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["unknown-class", "unknown-word", "not-a-length"]);
    assert!(compile(&source, date(2026, 11, 21)).policy.is_none());
}

#[test]
fn an_ambiguous_mark_is_undecided_where_it_would_allow_and_marked_where_it_would_protect() {
    let source = with(
        "{#c .allowances about=\"devices\"}\n| What | Pupil-owned | Staff-owned |\n|---|---|---|\n| [a]{#a} | Yes/ | x√ |\n| [b]{#b} | Yes | At certain times |",
    );
    let compilation = compile(&source, date(2026, 11, 21));
    assert_eq!(compilation.findings.iter().filter(|finding| finding.code == "ambiguous-mark").count(), 2);
    let Some(policy) = compilation.policy else { panic!("{}", shown(&source)) };
    let Some((_, table)) = policy.allowance_tables().next() else { panic!("no table") };
    assert!(table.rows[0].cells.is_empty());
    assert_eq!(table.rows[1].cells.len(), 2);
    let source = with("{#c .actions about=\"pupil\"}\n| What | police |\n|---|---|\n| [a]{#a} | x√ |");
    let Some(policy) = compile(&source, date(2026, 11, 21)).policy else { panic!("{}", shown(&source)) };
    let Some((_, table)) = policy.action_tables().next() else { panic!("no table") };
    assert!(table.rows[0].marks.contains("police"));
}
