//! What a page or a file may hold for each group: the limit of a page's phrase score, kinds of file that are refused,
//! whether downloads are scanned. Reading pages and files is the gateway's; this holds the school's word on them.

use crate::reason::Group;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A kind of file a school may refuse, told by what the file is and not by what it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// Programs and installers.
    Programs,
    /// Archives: zip, 7z, tar, disk images.
    Archives,
    /// Scripts that a computer runs when they are opened.
    Scripts,
    /// Office documents with macros.
    OfficeMacros,
}

impl FileKind {
    /// Every kind, in the order pages show them.
    pub const ALL: &'static [FileKind] =
        &[FileKind::Programs, FileKind::Archives, FileKind::Scripts, FileKind::OfficeMacros];

    /// The key used in settings.
    pub const fn key(self) -> &'static str {
        match self {
            FileKind::Programs => "programs",
            FileKind::Archives => "archives",
            FileKind::Scripts => "scripts",
            FileKind::OfficeMacros => "office-macros",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            FileKind::Programs => "Programs and installers",
            FileKind::Archives => "Archives, such as zip files",
            FileKind::Scripts => "Scripts",
            FileKind::OfficeMacros => "Office documents with macros",
        }
    }

    /// The kind for a key.
    pub fn from_key(key: &str) -> Option<FileKind> {
        FileKind::ALL.iter().copied().find(|kind| kind.key() == key)
    }
}

/// What happens to a download while the malware scanner does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenScannerAway {
    /// It is refused: what nobody looked at stays out.
    #[default]
    Refuse,
    /// It goes through, and that is recorded.
    LetThrough,
}

/// What pages and files may hold for one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentLimits {
    /// The score from which a page's words close it; `None`: pages are not scored.
    pub phrase_limit: Option<u32>,
    /// Kinds of file that are refused.
    pub blocked_file_kinds: BTreeSet<FileKind>,
    /// Whether downloads are scanned for malware.
    pub scan_downloads: bool,
    /// What holds while the scanner is away.
    pub when_scanner_away: WhenScannerAway,
}

/// The limits by group. A group that is not here has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContentRules {
    /// By group key.
    pub groups: BTreeMap<String, ContentLimits>,
}

impl ContentRules {
    /// The limits in the order of [`Group::ALL`].
    pub(crate) fn by_group(&self) -> [ContentLimits; Group::ALL.len()] {
        let mut limits = <[ContentLimits; Group::ALL.len()]>::default();
        for (group, limits) in Group::ALL.iter().zip(&mut limits) {
            if let Some(written) = self.groups.get(group.key()) {
                limits.clone_from(written);
            }
        }
        limits
    }
}
