//! What every handler is given: the store, the clock, randomness, the network behind the pages, and settings.

use crate::filter::lists::{DecidedList, ListInUse};
use crate::filter::live::LiveRequests;
use crate::gateways::feed::GatewayFeed;
use crate::gateways::token::Requests;
use crate::passwords::Hasher;
use crate::sign_in::attempts::Attempts;
use belisha_filter::{Change, Effect, Seen};
use belisha_records::{Identifier, PersonId, SchoolId};
use belisha_store::ledger::VerifyingKey as LedgerKey;
use belisha_store::{Entropy, Store};
use jiff::Timestamp;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

/// Tells the time. The binary gives the machine's clock, tests one that they turn by hand.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Work that the network does before a page goes on.
pub type Doing<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What the pages ask of the filter and its gateway. The binary carries it out, so that `web` never imports them.
pub trait Network: Send + Sync {
    /// Says that a person uses the device at an address until a time.
    fn sign_in_device(&self, address: IpAddr, school: SchoolId, person: PersonId, until: Timestamp) -> Doing<'_>;
    /// Says that nobody known uses the device at an address of a school any more.
    fn sign_out_device(&self, address: IpAddr, school: SchoolId) -> Doing<'_>;
    /// Rules, signatures or people of a school changed: compile them again. Done when the gateway holds the new ones.
    fn rules_changed(&self, school: SchoolId) -> Doing<'_>;
    /// What the filter would decide for a person (nobody: an unknown device) about an address of a page, now or at a
    /// time, in words: each row is a label and what it says. The same rows that `belisha explain` prints.
    fn explain(&self, school: SchoolId, person: Option<PersonId>, page: &str, at: Timestamp) -> Vec<(String, String)>;
    /// As [`Network::explain`], for anybody of a filter group, such as `pupil`.
    fn explain_for_group(&self, school: SchoolId, group: &str, page: &str, at: Timestamp) -> Vec<(String, String)>;
    /// The page that a school's filter closed lately, by the number its block page gave it. `None` where the number is not
    /// known any more, or where nobody at the school could open the page.
    fn block(&self, school: SchoolId, id: &str) -> Option<BlockedPage>;
    /// Lets the person of a block go on past its warning for a while. `false`: the block is gone, or it was no warning.
    fn pass_warning(&self, school: SchoolId, id: &str) -> bool;
    /// What the school's category lists say about a host.
    fn listed(&self, school: SchoolId, host: &str) -> Listed;
    /// The category lists of the installation: how each stands, and what waits for a person.
    fn lists(&self) -> Vec<ListInUse> {
        Vec::new()
    }
    /// Carries out what a person decided about a list, and enters it in the records with its reason.
    ///
    /// In words for the form, where there is nothing to decide or it cannot be done.
    fn decide_list(&self, _decided: DecidedList) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(std::future::ready(Err("no lists are kept here, so there is nothing to decide".into())))
    }
    /// What a rule that nobody has saved would have changed in requests that were made.
    ///
    /// # Errors
    /// There is no such rule, or no filter runs for the school; in words for the form.
    fn what_if(
        &self,
        _school: SchoolId,
        _change: &Change,
        _seen: &mut dyn Iterator<Item = Seen<'_>>,
    ) -> Result<Effect, String> {
        Err("no filter is running for this school, so nothing can be tried".into())
    }
    /// What gateways that run elsewhere live on; `None` where no filter runs.
    fn feed(&self) -> Option<&dyn GatewayFeed> {
        None
    }
    /// What is asked for at this moment; `None` where no filter runs.
    fn live(&self) -> Option<&dyn LiveRequests> {
        None
    }
    /// What a person types into a device that asks for the proxy: name and password. For their own page only, never for
    /// anybody else's eyes. `None` where the network has no proxy.
    fn proxy_credentials(&self, _person: PersonId, _username: &str) -> Option<(String, String)> {
        None
    }
}

/// A page that the filter closed. Personal data: shown to the person themselves, and to whoever answers their request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedPage {
    /// Host, lower case.
    pub host: String,
    /// Key of the category that closed it.
    pub category: Option<String>,
    /// Who asked for it; `None` on a device that nobody had signed in on.
    pub person: Option<PersonId>,
    /// Whether it was a warning, which a reason takes them past.
    pub may_warn: bool,
}

/// What the lists say about a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// Keys of its categories.
    pub categories: Vec<String>,
    /// Whether nobody at the school can open or close it.
    pub beyond_reach: bool,
}

/// No network behind the pages: for tests, and for a server that only keeps records.
#[derive(Debug, Clone, Copy)]
pub struct NoNetwork;

impl Network for NoNetwork {
    fn sign_in_device(&self, _: IpAddr, _: SchoolId, _: PersonId, _: Timestamp) -> Doing<'_> {
        Box::pin(std::future::ready(()))
    }
    fn sign_out_device(&self, _: IpAddr, _: SchoolId) -> Doing<'_> {
        Box::pin(std::future::ready(()))
    }
    fn rules_changed(&self, _: SchoolId) -> Doing<'_> {
        Box::pin(std::future::ready(()))
    }
    fn explain(&self, _: SchoolId, _: Option<PersonId>, _: &str, _: Timestamp) -> Vec<(String, String)> {
        Vec::new()
    }
    fn explain_for_group(&self, _: SchoolId, _: &str, _: &str, _: Timestamp) -> Vec<(String, String)> {
        Vec::new()
    }
    fn block(&self, _: SchoolId, _: &str) -> Option<BlockedPage> {
        None
    }
    fn pass_warning(&self, _: SchoolId, _: &str) -> bool {
        false
    }
    fn listed(&self, _: SchoolId, _: &str) -> Listed {
        Listed::default()
    }
}

/// How this installation differs from another.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A demonstration: schools can be switched in the header, and whoever switches becomes the same office there.
    pub demonstration: bool,
    /// Where "Exit this page" goes: a page with nothing personal on it.
    pub exit_page: String,
    /// Hours a sign-in lasts, on the pages and for the device on the network.
    pub session_hours: i64,
    /// What links to these pages start with, without a final slash; for commands that people type elsewhere.
    pub base_url: String,
    /// Policies that ship, to begin with.
    pub examples: Vec<ExamplePolicy>,
    /// What our own gateways prove themselves with when they say which device asks; `None`: nobody is believed.
    pub forwarded_secret: Option<String>,
    /// What the server does by itself, for the board of jobs.
    pub jobs: Vec<JobDescription>,
    /// The public key of the ledger's checkpoints; without it the ledger cannot be proved on a page.
    pub ledger_key: Option<LedgerKey>,
}

/// A job of the server, in words. What it does is the binary's business.
#[derive(Debug, Clone)]
pub struct JobDescription {
    /// Its name in the database.
    pub key: &'static str,
    /// What it does.
    pub does: &'static str,
    /// Its rhythm: `every day at 05:00`.
    pub every: String,
    /// What happens while it does not run.
    pub if_it_stops: &'static str,
    /// The longest wait between two good runs, in minutes, before it counts as late.
    pub late_after_minutes: i64,
}

/// A policy that ships.
#[derive(Debug, Clone)]
pub struct ExamplePolicy {
    /// Key in the form, such as `england-secondary`.
    pub key: &'static str,
    /// What people read.
    pub label: &'static str,
    /// The document.
    pub source: &'static str,
}

/// The policies that ship with Belisha.
pub fn example_policies() -> Vec<ExamplePolicy> {
    vec![
        ExamplePolicy {
            key: "england-secondary",
            label: "A secondary school in England",
            source: include_str!("../../../policies/england-secondary.dj"),
        },
        ExamplePolicy {
            key: "scotland-primary",
            label: "A primary school in Scotland",
            source: include_str!("../../../policies/scotland-primary.dj"),
        },
    ]
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            demonstration: false,
            exit_page: "https://www.bbc.co.uk/weather".into(),
            session_hours: 10,
            base_url: "https://belisha.example".into(),
            examples: example_policies(),
            forwarded_secret: None,
            jobs: Vec::new(),
            ledger_key: None,
        }
    }
}

/// What guards the door: how often somebody failed, and how many passwords are being checked at once.
#[derive(Default)]
pub struct Guard {
    pub(crate) attempts: Attempts,
    pub(crate) hasher: Hasher,
    /// How often each gateway asks.
    pub(crate) gateway_requests: Requests,
    /// Hash of the one-time link of the first start, while there is one.
    pub(crate) first_start: Mutex<Option<String>>,
}

/// The state of every handler. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// Records.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// The filter and its gateway.
    pub network: Arc<dyn Network>,
    /// Settings.
    pub settings: Arc<Settings>,
    /// Sign-in's guard.
    pub guard: Arc<Guard>,
}

impl App {
    /// An app with the usual settings and a fresh guard.
    pub fn new(store: Store, clock: Clock, entropy: Entropy, network: Arc<dyn Network>, settings: Settings) -> Self {
        Self { store, clock, entropy, network, settings: Arc::new(settings), guard: Arc::default() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.entropy)(&mut bytes);
        bytes
    }

    /// A new id.
    pub fn id<T: Identifier>(&self) -> T {
        T::make(self.now().as_millisecond(), self.random())
    }
}
