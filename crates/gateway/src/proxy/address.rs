//! Which addresses the proxy may connect to: the public internet, and what the configuration names. Everything inside,
//! loopback, link-local and metadata addresses are refused after resolution, however they are written.

use crate::config::GatewayConfig;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Whether an address belongs to the public internet (IANA special-purpose registries).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => is_public_v4(v4),
            None => is_public_v6(v6),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = a == 0                                   // this network
        || a == 10                                         // private
        || (a == 100 && (64..128).contains(&b))            // shared by carriers; some clouds keep metadata here
        || a == 127                                        // loopback
        || (a == 169 && b == 254)                          // link-local, metadata
        || (a == 172 && (16..32).contains(&b))             // private
        || (a == 192 && b == 0 && c == 0)                  // protocol assignments
        || (a == 192 && b == 0 && c == 2)                  // documentation
        || (a == 192 && b == 88 && c == 99)                // old relay anycast
        || (a == 192 && b == 168)                          // private
        || (a == 198 && (b == 18 || b == 19))              // benchmarks
        || (a == 198 && b == 51 && c == 100)               // documentation
        || (a == 203 && b == 0 && c == 113)                // documentation
        || a >= 224; // multicast, reserved, broadcast
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let global_unicast = first & 0xe000 == 0x2000;
    let documentation = (first == 0x2001 && second == 0x0db8) || (first == 0x3fff && second < 0x1000);
    // Teredo, ORCHID and the other protocol assignments of 2001::/23.
    let assignments = first == 0x2001 && second < 0x0200;
    global_unicast && !documentation && !assignments
}

/// Whether an address can be a school's own network: RFC 1918 and RFC 4193, without those under which clouds keep metadata.
/// This machine, link-local addresses and the shared ones of carriers never are.
pub(crate) fn is_site_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_private(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.is_private(),
            None => v6.is_unique_local() && !matches!(v6.segments(), [0xfd00, 0x0ec2, ..]),
        },
    }
}

/// The IPv4 address that an IPv6 address only wraps: mapped, compatible, NAT64 (RFC 6052) and 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let [[g1, g2], [h1, h2]] = [g.to_be_bytes(), h.to_be_bytes()];
    let last = Ipv4Addr::new(g1, g2, h1, h2);
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0, 0, 0, 0, 0, 0] | [0, 0, 0, 0, 0xffff, 0] | [0x64, 0xff9b, 0, 0, 0, 0] => {
            Some(last)
        }
        // Local-use NAT64 prefixes may wrap anything: never public.
        [0x64, 0xff9b, 1, ..] => Some(Ipv4Addr::LOCALHOST),
        [0x2002, ..] => {
            let [[b1, b2], [c1, c2]] = [b.to_be_bytes(), c.to_be_bytes()];
            Some(Ipv4Addr::new(b1, b2, c1, c2))
        }
        _ => None,
    }
}

/// An address without what wraps it.
pub(crate) fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => embedded_v4(v6).map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether the configuration lets the proxy reach a host, or one of its addresses, although it is private.
pub(crate) fn private_allowed(config: &GatewayConfig, host: &str, socket: Option<SocketAddr>) -> bool {
    config.allow_private_for.iter().any(|entry| {
        let entry = entry.as_str();
        let by_host = match entry.strip_prefix("*.") {
            Some(parent) => host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')),
            None => entry == host,
        };
        let by_socket = socket.is_some_and(|socket| {
            entry.parse::<SocketAddr>().is_ok_and(|allowed| allowed == socket)
                || entry.parse::<IpAddr>().is_ok_and(|allowed| allowed == socket.ip())
                || {
                    let with_port = entry.rsplit_once(':').filter(|(name, _)| *name == host);
                    with_port.and_then(|(_, port)| port.parse::<u16>().ok()) == Some(socket.port())
                }
        });
        by_host || by_socket
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_addresses_are_not_public_however_they_are_written() {
        let inside = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.192",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:100.100.100.200",
            "64:ff9b::10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::6464:64c8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "febf::1",
            "2002:a9fe:a9fe::1",
            "ff02::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001:db8::1",
            "2001::1",
            "3fff::1",
        ];
        for address in inside {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in inside {
            let own =
                ["10.", "172.", "192.168.", "::ffff:10.", "fc00::1"].iter().any(|start| address.starts_with(start));
            assert_eq!(is_site_local(address.parse().unwrap()), own, "{address}");
        }
        for address in [
            "1.1.1.1",
            "9.9.9.9",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
            "2002:101:101::1",
            "::ffff:9.9.9.9",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
