//! `dnsmasq.leases`: a line for each lease that runs, `END MAC ADDRESS NAME CLIENT`. Below a line `duid …` are IPv6 leases, whose
//! third word is the address and whose last is the client's DUID.

use super::Lease;
use belisha_records::MacAddress;
use jiff::Timestamp;
use std::net::IpAddr;

pub(super) fn read(text: &str, take: &mut impl FnMut(IpAddr, Lease)) {
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [end, identifier, address, _, client, ..] = words.as_slice() else { continue };
        let Ok(address) = address.parse::<IpAddr>() else { continue };
        let device = match address {
            // `06-00:1a:…` says that the network is of another kind than Ethernet (here 6, IEEE 802).
            IpAddr::V4(_) => MacAddress::parse(identifier).or_else(|| MacAddress::parse(identifier.split_once('-')?.1)),
            IpAddr::V6(_) => from_duid(client),
        };
        // 0: the lease has no end.
        let Ok(seconds) = end.parse::<i64>() else { continue };
        let until = (seconds > 0).then(|| Timestamp::from_second(seconds).ok()).flatten();
        if let Some(device) = device {
            take(address, Lease::Held(device, until));
        }
    }
}

/// The network card's address at the end of a DUID of type 1 or 3 for Ethernet (RFC 8415 sections 11.2 and 11.4). Other
/// types hold none. It is the card's that the device had first, which may not be the one it uses.
pub(super) fn from_duid(duid: &str) -> Option<MacAddress> {
    let parts: Vec<&str> = duid.split(':').collect();
    match parts.as_slice() {
        ["00", "01", "00", "01", _, _, _, _, card @ ..] | ["00", "03", "00", "01", card @ ..] if card.len() == 6 => {
            MacAddress::parse(&card.join(":"))
        }
        _ => None,
    }
}
