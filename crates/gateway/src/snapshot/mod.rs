//! The last rules and who is signed in, on disk, so that a gateway filters from its first second with everything else gone.
//! `sealed.rs` sees that a file is whole or not read. Nothing here decides.
//!
//! Rules change with every signature, lists once a day, and lists are large: they lie in a file of their own, named after
//! their content, which the rules name. It is written before the rules that need it and removed after them.
//!
//! The list of illegal content is on disk as keyed hashes only; the key comes from the configuration.

mod sealed;

use crate::identity::Mapping;
use crate::rules::{GatewayRules, PersonRules};
use belisha_filter::{DomainIndex, IllegalList, Rules, Ruleset};
use belisha_records::SchoolId;
use sealed::{read, sections, write};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const RULES_FILE: &str = "gateway-rules.snapshot";
const LISTS_PREFIX: &str = "gateway-lists-";
const IDENTITIES_FILE: &str = "gateway-identities.snapshot";
const RULES_MAGIC: &[u8; 16] = b"belisha rules 1\n";
const LISTS_MAGIC: &[u8; 16] = b"belisha lists 1\n";
const IDENTITIES_MAGIC: &[u8; 16] = b"belisha whois 1\n";
/// Bytes of the content's hash in the name of a file of lists.
const NAME_BYTES: usize = 12;

/// Why a snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// There is none yet.
    #[error("there are no last rules at `{}` yet", path.display())]
    Missing { path: PathBuf },
    /// The file is damaged, cut short, of another version, or of another installation.
    #[error("the last rules at `{}` cannot be used: {what}; remove the file, and let the server send rules again", path.display())]
    Damaged { path: PathBuf, what: String },
    /// The system refused.
    #[error("cannot use `{}`: {source}; see that the disk has room and the directory can be written to", path.display())]
    Disk { path: PathBuf, source: io::Error },
    /// The program is stopping.
    #[error("the last rules were not written because the program is stopping")]
    Stopped,
}

#[derive(Serialize, Deserialize)]
struct Head {
    school: SchoolId,
    school_name: String,
    people: Vec<PersonRules>,
    rules: Rules,
    /// File name of the lists.
    lists: String,
}

/// The lists that were written last. Rules that share them need not write them again.
#[derive(Default)]
pub(crate) struct WrittenLists(Mutex<Option<Lists>>);

struct Lists {
    index: Arc<DomainIndex>,
    illegal: Arc<IllegalList>,
    file_name: String,
}

/// Writes rules so that a crash at any moment leaves the old ones or the new ones.
pub(crate) fn write_rules(directory: &Path, rules: &GatewayRules, written: &WrittenLists) -> Result<(), SnapshotError> {
    let path = directory.join(RULES_FILE);
    let lists = write_lists(directory, rules, written)?;
    let head = Head {
        school: rules.school,
        school_name: rules.school_name.clone(),
        people: rules.people().cloned().collect(),
        rules: rules.ruleset.rules().clone(),
        lists: lists.clone(),
    };
    let head = serde_json::to_vec(&head).map_err(|error| damaged(&path, &error))?;
    write(&path, RULES_MAGIC, &[&head])?;
    remove_other_lists(directory, &lists);
    Ok(())
}

/// Writes the lists unless they are there; returns the file's name.
fn write_lists(directory: &Path, rules: &GatewayRules, written: &WrittenLists) -> Result<String, SnapshotError> {
    let mut written = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (index, illegal) = (rules.ruleset.index(), rules.ruleset.illegal());
    if let Some(last) = &*written
        && Arc::ptr_eq(&last.index, index)
        && Arc::ptr_eq(&last.illegal, illegal)
        && directory.join(&last.file_name).exists()
    {
        return Ok(last.file_name.clone());
    }
    let (index_bytes, illegal_bytes) = (index.to_bytes(), illegal.to_bytes());
    let hash = Sha256::new().chain_update(&index_bytes).chain_update(&illegal_bytes).finalize();
    let mut name = LISTS_PREFIX.to_owned();
    for byte in hash.iter().take(NAME_BYTES) {
        // Writing into a `String` cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(".snapshot");
    write(&directory.join(&name), LISTS_MAGIC, &[&index_bytes, &illegal_bytes])?;
    *written = Some(Lists { index: Arc::clone(index), illegal: Arc::clone(illegal), file_name: name.clone() });
    Ok(name)
}

/// Lists that no rules name any more only take room; if one stays, the next write tries again.
fn remove_other_lists(directory: &Path, kept: &str) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(LISTS_PREFIX) && name != kept) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Reads the last rules of a school.
pub(crate) fn read_rules(
    directory: &Path,
    school: SchoolId,
    illegal_list_key: [u8; 16],
) -> Result<GatewayRules, SnapshotError> {
    let path = directory.join(RULES_FILE);
    let bytes = read(&path, RULES_MAGIC)?;
    let [head] = sections(&bytes).ok_or_else(|| damaged(&path, &"a part is missing"))?;
    let head: Head = serde_json::from_slice(head).map_err(|error| damaged(&path, &error))?;
    if head.school != school {
        return Err(damaged(&path, &"they are another school's"));
    }
    let path = directory.join(&head.lists);
    let bytes = read(&path, LISTS_MAGIC)?;
    let [index, illegal] = sections(&bytes).ok_or_else(|| damaged(&path, &"a part is missing"))?;
    let index = DomainIndex::read_from(index).map_err(|error| damaged(&path, &error))?;
    let illegal = IllegalList::read_from(illegal_list_key, illegal).map_err(|error| damaged(&path, &error))?;
    let ruleset = Ruleset::compile(head.rules, Arc::new(index), Arc::new(illegal));
    Ok(GatewayRules::new(head.school, head.school_name, Arc::new(ruleset), head.people))
}

/// Writes who is signed in.
pub(crate) fn write_identities(directory: &Path, mappings: &[(IpAddr, Mapping)]) -> Result<(), SnapshotError> {
    let path = directory.join(IDENTITIES_FILE);
    let json = serde_json::to_vec(mappings).map_err(|error| damaged(&path, &error))?;
    write(&path, IDENTITIES_MAGIC, &[&json])
}

/// Reads who was signed in.
pub(crate) fn read_identities(directory: &Path) -> Result<Vec<(IpAddr, Mapping)>, SnapshotError> {
    let path = directory.join(IDENTITIES_FILE);
    let bytes = read(&path, IDENTITIES_MAGIC)?;
    let [json] = sections(&bytes).ok_or_else(|| damaged(&path, &"a part is missing"))?;
    serde_json::from_slice(json).map_err(|error| damaged(&path, &error))
}

fn damaged(path: &Path, what: &dyn std::fmt::Display) -> SnapshotError {
    SnapshotError::Damaged { path: path.to_owned(), what: what.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_missing_file_is_told_from_a_damaged_one() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(read_identities(directory.path()), Err(SnapshotError::Missing { .. })));
        fs::write(directory.path().join(IDENTITIES_FILE), b"not a snapshot at all, but long enough to be one").unwrap();
        assert!(matches!(read_identities(directory.path()), Err(SnapshotError::Damaged { .. })));
    }
}
