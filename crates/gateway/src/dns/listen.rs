//! Opens the DNS sockets and accepts clients over TCP, whose questions `connection.rs` answers. UDP is answered in `batch.rs`.

use super::answer::Transport;
use super::{batch, connection};
use crate::gateway::{Shared, StartError};
use crate::observe::count;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How often a free port is tried that both UDP and TCP can have.
const PORT_TRIES: usize = 16;
/// Most threads for one address, unless told otherwise: half a million questions a second each is enough for any school.
const MOST_THREADS: usize = 4;
/// Bytes of questions that may wait in a socket while its thread answers others; the system may allow fewer.
const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// UDP and TCP on one port; one UDP socket for each thread.
pub(crate) struct Sockets {
    udp: Vec<UdpSocket>,
    tcp: TcpListener,
    address: SocketAddr,
}

impl Sockets {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Opens all sockets on every address. `threads` for each address; 0 = as many as there are processors, within reason.
pub(crate) async fn open(addresses: &[SocketAddr], threads: usize) -> Result<Vec<Sockets>, StartError> {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let threads = if threads == 0 { processors() } else { threads };
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        sockets.push(open_both(*address, threads).await?);
    }
    Ok(sockets)
}

async fn open_both(wanted: SocketAddr, threads: usize) -> Result<Sockets, StartError> {
    let failed = |source| StartError::Listen { address: wanted, purpose: "DNS", source };
    let mut tries = 0;
    loop {
        // TCP first: it cannot share its port, so that two gateways on one address are noticed.
        let tcp = TcpListener::bind(wanted).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        let udp = std::iter::repeat_with(|| open_udp(address, threads > 1)).take(threads);
        match udp.collect::<io::Result<Vec<_>>>() {
            Ok(udp) => return Ok(Sockets { udp, tcp, address }),
            // A free TCP port may be taken for UDP; with port 0 another one will do.
            Err(_) if wanted.port() == 0 && tries < PORT_TRIES => tries += 1,
            Err(source) => return Err(failed(source)),
        }
    }
}

/// A socket whose thread waits for packets; `shared` with other threads, among whom the system spreads the clients.
fn open_udp(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    // Less than was asked for will do.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// Starts answering.
pub(crate) fn serve(shared: &Arc<Shared>, sockets: Sockets, tasks: &mut JoinSet<()>) -> Result<(), StartError> {
    let Sockets { udp, tcp: listener, address } = sockets;
    tasks.spawn(tcp(Arc::clone(shared), listener));
    batch::serve(shared, udp, tasks).map_err(|source| StartError::Listen { address, purpose: "DNS", source })
}

async fn tcp(shared: Arc<Shared>, listener: TcpListener) {
    let places = connection::places(shared.config.limits);
    let mut clients = JoinSet::new();
    loop {
        while clients.try_join_next().is_some() {}
        let Ok((stream, client)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let device = client.ip().to_canonical();
        let Some(place) = places.enter(device) else {
            count(&shared.metrics.refused_connections);
            continue;
        };
        let shared = Arc::clone(&shared);
        clients.spawn(async move {
            let _place = place;
            connection::answer(shared, stream, device, Transport::Tcp).await;
        });
    }
}
