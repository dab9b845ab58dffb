//! Listening sockets that were opened before the gateway that uses them: while the process still had the right to (port 53),
//! by the service manager, or by the process that served here until now. A gateway takes from here what it finds under its
//! addresses and opens the rest itself.

use crate::dns::listen::{RECEIVE_BUFFER, processors};
use crate::gateway::StartError;
use nix::sys::socket::{SockType, SockaddrStorage, getsockname, getsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};

/// Connections that may wait to be accepted; the system may allow fewer.
const WAITING_CONNECTIONS: i32 = 1024;

/// Open sockets by kind and address. A clone is the same collection. They stay open as long as it lives, so that who asks
/// while a gateway is started anew waits a moment instead of being refused.
#[derive(Clone, Default)]
pub struct OpenSockets {
    kept: Arc<Mutex<Vec<Kept>>>,
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tcp,
    Udp,
}

struct Kept {
    kind: Kind,
    address: SocketAddr,
    socket: OwnedFd,
    /// Whether somebody asked for its address.
    wanted: bool,
}

impl OpenSockets {
    /// Opens a TCP socket unless there is one. Port 0 is left to the gateway: which port it is to be, nobody knows yet.
    ///
    /// # Errors
    /// When the address is taken, is not this machine's or needs a right that the process does not have.
    pub fn open_tcp(&self, address: SocketAddr, purpose: &'static str) -> Result<(), StartError> {
        if address.port() == 0 || self.has(Kind::Tcp, address) {
            return Ok(());
        }
        let socket = bind_tcp(address).map_err(|source| StartError::Listen { address, purpose, source })?;
        self.keep(Kind::Tcp, address, socket.into(), true);
        Ok(())
    }

    /// Opens one UDP socket unless there is one.
    ///
    /// # Errors
    /// As [`OpenSockets::open_tcp`].
    pub fn open_udp(&self, address: SocketAddr, purpose: &'static str) -> Result<(), StartError> {
        self.open_many_udp(address, purpose, 1)
    }

    /// Opens UDP and TCP of plain DNS; `threads` as in [`crate::DnsConfig::threads`].
    ///
    /// # Errors
    /// As [`OpenSockets::open_tcp`].
    pub fn open_dns(&self, address: SocketAddr, threads: usize) -> Result<(), StartError> {
        // TCP first: it cannot share its port, so that two gateways on one address are noticed.
        self.open_tcp(address, "DNS")?;
        self.open_many_udp(address, "DNS", processors(threads))
    }

    fn open_many_udp(&self, address: SocketAddr, purpose: &'static str, count: usize) -> Result<(), StartError> {
        if address.port() == 0 || self.has(Kind::Udp, address) {
            return Ok(());
        }
        for _ in 0..count {
            let socket = bind_udp(address, count > 1);
            let socket = socket.map_err(|source| StartError::Listen { address, purpose, source })?;
            self.keep(Kind::Udp, address, socket.into(), true);
        }
        Ok(())
    }

    /// Takes in a socket that somebody else opened, under the address it has.
    ///
    /// # Errors
    /// When it is no TCP or UDP socket with an address.
    pub fn take_in(&self, socket: OwnedFd) -> io::Result<()> {
        let kind = match getsockopt(&socket, sockopt::SockType)? {
            SockType::Stream => Kind::Tcp,
            SockType::Datagram => Kind::Udp,
            other => return Err(io::Error::other(format!("a socket of kind {other:?} is neither TCP nor UDP"))),
        };
        let address = address_of(&socket)?;
        self.keep(kind, address, socket, false);
        Ok(())
    }

    /// Every socket, to be passed on; the gateways go on with theirs.
    ///
    /// # Errors
    /// When the process may open no more files.
    pub fn pass_on(&self) -> io::Result<Vec<OwnedFd>> {
        self.kept().iter().map(|kept| kept.socket.try_clone()).collect()
    }

    /// Closes what was taken in and nobody asked to be open, and says where that was: nobody would ever answer there.
    pub fn close_unwanted(&self) -> Vec<SocketAddr> {
        let mut closed = Vec::new();
        self.kept().retain(|kept| {
            if !kept.wanted {
                closed.push(kept.address);
            }
            kept.wanted
        });
        closed
    }

    /// The TCP socket of an address, opened now if there is none. It does not block.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn tcp(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let listener = match self.taken(Kind::Tcp, address)?.pop() {
            Some(socket) => TcpListener::from(socket),
            None => bind_tcp(address)?,
        };
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// As [`OpenSockets::tcp`], for the tasks of a gateway.
    pub(crate) fn listener(
        &self,
        address: SocketAddr,
        purpose: &'static str,
    ) -> Result<tokio::net::TcpListener, StartError> {
        let opened = self.tcp(address).and_then(tokio::net::TcpListener::from_std);
        opened.map_err(|source| StartError::Listen { address, purpose, source })
    }

    /// Likewise for each of some addresses.
    pub(crate) fn listeners(
        &self,
        addresses: &[SocketAddr],
        purpose: &'static str,
    ) -> Result<Vec<tokio::net::TcpListener>, StartError> {
        addresses.iter().map(|address| self.listener(*address, purpose)).collect()
    }

    /// The UDP sockets of an address that were opened before, however many: clients are spread over all of them, so each must
    /// be read.
    pub(crate) fn udp(&self, address: SocketAddr) -> io::Result<Vec<UdpSocket>> {
        Ok(self.taken(Kind::Udp, address)?.into_iter().map(UdpSocket::from).collect())
    }

    /// A second handle to each socket of an address.
    fn taken(&self, kind: Kind, address: SocketAddr) -> io::Result<Vec<OwnedFd>> {
        let kept = self.kept();
        let there = kept.iter().filter(|kept| kept.kind == kind && kept.address == address);
        there.map(|kept| kept.socket.try_clone()).collect()
    }

    /// Whether an address is open, which whoever asks wants it to be.
    fn has(&self, kind: Kind, address: SocketAddr) -> bool {
        let mut kept = self.kept();
        let there = kept.iter_mut().filter(|kept| kept.kind == kind && kept.address == address);
        there.map(|kept| kept.wanted = true).count() > 0
    }

    fn keep(&self, kind: Kind, address: SocketAddr, socket: OwnedFd, wanted: bool) {
        self.kept().push(Kept { kind, address, socket, wanted });
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A TCP socket that listens. Its address may be one that a process before this one left a moment ago.
fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(WAITING_CONNECTIONS)?;
    Ok(socket.into())
}

/// A UDP socket; `shared` with others on its address, among whom the system spreads the clients.
pub(crate) fn bind_udp(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    // Less than was asked for will do.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn address_of(socket: &OwnedFd) -> io::Result<SocketAddr> {
    let address: SockaddrStorage = getsockname(socket.as_raw_fd())?;
    let v4 = address.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    let either = v4.or_else(|| address.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())));
    either.ok_or_else(|| io::Error::other("a socket without an internet address was passed on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
    }

    #[test]
    fn a_socket_opened_before_is_the_one_that_is_taken() {
        let (sockets, address) = (OpenSockets::default(), free());
        sockets.open_dns(address, 3).unwrap();
        assert_eq!(sockets.udp(address).unwrap().len(), 3, "each of them, since clients are spread over all");
        let listener = sockets.tcp(address).unwrap();
        assert!(TcpListener::bind(address).is_err(), "it is taken");
        drop(listener);
        assert!(std::net::TcpStream::connect(address).is_ok(), "who asks between two gateways waits");
        assert!(sockets.close_unwanted().is_empty());
    }

    #[test]
    fn sockets_go_on_in_other_hands_under_the_address_they_have() {
        let (before, after, address) = (OpenSockets::default(), OpenSockets::default(), free());
        before.open_dns(address, 2).unwrap();
        for socket in before.pass_on().unwrap() {
            after.take_in(socket).unwrap();
        }
        drop(before);
        after.open_dns(address, 2).unwrap();
        assert_eq!(after.udp(address).unwrap().len(), 2);
        assert_eq!(after.tcp(address).unwrap().local_addr().unwrap(), address);
        let stray = TcpListener::bind("127.0.0.1:0").unwrap();
        let nowhere = stray.local_addr().unwrap();
        after.take_in(stray.into()).unwrap();
        assert_eq!(after.close_unwanted(), [nowhere], "what nobody asked for is closed");
        let file: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
        assert!(after.take_in(file).is_err());
    }
}
