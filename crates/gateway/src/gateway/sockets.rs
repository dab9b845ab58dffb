//! The sockets of a gateway, open and not yet read.

use super::error::StartError;
use crate::config::GatewayConfig;
use crate::dns;
use crate::identity::Sources;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Every socket of a gateway.
pub(super) struct Sockets {
    pub(super) dns: Vec<dns::listen::Sockets>,
    pub(super) encrypted_dns: Option<dns::encrypted::Sockets>,
    pub(super) transparent: Vec<TcpListener>,
    pub(super) proxy: Vec<TcpListener>,
    pub(super) icap: Vec<TcpListener>,
    pub(super) block_page: Vec<TcpListener>,
    pub(super) identity: Sources,
}

/// The first address of each kind, with its real port.
#[derive(Clone, Copy)]
pub(super) struct Addresses {
    pub(super) dns: Option<SocketAddr>,
    pub(super) dns_tls: Option<SocketAddr>,
    pub(super) dns_https: Option<SocketAddr>,
    pub(super) transparent: Option<SocketAddr>,
    pub(super) proxy: Option<SocketAddr>,
    pub(super) icap: Option<SocketAddr>,
    pub(super) block_page: Option<SocketAddr>,
    pub(super) radius: Option<SocketAddr>,
}

impl Sockets {
    /// Opens what the settings name, or takes it from what is open already.
    pub(super) async fn open(config: &GatewayConfig) -> Result<Self, StartError> {
        let open = &config.open_sockets;
        Ok(Self {
            dns: dns::listen::open(open, &config.dns_listen, config.dns.threads)?,
            transparent: open.listeners(&config.proxy.transparent_listen, "redirected connections")?,
            proxy: open.listeners(&config.proxy_listen, "the proxy")?,
            icap: open.listeners(&config.icap.listen, "ICAP")?,
            block_page: open.listeners(&config.block_page_listen, "the block page")?,
            encrypted_dns: dns::encrypted::open(open, &config.dns)?,
            identity: Sources::open(open, &config.identity).await?,
        })
    }

    pub(super) fn addresses(&self) -> Addresses {
        let first = |sockets: &[TcpListener]| sockets.first().and_then(|socket| socket.local_addr().ok());
        let encrypted = self.encrypted_dns.as_ref();
        let [dns_tls, dns_https] = encrypted.map(dns::encrypted::Sockets::addresses).unwrap_or_default();
        Addresses {
            dns: self.dns.first().map(dns::listen::Sockets::address),
            dns_tls,
            dns_https,
            transparent: first(&self.transparent),
            proxy: first(&self.proxy),
            icap: first(&self.icap),
            block_page: first(&self.block_page),
            radius: self.identity.radius_address(),
        }
    }
}
