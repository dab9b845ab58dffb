//! How much each source of identity told, and what was refused. Counts name nobody and only grow.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of the sources of identity, from 0 at the start of the gateway.
#[derive(Debug, Default)]
pub struct Counters {
    /// RADIUS accounting packets that were believed.
    pub radius_accepted: AtomicU64,
    /// RADIUS packets from addresses that are no access point's or switch's of the school.
    pub radius_strangers: AtomicU64,
    /// RADIUS packets whose sender did not know the secret.
    pub radius_forged: AtomicU64,
    /// RADIUS packets that cannot be read, or are no accounting.
    pub radius_malformed: AtomicU64,
    /// RADIUS user names that are nobody's.
    pub radius_unknown_names: AtomicU64,
    /// Lease files read.
    pub lease_files_read: AtomicU64,
    /// Lease files that could not be read.
    pub lease_files_failed: AtomicU64,
    /// Times the table of neighbours was read.
    pub neighbours_read: AtomicU64,
    /// Log-ons and log-offs that were believed.
    pub log_ons_accepted: AtomicU64,
    /// Log-ons and log-offs that were refused.
    pub log_ons_refused: AtomicU64,
    /// Notices about pupils' own devices.
    pub notices: AtomicU64,
}

impl Counters {
    /// Every counter with its name, for a page or an exporter.
    pub fn all(&self) -> [(&'static str, u64); 11] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("radius_accepted", read(&self.radius_accepted)),
            ("radius_strangers", read(&self.radius_strangers)),
            ("radius_forged", read(&self.radius_forged)),
            ("radius_malformed", read(&self.radius_malformed)),
            ("radius_unknown_names", read(&self.radius_unknown_names)),
            ("lease_files_read", read(&self.lease_files_read)),
            ("lease_files_failed", read(&self.lease_files_failed)),
            ("neighbours_read", read(&self.neighbours_read)),
            ("log_ons_accepted", read(&self.log_ons_accepted)),
            ("log_ons_refused", read(&self.log_ons_refused)),
            ("notices", read(&self.notices)),
        ]
    }
}
