//! `--gateway school=…,dns=…`: the addresses of one school's gateway, where one server has several schools. Everything that is not
//! an address is as the other options say.

use super::Listening;
use super::listening_options::identity;
use super::proxy_options::host_and_port;
use crate::commands::Failure;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

/// One school's gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchoolGateway {
    school: String,
    dns: Option<SocketAddr>,
    proxy: Option<SocketAddr>,
    block_page: Option<SocketAddr>,
    block_page_address: Vec<IpAddr>,
    dns_tls: Vec<SocketAddr>,
    dns_https: Vec<SocketAddr>,
    transparent: Vec<SocketAddr>,
    icap: Vec<SocketAddr>,
    proxy_public: Option<String>,
    identity: Option<PathBuf>,
}

const EXAMPLE: &str = "school=Inverbrae Primary School,dns=10.1.0.2:53,proxy=10.1.0.2:3128,block-page=10.1.0.2:80";

impl FromStr for SchoolGateway {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut gateway = Self::default();
        for part in text.split(',') {
            let (key, value) =
                part.split_once('=').ok_or_else(|| format!("`{part}` has no `=`; write it as {EXAMPLE}"))?;
            gateway.take(key.trim(), value.trim())?;
        }
        if gateway.school.is_empty() {
            return Err(format!("it names no school; write it as {EXAMPLE}"));
        }
        if gateway.dns.is_none() && gateway.proxy.is_none() {
            return Err("it listens nowhere; give dns=ADDRESS:PORT or proxy=ADDRESS:PORT".into());
        }
        Ok(gateway)
    }
}

impl SchoolGateway {
    fn take(&mut self, key: &str, value: &str) -> Result<(), String> {
        let address = || value.parse().map_err(|_| format!("`{key}={value}`: give an address and a port, 10.1.0.2:53"));
        match key {
            "school" => value.clone_into(&mut self.school),
            "dns" => self.dns = Some(address()?),
            "proxy" => self.proxy = Some(address()?),
            "block-page" => self.block_page = Some(address()?),
            "block-page-address" => {
                let address = value.parse().map_err(|_| format!("`{key}={value}`: give an address without a port"))?;
                self.block_page_address.push(address);
            }
            "dns-tls" => self.dns_tls.push(address()?),
            "dns-https" => self.dns_https.push(address()?),
            "proxy-transparent" => self.transparent.push(address()?),
            "icap" => self.icap.push(address()?),
            "proxy-public" => self.proxy_public = Some(host_and_port(value)?),
            "identity" => self.identity = Some(value.into()),
            _ => {
                return Err(format!(
                    "`{key}` is none of school, dns, proxy, block-page, block-page-address, dns-tls, dns-https, proxy-transparent, proxy-public, icap, identity"
                ));
            }
        }
        Ok(())
    }

    /// This gateway, in everything else like another.
    ///
    /// # Errors
    /// When the settings of identity cannot be read.
    pub fn listening(&self, other: &Listening) -> Result<Listening, Failure> {
        let mut listening = Listening {
            school: Some(self.school.clone()),
            dns: self.dns,
            proxy: self.proxy,
            block_page: self.block_page,
            block_page_addresses: self.block_page_address.clone(),
            proxy_public: self.proxy_public.clone(),
            identity: self.identity.as_deref().map(identity).transpose()?.unwrap_or_default(),
            ..other.clone()
        };
        listening.dns_settings.tls_listen.clone_from(&self.dns_tls);
        listening.dns_settings.https_listen.clone_from(&self.dns_https);
        listening.proxy_settings.transparent_listen.clone_from(&self.transparent);
        listening.icap.listen.clone_from(&self.icap);
        Ok(listening)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_school_has_its_own_addresses_and_shares_the_rest() {
        let gateway: SchoolGateway = format!("{EXAMPLE},proxy-transparent=10.1.0.2:8080").parse().unwrap();
        let mut other = Listening { upstreams: vec!["192.0.3.1:53".parse().unwrap()], ..Listening::default() };
        other.dns_settings.tls_listen.push("10.0.0.2:853".parse().unwrap());
        let listening = gateway.listening(&other).unwrap();
        assert_eq!(listening.school.as_deref(), Some("Inverbrae Primary School"));
        assert_eq!(listening.proxy, Some("10.1.0.2:3128".parse().unwrap()));
        assert_eq!(listening.proxy_settings.transparent_listen, ["10.1.0.2:8080".parse().unwrap()]);
        assert_eq!(listening.upstreams, other.upstreams);
        assert!(listening.dns_settings.tls_listen.is_empty(), "one address is one gateway's");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_to_write() {
        for (wrong, says) in [
            ("dns=10.1.0.2:53", "names no school"),
            ("school=A", "listens nowhere"),
            ("school=A,dns=10.1.0.2", "an address and a port"),
            ("school=A,dns=10.1.0.2:53,port=5", "none of school"),
            ("school=A,10.1.0.2:53", "no `=`"),
            ("school=A,dns=10.1.0.2:53,block-page-address=10.1.0.2:80", "without a port"),
        ] {
            let said = wrong.parse::<SchoolGateway>().unwrap_err();
            assert!(said.contains(says), "{wrong}: {said}");
        }
    }
}
