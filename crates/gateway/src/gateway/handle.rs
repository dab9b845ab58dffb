//! A running gateway, for whoever started it: where it listens, what its pages ask of it, how it is stopped.

use super::keeping::{restore_identities, write_identities};
use super::shared::Shared;
use super::sockets::Addresses;
use crate::blockpage::Block;
use crate::figures::Figures;
use crate::identity::IdentityTable;
use crate::metrics::Metrics;
use crate::rules::GatewayRules;
use belisha_filter::PhraseBook;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A running gateway. Dropping it stops it at once; [`GatewayHandle::shutdown`] also writes who is signed in.
pub struct GatewayHandle {
    /// Where DNS is answered: the first of the configured addresses, with its real port.
    pub dns_addr: Option<SocketAddr>,
    /// Where DNS over TLS is answered, likewise.
    pub dns_tls_addr: Option<SocketAddr>,
    /// Where DNS over HTTPS is answered, likewise.
    pub dns_https_addr: Option<SocketAddr>,
    /// Where the proxy listens, likewise.
    pub proxy_addr: Option<SocketAddr>,
    /// Where redirected connections are taken, likewise.
    pub transparent_addr: Option<SocketAddr>,
    /// Where other proxies may ask, likewise.
    pub icap_addr: Option<SocketAddr>,
    /// Where the block page listens, likewise.
    pub block_page_addr: Option<SocketAddr>,
    /// Where RADIUS accounting is taken, likewise.
    pub radius_addr: Option<SocketAddr>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Who sits where. The web server signs people in and out here.
    pub identity: Arc<IdentityTable>,
    shared: Arc<Shared>,
    tasks: JoinSet<()>,
    /// Answers; asked to finish before it is stopped.
    serving: JoinSet<()>,
}

impl GatewayHandle {
    pub(super) fn new(shared: Arc<Shared>, addresses: Addresses, tasks: JoinSet<()>, serving: JoinSet<()>) -> Self {
        Self {
            dns_addr: addresses.dns,
            dns_tls_addr: addresses.dns_tls,
            dns_https_addr: addresses.dns_https,
            proxy_addr: addresses.proxy,
            transparent_addr: addresses.transparent,
            icap_addr: addresses.icap,
            block_page_addr: addresses.block_page,
            radius_addr: addresses.radius,
            metrics: Arc::clone(&shared.metrics),
            identity: Arc::clone(&shared.identity),
            shared,
            tasks,
            serving,
        }
    }

    /// Holds pages against another book from when it is called with one; those being read keep theirs. It outlives moves of this
    /// handle.
    pub fn phrase_books(&self) -> impl Fn(Arc<PhraseBook>) + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move |book| *shared.phrase_book.write().unwrap_or_else(PoisonError::into_inner) = Some(book)
    }

    /// A recent block by the id on its page (`…/requests/ask?block=ID`); the last few thousand are kept. Before showing it,
    /// the page compares [`Block::person`] with whoever is signed in.
    pub fn block(&self, id: &str) -> Option<Block> {
        self.shared.blocks.find(id)
    }

    /// Opens a host that a warning closed, for half an hour, to the person or device of that block. The portal calls it
    /// once the reason has been given. `false`: no such block, or it was no warning.
    pub fn pass_warning(&self, id: &str) -> bool {
        let Some(block) = self.shared.blocks.find(id) else {
            return false;
        };
        self.shared.warnings.pass(&block, self.shared.now())
    }

    /// The name of the device at an address, as the school's own DNS servers know it; remembered for its time.
    pub async fn device_name(&self, address: IpAddr) -> Option<String> {
        self.shared.forwarder.device_name(address).await
    }

    /// Whether a host is in one of the zones that the configuration gives this gateway, or has a record there.
    pub fn answers_for(&self, host: &str) -> bool {
        self.shared.zones.speak_of(host)
    }

    /// What can be counted at this moment; what only grows is in [`GatewayHandle::metrics`].
    pub fn figures(&self) -> Figures {
        self.shared.figures()
    }

    /// Whether rules are in force; without them only the portal and helplines are reachable.
    pub fn has_rules(&self) -> bool {
        self.shared.rules().is_some()
    }

    /// Waits until the gateway decides by these rules, at most `longest`: after a signature the next page must be open. Says
    /// whether it came about.
    pub async fn holds(&self, rules: &Arc<GatewayRules>, longest: Duration) -> bool {
        let mut changed = self.shared.rules_changed();
        let held = || self.shared.rules().is_some_and(|held| Arc::ptr_eq(&held, rules));
        let waiting = async {
            while !held() {
                if changed.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(longest, waiting).await.is_ok() && held()
    }

    /// A handle for web pages, which outlives moves of this one.
    pub fn blocks(&self) -> BlockBook {
        BlockBook { shared: Arc::clone(&self.shared) }
    }

    /// Takes nothing new and writes who is signed in, for the last time: from here on another process knows better. What has
    /// begun goes on, until [`GatewayHandle::shutdown_within`].
    pub async fn hand_over(&self) {
        self.shared.stops.send_replace(true);
        write_identities(&self.shared, true).await;
    }

    /// Takes in who is signed in from disk, beside those who are known already: another process handed over.
    pub async fn read_identities(&self) {
        restore_identities(&self.shared).await;
    }

    /// Stops: takes nothing new, gives what has begun [`crate::Limits::finish_time`] to end, writes who is signed in.
    pub async fn shutdown(self) {
        let finish = self.shared.config.limits.finish_time;
        self.shutdown_within(finish).await;
    }

    /// As [`GatewayHandle::shutdown`], with another time for what has begun.
    pub async fn shutdown_within(mut self, finish: Duration) {
        self.shared.stops.send_replace(true);
        let ending = async {
            while self.serving.join_next().await.is_some() {}
            self.shared.tunnels_end().await;
        };
        let _ = tokio::time::timeout(finish, ending).await;
        self.serving.shutdown().await;
        self.tasks.shutdown().await;
        self.shared.stop_tunnels();
        write_identities(&self.shared, false).await;
    }
}

impl Drop for GatewayHandle {
    fn drop(&mut self) {
        self.shared.stop_tunnels();
    }
}

/// What web pages ask of a gateway about blocks; cheap to clone.
#[derive(Clone)]
pub struct BlockBook {
    shared: Arc<Shared>,
}

impl BlockBook {
    /// As [`GatewayHandle::block`].
    pub fn block(&self, id: &str) -> Option<Block> {
        self.shared.blocks.find(id)
    }

    /// Blocks after the first `known`, the newest last and at most `most`, with how many there were since the start.
    pub fn after(&self, known: u64, most: usize) -> (u64, Vec<Block>) {
        self.shared.blocks.after(known, most)
    }

    /// Says how many blocks there were since the start, whenever there is another.
    pub fn counted(&self) -> watch::Receiver<u64> {
        self.shared.blocks.counted()
    }

    /// As [`GatewayHandle::pass_warning`].
    pub fn pass_warning(&self, id: &str) -> bool {
        let Some(block) = self.shared.blocks.find(id) else {
            return false;
        };
        self.shared.warnings.pass(&block, self.shared.now())
    }
}
