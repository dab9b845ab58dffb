//! What was visited: records in from the gateway, rows and alerts out to the database, and forgetting in time. It knows no
//! network: the binary turns what the gateway saw into [`ActivityRecord`]s. Looking a person up, and figures for pages, are
//! `belisha-store`'s functions with `belisha-records`' rules.
//!
//! Activity is personal data about children. Named rows live as long as the policy says ([`purge()`]); hourly figures that
//! name nobody live on. Helplines are never written down by name, and a hit on the illegal-content list without its host.

mod alerts;
mod batches;
mod ingest;
mod keep;
mod purge;
mod record;
mod spill;

pub use alerts::{ILLEGAL_THEME, SAME_ALERT_WITHIN, Worry, worries};
pub use batches::Batches;
pub use ingest::{BATCH, Clock, Ingest, IngestFigures, LONGEST_WAIT};
pub use purge::{Purged, purge};
pub use record::ActivityRecord;
