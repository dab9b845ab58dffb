//! What the person who runs a gateway decides: where it listens, whom it asks, what it may reach. One gateway serves one
//! school; a machine that serves two starts two. What people may *visit* is not here: that is `rules.rs`.

use crate::content::ContentConfig;
use crate::dns::config::DnsConfig;
use crate::icap::IcapConfig;
use crate::identity::IdentityConfig;
use crate::inspect::InspectionConfig;
use crate::observe::Observation;
use crate::open_sockets::OpenSockets;
use crate::proxy::ProxyConfig;
use belisha_records::SchoolId;
use jiff::Timestamp;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The time, as an argument. The binary reads the clock; tests give what they like.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Fills a buffer with random bytes from the operating system. DNS ids, ports and block numbers come from it.
pub type Entropy = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Settings of one gateway. Port 0 asks the system for a free one; [`crate::GatewayHandle`] says which it was.
#[derive(Clone)]
pub struct GatewayConfig {
    /// The school whose rules this gateway carries out.
    pub school: SchoolId,
    /// Where DNS is answered, over UDP and TCP on the same port. Empty: no DNS.
    pub dns_listen: Vec<SocketAddr>,
    /// Where the explicit proxy listens. Empty: no proxy.
    pub proxy_listen: Vec<SocketAddr>,
    /// Where the block page, `/proxy.pac` and `/wpad.dat` are served over plain HTTP. Empty: nowhere.
    pub block_page_listen: Vec<SocketAddr>,
    /// What a closed name resolves to for IPv4 clients: the address of the block page.
    pub block_page_v4: Ipv4Addr,
    /// The same for IPv6; `None` answers AAAA with no data, so that clients use IPv4.
    pub block_page_v6: Option<Ipv6Addr>,
    /// `host:port` that the PAC file names; `None` uses the proxy's own listening address.
    pub proxy_public: Option<String>,
    /// The school's own pages.
    pub portal: Portal,
    /// DNS servers asked for names that are open, in order. Empty: such names get SERVFAIL, and the proxy asks the system.
    pub upstreams: Vec<SocketAddr>,
    /// The name server's other settings.
    pub dns: DnsConfig,
    /// Names answered here, exact (`lessons.example`) or with every name below (`*.example`).
    pub local_records: HashMap<String, LocalRecord>,
    /// Hosts, `host:port` or `address:port` on private addresses that the proxy may reach nonetheless. Portal and local
    /// records need no entry.
    pub allow_private_for: Vec<String>,
    /// Ports CONNECT may name.
    pub tunnel_ports: Vec<u16>,
    /// The proxy's other settings.
    pub proxy: ProxyConfig,
    /// How other proxies may ask.
    pub icap: IcapConfig,
    /// Directory for the last rules and identities. `None`: nothing is kept, and a start without rules is the strictest.
    pub snapshot: Option<PathBuf>,
    /// The file this machine compiled its lists to, if it did: the snapshot then shares it instead of keeping a copy.
    pub compiled_lists: Option<PathBuf>,
    /// Key under which the list of illegal content is kept, the installation's own; the snapshot cannot be read without it.
    pub illegal_list_key: [u8; 16],
    /// Whether the proxy asks an unknown device's browser for a user name and password (407). Off: unknown devices get the
    /// `unknown` group. A *wrong* password is refused either way.
    pub ask_for_credentials: bool,
    /// Where observations go. When it is full they are counted and dropped, never waited for.
    pub observations: mpsc::Sender<Observation>,
    /// How encrypted pages are read where the rules say so. `None`: none ever are.
    pub inspection: Option<InspectionConfig>,
    /// What tells who is at an address, beside the portal and proxy passwords.
    pub identity: IdentityConfig,
    /// How pages and files are looked at where the rules say so.
    pub content: ContentConfig,
    /// Sockets that are open already.
    pub open_sockets: OpenSockets,
    /// Bounds on what one client may take.
    pub limits: Limits,
}

impl GatewayConfig {
    /// Loopback on free ports, no upstream, nothing kept: what a test or a demo starts from.
    pub fn loopback(school: SchoolId, portal: Portal, observations: mpsc::Sender<Observation>) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            school,
            dns_listen: vec![any],
            proxy_listen: vec![any],
            block_page_listen: vec![any],
            block_page_v4: Ipv4Addr::LOCALHOST,
            block_page_v6: None,
            proxy_public: None,
            portal,
            upstreams: Vec::new(),
            dns: DnsConfig::default(),
            local_records: HashMap::new(),
            allow_private_for: Vec::new(),
            tunnel_ports: vec![443],
            proxy: ProxyConfig::default(),
            icap: IcapConfig::default(),
            snapshot: None,
            compiled_lists: None,
            illegal_list_key: [0; 16],
            ask_for_credentials: false,
            observations,
            inspection: None,
            identity: IdentityConfig::default(),
            content: ContentConfig::default(),
            open_sockets: OpenSockets::default(),
            limits: Limits::default(),
        }
    }
}

/// The school's own pages, reachable by everybody always: sign-in, agreements, policy, "tell someone".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Portal {
    /// What links on pages start with, without a final slash: `https://belisha.test` or `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Host names of the portal, lower case. The host of `base_url` counts as well.
    pub hosts: Vec<String>,
    /// Where the web server listens. The proxy connects here whatever port the URL names.
    pub address: SocketAddr,
    /// Secret shared with the web server. The proxy then tells the portal which device asks, in
    /// `Forwarded: for="address";secret="…"` (RFC 7239), and strips what the client wrote there.
    pub forwarded_secret: Option<String>,
}

impl Portal {
    /// Whether a host is the portal's, or the name browsers look for a PAC file under.
    pub fn is_own(&self, host: &str) -> bool {
        // Nearly no host is: one comparison spares the others from having the address taken apart.
        let begins = |scheme| self.base_url.strip_prefix(scheme).map(|rest| rest.starts_with(host));
        let may_be = begins("https://").or_else(|| begins("http://")).unwrap_or(true);
        self.hosts.iter().any(|own| own == host) || (may_be && self.base_host() == Some(host))
    }

    /// Host part of `base_url`.
    pub fn base_host(&self) -> Option<&str> {
        let rest = self.base_url.split_once("://")?.1;
        let authority = rest.split('/').next()?;
        Some(match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        })
    }
}

/// A name answered without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalRecord {
    /// The address DNS answers and the proxy connects to. It may be private.
    pub address: IpAddr,
    /// The port the proxy connects to, where it is not the URL's.
    pub port: Option<u16>,
}

/// The record for a host among exact names and `*.` names; the longest match wins.
pub(crate) fn local_record<'a>(records: &'a HashMap<String, LocalRecord>, host: &str) -> Option<&'a LocalRecord> {
    if records.is_empty() {
        return None;
    }
    if let Some(record) = records.get(host) {
        return Some(record);
    }
    let mut rest = host;
    while let Some((_, parent)) = rest.split_once('.') {
        if let Some(record) = records.get(&format!("*.{parent}")) {
            return Some(record);
        }
        rest = parent;
    }
    None
}

/// Bounds on what one client may take. The defaults suit a school; tests make them small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open connections to the proxy, and again to the block page.
    pub connections: usize,
    /// Of these, how many one device may hold.
    pub connections_per_device: usize,
    /// Open DNS connections over TCP.
    pub dns_connections: usize,
    /// DNS questions being forwarded at one time; more are answered SERVFAIL.
    pub dns_in_flight: usize,
    /// A client must have sent its request head, or its TLS ClientHello, by then.
    pub head_time: Duration,
    /// Longest request head, in bytes.
    pub head_bytes: usize,
    /// Longest request body, in bytes. Bodies are streamed: a long one costs time, not memory.
    pub body_bytes: u64,
    /// How long a connection to an origin may take to open.
    pub connect_time: Duration,
    /// How long a body, a tunnel, or a TCP DNS connection may be silent, and how long a client may take nothing.
    pub idle_time: Duration,
    /// How long requests that have begun may take to finish when the gateway stops.
    pub finish_time: Duration,
    /// How long one DNS server is waited for.
    pub upstream_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_device: 512,
            dns_connections: 256,
            dns_in_flight: 1024,
            head_time: Duration::from_secs(15),
            head_bytes: 64 * 1024,
            body_bytes: 64 * 1024 * 1024 * 1024,
            connect_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(300),
            finish_time: Duration::from_secs(5),
            upstream_time: Duration::from_millis(1500),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portal_knows_its_own_hosts() {
        let portal = Portal {
            base_url: "http://127.0.0.1:8080".into(),
            hosts: vec!["belisha.test".into()],
            address: SocketAddr::from(([127, 0, 0, 1], 8080)),
            forwarded_secret: None,
        };
        assert!(portal.is_own("127.0.0.1") && portal.is_own("belisha.test"));
        assert!(!portal.is_own("not-belisha.test") && !portal.is_own("127.0.0.1:8080"));
    }

    #[test]
    fn the_longest_local_name_wins() {
        let record = |last| LocalRecord { address: IpAddr::from([127, 0, 0, last]), port: None };
        let records = HashMap::from([
            ("*.example".to_owned(), record(1)),
            ("*.games.example".to_owned(), record(2)),
            ("exact.games.example".to_owned(), record(3)),
        ]);
        let last = |host: &str| local_record(&records, host).map(|found| found.address);
        assert_eq!(last("lessons.example"), Some(IpAddr::from([127, 0, 0, 1])));
        assert_eq!(last("a.b.games.example"), Some(IpAddr::from([127, 0, 0, 2])));
        assert_eq!(last("exact.games.example"), Some(IpAddr::from([127, 0, 0, 3])));
        assert_eq!(last("example.test"), None);
    }
}
