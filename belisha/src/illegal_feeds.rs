//! Licensed lists of illegal content: taken in from what a provider delivers, kept as keyed hashes, one file a feed. Nothing here
//! shows an entry, and nothing takes a feed or an entry out: a feed is only ever replaced by its next delivery (MISSION 2.4). Asking
//! whether an address is listed is `belisha-filter`'s.

use crate::commands::Failure;
use crate::data_folder::DataFolder;
use crate::lists::hexadecimal;
use belisha_filter::IllegalList;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, BufRead, Read};

/// The longest address that is looked at, in bytes.
const LONGEST_LINE: u64 = 16 * 1024;
/// A feed smaller than this may shrink as it likes.
const SMALL: u64 = 20;

/// What is known of one feed. Never what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    /// What the operator calls it: `iwf`.
    pub name: String,
    /// Addresses it holds.
    pub entries: u64,
    /// Lines of the last delivery that were no address.
    pub refused: u64,
    /// When it was last taken in.
    pub loaded_at: Timestamp,
    /// SHA-256 of its file, in hexadecimal.
    checksum: String,
}

/// What is known of every feed, in the data folder.
const INDEX: &str = "illegal/feeds.json";

fn file(name: &str) -> String {
    format!("illegal/{name}.feed")
}

/// The feeds that were ever taken in, by name.
///
/// # Errors
/// When what is kept about them cannot be read: filtering less without a word is no way out.
pub fn feeds(data: &DataFolder) -> Result<Vec<Feed>, Failure> {
    match std::fs::read(data.root().join(INDEX)) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| damaged("the index of the lists of illegal content")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn damaged(what: &str) -> Failure {
    Failure(format!(
        "{what} is missing or damaged; put the folder `illegal` of the data folder back from a backup, or load the feed again"
    ))
}

/// Every feed and the entry for tests, as one list.
///
/// # Errors
/// When a feed that was taken in is missing, damaged, or kept under another key.
pub fn illegal_list(data: &DataFolder, key: [u8; 16]) -> Result<IllegalList, Failure> {
    let mut all = IllegalList::new(key);
    for feed in feeds(data)? {
        let what = format!("the list of illegal content `{}`", feed.name);
        let bytes = std::fs::read(data.root().join(file(&feed.name))).map_err(|_| damaged(&what))?;
        if sum(&bytes) != feed.checksum {
            return Err(damaged(&what));
        }
        all.join(IllegalList::read_from(key, &bytes).map_err(|_| damaged(&what))?);
    }
    Ok(all)
}

/// Changes whenever a feed was taken in.
pub fn fingerprint(data: &std::path::Path) -> String {
    std::fs::read(data.join(INDEX)).map(|bytes| sum(&bytes)).unwrap_or_default()
}

fn sum(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Takes in a delivery, one address a line, in the place of the feed's last one. Addresses are hashed as they are read; the
/// delivery itself stays the caller's, to delete. `smaller`: take it though it holds less than half of what the last one did.
///
/// # Errors
/// When the delivery holds no address, or much fewer than the last one, or the disk will not take it. Then nothing changed.
pub fn load(
    data: &DataFolder,
    key: [u8; 16],
    name: &str,
    delivery: &mut dyn BufRead,
    now: Timestamp,
    smaller: bool,
) -> Result<Feed, Failure> {
    let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if name.is_empty() || name.len() > 40 || !letters {
        return Err(Failure("a feed's name has lower-case letters, digits and hyphens; give one such as `iwf`".into()));
    }
    let (list, entries, refused) = read(key, delivery)?;
    let mut all = feeds(data)?;
    let before = all.iter().find(|feed| feed.name == name).map_or(0, |feed| feed.entries);
    if entries == 0 {
        return Err(Failure(format!(
            "the delivery holds no address ({refused} lines could not be read); the feed stays as it was"
        )));
    }
    if before >= SMALL && entries * 2 < before && !smaller {
        return Err(Failure(format!(
            "the delivery holds {entries} addresses and the last one held {before}; the feed stays as it was. Ask the provider, and if it is right load it again with `--smaller`"
        )));
    }
    let bytes = list.to_bytes();
    let feed = Feed { name: name.to_owned(), entries, refused, loaded_at: now, checksum: sum(&bytes) };
    data.write_private(&file(name), &bytes)?;
    all.retain(|other| other.name != name);
    all.push(feed.clone());
    all.sort_by(|one, other| one.name.cmp(&other.name));
    data.write_private(INDEX, serde_json::to_vec_pretty(&all)?)?;
    Ok(feed)
}

fn read(key: [u8; 16], delivery: &mut dyn BufRead) -> io::Result<(IllegalList, u64, u64)> {
    let mut list = IllegalList::new(key);
    let (mut entries, mut refused, mut line) = (0, 0, Vec::new());
    loop {
        line.clear();
        let length = delivery.take(LONGEST_LINE).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok((list, entries, refused));
        }
        let text = String::from_utf8_lossy(&line);
        match text.trim_start_matches('\u{feff}').trim() {
            "" => {}
            comment if comment.starts_with('#') => {}
            address if list.insert(address) => entries += 1,
            // Twice in one delivery is no mistake; anything else that was not taken is counted.
            address if list.holds(address) => {}
            _ => refused += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Feeds {
        _folder: tempfile::TempDir,
        data: DataFolder,
        key: [u8; 16],
    }

    impl Feeds {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let data = DataFolder::open(folder.path()).unwrap();
            let key = data.keys().unwrap().illegal_list;
            Self { _folder: folder, data, key }
        }
        fn load(&self, name: &str, delivery: &str, smaller: bool) -> Result<Feed, String> {
            let now = "2026-11-20T10:00:00Z".parse().unwrap();
            load(&self.data, self.key, name, &mut delivery.as_bytes(), now, smaller).map_err(|failure| failure.0)
        }
        fn listed(&self, host: &str) -> bool {
            illegal_list(&self.data, self.key).unwrap().contains(host, None)
        }
    }

    fn many(count: usize) -> String {
        (0..count).map(|number| format!("https://site{number}.example/\n")).collect()
    }

    #[test]
    fn feeds_add_up_and_each_is_replaced_by_its_next_delivery_alone() {
        let feeds = Feeds::new();
        let one = feeds.load("one", "# a comment\none.example\none.example\nnot an address\n", false).unwrap();
        assert_eq!((one.entries, one.refused), (1, 1));
        feeds.load("two", "https://two.example/page\ntwo-whole.example\n", false).unwrap();
        assert!(feeds.listed("one.example") && feeds.listed("www.two-whole.example") && !feeds.listed("two.example"));
        feeds.load("one", "other.example\n", false).unwrap();
        assert!(!feeds.listed("one.example") && feeds.listed("other.example") && feeds.listed("two-whole.example"));
        assert!(feeds.listed(belisha_filter::ILLEGAL_TEST_ENTRY));
    }

    #[test]
    fn an_empty_or_shrunken_delivery_changes_nothing() {
        let feeds = Feeds::new();
        feeds.load("iwf", &many(100), false).unwrap();
        for delivery in ["", "# nothing\n", &many(49)] {
            assert!(feeds.load("iwf", delivery, false).unwrap_err().contains("stays as it was"));
            assert!(feeds.listed("site99.example"));
        }
        assert_eq!(feeds.load("iwf", &many(49), true).unwrap().entries, 49);
        assert!(feeds.load("../up", "one.example\n", false).is_err());
    }

    #[test]
    fn a_feed_that_is_gone_or_damaged_is_an_error_and_not_less_filtering() {
        let feeds = Feeds::new();
        feeds.load("iwf", "one.example\n", false).unwrap();
        let path = feeds.data.root().join(file("iwf"));
        let bytes = std::fs::read(&path).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("example"));
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(illegal_list(&feeds.data, feeds.key).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(illegal_list(&feeds.data, feeds.key).unwrap_err().0.contains("backup"));
    }
}
