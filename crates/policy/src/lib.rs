//! A school's online-safety policy, compiled: the document in, typed clauses and findings out.
//!
//! Pure: no clock, no I/O. What the clauses *demand of people* is worked out by `belisha-records`,
//! what they *do to the network* by `belisha-filter`.

mod catalogue;
mod clause;
mod compile;
mod coverage;
mod diff;
mod finding;
mod json;
mod lint;
mod print;
mod render;
mod spelling;
mod table;
mod vocabulary;
mod whom;

use compile::slug;

pub use catalogue::{FINDINGS, FindingKind, findings_reference};
pub use clause::*;
pub use compile::{Compilation, compile};
pub use coverage::*;
pub use diff::*;
pub use finding::*;
pub use json::show_json;
pub use print::print;
pub use render::*;
pub use table::*;
pub use vocabulary::*;
pub use whom::*;
