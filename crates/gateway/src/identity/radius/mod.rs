//! The RADIUS accounting server: Wi-Fi and switches that let people on by name tell it who came, with which device, at which
//! address, and who went (RFC 2866). `packet.rs` reads, `sessions.rs` remembers what runs. It lets nobody on: that is a RADIUS
//! *authentication* server's, which the school has already.

mod packet;
mod sessions;

pub(crate) use packet::{acknowledge, read};

use super::config::RadiusConfig;
use crate::gateway::{Shared, StartError};
use crate::metrics::count;
use crate::open_sockets::OpenSockets;
use packet::{LONGEST, PacketError};
use sessions::Sessions;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::UdpSocket;

/// Opens the sockets, or takes those that are open already.
pub(crate) async fn open(kept: &OpenSockets, addresses: &[SocketAddr]) -> Result<Vec<UdpSocket>, StartError> {
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        let failed = |source| StartError::Listen { address: *address, purpose: "RADIUS accounting", source };
        match kept.udp(*address).map_err(failed)?.pop() {
            Some(socket) => {
                socket.set_nonblocking(true).map_err(failed)?;
                sockets.push(UdpSocket::from_std(socket).map_err(failed)?);
            }
            None => sockets.push(UdpSocket::bind(address).await.map_err(failed)?),
        }
    }
    Ok(sockets)
}

/// Takes packets on one socket until the task is stopped.
pub(crate) async fn serve(shared: Arc<Shared>, config: Arc<RadiusConfig>, socket: UdpSocket) {
    let mut sessions = Sessions::default();
    let mut buffer = vec![0; LONGEST];
    loop {
        // An error is about one sender that went away; the socket itself is sound.
        let Ok((length, sender)) = socket.recv_from(&mut buffer).await else { continue };
        let packet = buffer.get(..length).unwrap_or_default();
        if let Some(answer) = take(&shared, &config, &mut sessions, packet, sender.ip().to_canonical()) {
            // Whoever misses the answer sends the packet again.
            let _ = socket.send_to(&answer, sender).await;
        }
    }
}

/// The answer to a packet; `None` for one that is dropped and counted.
fn take(
    shared: &Shared,
    config: &RadiusConfig,
    sessions: &mut Sessions,
    bytes: &[u8],
    sender: IpAddr,
) -> Option<Vec<u8>> {
    let counters = shared.identity.counters();
    let Some(secret) = config.secret_of(sender) else {
        count(&counters.radius_strangers);
        return None;
    };
    let packet = match read(bytes, secret) {
        Ok(packet) => packet,
        Err(PacketError::Malformed) => {
            count(&counters.radius_malformed);
            return None;
        }
        Err(PacketError::Forged) => {
            count(&counters.radius_forged);
            return None;
        }
    };
    let rules = shared.rules();
    let named = packet.username.as_deref();
    let person = rules.zip(named).and_then(|(rules, name)| rules.lookup().person_by_username(name, config.strip_realm));
    if person.is_none() && named.is_some() {
        count(&counters.radius_unknown_names);
    }
    let taken = sessions.take(&packet, sender, person, config.silent_after, shared.now(), &shared.identity);
    taken.then(|| {
        count(&counters.radius_accepted);
        acknowledge(bytes, secret)
    })
}
