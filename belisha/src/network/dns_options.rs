//! The options of `belisha serve` about the name server beyond its address and plain servers. What they do is in
//! `docs/guides/dns.md`.

use belisha_gateway::{CertificateFiles, DnsConfig, ForwardZone, TlsUpstream};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Name server options.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "Name server")]
pub struct DnsOptions {
    /// Where DNS over TLS is answered, with the pages' certificate (--tls-certificate)
    #[arg(long, requires = "tls_certificate")]
    dns_tls: Vec<SocketAddr>,
    /// Where DNS over HTTPS is answered, with the pages' certificate
    #[arg(long, requires = "tls_certificate")]
    dns_https: Vec<SocketAddr>,
    /// Name in the certificate that devices are told for encrypted DNS
    #[arg(long)]
    dns_name: Option<String>,
    /// A server asked over TLS, with the name in its certificate: 9.9.9.9:853=dns.quad9.net; may be given several times
    #[arg(long, value_name = "ADDRESS=NAME", value_parser = tls_upstream)]
    upstream_tls: Vec<TlsUpstream>,
    /// A zone that the school's own server answers: ad.school.example=10.0.0.2:53; may be given several times
    #[arg(long, value_name = "ZONE=ADDRESS", value_parser = forward_zone)]
    dns_zone: Vec<ForwardZone>,
    /// A zone that is answered here alone; may be given several times
    #[arg(long, value_name = "ZONE")]
    dns_local_zone: Vec<String>,
    /// A record of the school's own: "printer.school.example A 10.0.0.5"; may be given several times
    #[arg(long, value_name = "RECORD")]
    dns_record: Vec<String>,
}

impl DnsOptions {
    /// The settings these options make, with the certificate and key of the pages.
    pub fn settings(&self, certificate: Option<(PathBuf, PathBuf)>) -> DnsConfig {
        let mut zones: Vec<ForwardZone> = Vec::new();
        for zone in &self.dns_zone {
            match zones.iter_mut().find(|known| known.suffix == zone.suffix) {
                Some(known) => known.servers.extend(&zone.servers),
                None => zones.push(zone.clone()),
            }
        }
        DnsConfig {
            tls_listen: self.dns_tls.clone(),
            https_listen: self.dns_https.clone(),
            certificate: certificate.map(|(chain, key)| CertificateFiles { chain, key }),
            encrypted_name: self.dns_name.clone(),
            tls_upstreams: self.upstream_tls.clone(),
            forward_zones: zones,
            local_zones: self.dns_local_zone.clone(),
            local_data: self.dns_record.clone(),
            ..DnsConfig::default()
        }
    }
}

fn tls_upstream(text: &str) -> Result<TlsUpstream, String> {
    let (address, name) = text.split_once('=').ok_or("write it as ADDRESS=NAME, 9.9.9.9:853=dns.quad9.net")?;
    let address = address.parse().map_err(|_| "the address needs a port, 9.9.9.9:853")?;
    Ok(TlsUpstream { address, name: name.to_owned() })
}

fn forward_zone(text: &str) -> Result<ForwardZone, String> {
    let (zone, address) = text.split_once('=').ok_or("write it as ZONE=ADDRESS, ad.school.example=10.0.0.2:53")?;
    let address = address.parse().map_err(|_| "the address needs a port, 10.0.0.2:53")?;
    Ok(ForwardZone { suffix: zone.to_owned(), servers: vec![address] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Given {
        #[arg(long)]
        tls_certificate: Option<PathBuf>,
        #[command(flatten)]
        dns: DnsOptions,
    }

    #[test]
    fn options_become_settings() {
        let given = Given::try_parse_from([
            "serve",
            "--tls-certificate=chain.pem",
            "--dns-tls=127.0.0.1:853",
            "--upstream-tls=192.0.3.1:853=dns.elsewhere.example",
            "--dns-zone=ad.school.example=10.0.0.2:53",
            "--dns-zone=ad.school.example=10.0.0.3:53",
            "--dns-zone=10.in-addr.arpa=10.0.0.2:53",
            "--dns-record=printer.school.example A 10.0.0.5",
        ])
        .unwrap();
        let settings = given.dns.settings(given.tls_certificate.map(|chain| (chain, PathBuf::from("key.pem"))));
        assert_eq!(settings.tls_listen, ["127.0.0.1:853".parse().unwrap()]);
        assert_eq!(settings.tls_upstreams[0].name, "dns.elsewhere.example");
        assert_eq!(settings.forward_zones.len(), 2);
        assert_eq!(settings.forward_zones[0].servers.len(), 2, "two servers of one zone");
        assert!(settings.certificate.is_some() && settings.local_data.len() == 1);
        for wrong in [
            "--dns-zone=ad.school.example",
            "--dns-zone=a=10.0.0.2",
            "--upstream-tls=192.0.3.1=x",
            "--dns-tls=127.0.0.1:853",
        ] {
            assert!(Given::try_parse_from(["serve", wrong]).is_err(), "{wrong}");
        }
    }
}
