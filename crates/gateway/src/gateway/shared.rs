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
use crate::identity::IdentityTable;
use crate::identity::directory::Taken;
use crate::inspect::Inspection;
use crate::observe::{Metrics, Observer, count};
use crate::request::WarningsPassed;
use crate::rules::GatewayRules;
use crate::snapshot::WrittenLists;
use belisha_filter::PhraseBook;
use jiff::Timestamp;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
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
        count(&self.metrics.rules_taken);
        self.changed.send_replace(());
    }

    /// Wakes whenever other rules are taken.
    pub(crate) fn rules_changed(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }
}
