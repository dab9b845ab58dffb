//! Opens the DNS sockets and accepts clients over TCP, whose questions `connection.rs` answers. UDP is answered in `batch.rs`.

use super::answer::Transport;
use super::{batch, connection};
use crate::gateway::{Shared, StartError};
use crate::metrics::count;
use crate::open_sockets::{OpenSockets, bind_udp};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How often a free port is tried that both UDP and TCP can have.
const PORT_TRIES: usize = 16;
/// Most threads for one address, unless told otherwise: half a million questions a second each is enough for any school.
const MOST_THREADS: usize = 4;
/// Bytes of questions that may wait in a socket while its thread answers others; the system may allow fewer.
pub(crate) const RECEIVE_BUFFER: usize = 4 * 1024 * 1024;

/// How long to wait when the system has no more sockets to give.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(20);

/// UDP and TCP on one port; one UDP socket for each thread.
pub(crate) struct Sockets {
    udp: Vec<UdpSocket>,
    /// Whether others hold the UDP sockets too, who read on when this gateway has stopped.
    held_elsewhere: bool,
    tcp: TcpListener,
    address: SocketAddr,
}

impl Sockets {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

/// How many threads answer on an address: as many as wanted; 0 = as many as there are processors, within reason.
pub(crate) fn processors(wanted: usize) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    if wanted == 0 { all() } else { wanted }
}

/// Takes the sockets of every address that are open already, and opens those that are not. `threads` for each address, as for
/// [`processors`].
pub(crate) fn open(kept: &OpenSockets, addresses: &[SocketAddr], threads: usize) -> Result<Vec<Sockets>, StartError> {
    addresses.iter().map(|address| open_both(kept, *address, processors(threads))).collect()
}

fn open_both(kept: &OpenSockets, wanted: SocketAddr, threads: usize) -> Result<Sockets, StartError> {
    let failed = |source| StartError::Listen { address: wanted, purpose: "DNS", source };
    let mut tries = 0;
    loop {
        // TCP first: it cannot share its port, so that two gateways on one address are noticed.
        let tcp = kept.listener(wanted, "DNS")?;
        let address = tcp.local_addr().map_err(failed)?;
        let udp = kept.udp(wanted).map_err(failed)?;
        if !udp.is_empty() {
            return Ok(Sockets { udp, held_elsewhere: true, tcp, address });
        }
        let udp = std::iter::repeat_with(|| bind_udp(address, threads > 1)).take(threads);
        match udp.collect::<io::Result<Vec<_>>>() {
            Ok(udp) => return Ok(Sockets { udp, held_elsewhere: false, tcp, address }),
            // A free TCP port may be taken for UDP; with port 0 another one will do.
            Err(_) if wanted.port() == 0 && tries < PORT_TRIES => tries += 1,
            Err(source) => return Err(failed(source)),
        }
    }
}

/// Starts answering, until the gateway stops; questions that were read by then are answered.
pub(crate) fn serve(shared: &Arc<Shared>, sockets: Sockets, serving: &mut JoinSet<()>) -> Result<(), StartError> {
    let Sockets { udp, held_elsewhere, tcp: listener, address } = sockets;
    serving.spawn(accept(Arc::clone(shared), listener, |shared, stream, device| {
        connection::answer(shared, stream, device, Transport::Tcp)
    }));
    let begun = batch::serve(shared, udp, held_elsewhere, serving);
    begun.map_err(|source| StartError::Listen { address, purpose: "DNS", source })
}

/// Accepts clients, so many at most, until the gateway stops; then waits for those that are there.
pub(super) async fn accept<Answer, Answered>(shared: Arc<Shared>, listener: TcpListener, answer: Answer)
where
    Answer: Fn(Arc<Shared>, TcpStream, IpAddr) -> Answered,
    Answered: Future<Output = ()> + Send + 'static,
{
    let places = connection::places(shared.config.limits);
    let mut clients = JoinSet::new();
    let mut stopping = shared.stopping();
    loop {
        while clients.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stops| *stops) => break,
        };
        let Ok((stream, client)) = accepted else {
            tokio::time::sleep(OUT_OF_SOCKETS).await;
            continue;
        };
        let device = client.ip().to_canonical();
        let Some(place) = places.enter(device) else {
            count(&shared.metrics.refused_connections);
            continue;
        };
        let _ = stream.set_nodelay(true);
        let answered = answer(Arc::clone(&shared), stream, device);
        clients.spawn(async move {
            let _place = place;
            answered.await;
        });
    }
    drop(listener);
    while clients.join_next().await.is_some() {}
}
