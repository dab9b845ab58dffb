//! What a gateway takes in from its server: rules whenever they change, and what happens at the portal. Each is asked for on a thread
//! of its own, which waits at the server until there is something. While the server is away the last rules hold.

use super::connection::{Connection, Patience, Trouble};
use super::lists::FetchedLists;
use super::messages::{Event, EventsMessage, RulesMessage};
use super::ownership::Ownership;
use super::phrases::FetchedPhrases;
use crate::data_folder::DataFolder;
use crate::installation::Clock;
use belisha_filter::PhraseBook;
use belisha_gateway::{BlockBook, GatewayRules, IdentityTable};
use belisha_records::SchoolId;
use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long the server is asked to wait for something new, in seconds.
const WAIT: u64 = 50;

/// Which rules this gateway was given last.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Their tag.
    pub tag: Option<String>,
    /// When the server made them.
    pub made_at: Option<Timestamp>,
}

/// Takes rules in.
pub struct RulesFollower {
    /// The server.
    pub connection: Arc<Connection>,
    /// Where lists and the key of the list of illegal content are kept.
    pub data: DataFolder,
    /// Whose rules.
    pub school: SchoolId,
    /// Where rules go: the gateway.
    pub rules: watch::Sender<Option<Arc<GatewayRules>>>,
    /// The phrase lists that came before.
    pub phrases: FetchedPhrases,
    /// Where books of phrases go: the gateway.
    pub use_phrases: Box<dyn Fn(Arc<PhraseBook>) + Send>,
    /// Which rules these are.
    pub held: Arc<Mutex<Held>>,
    /// While it holds, this process takes rules in; afterwards another one does.
    pub ownership: Arc<Ownership>,
}

impl RulesFollower {
    /// Takes rules in until the process ends, or another one takes its place.
    pub fn follow(mut self) {
        let mut lists = FetchedLists::new(self.data.clone(), Arc::clone(&self.ownership));
        let (mut patience, mut tag) = (Patience::default(), None);
        while self.ownership.holds() {
            match self.take(&mut lists, tag.as_deref()) {
                Ok(taken) => {
                    tag = taken.or(tag);
                    patience.regain();
                }
                Err(trouble) => {
                    if patience.lose() && !matches!(trouble, Trouble::TurnedAway(_)) {
                        tracing::warn!(
                            "no new rules: {trouble}; the last ones hold, and the server is asked again and again"
                        );
                    }
                }
            }
        }
    }

    /// Asks once. The tag of the rules that were taken, if there were new ones.
    fn take(&mut self, lists: &mut FetchedLists, known: Option<&str>) -> Result<Option<String>, Trouble> {
        let (prefer, known) = (format!("wait={WAIT}"), known.map(|tag| format!("\"{tag}\"")));
        let mut headers = vec![("prefer", prefer.as_str())];
        headers.extend(known.as_deref().map(|tag| ("if-none-match", tag)));
        let answer = self.connection.get("/gateway/rules", &headers, Duration::from_secs(WAIT))?;
        if answer.status.as_u16() == 304 || !self.ownership.holds() {
            return Ok(None);
        }
        let tag = answer.headers.get("etag").and_then(|tag| tag.to_str().ok());
        let tag = tag.map(|tag| tag.trim_matches('"').to_owned()).unwrap_or_default();
        let unreadable = |what: String| {
            Trouble::Away(format!("its rules cannot be read ({what}); bring this gateway to the server’s version"))
        };
        let message: RulesMessage =
            serde_json::from_slice(&answer.body).map_err(|error| unreadable(error.to_string()))?;
        if message.school != self.school || message.rules.as_ref().is_some_and(|rules| rules.school() != self.school) {
            return Err(unreadable("they are another school’s".into()));
        }
        self.keep_key(message.illegal_list_key)?;
        if let Some(packed) = message.rules {
            let (index, illegal) = lists.get(&self.connection, packed.lists(), message.illegal_list_key)?;
            self.rules.send_replace(Some(Arc::new(packed.unpack(index, illegal))));
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) =
                Held { tag: Some(tag.clone()), made_at: Some(message.made_at) };
        }
        if let Some(book) = self.phrases.get(&self.connection, message.phrases.as_deref())? {
            (self.use_phrases)(book);
        }
        Ok(Some(tag))
    }

    fn keep_key(&self, key: [u8; 16]) -> Result<(), Trouble> {
        self.data.keep_illegal_list_key(key).map_err(|error| {
            Trouble::Away(format!(
                "the key of the list of illegal content cannot be kept: {error}; see that the disk has room"
            ))
        })
    }
}

/// Takes in what happens at the portal.
pub struct EventsFollower {
    /// The server.
    pub connection: Arc<Connection>,
    /// Who is where.
    pub identity: Arc<IdentityTable>,
    /// Which warnings were passed.
    pub blocks: BlockBook,
    /// Time.
    pub clock: Clock,
}

impl EventsFollower {
    /// Takes events in until the process ends.
    pub fn follow(self) {
        let (mut patience, mut mark) = (Patience::default(), String::new());
        loop {
            match self.ask(&mark) {
                Ok(told) => {
                    self.carry_out(&told);
                    mark = told.mark;
                    patience.regain();
                }
                Err(_) => {
                    // Said where rules are asked for.
                    patience.lose();
                }
            }
        }
    }

    fn ask(&self, mark: &str) -> Result<EventsMessage, Trouble> {
        let (path, prefer) = (format!("/gateway/events?after={mark}"), format!("wait={WAIT}"));
        let answer = self.connection.get(&path, &[("prefer", &prefer)], Duration::from_secs(WAIT))?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| Trouble::Away(format!("its events cannot be read ({error})")))
    }

    fn carry_out(&self, told: &EventsMessage) {
        let now = (self.clock)();
        if told.whole {
            let signed_in = told.events.iter().filter_map(|event| match event {
                Event::SignedIn { address, person, until } => Some((*address, *person, *until)),
                _ => None,
            });
            self.identity.signed_in_are(&signed_in.collect::<Vec<_>>(), now);
            return;
        }
        for event in &told.events {
            match event {
                Event::SignedIn { address, person, until } => self.identity.sign_in(*address, *person, now, *until),
                Event::SignedOut { address } => self.identity.clear(*address, now),
                Event::WarningPassed { block } => {
                    self.blocks.pass_warning(block);
                }
            }
        }
    }
}
