//! How much of a policy the software, signatures and records carry, and how much is prose that nothing can check.

use crate::{CarriedBy, ClauseId, Policy};
use serde::Serialize;

/// The clauses of one share of a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// How many there are.
    pub count: usize,
    /// Which, in the order of the document.
    pub clauses: Vec<ClauseId>,
}

/// A policy's clauses by what carries them. Every clause stands in exactly one share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// By the software.
    pub enforced: Share,
    /// By a person's signature.
    pub agreed: Share,
    /// By records.
    pub evidenced: Share,
    /// Prose nothing can check.
    pub guidance: Share,
}

impl Coverage {
    /// All clauses.
    pub fn total(&self) -> usize {
        self.enforced.count + self.agreed.count + self.evidenced.count + self.guidance.count
    }
    /// Clauses carried by something, in whole per cent, rounded down; 0 for a policy without clauses.
    pub fn carried_percent(&self) -> usize {
        ((self.total() - self.guidance.count) * 100).checked_div(self.total()).unwrap_or(0)
    }
}

/// Counts a policy's clauses by what carries them.
pub fn coverage(policy: &Policy) -> Coverage {
    let mut coverage = Coverage::default();
    for clause in &policy.clauses {
        let share = match clause.binding.carried_by() {
            CarriedBy::Enforced => &mut coverage.enforced,
            CarriedBy::Agreed => &mut coverage.agreed,
            CarriedBy::Evidenced => &mut coverage.evidenced,
            CarriedBy::Guidance => &mut coverage.guidance,
        };
        share.count += 1;
        share.clauses.push(clause.id.clone());
    }
    coverage
}
