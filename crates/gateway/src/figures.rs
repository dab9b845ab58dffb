//! What can be counted in a running gateway at any moment, beside the counters that only grow. It names nobody.

use std::time::Duration;

/// A gateway at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// How long ago the rules in use were taken; `None`: there are none.
    pub rules_age: Option<Duration>,
    /// Names on the lists in use.
    pub names: usize,
    /// Checksum of these lists: another one is another generation.
    pub names_checksum: u64,
    /// Other DNS servers, the usual ones first, then those of each zone.
    pub upstreams: Vec<Upstream>,
    /// Observations that wait to be taken.
    pub observations_waiting: usize,
    /// Addresses at which somebody or some device is known.
    pub addresses_known: usize,
    /// Open tunnels.
    pub tunnels: usize,
}

/// Another DNS server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upstream {
    /// Whether it answers.
    pub there: bool,
    /// How long it usually takes, in microseconds.
    pub usual: u32,
}
