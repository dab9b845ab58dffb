//! The server's end: what gateways elsewhere are given, and what becomes of what they send. Who asks, and how much and how often,
//! is settled in `belisha-web` before any of this is reached.

use super::events::EventLog;
use super::messages::{ClosedPage, Event, EventsMessage, RulesMessage};
use super::sign_ins::{LOOK, SignIns, ToldSignIns};
use crate::installation::{Clock, Entropy, Installation};
use crate::lists::hexadecimal;
use crate::network::PackedPhrases;
use crate::tail::Live;
use axum::body::Bytes;
use belisha_activity::{ActivityRecord, BATCH, Batches};
use belisha_filter::DomainIndex;
use belisha_gateway::{GatewayRules, ListFiles, PackedRules};
use belisha_records::{GatewayId, PersonId, SchoolId};
use belisha_store::{Store, StoreError, devices};
use belisha_web::{Answering, BlockedPage, FeedRefusal, GatewayFeed, Tagged};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Most closed pages remembered for a school.
const CLOSED: usize = 8192;
/// Most closed pages taken at a time.
const CLOSED_AT_A_TIME: usize = 512;
/// Longest text of a closed page that is kept, in bytes.
const LONGEST: usize = 300;

/// Rules as a school's gateways are given them.
#[derive(Clone)]
struct Packed {
    of: Option<Arc<GatewayRules>>,
    phrases: Option<String>,
    answer: Tagged,
    lists: Option<ListFiles>,
}

/// What is kept for the gateways of one school.
#[derive(Default)]
struct SchoolFeed {
    rules: watch::Sender<Option<Arc<GatewayRules>>>,
    packed: Mutex<Option<Packed>>,
    events: EventLog,
    sign_ins: Mutex<ToldSignIns>,
    closed: Mutex<VecDeque<ClosedPage>>,
}

/// Feeds gateways that run elsewhere.
pub struct RemoteFeed {
    store: Store,
    batches: Batches,
    clock: Clock,
    illegal_list_key: [u8; 16],
    /// What is seen at this moment, for whoever looks.
    live: Live,
    /// Tells this run's marks from another's.
    run: String,
    /// The phrase lists, which are all schools'.
    phrases: RwLock<Option<PackedPhrases>>,
    schools: RwLock<HashMap<SchoolId, Arc<SchoolFeed>>>,
}

impl RemoteFeed {
    /// A feed of an installation.
    pub fn new(installation: &Installation, live: Live) -> Self {
        Self {
            live,
            store: installation.store.clone(),
            batches: Batches::new(installation.store.clone()),
            clock: Arc::clone(&installation.clock),
            illegal_list_key: installation.keys.illegal_list,
            run: run_name(&installation.entropy),
            phrases: RwLock::default(),
            schools: RwLock::default(),
        }
    }

    /// A school's rules, newly made.
    pub fn rules_made(&self, school: SchoolId, rules: Option<Arc<GatewayRules>>) {
        let feed = self.of(school).unwrap_or_else(|| {
            let mut schools = self.schools.write().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(schools.entry(school).or_default())
        });
        feed.rules.send_replace(rules);
    }

    /// A school's rules as they are now; `None` while no policy is in force.
    pub fn rules_of(&self, school: SchoolId) -> Option<Arc<GatewayRules>> {
        self.of(school)?.rules.borrow().clone()
    }

    /// The phrase lists, newly read; gateways are told with the next rules.
    pub fn phrases_are(&self, packed: Option<PackedPhrases>) {
        *self.phrases.write().unwrap_or_else(PoisonError::into_inner) = packed;
    }

    /// The phrase lists as they are now.
    pub fn phrases(&self) -> Option<PackedPhrases> {
        self.phrases.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Somebody signed a device in.
    pub fn signed_in(&self, school: SchoolId, address: IpAddr, person: PersonId, until: Timestamp) {
        self.note(school, Event::SignedIn { address, person, until });
    }

    /// Somebody signed a device out.
    pub fn signed_out(&self, school: SchoolId, address: IpAddr) {
        self.note(school, Event::SignedOut { address });
    }

    /// A page that a gateway closed lately.
    pub fn block(&self, school: SchoolId, id: &str) -> Option<BlockedPage> {
        let feed = self.of(school)?;
        let closed = feed.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let page = closed.iter().rev().find(|page| page.id == id)?.clone();
        Some(BlockedPage { host: page.host, category: page.category, person: page.person, may_warn: page.may_warn })
    }

    /// Somebody goes on past the warning of a page; `false` where it was none.
    pub fn pass_warning(&self, school: SchoolId, id: &str) -> bool {
        let is_a_warning = self.block(school, id).is_some_and(|page| page.may_warn);
        if is_a_warning {
            self.note(school, Event::WarningPassed { block: id.to_owned() });
        }
        is_a_warning
    }

    fn note(&self, school: SchoolId, event: Event) {
        if let Some(feed) = self.of(school) {
            let mut sign_ins = feed.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
            sign_ins.happened(&event);
            feed.events.note(event);
        }
    }

    fn of(&self, school: SchoolId) -> Option<Arc<SchoolFeed>> {
        self.schools.read().unwrap_or_else(PoisonError::into_inner).get(&school).cloned()
    }

    fn known(&self, school: SchoolId) -> Result<Arc<SchoolFeed>, FeedRefusal> {
        self.of(school).ok_or_else(|| FeedRefusal::NotNow("this school’s rules are not made yet; ask again".into()))
    }

    /// The newest rules as they travel; packed once, whoever asks.
    fn pack(&self, school: SchoolId, feed: &SchoolFeed) -> Result<Packed, FeedRefusal> {
        let newest = feed.rules.borrow().clone();
        let phrases = self.phrases().map(|packed| packed.name);
        let mut packed = feed.packed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) =
            packed.as_ref().filter(|known| known.phrases == phrases && same(known.of.as_ref(), newest.as_ref()))
        {
            return Ok(known.clone());
        }
        let lists = newest.as_ref().map(|rules| ListFiles::of(rules.ruleset.index(), rules.ruleset.illegal()));
        let rules = newest.as_ref().zip(lists.clone()).map(|(rules, lists)| PackedRules::of(rules, lists));
        let unwritable = |error: serde_json::Error| FeedRefusal::NotNow(format!("the rules cannot be sent: {error}"));
        // The same rules made again are no news.
        let document = serde_json::to_vec(&(&rules, &phrases)).map_err(unwritable)?;
        let tag = hexadecimal(Sha256::digest(document).get(..16).unwrap_or_default());
        let answer = match packed.as_ref().filter(|known| known.answer.tag == tag) {
            Some(known) => known.answer.clone(),
            None => {
                let (made_at, illegal_list_key) = ((self.clock)(), self.illegal_list_key);
                let message = RulesMessage { school, made_at, illegal_list_key, rules, phrases: phrases.clone() };
                Tagged { tag, body: serde_json::to_vec(&message).map_err(unwritable)?.into() }
            }
        };
        let made = Packed { of: newest, phrases, answer, lists };
        *packed = Some(made.clone());
        Ok(made)
    }

    async fn news(
        &self,
        school: SchoolId,
        known: Option<String>,
        wait: Duration,
    ) -> Result<Option<Tagged>, FeedRefusal> {
        let feed = self.known(school)?;
        let mut changed = feed.rules.subscribe();
        let waiting = async {
            loop {
                changed.borrow_and_update();
                let packed = self.pack(school, &feed)?;
                if known.as_ref() != Some(&packed.answer.tag) {
                    return Ok(Some(packed.answer));
                }
                if changed.changed().await.is_err() {
                    return Ok(None);
                }
            }
        };
        tokio::time::timeout(wait.max(Duration::from_millis(1)), waiting).await.unwrap_or(Ok(None))
    }

    async fn happened(&self, school: SchoolId, after: String, wait: Duration) -> Result<Bytes, FeedRefusal> {
        let feed = self.known(school)?;
        let known = after.strip_prefix(&self.run).and_then(|rest| rest.strip_prefix('-')?.parse::<u64>().ok());
        if let Some(known) = known {
            let mut counted = feed.events.counted();
            let something = async {
                tokio::select! {
                    _ = counted.wait_for(|count| *count != known) => {}
                    () = self.look_elsewhere(school, &feed) => {}
                }
            };
            let _ = tokio::time::timeout(wait, something).await;
        }
        // The count first: what happens while the records are read is told again next time.
        let (count, events) = feed.events.after(known.unwrap_or(u64::MAX));
        let message = EventsMessage {
            mark: format!("{}-{count}", self.run),
            whole: events.is_none(),
            events: match events {
                Some(events) => events,
                None => self.everybody(school, &feed).await.map_err(|error| FeedRefusal::NotNow(error.to_string()))?,
            },
        };
        serde_json::to_vec(&message).map(Bytes::from).map_err(|error| FeedRefusal::NotNow(error.to_string()))
    }

    /// Everybody who is signed in.
    async fn everybody(&self, school: SchoolId, feed: &SchoolFeed) -> Result<Vec<Event>, StoreError> {
        let found = self.signed_in_now(school).await?;
        feed.sign_ins.lock().unwrap_or_else(PoisonError::into_inner).told_all(&found);
        let event = |(address, (person, until))| Event::SignedIn { address, person, until };
        Ok(found.into_iter().map(event).collect())
    }

    /// Notes what happens at the pages of another server, for as long as it is waited for.
    async fn look_elsewhere(&self, school: SchoolId, feed: &SchoolFeed) {
        let lock = || feed.sign_ins.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let mark = lock().look(Instant::now());
            // While the database is away nobody signs in there either.
            if let Some(mark) = mark
                && let Ok(found) = self.signed_in_now(school).await
            {
                let mut sign_ins = lock();
                sign_ins.found(found, mark, (self.clock)()).into_iter().for_each(|event| feed.events.note(event));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn signed_in_now(&self, school: SchoolId) -> Result<SignIns, StoreError> {
        let mut tx = self.store.read(school).await?;
        let open = devices::list_open(&mut tx, (self.clock)()).await?;
        let sign_in =
            |device: devices::DeviceSignIn| Some((device.address.parse().ok()?, (device.person, device.expires_at)));
        Ok(open.into_iter().filter_map(sign_in).collect())
    }

    async fn keep(&self, school: SchoolId, gateway: GatewayId, batch: &str, body: &[u8]) -> Result<(), FeedRefusal> {
        let records: Vec<ActivityRecord> = serde_json::from_slice(body)
            .map_err(|error| FeedRefusal::Malformed(format!("this batch cannot be read: {error}")))?;
        if records.len() > BATCH {
            return Err(FeedRefusal::Malformed(format!("a batch has {BATCH} records at most")));
        }
        let key = format!("{gateway}-{batch}");
        let seen = if self.live.is_watched() { records.clone() } else { Vec::new() };
        match self.batches.store(school, &key, records, (self.clock)()).await {
            Ok(()) => {
                seen.iter().for_each(|record| self.live.show(record));
                Ok(())
            }
            Err(
                error @ (StoreError::Conflict(_)
                | StoreError::Missing(_)
                | StoreError::ZeroByte
                | StoreError::Refused(_)),
            ) => Err(FeedRefusal::Malformed(error.to_string())),
            Err(error) => Err(FeedRefusal::NotNow(error.to_string())),
        }
    }
}

fn same(one: Option<&Arc<GatewayRules>>, other: Option<&Arc<GatewayRules>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

fn run_name(entropy: &Entropy) -> String {
    let mut random = [0; 8];
    entropy(&mut random);
    hexadecimal(&random)
}

/// The bytes of compiled lists, which stay where they are mapped.
struct IndexBytes(Arc<DomainIndex>);

impl AsRef<[u8]> for IndexBytes {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl GatewayFeed for RemoteFeed {
    fn rules(&self, school: SchoolId, known: Option<String>, wait: Duration) -> Answering<'_, Option<Tagged>> {
        Box::pin(self.news(school, known, wait))
    }

    fn list(&self, school: SchoolId, file: &str) -> Option<Bytes> {
        if let Some(phrases) = self.phrases().filter(|packed| packed.name == file) {
            return Some(phrases.bytes);
        }
        let packed = self.pack(school, self.of(school)?.as_ref()).ok()?;
        let (rules, lists) = (packed.of?, packed.lists?);
        if file == lists.index {
            return Some(Bytes::from_owner(IndexBytes(Arc::clone(rules.ruleset.index()))));
        }
        (file == lists.illegal).then(|| rules.ruleset.illegal().to_bytes().into())
    }

    fn events(&self, school: SchoolId, after: String, wait: Duration) -> Answering<'_, Bytes> {
        Box::pin(self.happened(school, after, wait))
    }

    fn observations(&self, school: SchoolId, gateway: GatewayId, batch: String, body: Bytes) -> Answering<'_, ()> {
        Box::pin(async move { self.keep(school, gateway, &batch, &body).await })
    }

    fn blocks(&self, school: SchoolId, body: &[u8]) -> Result<(), FeedRefusal> {
        let pages: Vec<ClosedPage> = serde_json::from_slice(body)
            .map_err(|error| FeedRefusal::Malformed(format!("these closed pages cannot be read: {error}")))?;
        let feed = self.known(school)?;
        let mut closed = feed.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let short = |page: &ClosedPage| {
            [Some(&page.id), Some(&page.host), page.category.as_ref()]
                .into_iter()
                .flatten()
                .all(|text| text.len() <= LONGEST)
        };
        for page in pages.into_iter().take(CLOSED_AT_A_TIME).filter(short) {
            if closed.len() >= CLOSED {
                closed.pop_front();
            }
            closed.push_back(page);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_folder::DataFolder;
    use belisha_policy::{Audience, Nation, Phase};
    use belisha_records::{Actor, Identifier, Person, PersonName, SchoolCalendar};
    use belisha_store::testing::TestDatabase;
    use belisha_store::{Tx, both_databases, people, schools};

    const ADDRESS: &str = "10.0.0.7";

    fn school() -> SchoolId {
        SchoolId::make(1, [1; 10])
    }

    fn pupil() -> PersonId {
        PersonId::make(1, [2; 10])
    }

    fn server(store: &Store, folder: &tempfile::TempDir) -> RemoteFeed {
        let data = DataFolder::open(folder.path()).unwrap();
        let keys = Arc::new(data.keys().unwrap());
        let entropy: Entropy = Arc::new(crate::clock::fill_with_random_bytes);
        let clock: Clock = Arc::new(crate::clock::now);
        let installation = Installation { data, keys, store: store.clone(), clock, entropy };
        let feed = RemoteFeed::new(&installation, Live::default());
        feed.rules_made(school(), None);
        feed
    }

    async fn write(store: &Store, act: impl AsyncFnOnce(&mut Tx)) {
        let mut tx = store.begin(&Actor::Command("test"), school(), crate::clock::now()).await.unwrap();
        act(&mut tx).await;
        tx.commit().await.unwrap();
    }

    async fn enter_somebody(tx: &mut Tx) {
        let calendar = SchoolCalendar {
            boarding: Vec::new(),
            time_zone: "Europe/London".into(),
            terms: Vec::new(),
            closed: Vec::new(),
            day: Vec::new(),
        };
        let (name, settings) = ("Marlowe Bridge High School".into(), serde_json::json!({}));
        let (nation, phase, created_at) = (Nation::England, Phase::Secondary, tx.now());
        let entered = schools::School { id: school(), name, nation, phase, calendar, settings, created_at };
        schools::insert(tx, &entered).await.unwrap();
        let person = Person {
            id: pupil(),
            school: school(),
            name: PersonName::new("Somebody"),
            audience: Audience::Staff,
            year_group: None,
            class: None,
            username: None,
            email: None,
            joined: "2026-09-01".parse().unwrap(),
            left: None,
        };
        people::insert(tx, &person).await.unwrap();
    }

    async fn told(feed: &RemoteFeed, after: &str) -> EventsMessage {
        let answer = feed.happened(school(), after.to_owned(), Duration::from_secs(60)).await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    both_databases! {
        async fn a_gateway_hears_of_a_sign_in_at_another_server_of_the_same_database(database: TestDatabase) {
            let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
            let [one, other] = [server(&database.store, &folders[0]), server(&database.store, &folders[1])];
            write(&database.store, async |tx| enter_somebody(tx).await).await;
            let start = told(&one, "").await;
            assert!(start.whole && start.events.is_empty());

            let (address, until) = (ADDRESS.parse().unwrap(), crate::clock::now() + jiff::SignedDuration::from_hours(1));
            write(&database.store, async |tx| drop(devices::sign_in(tx, ADDRESS, pupil(), until).await.unwrap())).await;
            other.signed_in(school(), address, pupil(), until);
            let next = told(&one, &start.mark).await;
            let [Event::SignedIn { address: at, person, .. }] = next.events.as_slice() else { panic!("{:?}", next.events) };
            assert_eq!((next.whole, *at, *person), (false, address, pupil()));

            write(&database.store, async |tx| devices::sign_out(tx, ADDRESS).await.unwrap()).await;
            other.signed_out(school(), address);
            let last = told(&one, &next.mark).await;
            assert_eq!((last.whole, last.events), (false, vec![Event::SignedOut { address }]));
        }
    }
}
