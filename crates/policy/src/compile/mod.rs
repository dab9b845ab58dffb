//! The document in, typed clauses and findings out. This file is the way in; `document` reads the text, `clauses` and
//! `tables` turn its blocks into typed values, and `lint` compares the clauses with one another.

mod agreement;
pub(crate) mod attributes;
mod bindings;
mod clauses;
pub(crate) mod document;
mod facts;
mod head;
mod marks;
pub(crate) mod notes;
mod tables;

use crate::{ClauseId, Finding, Policy, Severity, catalogue as kind, lint};
use jiff::civil::Date;
use notes::Notes;
use std::collections::BTreeMap;
use std::ops::Range;
pub(crate) use tables::slug;

/// What came of compiling a document.
#[derive(Debug, Clone)]
pub struct Compilation {
    /// The policy; `None` exactly when there is a finding of severity error, so that a broken policy never takes force.
    pub policy: Option<Policy>,
    /// Everything there is to say, in the order of the document.
    pub findings: Vec<Finding>,
}

impl Compilation {
    /// How many findings of a severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// Bytes of the longest document that is read.
const LONGEST: usize = 500_000;

/// Where each clause, row and line stands, and what the document says that is in no typed value: what the lint needs to
/// point at things.
#[derive(Debug, Default)]
pub(crate) struct Places {
    /// Clauses, rows and lines by id.
    pub ids: BTreeMap<ClauseId, Range<usize>>,
    /// Links to parts of the document: the id, and where the link stands.
    pub references: Vec<(String, Range<usize>)>,
    /// Where the head stands.
    pub head: Range<usize>,
}

impl Places {
    /// Where something stands; the start of the document if it is not known.
    pub fn of(&self, id: &ClauseId) -> Range<usize> {
        self.ids.get(id).cloned().unwrap_or(0..0)
    }
}

/// Compiles a policy document. `today` is the day that review dates are measured against.
///
/// Never fails and never stops at the first fault: every fault is a finding.
pub fn compile(source: &str, today: Date) -> Compilation {
    let mut notes = Notes::default();
    if source.len() > LONGEST {
        notes.add(&kind::TOO_LONG, 0..0, format!("the document has {} bytes", source.len()));
        return Compilation { policy: None, findings: notes.placed(source) };
    }
    let document = document::read(source);
    let (policy, places) = clauses::read(source, &document, &mut notes);
    lint::lint(&policy, &places, today, &mut notes);
    let findings = notes.placed(source);
    let sound = !findings.iter().any(|finding| finding.severity == Severity::Error);
    Compilation { policy: sound.then_some(policy), findings }
}
