//! The last rules and who is signed in, on disk, so that a gateway filters from its first second with everything else gone.
//! A file is whole or it is not read: written beside, flushed, renamed, and sealed with its own hash. Nothing here decides.
//!
//! The list of illegal content is on disk as keyed hashes only; the key comes from the configuration.

use crate::identity::Mapping;
use crate::rules::{GatewayRules, PersonRules};
use belisha_filter::{DomainIndex, IllegalList, Rules, Ruleset};
use belisha_records::SchoolId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const RULES_FILE: &str = "gateway-rules.snapshot";
const IDENTITIES_FILE: &str = "gateway-identities.snapshot";
const RULES_MAGIC: &[u8; 16] = b"belisha rules 1\n";
const IDENTITIES_MAGIC: &[u8; 16] = b"belisha whois 1\n";
const SEAL: usize = 32;

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
}

/// Writes rules so that a crash at any moment leaves the old file or the new one.
pub(crate) fn write_rules(directory: &Path, rules: &GatewayRules) -> Result<(), SnapshotError> {
    let path = directory.join(RULES_FILE);
    let head = Head {
        school: rules.school,
        school_name: rules.school_name.clone(),
        people: rules.people().cloned().collect(),
        rules: rules.ruleset.rules().clone(),
    };
    let head = serde_json::to_vec(&head).map_err(|error| damaged(&path, &error))?;
    write(
        &path,
        RULES_MAGIC,
        &[
            &head,
            &rules.ruleset.index().to_bytes(),
            &rules.ruleset.illegal().to_bytes(),
        ],
    )
}

/// Reads the last rules of a school.
pub(crate) fn read_rules(
    directory: &Path,
    school: SchoolId,
    illegal_list_key: [u8; 16],
) -> Result<GatewayRules, SnapshotError> {
    let path = directory.join(RULES_FILE);
    let bytes = read(&path, RULES_MAGIC)?;
    let [head, index, illegal] = sections(&bytes).ok_or_else(|| damaged(&path, &"a part is missing"))?;
    let head: Head = serde_json::from_slice(head).map_err(|error| damaged(&path, &error))?;
    if head.school != school {
        return Err(damaged(&path, &"they are another school's"));
    }
    let index = DomainIndex::read_from(index).map_err(|error| damaged(&path, &error))?;
    let illegal = IllegalList::read_from(illegal_list_key, illegal).map_err(|error| damaged(&path, &error))?;
    let ruleset = Ruleset::compile(head.rules, Arc::new(index), Arc::new(illegal));
    Ok(GatewayRules::new(
        head.school,
        head.school_name,
        Arc::new(ruleset),
        head.people,
    ))
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
    SnapshotError::Damaged {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

/// Magic, then each part after its length, then the hash of all that.
fn write(path: &Path, magic: &[u8], parts: &[&[u8]]) -> Result<(), SnapshotError> {
    let disk = |source| SnapshotError::Disk {
        path: path.to_owned(),
        source,
    };
    let mut bytes = magic.to_vec();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let seal: [u8; SEAL] = Sha256::digest(&bytes).into();
    bytes.extend_from_slice(&seal);
    let beside = path.with_extension("writing");
    let mut file = private(&beside).map_err(disk)?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(disk)?;
    fs::rename(&beside, path).map_err(disk)?;
    // The new name itself must survive a power cut.
    path.parent()
        .map_or(Ok(()), |directory| {
            File::open(directory).and_then(|directory| directory.sync_all())
        })
        .map_err(disk)
}

/// A new file that only this user can read: it says who is in which group.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The parts of a file as one run of bytes, once its hash is right.
fn read(path: &Path, magic: &[u8]) -> Result<Vec<u8>, SnapshotError> {
    let mut bytes = fs::read(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => SnapshotError::Missing { path: path.to_owned() },
        _ => SnapshotError::Disk {
            path: path.to_owned(),
            source,
        },
    })?;
    let (body, seal) = bytes
        .split_last_chunk::<SEAL>()
        .ok_or_else(|| damaged(path, &"the file is cut short"))?;
    if !body.starts_with(magic) {
        return Err(damaged(path, &"the file is none of this version's"));
    }
    let sealed: [u8; SEAL] = Sha256::digest(body).into();
    if sealed != *seal {
        return Err(damaged(path, &"the file was changed or cut short"));
    }
    bytes.truncate(bytes.len() - SEAL);
    bytes.drain(..magic.len());
    Ok(bytes)
}

/// Takes the parts apart; `None` unless there are exactly `N`.
fn sections<const N: usize>(mut bytes: &[u8]) -> Option<[&[u8]; N]> {
    let mut parts = [[].as_slice(); N];
    for part in &mut parts {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        let (found, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
        *part = found;
        bytes = rest;
    }
    bytes.is_empty().then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_every_changed_byte_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file.snapshot");
        write(&path, IDENTITIES_MAGIC, &[b"first", b"", b"third"]).unwrap();
        let read_back = read(&path, IDENTITIES_MAGIC).unwrap();
        assert_eq!(sections::<3>(&read_back).unwrap(), [b"first".as_slice(), b"", b"third"]);
        assert!(sections::<2>(&read_back).is_none() && sections::<4>(&read_back).is_none());
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(
                matches!(read(&path, IDENTITIES_MAGIC), Err(SnapshotError::Damaged { .. })),
                "byte {at}"
            );
            fs::write(&path, &whole[..at]).unwrap();
            assert!(
                matches!(read(&path, IDENTITIES_MAGIC), Err(SnapshotError::Damaged { .. })),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn a_missing_file_is_told_from_a_damaged_one() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(
            read_identities(directory.path()),
            Err(SnapshotError::Missing { .. })
        ));
        fs::write(
            directory.path().join(IDENTITIES_FILE),
            b"not a snapshot at all, but long enough to be one",
        )
        .unwrap();
        assert!(matches!(
            read_identities(directory.path()),
            Err(SnapshotError::Damaged { .. })
        ));
    }
}
