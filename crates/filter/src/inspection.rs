//! Whose encrypted pages the gateway may read, and which hosts are kept out of it. How a connection is opened and
//! closed again is the gateway's; this says only yes or no.

use crate::helplines::helpline_for;
use crate::host_table::HostTable;
use crate::index::DomainIndex;
use crate::reason::Group;
use serde::{Deserialize, Serialize};

/// Categories that are nobody's business at a school, and are not read unless it says otherwise. Lists name them so.
const PRIVATE: [&str; 4] = ["health", "bank", "banking", "finance"];

/// Which encrypted connections are read. By default none; where some are, health and banking are left out unless the school
/// writes other categories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InspectionRules {
    /// Whether any are.
    pub enabled: bool,
    /// Groups whose connections are, by key. A group that is not here is never inspected.
    pub groups: Vec<String>,
    /// Hosts that never are, with their subdomains: banks, health, apps that pin their certificates.
    pub never_hosts: Vec<String>,
    /// Categories whose hosts never are, by key: `health`.
    pub never_categories: Vec<String>,
}

impl Default for InspectionRules {
    fn default() -> Self {
        Self {
            enabled: false,
            groups: Vec::new(),
            never_hosts: Vec::new(),
            never_categories: PRIVATE.map(str::to_owned).into(),
        }
    }
}

/// [`InspectionRules`], ready to answer.
#[derive(Debug, Default)]
pub(crate) struct CompiledInspection {
    /// By [`Group`]. All `false` where inspection is off.
    groups: [bool; Group::ALL.len()],
    never_hosts: HostTable,
    /// By category id of the index.
    never_categories: Vec<bool>,
}

impl CompiledInspection {
    pub fn new(rules: &InspectionRules, index: &DomainIndex) -> Self {
        let mut compiled = Self {
            never_hosts: HostTable::new(rules.never_hosts.iter().map(|host| &**host)),
            never_categories: index
                .categories()
                .iter()
                .map(|category| rules.never_categories.iter().any(|never| **never == **category))
                .collect(),
            ..Self::default()
        };
        for (group, inspected) in Group::ALL.iter().zip(&mut compiled.groups) {
            *inspected = rules.enabled && rules.groups.iter().any(|key| key == group.key());
        }
        compiled
    }

    /// The host in lower case.
    pub fn inspects(&self, index: &DomainIndex, host: &str, group: Group) -> bool {
        self.groups.get(group as usize).copied().unwrap_or_default()
            && helpline_for(host).is_none()
            && self.never_hosts.matching(host).next().is_none()
            && !index
                .lookup(host)
                .listings()
                .any(|listing| self.never_categories.get(listing.category_id as usize).copied().unwrap_or_default())
    }
}
