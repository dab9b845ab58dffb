//! The network behind the pages: one gateway for each school, kept in step with its records. How rules are read from the
//! records is in `rules`, what pages ask is answered in `pages`; what the gateway does is `belisha-gateway`'s.

mod alone;
mod authority;
mod dns_options;
mod explanation;
mod gateway_config;
mod listening;
mod listening_options;
mod lists;
mod observations;
mod pages;
mod phrases;
mod proxy_options;
mod rules;
mod school_gateway;

pub use alone::filter_alone;
pub use authority::kept_or_made as school_authority;
pub use dns_options::DnsOptions;
pub use explanation::{Asking, explanation};
pub use gateway_config::{GatewayOf, gateway_config};
pub use listening::{Listening, check_places};
pub use listening_options::ListeningOptions;
pub use observations::record;
pub use phrases::{PackedPhrases, PhraseFiles, book as phrase_book, fingerprint as phrases_fingerprint, packed_name};
pub use rules::read_rules;
pub use school_gateway::SchoolGateway;

use listening::take_place;

use crate::commands::Failure;
use crate::installation::Installation;
use crate::remote::RemoteFeed;
use crate::tail::{Live, Looks};
use belisha_activity::ActivityRecord;
use belisha_filter::{DomainIndex, IllegalList, PhraseBook};
use belisha_gateway::{Gateway, GatewayHandle, GatewayRules, Observation, Portal};
use belisha_records::SchoolId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

/// Observations that may wait for the activity store; more are counted and dropped, never waited for.
pub const QUEUE: usize = 20_000;

/// How long a gateway may take to hold new rules.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// A school's gateway, running.
struct Running {
    sender: watch::Sender<Option<Arc<GatewayRules>>>,
    handle: Arc<GatewayHandle>,
}

/// Every school's gateway.
pub struct SchoolNetworks {
    installation: Installation,
    portal: Portal,
    /// A demonstration has all its visitors at one address: there, whoever signed in last is at the device.
    last_sign_in_wins: bool,
    illegal: RwLock<Arc<IllegalList>>,
    index: RwLock<Arc<DomainIndex>>,
    /// One for all schools: it is large, and takes a while to compile.
    phrase_book: RwLock<Arc<PhraseBook>>,
    free: Mutex<Vec<Listening>>,
    running: RwLock<HashMap<SchoolId, Running>>,
    observed: mpsc::Sender<Observation>,
    /// Gateways that run elsewhere.
    remote: RemoteFeed,
    /// What is seen at this moment.
    pub live: Live,
    looks: Looks,
}

impl SchoolNetworks {
    /// Gateways to be started, one for each of `listening` in the order schools appear, and the queue of what they see.
    ///
    /// # Errors
    /// When a category list or the illegal list is damaged, or a phrase list cannot be read.
    pub fn new(
        installation: Installation,
        portal: Portal,
        listening: Vec<Listening>,
        last_sign_in_wins: bool,
    ) -> Result<(Arc<Self>, mpsc::Receiver<ActivityRecord>), Failure> {
        let (observed, mut seen) = mpsc::channel::<Observation>(QUEUE);
        let (records, receiver) = mpsc::channel(QUEUE);
        let live = Live::default();
        let showing = live.clone();
        tokio::spawn(async move {
            // Many at a time: the gateway hands them on in batches, and each waking of this task costs more than a record.
            let mut batch = Vec::new();
            while seen.recv_many(&mut batch, 256).await > 0 {
                for observation in batch.drain(..) {
                    let record = observations::record(observation);
                    showing.show(&record);
                    if records.send(record).await.is_err() {
                        return;
                    }
                }
            }
        });
        let phrases = PhraseFiles::read(installation.data.root())?;
        let remote = RemoteFeed::new(&installation, live.clone());
        remote.phrases_are(phrases.pack());
        let networks = Self {
            illegal: RwLock::new(installation.illegal_list()?),
            index: RwLock::new(installation.index()?),
            phrase_book: RwLock::new(phrases::book(&[&phrases])?),
            remote,
            installation,
            portal,
            last_sign_in_wins,
            free: Mutex::new(listening),
            running: RwLock::default(),
            observed,
            looks: Looks::new(live.clone()),
            live,
        };
        Ok((Arc::new(networks), receiver))
    }

    /// Starts or refreshes the gateway of every school in the records.
    ///
    /// # Errors
    /// When the records cannot be read or an address is taken.
    pub async fn refresh_all(&self) -> Result<(), Failure> {
        let mut tx = self.installation.store.read_installation().await?;
        let schools = belisha_store::schools::list(&mut tx).await?;
        drop(tx);
        for school in schools {
            self.refresh(school.id).await?;
        }
        Ok(())
    }

    /// Reads the lists again, then refreshes every school.
    ///
    /// # Errors
    /// As [`SchoolNetworks::refresh_all`]; the old lists stay in force.
    pub async fn reload_lists(&self) -> Result<(), Failure> {
        let installation = self.installation.clone();
        // Compiling takes seconds, and answers must not wait for it.
        let (index, illegal) = tokio::task::spawn_blocking(move || {
            Ok::<_, Failure>((installation.index()?, installation.illegal_list()?))
        })
        .await??;
        *self.illegal.write().unwrap_or_else(PoisonError::into_inner) = illegal;
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
        if let Err(failure) = self.reload_phrases().await {
            tracing::error!("the phrase lists stay as they were: {failure}");
        }
        self.refresh_all().await
    }

    /// Reads the phrase lists again, and compiles them where they are others.
    async fn reload_phrases(&self) -> Result<(), Failure> {
        let (data, known) = (self.installation.data.clone(), self.remote.phrases().map(|packed| packed.name));
        let made = tokio::task::spawn_blocking(move || {
            let files = PhraseFiles::read(data.root())?;
            let packed = files.pack();
            if packed.as_ref().map(|packed| &packed.name) == known.as_ref() {
                return Ok(None);
            }
            Ok::<_, Failure>(Some((phrases::book(&[&files])?, packed)))
        });
        if let Some((book, packed)) = made.await?? {
            *self.phrase_book.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book);
            for (_, gateway) in self.handles() {
                gateway.phrase_books()(Arc::clone(&book));
            }
            self.remote.phrases_are(packed);
        }
        Ok(())
    }

    /// Reads one school's rules and hands them to its gateway, starting it if it is new. One at a time, so that older rules
    /// never replace newer ones.
    ///
    /// # Errors
    /// When the records cannot be read or an address is taken.
    pub async fn refresh(&self, school: SchoolId) -> Result<(), Failure> {
        let mut free = self.free.lock().await;
        let index = Arc::clone(&self.index.read().unwrap_or_else(PoisonError::into_inner));
        let illegal = Arc::clone(&self.illegal.read().unwrap_or_else(PoisonError::into_inner));
        let rules = read_rules(&self.installation, school, index, illegal).await?.map(Arc::new);
        self.remote.rules_made(school, rules.clone());
        let started = self.with(school, |running| {
            running.sender.send_replace(rules.clone());
            Arc::clone(&running.handle)
        });
        if let Some(gateway) = started {
            // The page after a signature must be open, so whoever changed the rules waits until the gateway holds them.
            if let Some(rules) = &rules
                && !gateway.holds(rules, TAKEN_WITHIN).await
            {
                tracing::warn!(%school, "the gateway has not taken its new rules yet");
            }
            return Ok(());
        }
        let name = self.name_of(school).await?;
        let Some(listening) = take_place(&mut free, school, &name) else {
            let mut tx = self.installation.store.read(school).await?;
            if belisha_store::gateways::list(&mut tx).await?.is_empty() {
                tracing::warn!(%school, "no addresses are left for the gateway of this school; start Belisha with a --gateway for it, or add one on the page Gateways");
            }
            return Ok(());
        };
        let running = self.start(school, &name, rules, listening).await?;
        self.running.write().unwrap_or_else(PoisonError::into_inner).insert(school, running);
        Ok(())
    }

    async fn start(
        &self,
        school: SchoolId,
        name: &str,
        rules: Option<Arc<GatewayRules>>,
        listening: Listening,
    ) -> Result<Running, Failure> {
        let (sender, receiver) = watch::channel(rules);
        let installation = &self.installation;
        let inspection =
            authority::kept_or_made(&installation.data, school, name, (installation.clock)(), &installation.entropy)?;
        let of = GatewayOf {
            data: &installation.data,
            illegal_list_key: installation.keys.illegal_list,
            portal: &self.portal,
            school,
        };
        let mut config = gateway_config(&of, self.observed.clone(), listening, Some(inspection));
        let book = Arc::clone(&self.phrase_book.read().unwrap_or_else(PoisonError::into_inner));
        config.content.phrase_book = Some(book);
        let clock = Arc::clone(&self.installation.clock);
        let handle = Gateway::start(config, receiver, clock, Arc::clone(&self.installation.entropy)).await?;
        alone::remember_name(&installation.data, school, name)?;
        Ok(Running { sender, handle: Arc::new(handle) })
    }

    async fn name_of(&self, school: SchoolId) -> Result<String, Failure> {
        let mut tx = self.installation.store.read(school).await?;
        let record = belisha_store::schools::find(&mut tx, school).await?;
        Ok(record.map_or_else(|| "School".to_owned(), |record| record.name))
    }

    /// Where a school's gateway listens: DNS, proxy, block page.
    pub fn addresses(&self, school: SchoolId) -> Option<[Option<SocketAddr>; 3]> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running
            .get(&school)
            .map(|running| [running.handle.dns_addr, running.handle.proxy_addr, running.handle.block_page_addr])
    }

    /// Takes nothing new at any gateway and writes who is signed in, for the process that goes on from here.
    pub async fn hand_over(&self) {
        for (_, handle) in self.handles() {
            handle.hand_over().await;
        }
    }

    /// Takes in who signed in at the process before this one, after it handed over.
    pub async fn read_identities(&self) {
        for (_, handle) in self.handles() {
            handle.read_identities().await;
        }
    }

    /// The gateway of each school.
    pub fn handles(&self) -> Vec<(SchoolId, Arc<GatewayHandle>)> {
        let running = self.running.read().unwrap_or_else(PoisonError::into_inner);
        running.iter().map(|(school, running)| (*school, Arc::clone(&running.handle))).collect()
    }

    /// Stops every gateway, giving what has begun some time to end, and writes who is signed in.
    pub async fn shutdown(&self, finish: Duration) {
        let all = std::mem::take(&mut *self.running.write().unwrap_or_else(PoisonError::into_inner));
        let mut stopping = JoinSet::new();
        for running in all.into_values() {
            if let Ok(handle) = Arc::try_unwrap(running.handle) {
                stopping.spawn(handle.shutdown_within(finish));
            }
        }
        stopping.join_all().await;
    }

    /// Whether the gateway that runs here answers for the host of a page. What one elsewhere answers for is not known here.
    fn is_own_zone(&self, school: SchoolId, page: &str) -> bool {
        let (host, _) = explanation::host_and_path(page);
        self.with(school, |running| running.handle.answers_for(&host)).unwrap_or(false)
    }

    fn with<T>(&self, school: SchoolId, ask: impl FnOnce(&Running) -> T) -> Option<T> {
        self.running.read().unwrap_or_else(PoisonError::into_inner).get(&school).map(ask)
    }
}
