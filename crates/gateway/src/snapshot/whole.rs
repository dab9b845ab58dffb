//! Files that are there whole or not at all: written under another name, brought to the disk, then renamed. A crash leaves
//! the old file or the new one. A file is never changed once it has its name. What is in them is `sealed` and `mapped`'s.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Bytes gathered before they are written: as many as a large page of memory has, so that the system may keep a file that
/// is mapped later in such pages.
const GATHERED: usize = 2 * 1024 * 1024;

/// The name a file has until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".writing");
    path.with_file_name(name)
}

/// Puts a file in place of the one that has its name, if one has. Not for two writers of one name at a time.
pub(super) fn write<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let beside = beside(path);
    let mut file = BufWriter::with_capacity(GATHERED, private(&beside)?);
    fill(&mut file)?;
    file.flush()?;
    file.get_ref().sync_all()?;
    fs::rename(&beside, path)?;
    Ok(sync_name(path)?)
}

/// Gives a whole file a second name, on the same disk.
pub(super) fn link(existing: &Path, path: &Path) -> io::Result<()> {
    fs::hard_link(existing, path)?;
    sync_name(path)
}

/// The name itself must survive a power cut.
fn sync_name(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// A new file that only this user can read: it may say who is in which group.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
