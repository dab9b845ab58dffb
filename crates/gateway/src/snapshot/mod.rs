//! The last rules and who is signed in, on disk, so that a gateway filters from its first second with everything else gone.
//! `packed.rs` makes one document of rules, `sealed.rs` sees that a file is whole or not read, `mapped.rs` that the compiled lists
//! are mapped and not copied. Nothing here decides.
//!
//! Rules change with every signature, lists once a day, and lists are large: they lie in files of their own, named after
//! their content, which the rules name. They are written before the rules that need them and removed after them.
//!
//! The list of illegal content is on disk as keyed hashes only; the key comes from the configuration.

mod mapped;
mod packed;
mod sealed;
mod whole;

pub use mapped::{IndexFileError, open_index, write_index};
pub use packed::{ListFiles, PackedRules};

use crate::identity::Kept;
use crate::rules::GatewayRules;
use belisha_filter::{DomainIndex, IllegalList};
use belisha_records::SchoolId;
use packed::LISTS_PREFIX;
use sealed::{read, sections, write};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const RULES_FILE: &str = "gateway-rules.snapshot";
const IDENTITIES_FILE: &str = "gateway-identities.snapshot";
const RULES_MAGIC: &[u8; 16] = b"belisha rules 2\n";
const ILLEGAL_MAGIC: &[u8; 16] = b"belisha never 1\n";
const IDENTITIES_MAGIC: &[u8; 16] = b"belisha whois 2\n";

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

/// The lists that were written last. Rules that share them need not write them again.
#[derive(Default)]
pub(crate) struct WrittenLists(Mutex<Option<Lists>>);

struct Lists {
    index: Arc<DomainIndex>,
    illegal: Arc<IllegalList>,
    files: ListFiles,
}

/// Writes rules so that a crash at any moment leaves the old ones or the new ones. `compiled` is the file the lists were
/// compiled to, if this machine has it.
pub(crate) fn write_rules(
    directory: &Path,
    rules: &GatewayRules,
    written: &WrittenLists,
    compiled: Option<&Path>,
) -> Result<(), SnapshotError> {
    let path = directory.join(RULES_FILE);
    let lists = write_lists(directory, rules, written, compiled)?;
    let head = PackedRules::of(rules, lists.clone());
    let head = serde_json::to_vec(&head).map_err(|error| damaged(&path, &error))?;
    write(&path, RULES_MAGIC, &[&head])?;
    remove_other_lists(directory, &lists);
    Ok(())
}

/// Writes the lists unless they are there; returns the files' names.
fn write_lists(
    directory: &Path,
    rules: &GatewayRules,
    written: &WrittenLists,
    compiled: Option<&Path>,
) -> Result<ListFiles, SnapshotError> {
    let mut written = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (index, illegal) = (rules.ruleset.index(), rules.ruleset.illegal());
    if let Some(last) = &*written
        && Arc::ptr_eq(&last.index, index)
        && Arc::ptr_eq(&last.illegal, illegal)
        && [&last.files.index, &last.files.illegal].iter().all(|name| directory.join(name).exists())
    {
        return Ok(last.files.clone());
    }
    let files = ListFiles::of(index, illegal);
    let path = directory.join(&files.index);
    mapped::keep_index(&path, index, compiled).map_err(|source| SnapshotError::Disk { path, source })?;
    write(&directory.join(&files.illegal), ILLEGAL_MAGIC, &[&illegal.to_bytes()])?;
    *written = Some(Lists { index: Arc::clone(index), illegal: Arc::clone(illegal), files: files.clone() });
    Ok(files)
}

/// Lists that no rules name any more only take room; if one stays, the next write tries again.
fn remove_other_lists(directory: &Path, kept: &ListFiles) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if name
            .to_str()
            .is_some_and(|name| name.starts_with(LISTS_PREFIX) && name != kept.index && name != kept.illegal)
        {
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
    let head: PackedRules = serde_json::from_slice(head).map_err(|error| damaged(&path, &error))?;
    if head.school() != school {
        return Err(damaged(&path, &"they are another school's"));
    }
    let path = directory.join(&head.lists().index);
    let index = open_index(&path).map_err(|error| damaged(&path, &error))?;
    let path = directory.join(&head.lists().illegal);
    let bytes = read(&path, ILLEGAL_MAGIC)?;
    let [illegal] = sections(&bytes).ok_or_else(|| damaged(&path, &"a part is missing"))?;
    let illegal = IllegalList::read_from(illegal_list_key, illegal).map_err(|error| damaged(&path, &error))?;
    Ok(head.unpack(Arc::new(index), Arc::new(illegal)))
}

/// Writes who and what is where.
pub(crate) fn write_identities(directory: &Path, kept: &Kept) -> Result<(), SnapshotError> {
    let path = directory.join(IDENTITIES_FILE);
    let json = serde_json::to_vec(kept).map_err(|error| damaged(&path, &error))?;
    write(&path, IDENTITIES_MAGIC, &[&json])
}

/// Reads who and what was where.
pub(crate) fn read_identities(directory: &Path) -> Result<Kept, SnapshotError> {
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
