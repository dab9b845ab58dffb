//! What a process that runs for months needs besides its work: its addresses opened while it still may, a user without rights
//! to run as, word to the service manager, and a successor that takes over without refusing anybody.

mod privileges;
mod service_manager;
mod take_over;

pub use service_manager::ServiceManager;
pub use take_over::{Predecessor, Successor, ending};

use crate::commands::Failure;
use belisha_gateway::OpenSockets;
use clap::Args;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

/// How long tunnels and long downloads may take to end when another process has taken this one's place.
pub const GRACE_AFTER_HAND_OVER: Duration = Duration::from_secs(60);

/// Options of a process that serves.
#[derive(Args, Debug, Clone, Default)]
#[command(next_help_heading = "The process")]
pub struct ProcessOptions {
    /// Who to run as once the addresses are open; start as root for that
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Where Prometheus reads figures, at /metrics: docs/reference/metrics.md
    #[arg(long, value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// Take the place of the process that works in this data folder now, without refusing anybody
    #[arg(long)]
    take_over: bool,
}

/// A process that has its sockets and no more rights than it needs.
pub struct Prepared {
    /// The open sockets.
    pub sockets: OpenSockets,
    /// Where figures are served.
    pub figures: Option<TcpListener>,
    /// The process whose place this one takes.
    pub predecessor: Option<Predecessor>,
}

impl ProcessOptions {
    /// Addresses besides those of gateways, and what for.
    pub fn addresses(&self) -> Vec<(SocketAddr, &'static str)> {
        self.metrics.map(|address| (address, "figures")).into_iter().collect()
    }

    /// Takes sockets from the service manager and from the process before this one, has `open` open the rest, then gives up what rights the process has. Before any
    /// other thread is started: some rights are a thread's own.
    ///
    /// # Errors
    /// When an address is taken, there is nobody to take over from, or root's rights cannot be given up.
    pub fn prepare(
        &self,
        data: &Path,
        open: impl FnOnce(&OpenSockets) -> Result<(), Failure>,
    ) -> Result<Prepared, Failure> {
        let sockets = OpenSockets::default();
        service_manager::take_sockets(&sockets)?;
        let predecessor = if self.take_over { Some(Predecessor::find(data, &sockets)?) } else { None };
        open(&sockets)?;
        for (address, purpose) in self.addresses() {
            sockets.open_tcp(address, purpose)?;
        }
        for address in sockets.close_unwanted() {
            tracing::warn!(
                "nothing here answers on `{address}`, which was open already; give that address or close it"
            );
        }
        if let Some(user) = &self.user {
            privileges::give_up(user, data)?;
        }
        let figures = self.metrics.map(|address| sockets.tcp(address)).transpose()?;
        Ok(Prepared { sockets, figures, predecessor })
    }
}

/// Waits until somebody asks the process to end (Ctrl-C or SIGTERM).
///
/// # Errors
/// When the system does not let signals be waited for.
pub async fn until_stopped() -> Result<(), Failure> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        ended = tokio::signal::ctrl_c() => ended?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
