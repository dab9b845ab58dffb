//! The compiled lists as a file that is mapped into memory: every school and group shares one copy, a start reads nothing
//! that no request asks for, and a reload lets go of the old copy instead of keeping two (docs/decisions/0011).

use super::whole;
use belisha_filter::{DomainIndex, IndexError};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

/// Why a file of compiled lists cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexFileError {
    /// The system refused, or the file is not there.
    #[error(transparent)]
    Disk(#[from] io::Error),
    /// It is damaged, or of another version.
    #[error(transparent)]
    Index(#[from] IndexError),
}

/// Opens a file of compiled lists. Its checksum is verified; its pages come into memory as requests ask for them.
///
/// # Errors
/// The file is not there, cannot be read, or is damaged.
pub fn open_index(path: &Path) -> Result<DomainIndex, IndexFileError> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Err(IndexFileError::Index(IndexError::Unreadable("it is empty")));
    }
    let mapping = map(&file)?;
    // A look-up is one or two reads at random places: what it waits for is memory, and where that is. A system that cannot have
    // the file in large pages has it in small ones.
    #[cfg(target_os = "linux")]
    let _ = mapping.advise(memmap2::Advice::HugePage);
    Ok(DomainIndex::open_mapped(Arc::new(mapping), &mut file)?)
}

#[expect(
    unsafe_code,
    reason = "a mapped file must not change or shrink while it is mapped: `write_index` fills these files under another \
              name, renames them and never touches them again, in a folder that only this user can write to"
)]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: see the reason above; nothing of ours opens such a file for writing once it has its name.
    unsafe { memmap2::Mmap::map(file) }
}

/// Writes a file of compiled lists, which is there whole or not at all.
///
/// # Errors
/// What `fill` says, or the disk will not take it; then the file that was there stays.
pub fn write_index<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    whole::write(path, fill)
}

/// Keeps an index under a name: as a second name for the compiled file it came from, if it did, so that they share their
/// room on disk and in memory; else as a file of its own.
pub(super) fn keep_index(path: &Path, index: &DomainIndex, compiled: Option<&Path>) -> io::Result<()> {
    if is_of(path, index) {
        return Ok(());
    }
    let _ = std::fs::remove_file(path);
    if compiled.is_some_and(|compiled| whole::link(compiled, path).is_ok()) {
        if is_of(path, index) {
            return Ok(());
        }
        // Newer lists were compiled meanwhile.
        std::fs::remove_file(path)?;
    }
    whole::write(path, |file| file.write_all(index.as_bytes()))
}

/// Whether a file ends with an index's checksum and is as long.
fn is_of(path: &Path, index: &DomainIndex) -> bool {
    let last_bytes = || -> io::Result<(u64, [u8; 8])> {
        let mut file = File::open(path)?;
        let mut last = [0; 8];
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::End(-8))?;
        file.read_exact(&mut last)?;
        Ok((length, last))
    };
    last_bytes().is_ok_and(|found| found == (index.as_bytes().len() as u64, index.checksum().to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use belisha_filter::DomainIndexBuilder;
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    fn index(name: &str) -> DomainIndex {
        let mut builder = DomainIndexBuilder::new();
        let source = builder.source("list", "games").unwrap();
        builder.add(source, name);
        builder.build().unwrap()
    }

    fn write_to(path: &Path, index: &DomainIndex) {
        write_index::<io::Error>(path, |file| file.write_all(index.as_bytes())).unwrap();
    }

    #[test]
    fn a_mapped_index_answers_and_goes_on_answering_when_another_takes_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lists.index");
        write_to(&path, &index("one.example"));
        let one = open_index(&path).unwrap();
        write_to(&path, &index("two.example"));
        let two = open_index(&path).unwrap();
        assert!(!one.lookup("www.one.example").is_empty() && one.lookup("two.example").is_empty());
        assert!(!two.lookup("www.two.example").is_empty() && two.lookup("one.example").is_empty());
    }

    #[test]
    fn a_damaged_or_missing_file_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lists.index");
        assert!(matches!(open_index(&path), Err(IndexFileError::Disk(_))));
        let whole = index("one.example").as_bytes().to_vec();
        for damaged in [&[][..], &whole[..whole.len() / 2], &whole[1..], &[whole.as_slice(), &[0]].concat()] {
            fs::write(&path, damaged).unwrap();
            assert!(matches!(open_index(&path), Err(IndexFileError::Index(_))));
        }
    }

    #[test]
    fn a_writer_that_fails_leaves_the_file_that_was_there() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lists.index");
        write_to(&path, &index("one.example"));
        let failed = write_index(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("no room"))
        });
        assert!(failed.is_err() && open_index(&path).is_ok());
    }

    #[test]
    fn the_compiled_file_is_shared_unless_it_holds_other_lists() {
        let directory = tempfile::tempdir().unwrap();
        let (compiled, kept) = (directory.path().join("compiled"), directory.path().join("kept"));
        let inode = |path: &Path| fs::metadata(path).unwrap().ino();
        write_to(&compiled, &index("one.example"));
        keep_index(&kept, &index("one.example"), Some(&compiled)).unwrap();
        assert_eq!(inode(&kept), inode(&compiled));
        keep_index(&kept, &index("two.example"), Some(&compiled)).unwrap();
        assert_ne!(inode(&kept), inode(&compiled));
        assert_eq!(open_index(&kept).unwrap(), index("two.example"));
        assert_eq!(open_index(&compiled).unwrap(), index("one.example"));
    }
}
