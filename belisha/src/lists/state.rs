//! What is remembered of a list beside its generations: when its address was asked last and how that went, and which update
//! was turned down, so that it does not come back each night.

use super::ListError;
use super::manifest::{Manifest, Version};
use super::shelf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What is remembered of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// When its address was asked last, and how that went.
    pub asked: Option<Asked>,
    /// The update that was turned down last.
    pub turned_down: Option<TurnedDown>,
}

/// How asking an address went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// When.
    pub at: Timestamp,
    /// How it went, in words.
    pub words: String,
    /// Whether it went wrong.
    pub failed: bool,
    /// What the address calls the version that was found to hold the same as the list in force.
    pub same: Option<Version>,
}

/// An update that was turned down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedDown {
    /// What it held, see [`Manifest::digest`].
    pub digest: String,
    /// What its address calls it.
    pub version: Version,
    /// When.
    pub at: Timestamp,
    /// Why, in the words of whoever turned it down.
    pub why: String,
}

impl TurnedDown {
    /// Notes that an update is turned down.
    pub fn of(manifest: &Manifest, at: Timestamp, why: &str) -> Self {
        Self { digest: manifest.digest(), version: manifest.version.clone(), at, why: why.to_owned() }
    }
}

impl State {
    /// Reads it; what is missing or damaged is empty, since nothing the filter does depends on it.
    pub fn read(data: &Path, name: &str) -> Self {
        let text = std::fs::read(path(data, name)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the disk will not take it.
    pub fn write(&self, data: &Path, name: &str) -> Result<(), ListError> {
        let path = path(data, name);
        let part = path.with_extension("part");
        let written = serde_json::to_vec_pretty(self)
            .map_err(std::io::Error::other)
            .and_then(|text| std::fs::write(&part, text))
            .and_then(|()| std::fs::rename(&part, &path));
        written.map_err(|error| ListError::write(&path, &error))
    }
}

fn path(data: &Path, name: &str) -> std::path::PathBuf {
    shelf::folder(data).join(name).join("state.json")
}
