//! Which device answers for which address on the networks this machine itself is on: the kernel's table of neighbours, IPv4
//! (ARP) and IPv6 (NDP) in one, asked over rtnetlink. Behind a router there are no neighbours: then leases and RADIUS tell.
//! Only what is confirmed counts; a stale line may be of a device that left.

use super::config::{NeighbourConfig, interval};
use super::source::DeviceSource;
use crate::gateway::Shared;
use crate::metrics::count;
use belisha_records::MacAddress;
use std::net::IpAddr;
use std::sync::Arc;

/// Length of a netlink message's head (`struct nlmsghdr`, RFC 3549 section 2.3.2).
const HEAD: usize = 16;
/// Length of a neighbour message's head (`struct ndmsg`).
const NEIGHBOUR: usize = 12;
/// A neighbour.
const NEW_NEIGHBOUR: u16 = 28;
/// Asks for neighbours.
const GET_NEIGHBOUR: u16 = 30;
/// The end of a table.
const DONE: u16 = 3;
/// An error.
const ERROR: u16 = 2;
/// Attribute: the address.
const DESTINATION: u16 = 1;
/// Attribute: the network card's address.
const LINK_ADDRESS: u16 = 2;
/// States in which the kernel is sure or is asking again: reachable, delay, probe, permanent.
const CONFIRMED: u16 = 0x02 | 0x08 | 0x10 | 0x80;

/// Reads the table at intervals until the task is stopped.
pub(crate) async fn watch(shared: Arc<Shared>, config: NeighbourConfig) {
    let mut every = tokio::time::interval(interval(config.every));
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        every.tick().await;
        match tokio::task::spawn_blocking(table).await {
            Ok(Ok(neighbours)) => {
                failing = false;
                count(&shared.identity.counters().neighbours_read);
                let now = shared.now();
                let until = now.checked_add(config.believed_for).unwrap_or(now);
                for (address, device) in neighbours {
                    shared.identity.device_seen(address, device, DeviceSource::Neighbour, now, until);
                }
            }
            Ok(Err(error)) => {
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(
                        "cannot read the table of neighbours: {error}; devices are known by leases and RADIUS only"
                    );
                }
            }
            // The program is stopping.
            Err(_) => return,
        }
    }
}

/// The kernel's whole table. It blocks for as long as the kernel takes.
#[cfg(target_os = "linux")]
fn table() -> std::io::Result<Vec<(IpAddr, MacAddress)>> {
    use nix::sys::socket::{
        AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket, sockopt,
    };
    use nix::sys::time::TimeVal;
    use std::os::fd::AsRawFd;

    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute)?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(2, 0))?;
    send(socket.as_raw_fd(), &question(), MsgFlags::empty())?;
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    // A table of this many parts is no table.
    for _ in 0..1024 {
        let length = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        if read(buffer.get(..length).unwrap_or_default(), &mut found) {
            break;
        }
    }
    Ok(found)
}

#[cfg(not(target_os = "linux"))]
fn table() -> std::io::Result<Vec<(IpAddr, MacAddress)>> {
    Err(std::io::Error::other("only Linux is asked for its neighbours"))
}

/// "Give me all neighbours": a request (1) for the whole table (0x300), for every family.
fn question() -> [u8; HEAD + NEIGHBOUR] {
    let mut question = [0; HEAD + NEIGHBOUR];
    question[0..4].copy_from_slice(&((HEAD + NEIGHBOUR) as u32).to_ne_bytes());
    question[4..6].copy_from_slice(&GET_NEIGHBOUR.to_ne_bytes());
    question[6..8].copy_from_slice(&0x301u16.to_ne_bytes());
    question
}

/// Reads the messages of one datagram; says whether the table ended.
pub(crate) fn read(mut bytes: &[u8], found: &mut Vec<(IpAddr, MacAddress)>) -> bool {
    while let Some((length, kind)) = two_numbers(bytes) {
        let Some(message) = bytes.get(..length).filter(|message| message.len() >= HEAD) else { return true };
        match kind {
            DONE | ERROR => return true,
            NEW_NEIGHBOUR => found.extend(neighbour(message.get(HEAD..).unwrap_or_default())),
            _ => {}
        }
        bytes = bytes.get(aligned(length)..).unwrap_or_default();
    }
    false
}

/// A message's length and kind.
fn two_numbers(bytes: &[u8]) -> Option<(usize, u16)> {
    let length = u32::from_ne_bytes(*bytes.first_chunk::<4>()?);
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    Some((usize::try_from(length).ok()?, kind))
}

/// Netlink begins everything at a multiple of four.
fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

fn neighbour(message: &[u8]) -> Option<(IpAddr, MacAddress)> {
    let (head, mut attributes) = message.split_at_checked(NEIGHBOUR)?;
    let state = u16::from_ne_bytes(head.get(8..10)?.try_into().ok()?);
    if state & CONFIRMED == 0 {
        return None;
    }
    let (mut address, mut device) = (None, None);
    while let Some((length, kind)) = attributes
        .first_chunk::<4>()
        .map(|[a, b, c, d]| (usize::from(u16::from_ne_bytes([*a, *b])), u16::from_ne_bytes([*c, *d])))
    {
        let Some(value) = attributes.get(4..length) else { break };
        match kind {
            DESTINATION => address = ip_address(value),
            LINK_ADDRESS => device = value.try_into().ok().and_then(MacAddress::new),
            _ => {}
        }
        attributes = attributes.get(aligned(length)..).unwrap_or_default();
    }
    Some((address?, device?))
}

fn ip_address(value: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(value).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(value).map(IpAddr::from)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = (4 + value.len() as u16).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(aligned(bytes.len()), 0);
        bytes
    }

    fn message(kind: u16, state: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
        let mut body = vec![2, 0, 0, 0, 1, 0, 0, 0];
        body.extend(state.to_ne_bytes());
        body.extend([0, 1]);
        body.extend(attributes.concat());
        let mut bytes = ((HEAD + body.len()) as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.resize(HEAD, 0);
        bytes.extend(body);
        bytes
    }

    #[test]
    fn both_families_are_read_and_what_is_not_confirmed_is_not() {
        let card = attribute(LINK_ADDRESS, &[0, 0x1a, 0x2b, 0x3c, 0x4d, 1]);
        let v4 = attribute(DESTINATION, &[10, 1, 2, 3]);
        let v6 = attribute(DESTINATION, &[0xfd; 16]);
        let datagram = [
            message(NEW_NEIGHBOUR, 0x02, &[v4.clone(), card.clone()]),
            message(NEW_NEIGHBOUR, 0x10, &[card.clone(), v6]),
            message(NEW_NEIGHBOUR, 0x04, &[attribute(DESTINATION, &[10, 1, 2, 4]), card.clone()]), // stale
            message(NEW_NEIGHBOUR, 0x20, &[attribute(DESTINATION, &[10, 1, 2, 5])]),               // failed
            message(NEW_NEIGHBOUR, 0x02, &[v4, attribute(LINK_ADDRESS, &[0; 6])]),                 // loopback
        ]
        .concat();
        let mut found = Vec::new();
        assert!(!read(&datagram, &mut found), "the table goes on");
        let addresses: Vec<_> = found.iter().map(|(address, _)| address.to_string()).collect();
        assert_eq!(addresses, ["10.1.2.3", "fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd:fdfd"]);
        assert!(read(&message(DONE, 0, &[]), &mut found));
    }

    #[test]
    fn this_machines_own_table_is_read() {
        // What is in it depends on the machine; that the kernel understands the question does not.
        assert!(table().is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200), length in 0u8..60) {
            let mut bytes = bytes;
            if bytes.len() > 6 {
                bytes[..6].copy_from_slice(&[length, 0, 0, 0, 28, 0]);
            }
            read(&bytes, &mut Vec::new());
        }
    }
}
