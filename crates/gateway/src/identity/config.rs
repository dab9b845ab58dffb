//! Settings of the sources of identity. Nothing is listened to and nothing is read unless it is set here. Secrets are never
//! shown: the types that hold one have no `Debug`.

use super::leases::LeaseFormat;
use ipnet::IpNet;
use jiff::SignedDuration;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Which sources of identity a gateway uses beside the portal and proxy passwords.
#[derive(Clone, Default)]
pub struct IdentityConfig {
    /// Accounting from Wi-Fi and switches. `None`: not listened for.
    pub radius: Option<RadiusConfig>,
    /// Lease files of DHCP servers.
    pub leases: Vec<LeaseFile>,
    /// This machine's own table of neighbours. `None`: not read.
    pub neighbours: Option<NeighbourConfig>,
    /// Log-ons posted by the computers of a directory. `None`: not taken.
    pub directory: Option<DirectoryConfig>,
}

/// A DHCP server's lease file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: LeaseFormat,
    /// How often to look whether it changed.
    pub every: Duration,
}

impl LeaseFile {
    /// A file that is looked at every ten seconds.
    pub fn new(path: impl Into<PathBuf>, format: LeaseFormat) -> Self {
        Self { path: path.into(), format, every: Duration::from_secs(10) }
    }
}

/// Reading the kernel's table of neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighbourConfig {
    /// How often.
    pub every: Duration,
    /// How long a device is believed to have an address after it was last seen with it.
    pub believed_for: SignedDuration,
}

impl Default for NeighbourConfig {
    fn default() -> Self {
        Self { every: Duration::from_secs(15), believed_for: SignedDuration::from_mins(10) }
    }
}

/// Log-ons posted by the computers of a directory to `POST /identity/log-on` of the block page's listener.
#[derive(Clone)]
pub struct DirectoryConfig {
    /// The key that posts are signed with, long and random.
    pub key: String,
    /// How long a log-on holds that no log-off ends.
    pub longest: SignedDuration,
    /// Who may post for other addresses than their own: domain controllers.
    pub may_speak_for_others: Vec<IpNet>,
}

/// The RADIUS accounting server.
#[derive(Clone)]
pub struct RadiusConfig {
    /// Where packets are taken, UDP; the usual port is 1813.
    pub listen: Vec<SocketAddr>,
    /// Who may send them. Where networks overlap the narrowest counts.
    pub clients: Vec<RadiusClient>,
    /// Whether `name@realm` and `REALM\name` are `name` in the school's list of user names.
    pub strip_realm: bool,
    /// How long a session holds that nothing more is heard of. Longer than the interval at which access points renew it.
    pub silent_after: SignedDuration,
}

impl RadiusConfig {
    /// No address and no client yet, realms stripped, an hour of silence.
    pub fn new() -> Self {
        Self { listen: Vec::new(), clients: Vec::new(), strip_realm: true, silent_after: SignedDuration::from_hours(1) }
    }

    /// The secret shared with a sender; `None` for strangers.
    pub(super) fn secret_of(&self, sender: IpAddr) -> Option<&[u8]> {
        let known = self.clients.iter().filter(|client| client.network.contains(&sender));
        let narrowest = known.max_by_key(|client| client.network.prefix_len())?;
        // With an empty secret everybody would know it.
        (!narrowest.secret.is_empty()).then_some(narrowest.secret.as_bytes())
    }
}

impl Default for RadiusConfig {
    fn default() -> Self {
        Self::new()
    }
}

/// Access points, switches or their controller, and the secret shared with them.
#[derive(Clone)]
pub struct RadiusClient {
    /// Where they send from, `10.0.5.0/24`.
    pub network: IpNet,
    /// The secret, the same as is set there. Long and random: it is all that keeps a forger out.
    pub secret: String,
}
