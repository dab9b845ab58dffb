//! `dhcpd.leases` of the ISC DHCP server (dhcpd.leases(5)): a log of `lease ADDRESS { … }` blocks, the last about an address
//! counts.

use super::Lease;
use belisha_records::MacAddress;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::net::IpAddr;

/// The end of a lease: not said, never, or a time.
#[derive(Default)]
struct Block {
    device: Option<MacAddress>,
    until: Option<Timestamp>,
    active: bool,
}

/// Reads every block that is closed; the last may still be being written.
pub(super) fn read(text: &str, take: &mut impl FnMut(IpAddr, Lease)) {
    let mut open: Option<(IpAddr, Block)> = None;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("lease ") {
            let address = rest.split_whitespace().next().and_then(|address| address.parse().ok());
            open = address.map(|address| (address, Block { active: true, ..Block::default() }));
        } else if line.starts_with('}') {
            if let Some((address, block)) = open.take()
                && let Some(device) = block.device
            {
                take(address, if block.active { Lease::Held(device, block.until) } else { Lease::Ended(device) });
            }
        } else if let Some((_, block)) = &mut open {
            statement(line, block);
        }
    }
}

fn statement(line: &str, block: &mut Block) {
    let Some(line) = line.split(';').next() else { return };
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("hardware"), Some(_), Some(address)) => block.device = MacAddress::parse(address),
        (Some("binding"), Some("state"), Some(state)) => block.active = state == "active",
        (Some("ends"), Some("epoch"), Some(seconds)) => {
            block.until = seconds.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        }
        // Day of the week, date and time in UTC: `ends 3 2026/11/25 12:00:00`.
        (Some("ends"), Some(_), Some(date)) => {
            let time = words.next().unwrap_or_default();
            let when = DateTime::strptime("%Y/%m/%d %H:%M:%S", format!("{date} {time}")).ok();
            block.until = when.and_then(|when| TimeZone::UTC.to_timestamp(when).ok());
        }
        _ => {}
    }
}
