//! Keeps a gateway in step: takes rules as they come, writes them and who is signed in to disk, reads both at the start.

use super::shared::Shared;
use crate::metrics::count;
use crate::rules::GatewayRules;
use crate::snapshot::{self, SnapshotError};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch;

/// How often changed identities are written to disk.
const IDENTITY_WRITE: Duration = Duration::from_secs(5);

/// Rules from the channel, else from disk, else none; identities from disk.
pub(super) async fn begin_with_rules(shared: &Arc<Shared>, given: Option<Arc<GatewayRules>>) {
    restore_identities(shared).await;
    if given.is_none()
        && let Some(path) = shared.config.snapshot.clone()
    {
        let (school, key) = (shared.config.school, shared.config.illegal_list_key);
        match blocking(move || snapshot::read_rules(&path, school, key)).await {
            Ok(rules) => shared.take(Arc::new(rules)),
            Err(error) => {
                tracing::error!("{error}; until rules arrive only the portal and helplines are reachable")
            }
        }
    }
    if let Some(rules) = given {
        take_and_write(shared, rules).await;
    }
}

/// Takes in the identities on disk, beside those that are known.
pub(super) async fn restore_identities(shared: &Arc<Shared>) {
    let Some(path) = shared.config.snapshot.clone() else { return };
    match blocking(move || snapshot::read_identities(&path)).await {
        Ok(identities) => shared.identity.restore(identities, shared.now()),
        Err(SnapshotError::Missing { .. }) => {}
        Err(error) => tracing::error!("{error}; nobody is signed in until they sign in again"),
    }
}

/// Takes rules as they come and writes them; writes identities when they changed. Ends never: when the sender is gone the
/// last rules stay.
pub(super) async fn follow(shared: Arc<Shared>, mut rules: watch::Receiver<Option<Arc<GatewayRules>>>) {
    let mut every = tokio::time::interval(IDENTITY_WRITE);
    let mut written = shared.identity.change();
    let mut sender_there = true;
    loop {
        tokio::select! {
            changed = rules.changed(), if sender_there => {
                if changed.is_err() {
                    sender_there = false;
                    tracing::warn!("nobody sends rules any more; the last ones stay in force");
                    continue;
                }
                let given = rules.borrow_and_update().clone();
                if let Some(given) = given {
                    take_and_write(&shared, given).await;
                }
            }
            _ = every.tick() => {
                let change = shared.identity.change();
                if change != written {
                    written = change;
                    write_identities(&shared, false).await;
                }
            }
        }
    }
}

async fn take_and_write(shared: &Arc<Shared>, rules: Arc<GatewayRules>) {
    if rules.school != shared.config.school {
        tracing::error!(
            "rules for school {} reached the gateway of school {}; they are not taken",
            rules.school,
            shared.config.school
        );
        return;
    }
    shared.take(Arc::clone(&rules));
    if let Some(path) = shared.config.snapshot.clone() {
        let (held, writing) = (Arc::clone(shared), Arc::clone(&shared.writing).lock_owned().await);
        let write = move || {
            let _writing = writing;
            if held.handed_over.load(Ordering::Acquire) {
                return Ok(());
            }
            snapshot::write_rules(&path, &rules, &held.written_lists, held.config.compiled_lists.as_deref())
        };
        report(shared, blocking(write).await);
    }
}

/// Writes who is signed in, unless another process does by now. `last`: from here on one does.
pub(super) async fn write_identities(shared: &Arc<Shared>, last: bool) {
    let Some(path) = shared.config.snapshot.clone() else { return };
    let (held, writing) = (Arc::clone(shared), Arc::clone(&shared.writing).lock_owned().await);
    let write = move || {
        let _writing = writing;
        // Looked at with the lock held: what waited for it must not be written over something newer.
        if held.handed_over.load(Ordering::Acquire) {
            return Ok(());
        }
        held.handed_over.store(last, Ordering::Release);
        snapshot::write_identities(&path, &held.identity.running(held.now()))
    };
    report(shared, blocking(write).await);
}

fn report(shared: &Shared, written: Result<(), SnapshotError>) {
    if let Err(error) = written {
        count(&shared.metrics.snapshot_failures);
        tracing::error!("{error}; the gateway goes on, but a restart would not know the newest rules");
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SnapshotError> + Send + 'static,
) -> Result<T, SnapshotError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SnapshotError::Stopped))
}
