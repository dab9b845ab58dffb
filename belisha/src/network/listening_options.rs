//! The options that say where a gateway listens and whom it asks: the same for `belisha serve`, which has the gateway inside, and
//! for `belisha gateway`, which is nothing else. What they make is a [`Listening`].

use super::proxy_options::ProxyOptions;
use super::{DnsOptions, Listening};
use crate::commands::Failure;
use belisha_gateway::{ClamdAddress, IcapConfig, IdentityConfig};
use clap::Args;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where a gateway listens and whom it asks.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Addresses")]
pub struct ListeningOptions {
    /// Certificate chain, PEM, of encrypted DNS and of the pages; other devices can only sign in over HTTPS
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, PEM
    #[arg(long, requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Where the proxy listens
    #[arg(long, default_value = "127.0.0.1:4481")]
    pub proxy: SocketAddr,
    /// Where the block page and the PAC file are served; port 80 where DNS is used
    #[arg(long, default_value = "127.0.0.1:4482")]
    pub block_page: SocketAddr,
    /// Where closed names lead, if not to the address the block page listens on; an IPv4 and an IPv6 address may be given
    #[arg(long, value_name = "ADDRESS")]
    block_page_address: Vec<IpAddr>,
    /// Where DNS is answered
    #[arg(long, default_value = "127.0.0.1:4453")]
    pub dns: SocketAddr,
    /// A DNS server that is asked for open names; may be given several times
    #[arg(long)]
    upstream: Vec<SocketAddr>,
    /// Settings of what tells who is at an address (RADIUS, leases, log-ons), JSON: docs/guides/who-is-it.md
    #[arg(long)]
    identity: Option<PathBuf>,
    /// Where ClamAV listens, /run/clamav/clamd.ctl or an address and port; without it the malware scanner counts as away
    #[arg(long, value_name = "SOCKET")]
    clamd: Option<String>,
    /// Where a proxy the school has already may ask over ICAP, 127.0.0.1:1344: docs/guides/beside-an-existing-proxy.md
    #[arg(long)]
    icap: Option<SocketAddr>,
    /// A proxy that may ask over ICAP and is believed, 10.0.0.5 or 10.0.0.0/28; may be given several times. Without it only this machine's
    #[arg(long, value_name = "ADDRESS", requires = "icap", value_parser = network)]
    icap_from: Vec<IpNet>,
    #[command(flatten)]
    name_server: DnsOptions,
    #[command(flatten)]
    proxy_settings: ProxyOptions,
}

impl ListeningOptions {
    /// Certificate chain and private key, where both are given.
    pub fn tls(&self) -> Option<(PathBuf, PathBuf)> {
        self.tls_certificate.clone().zip(self.tls_key.clone())
    }

    /// What these options make.
    ///
    /// # Errors
    /// When the settings of identity cannot be read.
    pub fn listening(&self) -> Result<Listening, Failure> {
        Ok(Listening {
            dns: Some(self.dns),
            proxy: Some(self.proxy),
            block_page: Some(self.block_page),
            upstreams: self.upstream.clone(),
            clamd: self.clamd.as_deref().map(clamd),
            icap: IcapConfig { listen: self.icap.into_iter().collect(), from: self.icap_from.clone() },
            identity: self.identity.as_deref().map(identity).transpose()?.unwrap_or_default(),
            dns_settings: self.name_server.settings(self.tls()),
            block_page_addresses: self.block_page_address.clone(),
            proxy_public: self.proxy_settings.public(),
            proxy_settings: self.proxy_settings.settings(),
            ask_for_credentials: self.proxy_settings.proxy_ask_for_credentials,
            allow_private_for: self.proxy_settings.proxy_allow_private.clone(),
            tunnel_ports: self.proxy_settings.proxy_tunnel_port.clone(),
            ..Listening::default()
        })
    }
}

/// One address, or a network of them.
fn network(typed: &str) -> Result<IpNet, String> {
    let address = || typed.parse::<IpAddr>().map(IpNet::from);
    typed.parse().or_else(|_| address()).map_err(|_| "write it as 10.0.0.5 or 10.0.0.0/28".to_owned())
}

/// A socket of the malware scanner: an address with a port, else the path of a Unix socket.
fn clamd(typed: &str) -> ClamdAddress {
    typed.parse().map_or_else(|_| ClamdAddress::Unix(PathBuf::from(typed)), ClamdAddress::Tcp)
}

/// Reads the settings of identity.
pub(super) fn identity(path: &Path) -> Result<IdentityConfig, Failure> {
    let wrong = |what: String| Failure(format!("cannot use the settings in `{}`: {what}", path.display()));
    let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| wrong(format!("{error}; docs/guides/who-is-it.md has an example")))
}
