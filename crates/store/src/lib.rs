//! The only SQL of Belisha: every record of every school, on SQLite or PostgreSQL, and the ledger that shows that nothing
//! was changed behind its back.
//!
//! An area is a module of plain functions over a transaction that names its actor:
//!
//! ```no_run
//! # async fn example(store: belisha_store::Store, me: belisha_records::PersonId, school: belisha_records::SchoolId, now: jiff::Timestamp)
//! # -> belisha_store::Result<()> {
//! use belisha_records::Actor;
//! let mut tx = store.begin(&Actor::Person(me), school, now).await?;
//! let person = belisha_store::people::find(&mut tx, me).await?;
//! tx.commit().await
//! # }
//! ```
//!
//! Every write leaves a ledger entry in the same transaction ([`ledger`]). What a record means and who may see it is left
//! to `belisha-records`; which words a page uses, to `belisha-web`.

pub mod access_requests;
pub mod activity;
pub mod alerts;
pub mod approvals;
pub mod classes;
pub mod concerns;
mod counters;
pub mod credentials;
pub mod devices;
pub mod duties;
mod error;
pub mod exceptions;
pub mod gateways;
pub mod incidents;
pub mod job_runs;
pub mod ledger;
pub mod lesson_lists;
pub mod lists;
pub mod look_ups;
mod migrations;
pub mod network_ranges;
pub mod offices;
pub mod outbox;
pub mod parents_of;
pub mod people;
pub mod policies;
pub mod register_entries;
pub mod registered_devices;
pub mod reports;
pub mod school_rules;
pub mod schools;
pub mod sessions;
pub mod signatures;
mod sql;
mod store;
mod tables;
pub mod tasks;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use error::{Result, StoreError};
pub use sea_orm::DbBackend;
pub use store::{Entropy, Store};
pub use transaction::Tx;
