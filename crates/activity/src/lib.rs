//! What was visited: records in from the gateway, rows and alerts out to the database, look-ups with a reason, the weekly
//! figures, and forgetting in time. It knows no network: the binary turns what the gateway saw into [`ActivityRecord`]s.
//!
//! Activity is personal data about children. Named rows live as long as the policy says ([`purge`]); hourly figures that
//! name nobody live on. Helplines are never written down by name, and a hit on the illegal-content list without its host.

mod alerts;
mod ingest;
mod keep;
mod look_up;
mod purge;
mod record;
mod spill;
mod summary;

pub use alerts::{ILLEGAL_THEME, SAME_ALERT_WITHIN, Worry, worries};
pub use ingest::{BATCH, Clock, Ingest, IngestFigures, LONGEST_WAIT};
pub use look_up::{LookUpError, MOST_ROWS, is_reason, look_up};
pub use purge::{Purged, purge};
pub use record::ActivityRecord;
pub use summary::{GroupFigures, WeeklySummary, weekly_summary};
