//! Findings as they are collected, before their places are turned into lines and columns.

use crate::catalogue::FindingKind;
use crate::{Finding, Severity};
use std::ops::Range;

/// A collection of findings in any order.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    found: Vec<Found>,
}

#[derive(Debug)]
struct Found {
    kind: &'static FindingKind,
    span: Range<usize>,
    message: String,
    remedy: String,
}

impl Notes {
    /// Adds a finding with the remedy its kind has.
    pub fn add(&mut self, kind: &'static FindingKind, span: Range<usize>, message: impl Into<String>) {
        self.add_with(kind, span, message, kind.remedy);
    }

    /// Adds a finding with a remedy of its own.
    pub fn add_with(
        &mut self,
        kind: &'static FindingKind,
        span: Range<usize>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.found.push(Found { kind, span, message: message.into(), remedy: remedy.into() });
    }

    /// The findings in the order of the document with line and column, in one sweep over the text.
    pub fn placed(mut self, source: &str) -> Vec<Finding> {
        self.drop_consequences(source);
        self.found.sort_by_key(|found| (found.span.start, std::cmp::Reverse(found.kind.severity)));
        let (mut offset, mut line, mut column) = (0, 1, 1);
        let mut characters = source.chars().peekable();
        let mut findings = Vec::with_capacity(self.found.len());
        for found in self.found {
            while offset < found.span.start {
                let Some(character) = characters.next() else { break };
                offset += character.len_utf8();
                (line, column) = if character == '\n' { (line + 1, 1) } else { (line, column + 1) };
            }
            let Found { kind, span, message, remedy } = found;
            findings.push(Finding {
                code: kind.code,
                severity: kind.severity,
                span,
                line,
                column,
                message: one_line(&message),
                remedy: one_line(&remedy),
            });
        }
        findings.dedup();
        findings
    }
}

impl Notes {
    /// Drops what is only so because something on the same line or in the same clause could not be read.
    fn drop_consequences(&mut self, source: &str) {
        let mut errors: Vec<usize> = self
            .found
            .iter()
            .filter(|found| found.kind.severity == Severity::Error)
            .map(|found| found.span.start)
            .collect();
        errors.sort_unstable();
        self.found.retain(|found| {
            if !CONSEQUENCES.contains(&found.kind.code) {
                return true;
            }
            let start = source.get(..found.span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
            let end = source
                .get(found.span.end..)
                .and_then(|after| after.find('\n'))
                .map_or(source.len(), |at| found.span.end + at);
            let first = errors.partition_point(|error| *error < start);
            errors.get(first).is_none_or(|error| *error > end)
        });
    }
}

/// Findings that an error in the same place brings about.
const CONSEQUENCES: &[&str] =
    &["duty-without-owner", "empty-row", "empty-column", "undecided-cells", "approval-blank", "undeclared-office"];

/// What a document says may run over lines and pages; a message may not.
fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(400).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(400).is_some() {
        line.push('…');
    }
    line
}
