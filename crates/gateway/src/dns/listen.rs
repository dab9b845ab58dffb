//! The DNS sockets. A UDP question that can be answered at once is answered in the loop; one that must be forwarded waits in
//! a task of its own, of which there is a bounded number. TCP clients are bounded in number, time and length.

use super::answer::{Client, Step, Transport, at_once, wait};
use super::deliver::{cut_short, proven};
use super::message::{Packet, read};
use super::rate::Allowed;
use crate::gateway::{Shared, StartError};
use crate::observe::count;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// How often a free port is tried that both UDP and TCP can have.
const PORT_TRIES: usize = 16;
/// A TCP client that says nothing for so long is let go (RFC 7766 section 6.2.3 asks for some seconds).
pub(super) const TCP_IDLE: Duration = Duration::from_secs(10);

/// UDP and TCP on one port.
pub(crate) struct Sockets {
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
}

impl Sockets {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Opens both sockets on every address.
pub(crate) async fn open(addresses: &[SocketAddr]) -> Result<Vec<Sockets>, StartError> {
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        sockets.push(open_both(*address).await?);
    }
    Ok(sockets)
}

async fn open_both(wanted: SocketAddr) -> Result<Sockets, StartError> {
    let failed = |source| StartError::Listen { address: wanted, purpose: "DNS", source };
    let mut tries = 0;
    loop {
        let tcp = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        match UdpSocket::bind(address).await {
            Ok(udp) => return Ok(Sockets { udp, tcp, address }),
            // A free TCP port may be taken for UDP; with port 0 another one will do.
            Err(_) if wanted.port() == 0 && tries < PORT_TRIES => tries += 1,
            Err(source) => return Err(failed(source)),
        }
    }
}

/// Starts answering.
pub(crate) fn serve(shared: &Arc<Shared>, sockets: Sockets, tasks: &mut JoinSet<()>) {
    tasks.spawn(udp(Arc::clone(shared), Arc::new(sockets.udp)));
    tasks.spawn(tcp(Arc::clone(shared), sockets.tcp));
}

async fn udp(shared: Arc<Shared>, socket: Arc<UdpSocket>) {
    let mut waiting = JoinSet::new();
    let mut buffer = vec![0; 4096];
    loop {
        // Errors here are about one client that went away (ICMP); the socket itself is sound.
        let Ok((length, client)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        while waiting.try_join_next().is_some() {}
        match read(buffer.get(..length).unwrap_or_default()) {
            Packet::Drop => count(&shared.metrics.dns_malformed),
            Packet::Reply(bytes) => {
                count(&shared.metrics.dns_malformed);
                send(&socket, &bytes, client).await;
            }
            Packet::Question(question) => {
                let asker = Client { device: client.ip().to_canonical(), transport: Transport::Udp };
                match shared.dns_rate.allow(asker.device, proven(&shared, &question, asker.device), Instant::now()) {
                    Allowed::Allow => {}
                    Allowed::Truncate => {
                        count(&shared.metrics.dns_rate_limited);
                        send(&socket, &cut_short(&shared, &question, asker), client).await;
                        continue;
                    }
                    Allowed::Drop => {
                        count(&shared.metrics.dns_rate_limited);
                        continue;
                    }
                }
                match at_once(&shared, &question, asker) {
                    Step::Answer(bytes) => send(&socket, &bytes, client).await,
                    Step::Wait(wanted) => {
                        let (shared, socket) = (Arc::clone(&shared), Arc::clone(&socket));
                        waiting.spawn(async move {
                            let bytes = wait(&shared, &question, asker, wanted).await;
                            send(&socket, &bytes, client).await;
                        });
                    }
                }
            }
        }
    }
}

/// Sends an answer. An error is about that one client, who will ask again.
async fn send(socket: &UdpSocket, bytes: &[u8], client: SocketAddr) {
    if !bytes.is_empty() {
        let _ = socket.send_to(bytes, client).await;
    }
}

async fn tcp(shared: Arc<Shared>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(shared.config.limits.dns_connections));
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            count(&shared.metrics.refused_connections);
            continue;
        };
        let shared = Arc::clone(&shared);
        clients.spawn(async move {
            let _place = place;
            let mut stream = stream;
            let idle = TCP_IDLE.min(shared.config.limits.idle_time);
            while let Ok(Some(())) = timeout(idle, one(&shared, &mut stream, client)).await {}
        });
    }
}

/// One question over TCP (RFC 1035 section 4.2.2); `None` ends the connection.
async fn one(shared: &Shared, stream: &mut TcpStream, client: SocketAddr) -> Option<()> {
    let length = usize::from(stream.read_u16().await.ok()?);
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet).await.ok()?;
    let bytes = match read(&packet) {
        Packet::Drop => {
            count(&shared.metrics.dns_malformed);
            return None;
        }
        Packet::Reply(bytes) => {
            count(&shared.metrics.dns_malformed);
            bytes
        }
        Packet::Question(question) => {
            let asker = Client { device: client.ip().to_canonical(), transport: Transport::Tcp };
            match at_once(shared, &question, asker) {
                Step::Answer(bytes) => bytes,
                Step::Wait(wanted) => wait(shared, &question, asker, wanted).await,
            }
        }
    };
    let length = u16::try_from(bytes.len()).ok()?;
    stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).await.ok()
}
