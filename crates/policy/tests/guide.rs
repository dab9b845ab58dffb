//! The guide to the format is true: every example in it compiles, and every word of the vocabulary is in it.

use belisha_policy::*;
use jiff::civil::date;

const GUIDE: &str = include_str!("../../../docs/guides/policy-format.md");

#[test]
fn every_example_compiles() {
    let examples: Vec<_> =
        GUIDE.split("```djot\n").skip(1).map(|rest| rest.split("\n```").next().unwrap_or("")).collect();
    assert!(examples.len() >= 12);
    for example in examples {
        let source = if example.starts_with("{nation") {
            example.to_owned()
        } else {
            format!("{{nation=\"scotland\" phase=\"primary\"}}\n# Policy\n\n{example}\n")
        };
        let compilation = compile(&source, date(2026, 11, 21));
        let errors: String = compilation
            .findings
            .iter()
            .filter(|f| f.severity == Severity::Error)
            .map(|f| render_finding(f, &source, "guide"))
            .collect();
        assert!(errors.is_empty(), "{errors}");
        let kind = compilation.policy.map(|policy| policy.clauses.first().map(|clause| clause.binding.kind()));
        assert!(kind.flatten().is_some(), "{example}");
    }
}

#[test]
fn every_word_is_in_it() {
    macro_rules! words {
        ($($vocabulary:ident),+) => { [$($vocabulary::ALL.iter().map(|word| word.key()).collect::<Vec<_>>()),+].concat() };
    }
    let mut words = words!(
        Nation,
        Phase,
        Role,
        Audience,
        Cadence,
        Event,
        Period,
        FilterAction,
        Allowance,
        AllowanceSubject,
        ActionSubject,
        RecordKind
    );
    words.extend(GROUPS.iter().chain(ACTION_COLUMNS).chain(CATEGORIES).map(|(key, _)| *key));
    for word in words {
        assert!(
            GUIDE.contains(&format!("`{word}`")) || GUIDE.contains(&format!("| {word} ")),
            "the guide lacks `{word}`"
        );
    }
}
