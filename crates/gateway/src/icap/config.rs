//! Settings of the ICAP server: where it listens, and whose word it takes.

use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// How other proxies may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IcapConfig {
    /// Where it listens; port 1344 is ICAP's. Empty: nowhere.
    pub listen: Vec<SocketAddr>,
    /// The proxies that may ask, and are believed when they say whose request it is. Empty: those on this machine.
    pub from: Vec<IpNet>,
}

impl IcapConfig {
    /// Whether an address may ask.
    pub(super) fn believes(&self, address: IpAddr) -> bool {
        match self.from.as_slice() {
            [] => address.is_loopback(),
            from => from.iter().any(|network| network.contains(&address)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_that_are_named_may_ask() {
        let here = IcapConfig::default();
        assert!(here.believes([127, 0, 0, 1].into()) && !here.believes([10, 0, 0, 5].into()));
        let named = IcapConfig { from: vec!["10.0.0.5/32".parse().unwrap()], ..here };
        assert!(named.believes([10, 0, 0, 5].into()));
        assert!(!named.believes([10, 0, 0, 6].into()) && !named.believes([127, 0, 0, 1].into()));
    }
}
