//! No text makes the compiler fail or lose its place, and printing a policy loses nothing of it.

use belisha_policy::*;
use jiff::civil::date;
use proptest::prelude::*;

const ENGLAND: &str = include_str!("../../../policies/england-secondary.dj");
const SCOTLAND: &str = include_str!("../../../policies/scotland-primary.dj");

/// Compiles and holds what must be true of any text.
fn compiled(source: &str) -> Option<Policy> {
    let Compilation { policy, findings } = compile(source, date(2026, 11, 21));
    for finding in &findings {
        assert!(finding.span.start <= finding.span.end && finding.span.end <= source.len(), "{finding:?}");
        assert!(finding.line >= 1 && finding.column >= 1);
        assert!(!finding.message.is_empty() && !finding.remedy.is_empty());
        assert!(FINDINGS.iter().any(|kind| kind.code == finding.code && kind.severity == finding.severity));
        render_finding(finding, source, "policy.dj");
    }
    assert_eq!(policy.is_none(), findings.iter().any(|finding| finding.severity == Severity::Error));
    if let Some(policy) = &policy {
        show_json(policy);
        assert_eq!(coverage(policy).total(), policy.clauses.len());
        assert!(diff(policy, policy).is_empty());
    }
    policy
}

fn without_places(mut policy: Policy) -> Policy {
    policy.clauses.iter_mut().for_each(|clause| clause.span = 0..0);
    policy
}

fn prints_back(policy: Policy) {
    let printed = print(&policy);
    let again = compile(&printed, date(2026, 11, 21));
    let errors: String = again
        .findings
        .iter()
        .filter(|f| f.severity == Severity::Error)
        .map(|f| render_finding(f, &printed, "printed.dj"))
        .collect();
    let again = again.policy.unwrap_or_else(|| panic!("{errors}"));
    assert_eq!(without_places(again), without_places(policy));
}

/// An example with lines dropped, doubled, swapped and scribbled on.
fn scribbled() -> impl Strategy<Value = String> {
    let edit = (0usize..600, 0u8..6, "[ -~éß√’\\n]{0,12}");
    (prop::bool::ANY, prop::collection::vec(edit, 1..6)).prop_map(|(england, edits)| {
        let mut lines: Vec<String> = if england { ENGLAND } else { SCOTLAND }.lines().map(str::to_owned).collect();
        for (at, how, scribble) in edits {
            let at = at % lines.len();
            match how {
                0 => drop(lines.remove(at)),
                1 => lines.insert(at, lines[at].clone()),
                2 => lines.swap(at, 0),
                3 => lines[at].push_str(&scribble),
                4 => lines[at].insert_str(0, &scribble),
                _ => {
                    let middle =
                        lines[at].char_indices().nth(lines[at].chars().count() / 2).map_or(0, |(byte, _)| byte);
                    lines[at].insert_str(middle, &scribble);
                }
            }
        }
        lines.join("\n")
    })
}

/// A small policy around words that mean something to Djot, so that printing has to escape them.
fn wordy() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-zA-Z0-9 .:;,!?()\\[\\]<>*_'\"~^$|#+=%@&/\\\\-]{1,40}", 1..5).prop_map(|paragraphs| {
        format!("{{nation=\"england\" phase=\"secondary\"}}\n# Title\n\n{}\n", paragraphs.join("\n\n"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(source in "\\PC{0,200}") {
        compiled(&source);
    }

    #[test]
    fn any_markup_is_answered(source in "[{}#.=\"a-c|\\-\\n: \\[\\]x>*`]{0,300}") {
        compiled(&source);
    }

    #[test]
    fn words_that_look_like_markup_print_back(source in wordy()) {
        if let Some(policy) = compiled(&source) {
            prints_back(policy);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_scribbled_policy_is_answered_and_prints_back(source in scribbled()) {
        if let Some(policy) = compiled(&source) {
            prints_back(policy);
        }
    }
}

#[test]
fn the_examples_print_back() {
    for source in [ENGLAND, SCOTLAND] {
        prints_back(compiled(source).unwrap());
    }
}

#[test]
fn deep_nesting_and_long_lines_are_answered() {
    compiled(&"> ".repeat(3000));
    compiled(&"- ".repeat(3000));
    compiled(&"[".repeat(20_000));
    compiled(&"{#a .duty ".repeat(5000));
    compiled(&format!("{{nation=\"england\" phase=\"secondary\"}}\n# T\n\n{}", "{.duti}\nword\n\n".repeat(3000)));
    assert_eq!(compile(&"a".repeat(500_001), date(2026, 11, 21)).findings[0].code, "too-long");
}
