//! Settings of the name server beyond where it listens: whom it asks and how, the school's own zones, encrypted DNS for
//! clients, and what one client may take. The defaults need no thought; `docs/guides/dns.md` explains every one.

use ipnet::IpNet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of the name server. Addresses of plain DNS and its servers are in [`crate::GatewayConfig`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsConfig {
    /// Threads that answer over UDP on each address; 0 = one for each processor, four at most.
    pub threads: usize,
    /// Where DNS over TLS (RFC 7858) is answered, usually port 853. Needs a certificate.
    pub tls_listen: Vec<SocketAddr>,
    /// Where DNS over HTTPS (RFC 8484) is answered under `/dns-query`, usually port 443. Needs a certificate.
    pub https_listen: Vec<SocketAddr>,
    /// Certificate of both, read again when its file changes.
    pub certificate: Option<CertificateFiles>,
    /// Name in that certificate, told to clients that ask for encrypted DNS here (RFC 9462). `None`: they are told that
    /// there is none.
    pub encrypted_name: Option<String>,
    /// Servers asked over TLS. When there are any, the plain ones are asked only if none of these answers.
    pub tls_upstreams: Vec<TlsUpstream>,
    /// File of PEM certificates trusted for them beside the machine's own.
    pub upstream_roots: Option<PathBuf>,
    /// Whether questions to other servers mix capital and small letters, so that a forger must guess them too.
    pub mix_case: bool,
    /// Zones that other servers than the usual answer: the school's domain controller.
    pub forward_zones: Vec<ForwardZone>,
    /// Zones this gateway alone answers, from `local_data` and the local records: never asked of anybody.
    pub local_zones: Vec<String>,
    /// Records of the school's own, one in each line as in a zone file: `printer.school.example 300 IN A 10.0.0.5`. Types A,
    /// AAAA, CNAME, MX, PTR, SRV and TXT.
    pub local_data: Vec<String>,
    /// An answer that leads into one of these networks is closed.
    pub closed_networks: Vec<IpNet>,
    /// How long beyond its time an answer may still be given when no server can be reached (RFC 8767).
    pub stale_for: Duration,
    /// Questions a second that one client (an IPv4 address, or 56 bits of an IPv6 address) may ask over UDP; 0 = any number.
    /// Twice as many may come at once. Beyond that it is told to use TCP.
    pub questions_a_second: u32,
    /// Networks the limit does not hold for.
    pub unlimited: Vec<IpNet>,
}

impl Default for DnsConfig {
    fn default() -> Self {
        Self {
            threads: 0,
            tls_listen: Vec::new(),
            https_listen: Vec::new(),
            certificate: None,
            encrypted_name: None,
            tls_upstreams: Vec::new(),
            upstream_roots: None,
            mix_case: true,
            forward_zones: Vec::new(),
            local_zones: Vec::new(),
            local_data: Vec::new(),
            closed_networks: Vec::new(),
            stale_for: Duration::from_secs(24 * 60 * 60),
            questions_a_second: 500,
            // The school's own programs on this machine, and the web server's.
            unlimited: ["127.0.0.0/8", "::1/128"].iter().filter_map(|network| network.parse().ok()).collect(),
        }
    }
}

/// A certificate and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, then those between it and its root.
    pub chain: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// A server asked over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsUpstream {
    /// Address and port, usually 853.
    pub address: SocketAddr,
    /// The name its certificate must carry.
    pub name: String,
}

/// A zone and who answers it. Its names are open to everybody in school, unless they are on the illegal-content list, and
/// are not written down: devices ask them to sign in, print and share files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForwardZone {
    /// The zone, `ad.school.example` or `10.in-addr.arpa`: itself and every name below.
    pub suffix: String,
    /// Its servers. Private addresses in their answers are right.
    pub servers: Vec<SocketAddr>,
}
