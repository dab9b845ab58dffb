//! The proxy's settings besides where it listens: connections that a router redirected, a proxy further up, addresses asked
//! for without a name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// Settings of the proxy.
#[derive(Debug, Clone, Default)]
pub struct ProxyConfig {
    /// Where connections arrive that the school's router or firewall redirected here (iptables `REDIRECT`, TPROXY), both
    /// plain and TLS. Empty: nowhere.
    pub transparent_listen: Vec<SocketAddr>,
    /// A proxy further up that everything outside is asked through. `None`: origins are reached directly.
    pub upstream: Option<UpstreamProxy>,
    /// What happens to public addresses asked for without a name.
    pub direct_address: DirectAddress,
}

/// What happens to `http://198.51.100.7/` and to tunnels to such an address. Lists know names, so an address is a way round
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DirectAddress {
    /// Closed to everybody but adults, unless a rule of the school opens it.
    #[default]
    Block,
    /// Judged like any host.
    Allow,
}

/// A proxy between this one and the internet, such as the local authority's.
#[derive(Clone)]
pub struct UpstreamProxy {
    /// `host:port`.
    pub address: String,
    /// User name and password, sent as Basic.
    pub credential: Option<(String, String)>,
    /// Hosts reached directly all the same: `lessons.example`, `*.example` for every name below, `10.0.0.0/8`.
    pub bypass: Vec<String>,
}

impl UpstreamProxy {
    /// Whether a host is asked through it.
    pub(super) fn leads(&self, host: &str) -> bool {
        let address: Option<IpAddr> = host.parse().ok();
        !self.bypass.iter().any(|entry| match (entry.strip_prefix("*."), address) {
            (Some(parent), _) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
            (None, Some(address)) => {
                entry.parse::<IpNet>().is_ok_and(|net| net.contains(&address))
                    || entry.parse::<IpAddr>().is_ok_and(|entry| entry == address)
            }
            (None, None) => entry == host,
        })
    }

    /// What it is shown as proof, as a header's value.
    pub(super) fn authorization(&self) -> Option<String> {
        let (username, password) = self.credential.as_ref()?;
        Some(format!("Basic {}", STANDARD.encode(format!("{username}:{password}"))))
    }
}

/// The password stays out of logs.
impl fmt::Debug for UpstreamProxy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("UpstreamProxy").field("address", &self.address).field("bypass", &self.bypass).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_on_the_bypass_list_are_reached_directly() {
        let upstream = UpstreamProxy {
            address: "proxy.example:3128".into(),
            credential: Some(("school".into(), "secret".into())),
            bypass: ["intranet.test", "*.school.test", "10.0.0.0/8", "192.0.2.7"].map(str::to_owned).into(),
        };
        for direct in ["intranet.test", "books.school.test", "a.b.school.test", "10.9.8.7", "192.0.2.7"] {
            assert!(!upstream.leads(direct), "{direct}");
        }
        for led in ["lessons.example", "school.test", "other-school.test", "x.intranet.test", "11.0.0.1", "2001:db8::1"]
        {
            assert!(upstream.leads(led), "{led}");
        }
        assert!(!format!("{upstream:?}").contains("secret"));
    }
}
