//! What is known of one generation of a list: where it came from, what it holds, how it differs from the one before, and how
//! the list is to be kept up to date. Where it lies on disk is `shelf`'s business.

use super::changes::Changes;
use super::check::Check;
use super::upkeep::{Schedule, Upkeep};
use super::{counted, hexadecimal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One generation of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name, and the name of its folder: lower-case letters, digits and hyphens.
    pub name: String,
    /// Where it came from, as it was typed (without a password).
    pub source: String,
    /// Format it was read as, by key, or `auto`.
    pub format: String,
    /// Category asked for, if one was.
    pub category: Option<String>,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// Each category with what its text holds.
    pub categories: Vec<Shelved>,
    /// Lines that could not be used.
    pub refused_lines: u64,
    /// The first of them, and why.
    pub refused: Vec<String>,
    /// Names that it would close and no list may, and names of our own schools that it does close.
    #[serde(default)]
    pub protected: Vec<String>,
    /// How it differs from the generation before it; `None` for the first.
    #[serde(default)]
    pub changes: Option<Changes>,
    /// Why a person was asked about it, if one was.
    #[serde(default)]
    pub held_for: Vec<String>,
    /// How it came to be in force, where that was not by being fetched.
    #[serde(default)]
    pub note: Option<String>,
    /// How often it is fetched, and when a person is asked.
    #[serde(default)]
    pub upkeep: Upkeep,
    /// What its file must prove before it is read.
    #[serde(default)]
    pub check: Check,
    /// What the address calls this version of the file.
    #[serde(default)]
    pub version: Version,
}

/// One category of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelved {
    /// Category key, `gambling`.
    pub category: String,
    /// Lines.
    pub domains: u64,
    /// SHA-256 of the text, in hexadecimal.
    pub checksum: String,
}

/// What an address calls a version of a file, for asking whether there is another (RFC 9110 section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// `ETag`, with its quotation marks.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Manifest {
    /// Domains in all categories.
    pub fn domains(&self) -> u64 {
        self.categories.iter().map(|category| category.domains).sum()
    }

    /// The same for two generations that hold the same lines in the same order.
    pub fn digest(&self) -> String {
        let mut sum = Sha256::new();
        for shelved in &self.categories {
            sum.update(format!("{} {}\n", shelved.category, shelved.checksum));
        }
        hexadecimal(&sum.finalize())
    }

    /// How often it is asked for, in words: a file is not.
    pub fn rhythm(&self) -> &'static str {
        if self.source.contains("://") { self.upkeep.every.words() } else { Schedule::Never.words() }
    }

    /// How it differs from the one before, in words: `+1,203, −88, 12 lines refused`.
    pub fn difference(&self) -> String {
        let refused = match self.refused_lines {
            0 => String::new(),
            1 => ", 1 line refused".to_owned(),
            lines => format!(", {} lines refused", counted(lines)),
        };
        match &self.changes {
            None => format!("{} names{refused}", counted(self.domains())),
            Some(changes) => format!("+{}, −{}{refused}", counted(changes.added()), counted(changes.removed())),
        }
    }
}
