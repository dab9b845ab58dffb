//! What the compiler says about a document, as pages show it: the worst first, each with its place, its line and its remedy.

use crate::words;
use belisha_policy::{Coverage, Finding, Severity, compile, coverage};
use jiff::civil::Date;

/// What the compiler said about a document.
pub(crate) struct Checked {
    pub(crate) title: String,
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) coverage: Option<Coverage>,
    pub(crate) findings: Vec<Found>,
}

/// One finding.
pub(crate) struct Found {
    pub(crate) kind: &'static str,
    pub(crate) word: &'static str,
    pub(crate) error: bool,
    pub(crate) place: String,
    pub(crate) message: String,
    pub(crate) remedy: String,
    pub(crate) line: String,
}

/// Compiles a document and says what was found.
pub(crate) fn check(source: &str, today: Date) -> Checked {
    let compiled = compile(source, today);
    let (errors, warnings) = (compiled.count(Severity::Error), compiled.count(Severity::Warning));
    let mut findings: Vec<&Finding> = compiled.findings.iter().collect();
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.line));
    Checked {
        title: compiled.policy.as_ref().map_or_else(String::new, |policy| policy.title.clone()),
        errors,
        warnings,
        coverage: compiled.policy.as_ref().map(coverage),
        findings: findings.into_iter().map(|finding| found(finding, source)).collect(),
    }
}

fn found(finding: &Finding, source: &str) -> Found {
    let (kind, word) = match finding.severity {
        Severity::Error => ("broken", "Error"),
        Severity::Warning => ("due", "Warning"),
        Severity::Note => ("guidance", "Note"),
    };
    Found {
        kind,
        word,
        error: finding.severity == Severity::Error,
        place: format!("line {}, column {}", finding.line, finding.column),
        message: words::sentence(&finding.message),
        remedy: words::sentence(&finding.remedy),
        line: source.lines().nth(finding.line.saturating_sub(1)).unwrap_or_default().chars().take(160).collect(),
    }
}
