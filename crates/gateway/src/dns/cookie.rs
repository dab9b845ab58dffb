//! DNS cookies for our clients (RFC 7873, in the form of RFC 9018): who sends one back that we made has shown that its
//! address is its own. The cookies we send to other servers are `upstream/outgoing.rs`'s.

use siphasher::sip::SipHasher24;
use std::hash::Hasher;
use std::net::IpAddr;

/// A cookie is good for an hour, and for five minutes of a clock that runs ahead (RFC 9018 section 4.3).
const GOOD_FOR: u32 = 3600;
const AHEAD: u32 = 300;
/// Version 1 and three bytes kept for later.
const VERSION: [u8; 4] = [1, 0, 0, 0];

/// The cookie option of a client: its own part, and the server's part if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cookie {
    pub(crate) client: [u8; 8],
    /// A server part of our length; one of another length is somebody else's and proves nothing.
    pub(crate) server: Option<[u8; 16]>,
}

impl Cookie {
    /// Reads the option; `None` for a length that RFC 7873 section 5.2.2 forbids.
    pub(crate) fn read(data: &[u8]) -> Option<Self> {
        let (client, server) = data.split_first_chunk::<8>()?;
        let allowed = server.is_empty() || (8..=32).contains(&server.len());
        allowed.then(|| Self { client: *client, server: server.try_into().ok() })
    }
}

/// Makes and checks cookies. The key is random, made at the start: cookies do not outlive a restart, and need not.
pub(crate) struct ServerCookies([u8; 16]);

impl ServerCookies {
    pub(crate) fn new(key: [u8; 16]) -> Self {
        Self(key)
    }

    /// The whole option for a client: its own part and ours. `now` in seconds since 1970.
    pub(crate) fn make(&self, client: [u8; 8], device: IpAddr, now: u32) -> [u8; 24] {
        let mut cookie = [0; 24];
        let (head, hash) = cookie.split_at_mut(16);
        head.copy_from_slice(&[client.as_slice(), &VERSION, &now.to_be_bytes()].concat());
        hash.copy_from_slice(&self.hash(head, device));
        cookie
    }

    /// Whether a client sent back a cookie made here for its address within the hour.
    pub(crate) fn proves(&self, cookie: &Cookie, device: IpAddr, now: u32) -> bool {
        let Some((head, hash)) = cookie.server.as_ref().and_then(|server| server.split_last_chunk::<8>()) else {
            return false;
        };
        let Some((version, time)) = head.split_first_chunk::<4>() else { return false };
        let Ok(time) = time.try_into().map(u32::from_be_bytes) else { return false };
        // Serial arithmetic: the seconds go round in 2106.
        let age = now.wrapping_sub(time);
        let in_time = age <= GOOD_FOR || time.wrapping_sub(now) <= AHEAD;
        let true_hash = self.hash(&[cookie.client.as_slice(), head].concat(), device);
        let differs = true_hash.iter().zip(hash).fold(0, |differs, (left, right)| differs | (left ^ right));
        version[0] == VERSION[0] && in_time && differs == 0
    }

    fn hash(&self, head: &[u8], device: IpAddr) -> [u8; 8] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(head);
        match device {
            IpAddr::V4(v4) => hasher.write(&v4.octets()),
            IpAddr::V6(v6) => hasher.write(&v6.octets()),
        }
        hasher.finish().to_le_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: [u8; 8] = [0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57];
    const KEY: [u8; 16] =
        [0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f, 0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf];

    #[test]
    fn the_example_of_rfc_9018_appendix_a_1() {
        let made = ServerCookies::new(KEY).make(CLIENT, "198.51.100.100".parse().unwrap(), 1_559_731_985);
        assert_eq!(made[8..], [0x01, 0, 0, 0, 0x5c, 0xf7, 0x9f, 0x11, 0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80]);
    }

    #[test]
    fn a_cookie_proves_its_own_address_for_an_hour() {
        let (cookies, device) = (ServerCookies::new(KEY), IpAddr::from([10, 0, 0, 1]));
        let cookie = Cookie::read(&cookies.make(CLIENT, device, 10_000)).unwrap();
        let proves = |cookie: &Cookie, device, now| cookies.proves(cookie, device, now);
        assert!(proves(&cookie, device, 10_000) && proves(&cookie, device, 13_600) && proves(&cookie, device, 9_700));
        assert!(!proves(&cookie, device, 13_601) && !proves(&cookie, device, 9_699), "too old, too new");
        assert!(!proves(&cookie, IpAddr::from([10, 0, 0, 2]), 10_000), "somebody else's");
        assert!(!ServerCookies::new([0; 16]).proves(&cookie, device, 10_000), "another server's");
        let alone = Cookie { server: None, ..cookie };
        assert!(!proves(&alone, device, 10_000));
    }

    #[test]
    fn forbidden_lengths_are_malformed() {
        for (length, good) in [
            (0, false),
            (7, false),
            (8, true),
            (9, false),
            (15, false),
            (16, true),
            (24, true),
            (40, true),
            (41, false),
        ] {
            assert_eq!(Cookie::read(&vec![1; length]).is_some(), good, "{length}");
        }
    }
}
