//! Settings of the sources of identity. Nothing is listened to and nothing is read unless it is set here. Secrets are never
//! shown: the types that hold one have no `Debug`, and the whole leaves it out.

use super::leases::LeaseFormat;
use ipnet::IpNet;
use jiff::SignedDuration;
use serde::Deserialize;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// Which sources of identity a gateway uses beside the portal and proxy passwords.
///
/// It can be read from a file, whose times are written as in `10s` or `1h`.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
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

impl fmt::Debug for IdentityConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("IdentityConfig")
            .field("radius", &self.radius.as_ref().map(|radius| &radius.listen))
            .field("leases", &self.leases)
            .field("neighbours", &self.neighbours)
            .field("directory", &self.directory.is_some())
            .finish()
    }
}

/// A DHCP server's lease file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: LeaseFormat,
    /// How often to look whether it changed; ten seconds unless it is said.
    #[serde(default = "ten_seconds")]
    pub every: SignedDuration,
}

impl LeaseFile {
    /// A file that is looked at every ten seconds.
    pub fn new(path: impl Into<PathBuf>, format: LeaseFormat) -> Self {
        Self { path: path.into(), format, every: ten_seconds() }
    }
}

const fn ten_seconds() -> SignedDuration {
    SignedDuration::from_secs(10)
}

/// A time between two looks, for a timer: never nothing, which no timer can wait for.
pub(super) fn interval(every: SignedDuration) -> std::time::Duration {
    every.unsigned_abs().max(std::time::Duration::from_millis(10))
}

/// Reading the kernel's table of neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct NeighbourConfig {
    /// How often.
    pub every: SignedDuration,
    /// How long a device is believed to have an address after it was last seen with it.
    pub believed_for: SignedDuration,
}

impl Default for NeighbourConfig {
    fn default() -> Self {
        Self { every: SignedDuration::from_secs(15), believed_for: SignedDuration::from_mins(10) }
    }
}

/// Log-ons posted by the computers of a directory to `POST /identity/log-on` of the block page's listener.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DirectoryConfig {
    /// The key that posts are signed with, long and random.
    pub key: String,
    /// How long a log-on holds that no log-off ends; ten hours unless it is said.
    #[serde(default = "ten_hours")]
    pub longest: SignedDuration,
    /// Who may post for other addresses than their own: domain controllers.
    #[serde(default)]
    pub may_speak_for_others: Vec<IpNet>,
}

const fn ten_hours() -> SignedDuration {
    SignedDuration::from_hours(10)
}

/// The RADIUS accounting server.
#[derive(Clone, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
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
#[derive(Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RadiusClient {
    /// Where they send from, `10.0.5.0/24`.
    pub network: IpNet,
    /// The secret, the same as is set there. Long and random: it is all that keeps a forger out.
    pub secret: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_from_a_file_and_what_is_misspelt_is_named() {
        let text = r#"{
            "radius": {
                "listen": ["10.0.0.2:1813"],
                "clients": [
                    {"network": "10.0.5.0/24", "secret": "for all"},
                    {"network": "10.0.5.7/32", "secret": "for the library"},
                    {"network": "10.0.6.0/24", "secret": ""}
                ],
                "silent-after": "30m"
            },
            "leases": [{"path": "/var/lib/misc/dnsmasq.leases", "format": "dnsmasq", "every": "5s"}],
            "neighbours": {},
            "directory": {"key": "long and random", "may-speak-for-others": ["10.0.0.5/32"]}
        }"#;
        let config: IdentityConfig = serde_json::from_str(text).unwrap();
        let radius = config.radius.unwrap();
        assert_eq!(radius.silent_after, SignedDuration::from_mins(30));
        let secret = |sender: &str| radius.secret_of(sender.parse().unwrap());
        assert_eq!(secret("10.0.5.7"), Some(&b"for the library"[..]), "the narrowest network counts");
        assert_eq!(secret("10.0.5.8"), Some(&b"for all"[..]));
        assert_eq!(secret("10.0.6.8"), None, "an empty secret is none");
        assert_eq!(secret("10.0.7.8"), None);
        assert_eq!(config.leases[0].every, SignedDuration::from_secs(5));
        assert_eq!(config.neighbours, Some(NeighbourConfig::default()));
        assert_eq!(config.directory.unwrap().longest, SignedDuration::from_hours(10));
        let misspelt = serde_json::from_str::<IdentityConfig>(r#"{"radios": {}}"#).err().unwrap().to_string();
        assert!(misspelt.contains("radios"), "{misspelt}");
    }
}
