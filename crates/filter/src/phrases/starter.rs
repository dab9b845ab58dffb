//! Our own phrases, a starter for a school without lists of its own.

use super::{PhraseKind, PhraseList};

/// The starter's lists.
pub fn starter_lists() -> Vec<PhraseList<'static>> {
    vec![PhraseList { name: "starter", kind: PhraseKind::Weighted, text: b"", encoding: None }]
}
