//! What a school should mend: contradictions, gaps and lapses, found by the structure of the policy and never by whose it is.
//! Each file looks at one part; `compile` has already found what cannot be read.

mod agreements;
mod duties;
mod head;
mod law;
mod offices;
mod tables;

use crate::compile::Places;
use crate::compile::notes::Notes;
use crate::{Clause, Fact, Policy, catalogue as kind};
use jiff::civil::Date;

/// A policy with what is needed to speak about it.
pub(crate) struct Lint<'l> {
    pub policy: &'l Policy,
    pub places: &'l Places,
    pub today: Date,
    pub notes: &'l mut Notes,
}

/// Looks at everything.
pub(crate) fn lint(policy: &Policy, places: &Places, today: Date, notes: &mut Notes) {
    let mut lint = Lint { policy, places, today, notes };
    lint.references();
    head::look(&mut lint);
    tables::look(&mut lint);
    law::look(&mut lint);
    offices::look(&mut lint);
    agreements::look(&mut lint);
    duties::look(&mut lint);
}

impl Lint<'_> {
    /// Links and `see` attributes that lead nowhere.
    fn references(&mut self) {
        for (target, place) in &self.places.references {
            if !self.places.ids.contains_key(&crate::ClauseId(target.clone())) {
                self.notes.add(
                    &kind::MISSING_REFERENCE,
                    place.clone(),
                    format!("nothing in the document has the id `{target}`"),
                );
            }
        }
    }
}

/// The facts of the policy under one key, with their clause.
pub(crate) fn facts<'p>(policy: &'p Policy, key: &'p str) -> impl Iterator<Item = (&'p Clause, &'p Fact)> {
    policy
        .clauses
        .iter()
        .flat_map(move |clause| clause.facts.iter().filter(move |fact| fact.key == key).map(move |fact| (clause, fact)))
}
