//! What the compiler has to say about a policy: a place, a reason and a remedy, shown as a good compiler shows an error.

use serde::{Deserialize, Serialize};
use std::ops::Range;

/// How bad a finding is. Only an error stops a policy from taking force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// A contradiction, gap or lapse the school should mend.
    Warning,
    /// The policy cannot be compiled as it stands.
    Error,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Stable name of the kind of finding, `lapsed-review`; the list is `docs/reference/findings.md`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// Byte range in the source.
    pub span: Range<usize>,
    /// 1-based line of the start.
    pub line: usize,
    /// 1-based column of the start, in characters.
    pub column: usize,
    /// What is wrong: lower case, no full stop, input in backticks.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}
