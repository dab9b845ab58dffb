//! A finding as a compiler shows it: what, where, the line with a caret, and what to do.

use crate::{Finding, Severity};
use std::fmt::Write;

/// Whether to use terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Plain text, for files and pipes.
    Plain,
    /// ANSI colours, for a terminal.
    Ansi,
}

/// One finding as plain text, with the line it points at. `file_name` is only shown.
pub fn render_finding(finding: &Finding, source: &str, file_name: &str) -> String {
    render_finding_in(finding, source, file_name, Colour::Plain)
}

/// One finding, in colours if asked.
pub fn render_finding_in(finding: &Finding, source: &str, file_name: &str, colour: Colour) -> String {
    let (name, code) = match finding.severity {
        Severity::Error => ("error", "\u{1b}[1;31m"),
        Severity::Warning => ("warning", "\u{1b}[1;33m"),
        Severity::Note => ("note", "\u{1b}[1;36m"),
    };
    let (on, off) = if colour == Colour::Ansi { (code, "\u{1b}[0m") } else { ("", "") };
    let line = source.lines().nth(finding.line.saturating_sub(1)).unwrap_or("").replace('\t', " ");
    let gutter = " ".repeat(finding.line.to_string().len());
    let indent = " ".repeat(finding.column.saturating_sub(1));
    let carets = "^".repeat(width(finding, source, &line));
    let mut out = String::new();
    let _ = writeln!(out, "{on}{name}[{}]{off}: {}", finding.code, finding.message);
    let _ = writeln!(out, "{gutter}--> {file_name}:{}:{}", finding.line, finding.column);
    let _ = writeln!(out, "{gutter} |");
    let _ = writeln!(out, "{} | {line}", finding.line);
    let _ = writeln!(out, "{gutter} | {indent}{on}{carets}{off}");
    let _ = writeln!(out, "{gutter} = help: {}", finding.remedy);
    out
}

/// Characters to underline: the span as far as it lies on its first line, at least one.
fn width(finding: &Finding, source: &str, line: &str) -> usize {
    let on_line = line.chars().count().saturating_sub(finding.column.saturating_sub(1));
    let spanned = source.get(finding.span.clone()).map_or(1, |text| text.lines().next().unwrap_or("").chars().count());
    spanned.min(on_line).max(1)
}
