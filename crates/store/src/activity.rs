//! What was visited, in batches.

use crate::error::Result;
use crate::transaction::Tx;

/// A batch whose rows are not those that were stored.
pub(crate) struct ChangedBatch {
    pub(crate) id: String,
    pub(crate) what: &'static str,
}

/// The first batch, in the order they were stored, whose rows are not those that were stored.
pub(crate) async fn first_changed_batch(_tx: &mut Tx) -> Result<Option<ChangedBatch>> {
    Ok(None)
}
