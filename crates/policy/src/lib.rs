//! A school's online-safety policy, compiled: the document in, typed clauses and findings out.
//!
//! Pure: no clock, no I/O. What the clauses *demand of people* is worked out by `belisha-records`,
//! what they *do to the network* by `belisha-filter`.

mod clause;
mod finding;
mod vocabulary;

pub use clause::*;
pub use finding::*;
pub use vocabulary::*;
