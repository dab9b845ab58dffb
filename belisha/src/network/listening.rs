//! Where one school's gateway listens and whom it asks, made of the options by `listening_options.rs`; opens its addresses ahead
//! and finds two that are the same.

use crate::commands::Failure;
use belisha_gateway::{ClamdAddress, DnsConfig, IcapConfig, IdentityConfig, LocalRecord, OpenSockets, ProxyConfig};
use belisha_records::SchoolId;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// Where one school's gateway listens and whom it asks.
#[derive(Clone, Default)]
pub struct Listening {
    /// Which school, by its name or id; `None`: the next that nobody named.
    pub school: Option<String>,
    /// DNS, UDP and TCP.
    pub dns: Option<SocketAddr>,
    /// Proxy.
    pub proxy: Option<SocketAddr>,
    /// Block page and PAC file.
    pub block_page: Option<SocketAddr>,
    /// What a closed name resolves to, where that is not the address the block page listens on.
    pub block_page_addresses: Vec<IpAddr>,
    /// What the PAC file calls the proxy.
    pub proxy_public: Option<String>,
    /// DNS servers asked for open names.
    pub upstreams: Vec<SocketAddr>,
    /// The name server's other settings.
    pub dns_settings: DnsConfig,
    /// The proxy's other settings.
    pub proxy_settings: ProxyConfig,
    /// Whether unknown browsers are asked for a password.
    pub ask_for_credentials: bool,
    /// Hosts on private networks that the proxy may reach.
    pub allow_private_for: Vec<String>,
    /// Ports of encrypted pages besides 443.
    pub tunnel_ports: Vec<u16>,
    /// Names answered here.
    pub local_records: HashMap<String, LocalRecord>,
    /// What tells who is at an address.
    pub identity: IdentityConfig,
    /// Where other proxies may ask, and which.
    pub icap: IcapConfig,
    /// Where the malware scanner listens.
    pub clamd: Option<ClamdAddress>,
    /// Sockets that are open already.
    pub open_sockets: OpenSockets,
}

/// What is spoken at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Dns,
    Tcp,
    Udp,
}

impl Listening {
    fn addresses(&self) -> Vec<(Speaks, SocketAddr, &'static str)> {
        let all = |speaks, addresses: &[SocketAddr], purpose| {
            addresses.iter().map(|address| (speaks, *address, purpose)).collect::<Vec<_>>()
        };
        let radius = self.identity.radius.as_ref().map_or(&[][..], |radius| &radius.listen);
        [
            all(Speaks::Dns, self.dns.as_slice(), "DNS"),
            all(Speaks::Tcp, self.proxy.as_slice(), "the proxy"),
            all(Speaks::Tcp, self.block_page.as_slice(), "the block page"),
            all(Speaks::Tcp, &self.proxy_settings.transparent_listen, "redirected connections"),
            all(Speaks::Tcp, &self.dns_settings.tls_listen, "DNS over TLS"),
            all(Speaks::Tcp, &self.dns_settings.https_listen, "DNS over HTTPS"),
            all(Speaks::Tcp, &self.icap.listen, "ICAP"),
            all(Speaks::Udp, radius, "RADIUS accounting"),
        ]
        .concat()
    }

    /// Opens every address among `sockets`, while the process may.
    ///
    /// # Errors
    /// When one is taken, or needs a right that the process does not have.
    pub fn open_ahead(&mut self, sockets: &OpenSockets) -> Result<(), Failure> {
        self.open_sockets = sockets.clone();
        for (speaks, address, purpose) in self.addresses() {
            match speaks {
                Speaks::Dns => sockets.open_dns(address, self.dns_settings.threads)?,
                Speaks::Tcp => sockets.open_tcp(address, purpose)?,
                Speaks::Udp => sockets.open_udp(address, purpose)?,
            }
        }
        Ok(())
    }

    /// Whether this is meant for a school.
    pub fn is_for(&self, school: SchoolId, name: &str) -> bool {
        let named = |given: &String| given.eq_ignore_ascii_case(name) || *given == school.to_string();
        self.school.as_ref().is_some_and(named)
    }
}

/// Takes the place of a school out of those that are free: the one that names it, else the first that names nobody.
pub fn take_place(free: &mut Vec<Listening>, school: SchoolId, name: &str) -> Option<Listening> {
    let named = free.iter().position(|place| place.is_for(school, name));
    let place = named.or_else(|| free.iter().position(|place| place.school.is_none()))?;
    Some(free.remove(place))
}

/// Refuses settings that lead nowhere: "every address" where devices must be told one.
fn refuse_nowhere(place: &Listening) -> Result<(), Failure> {
    let everywhere = |address: &Option<SocketAddr>| address.is_some_and(|address| address.ip().is_unspecified());
    if everywhere(&place.proxy) && place.proxy_public.is_none() {
        return Err(Failure(
            "the proxy listens on every address, and the proxy file must name one; give --proxy-public HOST:PORT"
                .into(),
        ));
    }
    if place.dns.is_some() && everywhere(&place.block_page) && place.block_page_addresses.is_empty() {
        return Err(Failure(
            "the block page listens on every address, and closed names must lead to one; give --block-page-address"
                .into(),
        ));
    }
    Ok(())
}

/// Refuses settings that lead nowhere, or in which one address or one school is given twice. `more` are addresses besides the gateways'.
///
/// # Errors
/// In words for the person at the terminal.
pub fn check_places(places: &[Listening], more: &[(SocketAddr, &'static str)]) -> Result<(), Failure> {
    places.iter().try_for_each(refuse_nowhere)?;
    let more = more.iter().map(|(address, purpose)| (Speaks::Tcp, *address, *purpose));
    let all: Vec<_> = places.iter().flat_map(Listening::addresses).chain(more).collect();
    for (place, (speaks, address, purpose)) in all.iter().enumerate().filter(|(_, (_, address, _))| address.port() != 0)
    {
        let same = |(other, at, _): &&(Speaks, SocketAddr, &'static str)| {
            let both_udp_and_tcp = matches!((speaks, other), (Speaks::Tcp, Speaks::Udp) | (Speaks::Udp, Speaks::Tcp));
            at == address && !both_udp_and_tcp
        };
        if let Some((_, _, other)) = all.iter().skip(place + 1).find(same) {
            return Err(Failure(format!(
                "`{address}` is given twice, for {purpose} and for {other}; choose another port for one"
            )));
        }
    }
    let mut names: Vec<_> = places.iter().filter_map(|place| Some(place.school.as_ref()?.to_lowercase())).collect();
    names.sort_unstable();
    match names.windows(2).find(|two| two.first() == two.last()) {
        Some([name, ..]) => {
            Err(Failure(format!("the school `{name}` is given two gateways; one --gateway for each school")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_records::Identifier;

    fn place(school: Option<&str>, dns: u16, proxy: u16) -> Listening {
        let at = |port| Some(SocketAddr::from(([127, 0, 0, 1], port)));
        Listening { school: school.map(str::to_owned), dns: at(dns), proxy: at(proxy), ..Listening::default() }
    }

    #[test]
    fn a_school_gets_the_place_that_names_it_and_others_the_rest() {
        let [one, two, three] = [1, 2, 3].map(|time| SchoolId::make(time, [1; 10]));
        let mut free =
            vec![place(None, 1, 2), place(Some("Inverbrae Primary"), 3, 4), place(Some(&three.to_string()), 5, 6)];
        let port = |place: Option<Listening>| place.and_then(|place| place.dns).map(|address| address.port());
        assert_eq!(port(take_place(&mut free, two, "inverbrae primary")), Some(3));
        assert_eq!(port(take_place(&mut free, one, "Marlowe Bridge")), Some(1));
        assert_eq!(port(take_place(&mut free, one, "Another")), None, "what is kept for a school is kept");
        assert_eq!(port(take_place(&mut free, three, "Third")), Some(5));
    }

    #[test]
    fn addresses_that_no_device_could_be_told_are_refused() {
        let mut everywhere = place(None, 1, 2);
        everywhere.proxy = Some("[::]:3128".parse().unwrap());
        let said = check_places(std::slice::from_ref(&everywhere), &[]).unwrap_err().to_string();
        assert!(said.contains("--proxy-public"), "{said}");
        everywhere.proxy_public = Some("gateway.school.example:3128".into());
        everywhere.block_page = Some("0.0.0.0:80".parse().unwrap());
        let said = check_places(std::slice::from_ref(&everywhere), &[]).unwrap_err().to_string();
        assert!(said.contains("--block-page-address"), "{said}");
        everywhere.block_page_addresses.push("10.0.0.2".parse().unwrap());
        assert!(check_places(&[everywhere], &[]).is_ok());
    }

    #[test]
    fn what_is_given_twice_is_refused_with_both_purposes() {
        assert!(check_places(&[place(None, 1, 2), place(Some("a"), 3, 4)], &[]).is_ok());
        assert!(check_places(&[place(None, 0, 0), place(Some("a"), 0, 0)], &[]).is_ok(), "any free port");
        let said = check_places(&[place(None, 1, 2), place(Some("a"), 3, 1)], &[]).unwrap_err().to_string();
        assert!(said.contains("for DNS and for the proxy"), "{said}");
        let pages = (SocketAddr::from(([127, 0, 0, 1], 2)), "the pages");
        assert!(check_places(&[place(None, 1, 2)], &[pages]).unwrap_err().to_string().contains("the pages"));
        let said = check_places(&[place(Some("A"), 1, 2), place(Some("a"), 3, 4)], &[]).unwrap_err().to_string();
        assert!(said.contains("two gateways"), "{said}");
    }
}
