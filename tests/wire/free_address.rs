//! Addresses for programs that must be told theirs before they listen. The gateway's own stories take this file too.

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};

/// An address that nobody has at the moment, for UDP and TCP, and that no other story is given. Its port is below those that the
/// system gives to whoever asks for any, so that nobody gets it before it is used.
pub fn free_address() -> SocketAddr {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let place = std::process::id().wrapping_mul(64) + GIVEN.fetch_add(1, Ordering::Relaxed);
        let address = SocketAddr::from(([127, 0, 0, 1], 12_000 + u16::try_from(place % 20_000).unwrap()));
        if TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
