//! Reading encrypted pages where the school's policy says so: the gateway answers a device's TLS with a certificate of the
//! school's own authority, and speaks TLS with the origin itself. `authority.rs` makes certificates, `minted.rs` keeps them,
//! `client.rs` speaks with devices, `origin.rs` with origins, `refusals.rs` remembers who cannot be read.
//!
//! Whose pages are read is `belisha_filter::Ruleset::inspects`; which tunnels come here is `proxy/tunnel.rs`.

mod authority;
mod client;
mod der;
mod minted;
mod origin;
mod refusals;

pub use authority::{AuthorityError, SchoolCa, make_school_ca};
pub(crate) use client::accept;
pub(crate) use origin::{OriginProblem, OriginStream, connect_tls};

use crate::config::{Clock, Entropy};
use crate::metrics::Metrics;
use authority::Authority;
use jiff::{SignedDuration, Timestamp};
use minted::Minted;
use refusals::Refusals;
use rustls::ServerConfig;
use rustls::client::ClientConfig;
use std::net::IpAddr;
use std::sync::Arc;

/// What is done about an app that accepts only the certificate it was built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pinned {
    /// After a few refusals its host is carried unread, for that device and some hours. It is judged by name as always.
    #[default]
    PassBy,
    /// It stays closed.
    Close,
}

/// How encrypted pages are read. Which ones, the rules say.
#[derive(Clone)]
pub struct InspectionConfig {
    /// The school's authority, PEM. What leads to it may follow, where a greater authority signed it.
    pub ca_certificate_pem: String,
    /// Its key, PEM, unencrypted. Kept by the caller in a file that only the gateway reads.
    pub ca_key_pem: String,
    /// Roots trusted for origins besides the system's, PEM: a school's own servers, an upstream proxy.
    pub extra_roots: Vec<String>,
    /// What is done about pinned apps.
    pub pinned: Pinned,
    /// Refusals of our certificate, within an hour, after which a host counts as pinned.
    pub pinned_after: u32,
    /// How long it then is carried unread.
    pub pinned_for: SignedDuration,
}

impl InspectionConfig {
    /// Reading with this authority, and everything else as most schools want it.
    pub fn new(authority: SchoolCa) -> Self {
        Self {
            ca_certificate_pem: authority.certificate_pem,
            ca_key_pem: authority.key_pem,
            extra_roots: Vec::new(),
            pinned: Pinned::PassBy,
            pinned_after: 3,
            pinned_for: SignedDuration::from_hours(8),
        }
    }
}

/// Everything that reading encrypted pages needs while the gateway runs.
pub(crate) struct Inspection {
    minted: Arc<Minted>,
    towards_devices: Arc<ServerConfig>,
    towards_origins: ClientConfig,
    refusals: Arc<Refusals>,
    pinned: Pinned,
    /// What devices must trust.
    pub(crate) certificate_pem: String,
}

impl Inspection {
    /// Reads the authority and the system's roots.
    pub(crate) fn new(
        config: &InspectionConfig,
        clock: &Clock,
        entropy: &Entropy,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, AuthorityError> {
        let authority = Authority::read(&config.ca_certificate_pem, &config.ca_key_pem, Arc::clone(entropy))?;
        let minted = Arc::new(Minted::new(authority, Arc::clone(clock), Arc::clone(metrics))?);
        Ok(Self {
            towards_devices: Arc::new(client::device_config(&minted, clock)?),
            towards_origins: origin::origin_config(&config.extra_roots, clock)?,
            minted,
            refusals: Arc::new(Refusals::new(config.pinned_after, config.pinned_for)),
            pinned: config.pinned,
            certificate_pem: config.ca_certificate_pem.clone(),
        })
    }

    /// Whether a host is carried unread for a device, though the rules would have it read.
    pub(crate) fn passed_by(&self, device: IpAddr, host: &str, now: Timestamp) -> bool {
        self.pinned == Pinned::PassBy && self.refusals.passed_by(device, host, now)
    }

    /// When the school's authority ends, and with it all reading.
    pub(crate) fn authority_ends(&self) -> Timestamp {
        self.minted.authority_ends()
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Entropy;
    use std::sync::Arc;

    pub(super) fn entropy() -> Entropy {
        use std::hash::{BuildHasher, RandomState};
        Arc::new(|bytes: &mut [u8]| bytes.fill_with(|| RandomState::new().hash_one(0u8) as u8))
    }
}
