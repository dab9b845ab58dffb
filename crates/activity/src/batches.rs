//! Whole batches from gateways that run elsewhere: they keep each until it is answered for, so it is answered for only once it is in
//! the database, and a batch that comes again is stored once. The queue of the gateways inside the server is `ingest`'s.

use crate::alerts::Recent;
use crate::keep::keep;
use crate::record::ActivityRecord;
use crate::spill::Batch;
use belisha_records::SchoolId;
use belisha_store::{Store, StoreError};
use jiff::Timestamp;
use tokio::sync::Mutex;

/// Takes batches of gateways that run elsewhere.
pub struct Batches {
    store: Store,
    recent: Mutex<Recent>,
}

impl Batches {
    /// Batches go into this store.
    pub fn new(store: Store) -> Self {
        Self { store, recent: Mutex::default() }
    }

    /// Stores a batch of one school's records, with the alerts they raise, once for each `key`. What may not be written down
    /// (helplines by name) is left out. When this returns, a power cut loses nothing of it.
    ///
    /// # Errors
    /// `Conflict` when a record is another school's or there are more than [`crate::BATCH`]; `Busy`, `Full` and `Unreachable` when
    /// it should be sent again later.
    pub async fn store(
        &self,
        school: SchoolId,
        key: &str,
        records: Vec<ActivityRecord>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if records.iter().any(|record| record.school != school) {
            return Err(StoreError::Conflict("a batch of activity holds another school's records".into()));
        }
        let records = records.into_iter().filter_map(ActivityRecord::permitted).collect();
        let batch = Batch { key: key.to_owned(), records };
        keep(&self.store, &batch, now, &mut *self.recent.lock().await).await.map(drop)
    }
}
