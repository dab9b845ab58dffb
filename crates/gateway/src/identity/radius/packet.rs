//! RADIUS accounting packets (RFC 2866, with RFC 2869, RFC 3162 and RFC 6911): read, checked against the shared secret, answered. What a
//! packet means for who is where is in `sessions.rs`; sockets are in `mod.rs`.

use belisha_records::MacAddress;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use md5::{Digest, Md5};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Code, identifier, length, authenticator (RFC 2865 section 3).
const HEAD: usize = 20;
/// Longest packet (RFC 2865 section 3).
pub(super) const LONGEST: usize = 4096;
/// Code of an Accounting-Request.
const REQUEST: u8 = 4;
/// Code of an Accounting-Response.
const RESPONSE: u8 = 5;
/// Most addresses taken from one packet.
const ADDRESSES: usize = 8;
/// Kinds of attribute that are copied into the answer (RFC 2865 section 5.33).
const PROXY_STATE: u8 = 33;
/// Kind of the attribute that signs a packet (RFC 2869 section 5.14).
const MESSAGE_AUTHENTICATOR: u8 = 80;

/// Why a packet is not used. It is dropped in silence, as RFC 2866 section 3 wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PacketError {
    /// No RADIUS, cut short, or no accounting request.
    Malformed,
    /// The sender does not know the secret.
    Forged,
}

/// What a packet says of a session (Acct-Status-Type, RFC 2866 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Start,
    Stop,
    Interim,
    /// The access point or switch started, or is about to stop: all its sessions are over.
    AllOver,
    /// Something else, which is acknowledged and not used.
    Other,
}

/// A packet that was read and whose sender knew the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accounting {
    pub(crate) status: Status,
    pub(crate) username: Option<String>,
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) station: Option<MacAddress>,
    /// The session's name, unique on its access point or switch.
    pub(crate) session: Vec<u8>,
    /// What the access point or switch calls itself; one sender may speak for many.
    pub(crate) access_point: Vec<u8>,
    /// When it happened, by the sender's clock (RFC 2869 section 5.3).
    pub(crate) event: Option<Timestamp>,
}

/// Reads a packet and checks it against a secret.
pub(crate) fn read(bytes: &[u8], secret: &[u8]) -> Result<Accounting, PacketError> {
    let packet = whole(bytes)?;
    let accounting = meaning(packet)?;
    let zero = [0; 16];
    let expected = digest(&[head(packet), &zero, attributes(packet), secret]);
    if !same(&expected, authenticator(packet)) || !message_authenticator_holds(packet, secret) {
        return Err(PacketError::Forged);
    }
    Ok(accounting)
}

/// The acknowledgement of a packet that [`read`] took (RFC 2866 section 4.2): the sender then stops repeating it.
pub(crate) fn acknowledge(bytes: &[u8], secret: &[u8]) -> Vec<u8> {
    let Ok(packet) = whole(bytes) else { return Vec::new() };
    let identifier = packet.get(1).copied().unwrap_or_default();
    let mut copied = Vec::new();
    for (kind, value) in Attributes(attributes(packet)).flatten().filter(|(kind, _)| *kind == PROXY_STATE) {
        copied.extend([kind, u8::try_from(value.len() + 2).unwrap_or(u8::MAX)]);
        copied.extend_from_slice(value);
    }
    let length = u16::try_from(HEAD + copied.len()).unwrap_or(u16::MAX).to_be_bytes();
    let begin = [RESPONSE, identifier, length[0], length[1]];
    let signed = digest(&[&begin, authenticator(packet), &copied, secret]);
    [&begin[..], &signed, &copied].concat()
}

/// The packet without what follows it in the datagram, once its code, length and attributes are sound.
fn whole(bytes: &[u8]) -> Result<&[u8], PacketError> {
    let length = bytes.get(2..4).and_then(|two| two.try_into().ok()).map(u16::from_be_bytes).map(usize::from);
    let packet = length
        .filter(|length| (HEAD..=LONGEST).contains(length))
        .and_then(|length| bytes.get(..length))
        .ok_or(PacketError::Malformed)?;
    let sound = packet.first() == Some(&REQUEST) && Attributes(attributes(packet)).all(|attribute| attribute.is_some());
    sound.then_some(packet).ok_or(PacketError::Malformed)
}

fn head(packet: &[u8]) -> &[u8] {
    packet.get(..4).unwrap_or_default()
}
fn authenticator(packet: &[u8]) -> &[u8] {
    packet.get(4..HEAD).unwrap_or_default()
}
fn attributes(packet: &[u8]) -> &[u8] {
    packet.get(HEAD..).unwrap_or_default()
}

/// Attributes as kind and value; `None` once for a length that does not fit, and then the end.
struct Attributes<'a>(&'a [u8]);

impl<'a> Iterator for Attributes<'a> {
    type Item = Option<(u8, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let length = self.0.get(1).copied().map(usize::from).filter(|length| *length >= 2);
        let Some((attribute, rest)) = length.and_then(|length| self.0.split_at_checked(length)) else {
            self.0 = &[];
            return Some(None);
        };
        self.0 = rest;
        Some(Some((attribute.first().copied().unwrap_or_default(), attribute.get(2..).unwrap_or_default())))
    }
}

fn meaning(packet: &[u8]) -> Result<Accounting, PacketError> {
    let mut found = Accounting {
        status: Status::Other,
        username: None,
        addresses: Vec::new(),
        station: None,
        session: Vec::new(),
        access_point: Vec::new(),
        event: None,
    };
    let (mut has_status, mut network, mut interface) = (false, None, None);
    for (kind, value) in Attributes(attributes(packet)).flatten() {
        match kind {
            1 => found.username = text(value),
            // What an access point calls itself: NAS-IP-Address, NAS-Identifier, NAS-IPv6-Address.
            4 | 32 | 95 => {
                found.access_point.push(kind);
                found.access_point.extend_from_slice(value);
            }
            8 => found.address(framed_v4(value)),
            31 => found.station = text(value).as_deref().and_then(MacAddress::parse),
            40 => {
                has_status = true;
                found.status = status(value);
            }
            44 => found.session = value.to_vec(),
            55 => found.event = seconds(value),
            96 => interface = <[u8; 8]>::try_from(value).ok(),
            97 => {
                found.address(whole_prefix(value));
                network = half_prefix(value).or(network);
            }
            168 => found.address(<[u8; 16]>::try_from(value).ok().map(Ipv6Addr::from).map(IpAddr::V6)),
            _ => {}
        }
    }
    found.address(network.zip(interface).map(|(network, interface)| joined(network, interface)));
    // RFC 2866 section 5.13 wants both in every packet about a session.
    let of_session = matches!(found.status, Status::Start | Status::Stop | Status::Interim);
    if !has_status || (of_session && found.session.is_empty()) {
        return Err(PacketError::Malformed);
    }
    Ok(found)
}

impl Accounting {
    fn address(&mut self, address: Option<IpAddr>) {
        if let Some(address) = address.filter(|address| is_a_device_s(*address))
            && self.addresses.len() < ADDRESSES
            && !self.addresses.contains(&address)
        {
            self.addresses.push(address);
        }
    }
}

/// Access points that do not know the address yet send zeros or ones.
fn is_a_device_s(address: IpAddr) -> bool {
    !address.is_unspecified() && !address.is_multicast() && address != IpAddr::V4(Ipv4Addr::BROADCAST)
}

fn framed_v4(value: &[u8]) -> Option<IpAddr> {
    let number = u32::from_be_bytes(value.try_into().ok()?);
    // 255.255.255.254: the user asks the access point for an address (RFC 2865 section 5.8).
    (number != u32::MAX - 1).then(|| IpAddr::V4(Ipv4Addr::from_bits(number)))
}

/// A prefix that is one address (RFC 3162 section 2.3). A wider one is a network, and a network names nobody.
fn whole_prefix(value: &[u8]) -> Option<IpAddr> {
    let (head, address) = value.split_at_checked(2)?;
    (head.get(1) == Some(&128)).then_some(())?;
    Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(address).ok()?)))
}

/// The upper half of an address, which with the device's own half is a whole one (RFC 3162 section 2.2).
fn half_prefix(value: &[u8]) -> Option<[u8; 8]> {
    let (head, prefix) = value.split_at_checked(2)?;
    (head.get(1) == Some(&64)).then_some(())?;
    prefix.first_chunk().copied()
}

fn joined(network: [u8; 8], interface: [u8; 8]) -> IpAddr {
    let bits = u128::from(u64::from_be_bytes(network)) << 64 | u128::from(u64::from_be_bytes(interface));
    IpAddr::V6(Ipv6Addr::from_bits(bits))
}

fn seconds(value: &[u8]) -> Option<Timestamp> {
    Timestamp::from_second(u32::from_be_bytes(value.try_into().ok()?).into()).ok()
}

fn status(value: &[u8]) -> Status {
    match value.try_into().map(u32::from_be_bytes) {
        Ok(1) => Status::Start,
        Ok(2) => Status::Stop,
        Ok(3) => Status::Interim,
        Ok(7 | 8) => Status::AllOver,
        _ => Status::Other,
    }
}

fn text(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?.trim_matches(['\0', ' ']);
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether the Message-Authenticator, where there is one, is right. In accounting it is made with the packet's own
/// authenticator as zeros (RFC 5080 section 2.2.2 and every implementation; RFC 2869 section 5.14 is silent).
fn message_authenticator_holds(packet: &[u8], secret: &[u8]) -> bool {
    let mut place = HEAD;
    for (kind, value) in Attributes(attributes(packet)).flatten() {
        if kind == MESSAGE_AUTHENTICATOR {
            let mut signed = packet.to_vec();
            signed.iter_mut().skip(4).take(16).for_each(|byte| *byte = 0);
            signed.iter_mut().skip(place + 2).take(value.len()).for_each(|byte| *byte = 0);
            let Ok(mut code) = Hmac::<Md5>::new_from_slice(secret) else { return false };
            code.update(&signed);
            return same(&code.finalize().into_bytes(), value);
        }
        place += value.len() + 2;
    }
    true
}

fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut digest = Md5::new();
    parts.iter().for_each(|part| digest.update(part));
    digest.finalize().into()
}

/// Compares in the same time whichever byte differs.
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |differs, (left, right)| differs | (left ^ right)) == 0
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const SECRET: &[u8] = b"between us";

    /// A packet as an access point sends it, signed both ways.
    pub(crate) fn packet(attributes: &[(u8, &[u8])]) -> Vec<u8> {
        let mut packet = vec![REQUEST, 7, 0, 0];
        packet.extend([0; 16]);
        for (kind, value) in attributes {
            packet.extend([*kind, value.len() as u8 + 2]);
            packet.extend_from_slice(value);
        }
        let mark = packet.len() + 2;
        packet.extend([MESSAGE_AUTHENTICATOR, 18]);
        packet.extend([0; 16]);
        let length = (packet.len() as u16).to_be_bytes();
        packet[2..4].copy_from_slice(&length);
        let code = Hmac::<Md5>::new_from_slice(SECRET).unwrap().chain_update(&packet).finalize().into_bytes();
        packet[mark..mark + 16].copy_from_slice(&code);
        let authenticator = digest(&[&packet, SECRET]);
        packet[4..20].copy_from_slice(&authenticator);
        packet
    }

    fn start() -> Vec<u8> {
        packet(&[
            (1, b"ada@school.example"),
            (8, &[10, 1, 2, 3]),
            (31, b"00-1A-2B-3C-4D-5E"),
            (33, b"state"),
            (40, &[0, 0, 0, 1]),
            (44, b"session-1"),
            (97, &[&[0, 128][..], &[0xfd; 16]].concat()),
            (168, &[0xfc; 16]),
        ])
    }

    #[test]
    fn a_start_is_read_whole() {
        let read = read(&start(), SECRET).unwrap();
        assert_eq!(read.status, Status::Start);
        assert_eq!(read.username.as_deref(), Some("ada@school.example"));
        assert_eq!(read.station, MacAddress::parse("00:1a:2b:3c:4d:5e"));
        assert_eq!(read.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().len(), 3);
    }

    #[test]
    fn the_answer_is_signed_and_returns_the_proxies_marks() {
        let request = start();
        let answer = acknowledge(&request, SECRET);
        assert_eq!((answer[0], answer[1]), (RESPONSE, 7));
        assert_eq!(usize::from(u16::from_be_bytes([answer[2], answer[3]])), answer.len());
        assert_eq!(&answer[20..], [&[33, 7], &b"state"[..]].concat());
        assert_eq!(answer[4..20], digest(&[&answer[..4], &request[4..20], &answer[20..], SECRET]));
    }

    #[test]
    fn whoever_does_not_know_the_secret_is_not_believed() {
        assert_eq!(read(&start(), b"another"), Err(PacketError::Forged));
        let sound = start();
        for place in 4..sound.len() {
            let mut changed = sound.clone();
            changed[place] ^= 1;
            assert!(read(&changed, SECRET).is_err(), "byte {place}");
        }
    }

    #[test]
    fn a_right_authenticator_with_a_wrong_message_authenticator_is_forged() {
        let mut packet = start();
        let last = packet.len() - 1;
        packet[last] ^= 1;
        packet[4..20].fill(0);
        let authenticator = digest(&[&packet, SECRET]);
        packet[4..20].copy_from_slice(&authenticator);
        assert_eq!(read(&packet, SECRET), Err(PacketError::Forged));
    }

    #[test]
    fn addresses_that_are_nobodys_are_not_taken() {
        for address in [[0, 0, 0, 0], [255, 255, 255, 255], [255, 255, 255, 254], [224, 0, 0, 1]] {
            let read = read(&packet(&[(8, &address), (40, &[0, 0, 0, 1]), (44, b"s")]), SECRET).unwrap();
            assert!(read.addresses.is_empty(), "{address:?}");
        }
        let network = [&[0, 64][..], &[0xfd; 8]].concat();
        assert!(
            read(&packet(&[(97, &network), (40, &[0, 0, 0, 1]), (44, b"s")]), SECRET).unwrap().addresses.is_empty()
        );
    }

    #[test]
    fn a_network_and_a_devices_own_half_are_an_address_and_neither_alone_is() {
        let network = [&[0, 64][..], &[0xfd, 0, 0, 0, 0, 0, 0, 7]].concat();
        let start: (u8, &[u8]) = (40, &[0, 0, 0, 1]);
        let session: (u8, &[u8]) = (44, b"s");
        let half: (u8, &[u8]) = (96, &[0, 0, 0, 0, 0, 0, 0, 9]);
        let read = |attributes: &[(u8, &[u8])]| read(&packet(attributes), SECRET).unwrap().addresses;
        let whole: Vec<IpAddr> = vec!["fd00:0:0:7::9".parse().unwrap()];
        assert_eq!(read(&[(97, &network), half, start, session]), whole);
        assert_eq!(read(&[half, start, session, (97, &network)]), whole, "in either order");
        assert!(read(&[half, start, session]).is_empty());
        // A network that is handed on to others is nobody's (RFC 4818).
        assert!(read(&[(123, &network), half, start, session]).is_empty());
    }

    #[test]
    fn the_time_of_what_happened_is_read() {
        let read = |time: &[u8]| read(&packet(&[(55, time), (40, &[0, 0, 0, 1]), (44, b"s")]), SECRET).unwrap().event;
        assert_eq!(read(&1_790_000_000_u32.to_be_bytes()).map(|event| event.as_second()), Some(1_790_000_000));
        assert_eq!(read(b"soon!"), None);
    }

    #[test]
    fn a_packet_about_a_session_must_say_which() {
        assert_eq!(read(&packet(&[(40, &[0, 0, 0, 1])]), SECRET), Err(PacketError::Malformed));
        assert_eq!(read(&packet(&[(44, b"s")]), SECRET), Err(PacketError::Malformed));
        assert_eq!(read(&packet(&[(40, &[0, 0, 0, 7])]), SECRET).unwrap().status, Status::AllOver);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (read(&bytes, SECRET), acknowledge(&bytes, SECRET));
        }

        #[test]
        fn any_attributes_of_somebody_who_knows_the_secret_are_read_or_refused(
            attributes in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..20)
        ) {
            let attributes: Vec<_> = attributes.iter().filter(|(kind, _)| *kind != MESSAGE_AUTHENTICATOR).map(|(kind, value)| (*kind, &value[..])).collect();
            let packet = packet(&attributes);
            prop_assert_ne!(read(&packet, SECRET).err(), Some(PacketError::Forged));
            if read(&packet, SECRET).is_ok() {
                prop_assert!(acknowledge(&packet, SECRET).len() >= HEAD);
            }
        }
    }
}
