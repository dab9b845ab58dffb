//! What travels between a server and its gateways, as JSON. A gateway may be older than its server: what is added later has a
//! default, and what is not known is passed over.

use belisha_gateway::PackedRules;
use belisha_records::{PersonId, SchoolId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The rules of a school, but the lists they name.
#[derive(Serialize, Deserialize)]
pub struct RulesMessage {
    /// The school.
    pub school: SchoolId,
    /// When the server made them.
    pub made_at: Timestamp,
    /// Under which the list of illegal content is hashed. It travels inside TLS and is kept apart from the list.
    pub illegal_list_key: [u8; 16],
    /// The rules; `None` while no policy is in force.
    pub rules: Option<PackedRules>,
    /// The name of the server's phrase lists, under which they are fetched; `None`: it has none of its own.
    #[serde(default)]
    pub phrases: Option<String>,
}

/// Something that happened on the server's pages and that the gateway must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// Somebody signed a device in.
    SignedIn {
        /// Its address.
        address: IpAddr,
        /// Who.
        person: PersonId,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody signed a device out.
    SignedOut {
        /// Its address.
        address: IpAddr,
    },
    /// Somebody gave a reason and goes on past a warning.
    WarningPassed {
        /// Number of the block.
        block: String,
    },
}

/// What happened since a mark.
#[derive(Debug, Serialize, Deserialize)]
pub struct EventsMessage {
    /// The mark to ask with next.
    pub mark: String,
    /// Whether these are everybody who is signed in, because the server no longer knows what was missed.
    pub whole: bool,
    /// In order.
    pub events: Vec<Event>,
}

/// A page that was closed lately, so that it can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedPage {
    /// Number of the block.
    pub id: String,
    /// Host.
    pub host: String,
    /// Key of the category.
    pub category: Option<String>,
    /// Who asked for it, if known.
    pub person: Option<PersonId>,
    /// Whether it was a warning, which a reason takes them past.
    pub may_warn: bool,
}

/// What a gateway says of itself.
#[derive(Debug, Serialize)]
pub struct Heartbeat<'a> {
    /// Its version.
    pub version: &'a str,
    /// Tag of the rules it holds.
    pub rules_tag: Option<String>,
    /// When the server made them.
    pub rules_made_at: Option<Timestamp>,
    /// Its counters since it was started.
    pub counters: std::collections::BTreeMap<&'static str, u64>,
}
