//! What every part of a running gateway shares: settings, rules in use, identities, counters, open tunnels.

use super::error::StartError;
use super::sockets::Addresses;
use crate::blockpage::RecentBlocks;
use crate::config::{Clock, Entropy, GatewayConfig};
use crate::dns;
use crate::dns::cookie::ServerCookies;
use crate::dns::forward::Forwarder;
use crate::dns::rate::RateLimit;
use crate::dns::recent::RecentNames;
use crate::figures::{Figures, Upstream};
use crate::identity::IdentityTable;
use crate::identity::directory::Taken;
use crate::inspect::Inspection;
use crate::metrics::{Metrics, count};
use crate::observe::Observer;
use crate::request::WarningsPassed;
use crate::rules::GatewayRules;
use crate::snapshot::WrittenLists;
use belisha_filter::PhraseBook;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What every part of a running gateway shares.
pub(crate) struct Shared {
    pub(crate) config: GatewayConfig,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) identity: Arc<IdentityTable>,
    pub(crate) logged_on: Taken,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) observer: Observer,
    pub(crate) blocks: RecentBlocks,
    pub(crate) warnings: WarningsPassed,
    pub(crate) forwarder: Forwarder,
    pub(crate) zones: Arc<dns::zones::Zones>,
    pub(crate) recent_names: RecentNames,
    pub(crate) led_to: dns::led_to::LedTo,
    pub(crate) inspection: Option<Inspection>,
    pub(crate) dns_cookies: ServerCookies,
    pub(crate) dns_rate: RateLimit,
    /// Where `/proxy.pac` is served and what it names, known once the sockets are open.
    pub(crate) proxy_public: String,
    pub(crate) block_page_addr: Option<SocketAddr>,
    pub(super) phrase_book: RwLock<Option<Arc<PhraseBook>>>,
    rules: RwLock<Option<Arc<GatewayRules>>>,
    /// When they were taken, in seconds since 1970; 0 = there are none.
    rules_taken: AtomicI64,
    pub(super) written_lists: WrittenLists,
    /// Held while the snapshot is written, so that stopping waits for what was begun.
    pub(super) writing: Arc<tokio::sync::Mutex<()>>,
    /// Whether another process writes who is signed in from now on.
    pub(super) handed_over: AtomicBool,
    /// Tells open tunnels that the rules changed.
    changed: watch::Sender<()>,
    tunnels: Mutex<JoinSet<()>>,
    /// Whether the gateway stops: nothing new is begun.
    pub(super) stops: watch::Sender<bool>,
}

impl Shared {
    /// What a gateway starts with: no rules, nobody known.
    pub(super) fn new(
        config: GatewayConfig,
        addresses: Addresses,
        clock: Clock,
        entropy: Entropy,
    ) -> Result<Self, StartError> {
        let metrics = Arc::new(Metrics::default());
        let inspection = config.inspection.as_ref();
        let inspection = inspection.map(|given| Inspection::new(given, &clock, &entropy, &metrics)).transpose()?;
        let zones = Arc::new(dns::zones::Zones::new(&config.dns)?);
        let mut cookie_key = [0; 16];
        entropy(&mut cookie_key);
        let begun = tokio::time::Instant::now();
        Ok(Self {
            identity: Arc::new(IdentityTable::new()),
            logged_on: Taken::default(),
            observer: Observer { queue: config.observations.clone(), metrics: Arc::clone(&metrics) },
            blocks: RecentBlocks::default(),
            phrase_book: RwLock::new(config.content.phrase_book.clone()),
            warnings: WarningsPassed::default(),
            recent_names: RecentNames::default(),
            led_to: dns::led_to::LedTo::default(),
            inspection,
            dns_cookies: ServerCookies::new(cookie_key),
            dns_rate: RateLimit::new(config.dns.questions_a_second, config.dns.unlimited.clone(), begun),
            forwarder: Forwarder::new(&config, Arc::clone(&zones), &entropy)?,
            zones,
            proxy_public: config
                .proxy_public
                .clone()
                .or(addresses.proxy.map(|address| address.to_string()))
                .unwrap_or_default(),
            block_page_addr: addresses.block_page,
            rules: RwLock::new(None),
            rules_taken: AtomicI64::new(0),
            written_lists: WrittenLists::default(),
            writing: Arc::default(),
            handed_over: AtomicBool::new(false),
            changed: watch::Sender::new(()),
            tunnels: Mutex::default(),
            stops: watch::Sender::new(false),
            metrics,
            config,
            clock,
            entropy,
        })
    }

    /// Runs a tunnel until it ends or the gateway stops.
    pub(crate) fn spawn_tunnel(&self, tunnel: impl Future<Output = ()> + Send + 'static) {
        let mut tunnels = self.tunnels.lock().unwrap_or_else(PoisonError::into_inner);
        while tunnels.try_join_next().is_some() {}
        tunnels.spawn(tunnel);
    }

    pub(super) fn stop_tunnels(&self) {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Says when the gateway stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stops.subscribe()
    }

    /// Waits for the tunnels that are open.
    pub(super) async fn tunnels_end(&self) {
        let mut tunnels = std::mem::take(&mut *self.tunnels.lock().unwrap_or_else(PoisonError::into_inner));
        while tunnels.join_next().await.is_some() {}
    }

    /// What can be counted at any moment.
    pub(super) fn figures(&self) -> Figures {
        let (now, rules, taken) = (self.now(), self.rules(), self.rules_taken.load(Ordering::Relaxed));
        let index = rules.as_ref().map(|rules| rules.ruleset.index());
        let queue = &self.config.observations;
        Figures {
            rules_age: (taken > 0).then(|| Duration::from_secs(now.as_second().saturating_sub(taken).unsigned_abs())),
            names: index.map_or(0, |index| index.len()),
            names_checksum: index.map_or(0, |index| index.checksum()),
            upstreams: self.forwarder.health().into_iter().map(|(there, usual)| Upstream { there, usual }).collect(),
            observations_waiting: queue.max_capacity() - queue.capacity(),
            addresses_known: self.identity.addresses_known(now),
            tunnels: self.tunnels.lock().unwrap_or_else(PoisonError::into_inner).len(),
        }
    }

    /// The rules in use; `None` is the strictest state: portal and helplines only.
    pub(crate) fn rules(&self) -> Option<Arc<GatewayRules>> {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The book pages are held against.
    pub(crate) fn phrase_book(&self) -> Option<Arc<PhraseBook>> {
        self.phrase_book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn take(&self, rules: Arc<GatewayRules>) {
        self.identity.take_register(Arc::clone(rules.lookup()));
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = Some(rules);
        self.rules_taken.store(self.now().as_second(), Ordering::Relaxed);
        count(&self.metrics.rules_taken);
        self.changed.send_replace(());
    }

    /// Wakes whenever other rules are taken.
    pub(crate) fn rules_changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
