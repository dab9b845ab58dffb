//! What a school records, and the rules on it. Pure: no clock, no I/O, no async runtime.
//!
//! Areas carry the same names here, in `belisha-store`, in `belisha-web` and in its templates.

mod agreements;
mod calendar;
mod duties;
mod fields;
mod identifiers;
mod incidents;
mod monitoring;
mod offices;
mod people;
mod permissions;

pub use agreements::*;
pub use calendar::*;
pub use duties::*;
pub use fields::*;
pub use identifiers::*;
pub use incidents::*;
pub use monitoring::*;
pub use offices::*;
pub use people::*;
pub use permissions::*;
