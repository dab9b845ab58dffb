//! Starts and stops one gateway: opens its sockets, takes rules from the channel or from disk, keeps both in step. What
//! happens to a request is in `request/steps.rs`.

use crate::blockpage::{self, Block, RecentBlocks};
use crate::config::{Clock, Entropy, GatewayConfig};
use crate::dns;
use crate::dns::cookie::ServerCookies;
use crate::dns::forward::Forwarder;
use crate::dns::rate::RateLimit;
use crate::dns::recent::RecentNames;
use crate::identity::directory::Taken;
use crate::identity::{IdentityTable, Sources};
use crate::inspect::{AuthorityError, Inspection};
use crate::observe::{Metrics, Observer, count};
use crate::proxy;
use crate::request::WarningsPassed;
use crate::rules::GatewayRules;
use crate::snapshot::{self, SnapshotError, WrittenLists};
use belisha_filter::PhraseBook;
use jiff::Timestamp;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often changed identities are written to disk.
const IDENTITY_WRITE: Duration = Duration::from_secs(5);

/// Why a gateway could not start. Rules that cannot be read from disk are no reason: it starts as the strictest.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be listened on.
    #[error("cannot listen on `{address}` for {purpose}: {source}; stop what uses the address or choose another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// `DNS`, `the proxy`, `the block page`.
        purpose: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The school's certificate authority cannot be used.
    #[error("encrypted pages cannot be read: {0}")]
    Inspection(#[from] AuthorityError),
    /// A DNS server cannot be asked over TLS.
    #[error("cannot ask the DNS server `{name}` over TLS: {source}; check its name and the file of authorities")]
    Upstream {
        /// The name its certificate must carry.
        name: String,
        /// What is wrong.
        source: io::Error,
    },
    /// Encrypted DNS is to be answered without a certificate.
    #[error("encrypted DNS needs a certificate; name its file and its key's, or listen on no address for it")]
    CertificateWanted,
    /// The certificate of encrypted DNS cannot be used.
    #[error("{0}; put the certificate and its key there, in PEM")]
    Certificate(#[from] dns::certificate::CertificateError),
    /// Encrypted DNS cannot be set up.
    #[error("cannot set up encrypted DNS: {0}")]
    Encryption(rustls::Error),
    /// A record of the school's own zones cannot be read.
    #[error(transparent)]
    Zone(#[from] dns::zones::ZoneError),
    /// The directory for the snapshot could not be made.
    #[error("cannot make the directory `{}` for the last rules: {source}; make it, or choose one that can be written to", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

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
    phrase_book: RwLock<Option<Arc<PhraseBook>>>,
    rules: RwLock<Option<Arc<GatewayRules>>>,
    written_lists: WrittenLists,
    /// Held while the snapshot is written, so that stopping waits for what was begun.
    writing: Arc<tokio::sync::Mutex<()>>,
    /// Tells open tunnels that the rules changed.
    changed: watch::Sender<()>,
    tunnels: Mutex<JoinSet<()>>,
    /// Whether the gateway stops: nothing new is begun.
    stops: watch::Sender<bool>,
}

impl Shared {
    /// Runs a tunnel until it ends or the gateway stops.
    pub(crate) fn spawn_tunnel(&self, tunnel: impl Future<Output = ()> + Send + 'static) {
        let mut tunnels = self.tunnels.lock().unwrap_or_else(PoisonError::into_inner);
        while tunnels.try_join_next().is_some() {}
        tunnels.spawn(tunnel);
    }

    fn stop_tunnels(&self) {
        self.tunnels.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Says when the gateway stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.stops.subscribe()
    }

    /// Waits for the tunnels that are open.
    async fn tunnels_end(&self) {
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

    fn take(&self, rules: Arc<GatewayRules>) {
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
        let dns_sockets = dns::listen::open(&config.dns_listen, config.dns.threads).await?;
        let transparent_sockets = open(&config.proxy.transparent_listen, "redirected connections").await?;
        let proxy_sockets = open(&config.proxy_listen, "the proxy").await?;
        let block_page_sockets = open(&config.block_page_listen, "the block page").await?;
        let encrypted_dns = dns::encrypted::open(&config.dns).await?;
        let [dns_tls_addr, dns_https_addr] =
            encrypted_dns.as_ref().map(dns::encrypted::Sockets::addresses).unwrap_or_default();
        let identity_sources = Sources::open(&config.identity).await?;
        let dns_addr = dns_sockets.first().map(dns::listen::Sockets::address);
        let proxy_addr = first_address(&proxy_sockets);
        let transparent_addr = first_address(&transparent_sockets);
        let block_page_addr = first_address(&block_page_sockets);

        let metrics = Arc::new(Metrics::default());
        let inspection = config.inspection.as_ref();
        let inspection = inspection.map(|given| Inspection::new(given, &clock, &entropy, &metrics)).transpose()?;
        let given = rules.borrow_and_update().clone();
        let zones = Arc::new(dns::zones::Zones::new(&config.dns)?);
        let mut cookie_key = [0; 16];
        entropy(&mut cookie_key);
        let shared = Arc::new(Shared {
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
            dns_rate: RateLimit::new(
                config.dns.questions_a_second,
                config.dns.unlimited.clone(),
                tokio::time::Instant::now(),
            ),
            forwarder: Forwarder::new(&config, Arc::clone(&zones), &entropy)?,
            zones,
            proxy_public: config
                .proxy_public
                .clone()
                .or(proxy_addr.map(|address| address.to_string()))
                .unwrap_or_default(),
            block_page_addr,
            rules: RwLock::new(None),
            written_lists: WrittenLists::default(),
            writing: Arc::default(),
            changed: watch::Sender::new(()),
            tunnels: Mutex::default(),
            stops: watch::Sender::new(false),
            metrics: Arc::clone(&metrics),
            config,
            clock,
            entropy,
        });
        begin_with_rules(&shared, given).await;

        let (mut tasks, mut serving) = (JoinSet::new(), JoinSet::new());
        tasks.spawn(follow(Arc::clone(&shared), rules));
        for sockets in dns_sockets {
            dns::listen::serve(&shared, sockets, &mut tasks)?;
        }
        if let Some(sockets) = encrypted_dns {
            dns::encrypted::serve(&shared, sockets, &mut tasks);
        }
        let connections = proxy::Connections::new(shared.config.limits);
        for socket in transparent_sockets {
            serving.spawn(proxy::transparent::serve(Arc::clone(&shared), socket, connections.clone()));
        }
        for socket in proxy_sockets {
            serving.spawn(proxy::serve(Arc::clone(&shared), socket, connections.clone()));
        }
        let connections = proxy::Connections::new(shared.config.limits);
        for socket in block_page_sockets {
            serving.spawn(blockpage::serve(Arc::clone(&shared), socket, connections.clone()));
        }
        let radius_addr = identity_sources.radius_address();
        identity_sources.start(&shared, &mut tasks);
        Ok(GatewayHandle {
            dns_addr,
            dns_tls_addr,
            dns_https_addr,
            proxy_addr,
            transparent_addr,
            block_page_addr,
            radius_addr,
            metrics,
            identity: Arc::clone(&shared.identity),
            shared,
            tasks,
            serving,
        })
    }
}

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
    /// Serves HTTP; asked to finish before it is stopped.
    serving: JoinSet<()>,
}

impl GatewayHandle {
    /// Holds pages against another book from now on; those being read keep theirs.
    pub fn use_phrase_book(&self, book: Arc<PhraseBook>) {
        *self.shared.phrase_book.write().unwrap_or_else(PoisonError::into_inner) = Some(book);
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

    /// Stops: takes nothing new, gives what has begun [`crate::Limits::finish_time`] to end, writes who is signed in.
    pub async fn shutdown(mut self) {
        self.shared.stops.send_replace(true);
        let ending = async {
            while self.serving.join_next().await.is_some() {}
            self.shared.tunnels_end().await;
        };
        let _ = tokio::time::timeout(self.shared.config.limits.finish_time, ending).await;
        self.serving.shutdown().await;
        self.tasks.shutdown().await;
        self.shared.stop_tunnels();
        write_identities(&self.shared).await;
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

    /// As [`GatewayHandle::pass_warning`].
    pub fn pass_warning(&self, id: &str) -> bool {
        let Some(block) = self.shared.blocks.find(id) else {
            return false;
        };
        self.shared.warnings.pass(&block, self.shared.now())
    }
}

async fn open(addresses: &[SocketAddr], purpose: &'static str) -> Result<Vec<TcpListener>, StartError> {
    let mut sockets = Vec::with_capacity(addresses.len());
    for address in addresses {
        let socket = TcpListener::bind(address).await;
        sockets.push(socket.map_err(|source| StartError::Listen { address: *address, purpose, source })?);
    }
    Ok(sockets)
}

fn first_address(sockets: &[TcpListener]) -> Option<SocketAddr> {
    sockets.first().and_then(|socket| socket.local_addr().ok())
}

/// Rules from the channel, else from disk, else none; identities from disk.
async fn begin_with_rules(shared: &Arc<Shared>, given: Option<Arc<GatewayRules>>) {
    if let Some(path) = shared.config.snapshot.clone() {
        match blocking({
            let path = path.clone();
            move || snapshot::read_identities(&path)
        })
        .await
        {
            Ok(identities) => shared.identity.restore(identities, shared.now()),
            Err(SnapshotError::Missing { .. }) => {}
            Err(error) => tracing::error!("{error}; nobody is signed in until they sign in again"),
        }
        if given.is_none() {
            let (school, key) = (shared.config.school, shared.config.illegal_list_key);
            match blocking(move || snapshot::read_rules(&path, school, key)).await {
                Ok(rules) => shared.take(Arc::new(rules)),
                Err(error) => {
                    tracing::error!("{error}; until rules arrive only the portal and helplines are reachable")
                }
            }
        }
    }
    if let Some(rules) = given {
        take_and_write(shared, rules).await;
    }
}

/// Takes rules as they come and writes them; writes identities when they changed. Ends never: when the sender is gone the
/// last rules stay.
async fn follow(shared: Arc<Shared>, mut rules: watch::Receiver<Option<Arc<GatewayRules>>>) {
    let mut every = tokio::time::interval(IDENTITY_WRITE);
    let mut written = shared.identity.change();
    let mut sender_there = true;
    loop {
        tokio::select! {
            changed = rules.changed(), if sender_there => {
                if changed.is_err() {
                    sender_there = false;
                    tracing::warn!("nobody sends rules any more; the last ones stay in force");
                    continue;
                }
                let given = rules.borrow_and_update().clone();
                if let Some(given) = given {
                    take_and_write(&shared, given).await;
                }
            }
            _ = every.tick() => {
                let change = shared.identity.change();
                if change != written {
                    written = change;
                    write_identities(&shared).await;
                }
            }
        }
    }
}

async fn take_and_write(shared: &Arc<Shared>, rules: Arc<GatewayRules>) {
    if rules.school != shared.config.school {
        tracing::error!(
            "rules for school {} reached the gateway of school {}; they are not taken",
            rules.school,
            shared.config.school
        );
        return;
    }
    shared.take(Arc::clone(&rules));
    if let Some(path) = shared.config.snapshot.clone() {
        let (held, writing) = (Arc::clone(shared), Arc::clone(&shared.writing).lock_owned().await);
        let write = move || {
            let _writing = writing;
            snapshot::write_rules(&path, &rules, &held.written_lists, held.config.compiled_lists.as_deref())
        };
        report(shared, blocking(write).await);
    }
}

async fn write_identities(shared: &Arc<Shared>) {
    if let Some(path) = shared.config.snapshot.clone() {
        let (running, writing) =
            (shared.identity.running(shared.now()), Arc::clone(&shared.writing).lock_owned().await);
        let write = move || {
            let _writing = writing;
            snapshot::write_identities(&path, &running)
        };
        report(shared, blocking(write).await);
    }
}

fn report(shared: &Shared, written: Result<(), SnapshotError>) {
    if let Err(error) = written {
        count(&shared.metrics.snapshot_failures);
        tracing::error!("{error}; the gateway goes on, but a restart would not know the newest rules");
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SnapshotError> + Send + 'static,
) -> Result<T, SnapshotError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(SnapshotError::Stopped))
}
