//! The snapshot a gateway works from: the filter's rules, and for every person the group, the gate, the age band and the
//! hash of a proxy password. Swapped in whole. It holds no names of people. Deciding is `belisha-filter`'s; who sits where
//! is `identity/table.rs`.

use crate::identity::{Lookup, NetworkRange, NetworkRegister};
use belisha_filter::Ruleset;
use belisha_records::{PersonId, SchoolId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Group of somebody nobody knows: the strictest.
pub const UNKNOWN_GROUP: &str = "unknown";

/// Whether a person's signature opened the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// Signed, or no agreement guards the network for this person.
    Open,
    /// Something must be signed first: only the portal, the policy and helplines are reachable.
    SignFirst,
}

/// Whom the block page speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AgeBand {
    /// Early readers: short words, short sentences.
    Younger,
    /// Secondary pupils, and anybody unknown.
    Pupil,
    /// Staff, governors, visitors.
    Adult,
}

/// A proxy user name and the hash of its password. The password is random, made for the proxy alone and shown once: it is
/// sent with every request, so it must never be the one the person signs in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyCredential {
    /// User name as a browser sends it, compared in lower case.
    pub username: String,
    /// SHA-256 of the password. Fast hashing is enough for a random secret of 16 bytes or more.
    pub password_sha256: [u8; 32],
}

impl ProxyCredential {
    /// Hashes a password that was just made.
    pub fn new(username: &str, password: &str) -> Self {
        Self { username: username.to_lowercase(), password_sha256: Sha256::digest(password.as_bytes()).into() }
    }

    /// Whether a password is this one. Takes the same time whichever byte differs.
    pub fn verify(&self, password: &str) -> bool {
        let given: [u8; 32] = Sha256::digest(password.as_bytes()).into();
        given.iter().zip(self.password_sha256).fold(0, |differs, (left, right)| differs | (left ^ right)) == 0
    }
}

/// What the gateway must know about one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRules {
    /// Who.
    pub person: PersonId,
    /// Filter group, `pupil`.
    pub group: String,
    /// Whether the network is open to them.
    pub gate: Gate,
    /// Whom the block page speaks to.
    pub age_band: AgeBand,
    /// For browsers set up with the proxy; `None`: known by address only.
    pub proxy: Option<ProxyCredential>,
}

/// Everything one school's gateway decides by.
#[derive(Debug, Clone)]
pub struct GatewayRules {
    /// School.
    pub school: SchoolId,
    /// Its name as pages show it.
    pub school_name: String,
    /// The filter's rules. Schools may share one.
    pub ruleset: Arc<Ruleset>,
    people: HashMap<PersonId, PersonRules>,
    usernames: HashMap<String, PersonId>,
    personal_exceptions: bool,
    network: NetworkRegister,
    lookup: Arc<Lookup>,
}

impl GatewayRules {
    /// Puts a snapshot together. Where two people carry one proxy user name neither can use it: a wrong name is worse
    /// than none.
    pub fn new(
        school: SchoolId,
        school_name: impl Into<String>,
        ruleset: Arc<Ruleset>,
        people: impl IntoIterator<Item = PersonRules>,
    ) -> Self {
        let people: HashMap<_, _> = people.into_iter().map(|rules| (rules.person, rules)).collect();
        let mut holders: HashMap<String, Vec<PersonId>> = HashMap::new();
        for (person, rules) in &people {
            if let Some(credential) = &rules.proxy {
                holders.entry(credential.username.to_lowercase()).or_default().push(*person);
            }
        }
        let usernames = holders.into_iter().filter_map(|(name, holders)| match holders.as_slice() {
            [only] => Some((name, *only)),
            _ => None,
        });
        let personal_exceptions = ruleset.names_people();
        Self {
            school,
            school_name: school_name.into(),
            ruleset,
            usernames: usernames.collect(),
            people,
            personal_exceptions,
            network: NetworkRegister::default(),
            lookup: Arc::default(),
        }
    }

    /// The same with what the school's registers say of devices, rooms and user names.
    #[must_use]
    pub fn with_network(mut self, network: NetworkRegister) -> Self {
        self.lookup = Arc::new(Lookup::new(&network));
        self.network = network;
        self
    }

    /// What the school's registers say of devices, rooms and user names.
    pub fn network(&self) -> &NetworkRegister {
        &self.network
    }

    /// The narrowest room or network that an address lies in.
    pub fn range(&self, address: IpAddr) -> Option<&NetworkRange> {
        self.lookup.range(address)
    }

    pub(crate) fn lookup(&self) -> &Arc<Lookup> {
        &self.lookup
    }

    /// What is known about a person; `None` for somebody of another school, or who left.
    pub fn person(&self, person: PersonId) -> Option<&PersonRules> {
        self.people.get(&person)
    }

    /// Everybody, in no order.
    pub fn people(&self) -> impl Iterator<Item = &PersonRules> {
        self.people.values()
    }

    /// Whether any exception names one person: only then must a request carry the person's id as text.
    pub(crate) fn has_personal_exceptions(&self) -> bool {
        self.personal_exceptions
    }

    /// The person a proxy user name and password belong to.
    pub fn person_by_credential(&self, username: &str, password: &str) -> Option<&PersonRules> {
        let rules = self.people.get(self.usernames.get(&username.to_lowercase())?)?;
        rules.proxy.as_ref()?.verify(password).then_some(rules)
    }
}
