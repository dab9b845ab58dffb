//! Starts one gateway: its sockets, its rules, its tasks.

use super::error::StartError;
use super::handle::GatewayHandle;
use super::keeping::{begin_with_rules, follow};
use super::shared::Shared;
use super::sockets::Sockets;
use crate::blockpage;
use crate::config::{Clock, Entropy, GatewayConfig};
use crate::dns;
use crate::icap;
use crate::proxy;
use crate::rules::GatewayRules;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The data plane of one school.
pub struct Gateway;

impl Gateway {
    /// Opens the sockets and starts answering. Start it once for each school, on different ports.
    ///
    /// Rules: the channel's value if it has one, else the snapshot on disk, else the strictest state (portal and helplines
    /// only) until the channel brings some. A channel whose sender is gone changes nothing: the last rules stay in force.
    pub async fn start(
        config: GatewayConfig,
        mut rules: watch::Receiver<Option<Arc<GatewayRules>>>,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<GatewayHandle, StartError> {
        if let Some(path) = &config.snapshot {
            std::fs::create_dir_all(path).map_err(|source| StartError::Directory { path: path.clone(), source })?;
        }
        let sockets = Sockets::open(&config).await?;
        let addresses = sockets.addresses();
        let given = rules.borrow_and_update().clone();
        let shared = Arc::new(Shared::new(config, addresses, clock, entropy)?);
        begin_with_rules(&shared, given).await;
        let (mut tasks, mut serving) = (JoinSet::new(), JoinSet::new());
        tasks.spawn(follow(Arc::clone(&shared), rules));
        serve(&shared, sockets, &mut tasks, &mut serving)?;
        Ok(GatewayHandle::new(shared, addresses, tasks, serving))
    }
}

/// Begins to answer on every socket: what has begun when the gateway stops is finished for `serving`, and not for `tasks`.
fn serve(
    shared: &Arc<Shared>,
    sockets: Sockets,
    tasks: &mut JoinSet<()>,
    serving: &mut JoinSet<()>,
) -> Result<(), StartError> {
    for sockets in sockets.dns {
        dns::listen::serve(shared, sockets, serving)?;
    }
    if let Some(sockets) = sockets.encrypted_dns {
        dns::encrypted::serve(shared, sockets, tasks, serving);
    }
    let connections = proxy::Connections::new(shared.config.limits);
    for socket in sockets.transparent {
        serving.spawn(proxy::transparent::serve(Arc::clone(shared), socket, connections.clone()));
    }
    for socket in sockets.proxy {
        serving.spawn(proxy::serve(Arc::clone(shared), socket, connections.clone()));
    }
    for socket in sockets.icap {
        serving.spawn(icap::serve(Arc::clone(shared), socket));
    }
    let connections = proxy::Connections::new(shared.config.limits);
    for socket in sockets.block_page {
        serving.spawn(blockpage::serve(Arc::clone(shared), socket, connections.clone()));
    }
    sockets.identity.start(shared, tasks);
    Ok(())
}
