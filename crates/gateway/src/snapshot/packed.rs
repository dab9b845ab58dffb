//! A school's rules as one document, without the lists: what the snapshot writes, and what a server sends to a gateway that runs
//! elsewhere. Lists are large and change seldom: the document names them by their content, and they lie or travel beside it.

use crate::identity::NetworkRegister;
use crate::rules::{GatewayRules, PersonRules};
use belisha_filter::{DomainIndex, IllegalList, Rules, Ruleset};
use belisha_records::SchoolId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// How the names of files with lists begin.
pub(super) const LISTS_PREFIX: &str = "gateway-lists-";
/// Bytes of the content's hash in the name of a file of lists.
const NAME_BYTES: usize = 12;

/// Names of the files that lists are in, made of their content: another name is another list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListFiles {
    /// The compiled category lists.
    pub index: String,
    /// The list of illegal content, as keyed hashes.
    pub illegal: String,
}

impl ListFiles {
    /// The names these lists have.
    pub fn of(index: &DomainIndex, illegal: &IllegalList) -> Self {
        Self {
            index: Self::index_name(index),
            illegal: format!("{LISTS_PREFIX}{}.illegal", name_of(&illegal.to_bytes())),
        }
    }

    /// The name that compiled category lists have.
    pub fn index_name(index: &DomainIndex) -> String {
        format!("{LISTS_PREFIX}{:016x}.index", index.checksum())
    }
}

/// A name for bytes that no others have.
fn name_of(bytes: &[u8]) -> String {
    let mut name = String::new();
    for byte in Sha256::digest(bytes).iter().take(NAME_BYTES) {
        // Writing into a `String` cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// Everything one school's gateway decides by, but the lists.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PackedRules {
    school: SchoolId,
    school_name: String,
    people: Vec<PersonRules>,
    network: NetworkRegister,
    rules: Rules,
    lists: ListFiles,
}

impl PackedRules {
    /// Packs rules; the same rules always make the same document.
    pub fn of(rules: &GatewayRules, lists: ListFiles) -> Self {
        let mut people: Vec<PersonRules> = rules.people().cloned().collect();
        people.sort_unstable_by_key(|rules| rules.person);
        Self {
            school: rules.school,
            school_name: rules.school_name.clone(),
            people,
            network: rules.network().clone(),
            rules: rules.ruleset.rules().clone(),
            lists,
        }
    }

    /// The school they are of.
    pub fn school(&self) -> SchoolId {
        self.school
    }

    /// The lists they need.
    pub fn lists(&self) -> &ListFiles {
        &self.lists
    }

    /// The rules, with their lists.
    pub fn unpack(self, index: Arc<DomainIndex>, illegal: Arc<IllegalList>) -> GatewayRules {
        let ruleset = Ruleset::compile(self.rules, index, illegal);
        GatewayRules::new(self.school, self.school_name, Arc::new(ruleset), self.people).with_network(self.network)
    }
}
