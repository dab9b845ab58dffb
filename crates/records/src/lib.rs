//! What a school records, and the rules on it. Pure: no clock, no I/O, no async runtime.
//!
//! Areas carry the same names here, in `belisha-store`, in `belisha-web` and in its templates.

mod agreements;
mod calendar;
mod clause_status;
mod duties;
mod fields;
mod glossary;
mod half_yearly;
mod identifiers;
mod incidents;
mod mac_address;
mod monitoring;
mod offices;
mod people;
mod permissions;
mod words;

pub use agreements::*;
pub use calendar::*;
pub use clause_status::*;
pub use duties::*;
pub use fields::*;
pub use glossary::*;
pub use half_yearly::*;
pub use identifiers::*;
pub use incidents::*;
pub use mac_address::*;
pub use monitoring::*;
pub use offices::*;
pub use people::*;
pub use permissions::*;
pub use words::*;
