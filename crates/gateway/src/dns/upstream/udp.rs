//! UDP to one server: a few sockets on random ports, each carrying many questions, each given up after some hundreds so
//! that a forger never has long to find it (RFC 5452 section 9.2). A connected socket takes packets from that server only.

use super::random::Random;
use super::waiting::{Arrived, Place, Waiting};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Sockets to one server at a time.
const SOCKETS: usize = 8;
/// Questions waiting on one socket before another is opened, and the most it takes.
const BUSY: usize = 4;
const FULL: usize = 1024;
/// A socket is given up after so many questions, and as many again at random.
const QUESTIONS: usize = 512;
/// Or after this time.
const LIFE: Duration = Duration::from_secs(60);
/// Or when so many packets came that answer nothing: somebody is guessing.
const STRANGERS: usize = 32;
/// Ports are drawn at random from here up; one that is taken is drawn again, in the end by the system.
const LOWEST_PORT: u16 = 16_384;
const DRAWS: usize = 4;

/// The sockets to one server.
pub(super) struct Sockets {
    server: SocketAddr,
    random: Arc<Random>,
    open: Mutex<Vec<Arc<Port>>>,
}

/// One socket. Its reader stops when nobody holds it any more.
struct Port {
    socket: Arc<UdpSocket>,
    waiting: Arc<Waiting>,
    strangers: Arc<AtomicUsize>,
    questions_left: AtomicUsize,
    until: Instant,
    reader: AbortHandle,
}

impl Drop for Port {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// A question on its way.
pub(super) struct Sent {
    place: Place,
    _port: Arc<Port>,
}

impl Sent {
    pub(super) async fn arrived(&self) -> io::Result<Arrived> {
        self.place.arrived().await
    }
}

impl Sockets {
    pub(super) fn new(server: SocketAddr, random: Arc<Random>) -> Self {
        Self { server, random, open: Mutex::default() }
    }

    /// Sends a packet whose question stands after its header and is `question` bytes long. Its id is written here.
    pub(super) async fn send(&self, packet: &mut [u8], question: usize) -> io::Result<Sent> {
        let port = self.port()?;
        let asked = packet.get(12..12 + question).ok_or(io::ErrorKind::InvalidInput)?;
        let id = u16::from_le_bytes(self.random.bytes());
        let place = port.waiting.place(id, asked, FULL).ok_or(io::ErrorKind::WouldBlock)?;
        if let Some(written) = packet.first_chunk_mut::<2>() {
            *written = place.id.to_be_bytes();
        }
        port.socket.send(packet).await?;
        Ok(Sent { place, _port: port })
    }

    /// One of the sockets at random; a new one when these are busy or old.
    fn port(&self) -> io::Result<Arc<Port>> {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|port| {
            now < port.until
                && port.questions_left.load(Ordering::Relaxed) > 0
                && port.strangers.load(Ordering::Relaxed) < STRANGERS
        });
        let chosen = open.get(self.random.below(open.len())).map(Arc::clone);
        let port = match chosen {
            Some(port) if open.len() >= SOCKETS || port.waiting.len() < BUSY => port,
            _ => {
                let port = Arc::new(self.open_port(now)?);
                open.push(Arc::clone(&port));
                port
            }
        };
        port.questions_left.fetch_sub(1, Ordering::Relaxed);
        Ok(port)
    }

    fn open_port(&self, now: Instant) -> io::Result<Port> {
        let socket = Arc::new(self.bind()?);
        let (waiting, strangers) = (Arc::new(Waiting::default()), Arc::new(AtomicUsize::new(0)));
        let reader = tokio::spawn(read(Arc::clone(&socket), Arc::clone(&waiting), Arc::clone(&strangers)));
        Ok(Port {
            socket,
            waiting,
            strangers,
            questions_left: AtomicUsize::new(QUESTIONS + self.random.below(QUESTIONS)),
            until: now + LIFE,
            reader: reader.abort_handle(),
        })
    }

    fn bind(&self) -> io::Result<UdpSocket> {
        let any: IpAddr =
            if self.server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let drawn = (0..DRAWS).find_map(|_| {
            let port = LOWEST_PORT + u16::from_le_bytes(self.random.bytes()) % (u16::MAX - LOWEST_PORT);
            std::net::UdpSocket::bind((any, port)).ok()
        });
        let socket = drawn.map_or_else(|| std::net::UdpSocket::bind((any, 0)), Ok)?;
        socket.set_nonblocking(true)?;
        socket.connect(self.server)?;
        UdpSocket::from_std(socket)
    }
}

/// Brings what arrives on a socket to the questions that wait there.
async fn read(socket: Arc<UdpSocket>, waiting: Arc<Waiting>, strangers: Arc<AtomicUsize>) {
    let mut buffer = [0; 4096];
    loop {
        match socket.recv(&mut buffer).await {
            Ok(length) => {
                if !waiting.bring(buffer.get(..length).unwrap_or_default()) {
                    strangers.fetch_add(1, Ordering::Relaxed);
                }
            }
            // The machine says that nobody listens there. Not trusted for long: it may be forged, so it counts as strange.
            Err(error) => {
                strangers.fetch_add(1, Ordering::Relaxed);
                waiting.fail(error.kind());
            }
        }
    }
}
