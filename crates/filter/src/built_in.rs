//! A small list of our own, so that a school's filter does something before any list is imported and the demo works
//! with none. It holds widely known sites and made-up names; it replaces no real list.

use crate::index::{DomainIndex, DomainIndexBuilder, IndexError};

/// What the list calls itself in reasons.
pub const BUILT_IN_LIST: &str = "Belisha starter list";

/// Categories and their sites.
const SITES: &[(&str, &[&str])] = &[
    ("games", &["games.example"]),
];

/// Every entry: domain and category.
pub fn built_in_list() -> impl Iterator<Item = (&'static str, &'static str)> {
    SITES.iter().flat_map(|(category, sites)| sites.iter().map(move |site| (*site, *category)))
}

/// An index of the built-in list alone.
///
/// # Errors
/// Never for the list as it ships; the builder's limits are far off.
pub fn built_in_index() -> Result<DomainIndex, IndexError> {
    let mut builder = DomainIndexBuilder::new();
    for (site, category) in built_in_list() {
        let source = builder.source(BUILT_IN_LIST, category)?;
        builder.add(source, site);
    }
    builder.build()
}
