//! Opens and starts what tells the table who is where, as the settings say.

use super::config::IdentityConfig;
use super::{leases, neighbours, radius};
use crate::gateway::{Shared, StartError};
use crate::open_sockets::OpenSockets;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// The sources' sockets, open and not yet read.
pub(crate) struct Sources {
    radius: Vec<UdpSocket>,
}

impl Sources {
    /// Opens what must be listened on.
    pub(crate) async fn open(kept: &OpenSockets, config: &IdentityConfig) -> Result<Self, StartError> {
        let addresses = config.radius.as_ref().map_or(&[][..], |radius| &radius.listen);
        Ok(Self { radius: radius::open(kept, addresses).await? })
    }

    /// Where RADIUS accounting is taken: the first address, with its real port.
    pub(crate) fn radius_address(&self) -> Option<SocketAddr> {
        self.radius.first().and_then(|socket| socket.local_addr().ok())
    }

    /// Starts every source.
    pub(crate) fn start(self, shared: &Arc<Shared>, tasks: &mut JoinSet<()>) {
        let config = &shared.config.identity;
        if let Some(radius) = config.radius.clone().map(Arc::new) {
            for socket in self.radius {
                tasks.spawn(radius::serve(Arc::clone(shared), Arc::clone(&radius), socket));
            }
        }
        for file in config.leases.clone() {
            tasks.spawn(leases::watch(Arc::clone(shared), file));
        }
        if let Some(neighbours) = config.neighbours.clone() {
            tasks.spawn(neighbours::watch(Arc::clone(shared), neighbours));
        }
    }
}
