//! Batches that wait on disk while the database is away: one line each, with its checksum, flushed to the disk before it
//! counts as kept. When to spill and when to replay is `ingest`'s business.

use crate::record::ActivityRecord;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The most the file may grow to; past it batches are refused, and counted by whoever asked.
pub(crate) const LIMIT: u64 = 512 * 1024 * 1024;
/// The longest line that is read back; a batch of 500 records with long paths is well under it.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// One batch of one school. Its key makes writing it to the database twice the same as once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    /// Unique in its school.
    pub key: String,
    /// The records, in the order they were seen.
    pub records: Vec<ActivityRecord>,
}

/// What was read back.
#[derive(Debug, Default)]
pub(crate) struct Replay {
    /// Whole batches, oldest first.
    pub batches: Vec<Batch>,
    /// Lines whose checksum did not fit: a write cut short by a power cut, or damage to the disk.
    pub damaged: usize,
    /// Where reading stopped, in bytes; what lies beyond was not read yet.
    pub until: u64,
    /// Whether that was the end of the file.
    pub finished: bool,
}

/// The file.
#[derive(Debug)]
pub(crate) struct Spill {
    path: PathBuf,
    /// Up to where batches are already in the database.
    replayed: u64,
    size: u64,
}

impl Spill {
    /// Opens the file in a folder, making neither yet. Batches left by an earlier run wait in it.
    pub fn open(folder: &Path, name: &str) -> Self {
        let path = folder.join(name);
        let size = std::fs::metadata(&path).map(|data| data.len()).unwrap_or(0);
        Self { path, replayed: 0, size }
    }

    /// Whether batches wait.
    pub fn is_empty(&self) -> bool {
        self.size <= self.replayed
    }

    /// Appends a batch. When this returns `Ok`, neither kill -9 nor a power cut loses it.
    pub fn append(&mut self, batch: &Batch) -> io::Result<()> {
        let json = serde_json::to_vec(batch)?;
        if self.size + json.len() as u64 > LIMIT {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the file of waiting activity is full"));
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = private(&self.path)?;
        // A line cut short by a kill would swallow the next one: start on a line of our own.
        let mut line = if self.ends_mid_line(&file)? { b"\n".to_vec() } else { Vec::new() };
        line.extend_from_slice(checksum(&json).as_bytes());
        line.push(b' ');
        line.extend_from_slice(&json);
        line.push(b'\n');
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        self.size = file.metadata().map(|data| data.len()).unwrap_or(self.size + line.len() as u64);
        written
    }

    /// Reads up to `most` batches that are not in the database yet.
    pub fn read(&self, most: usize) -> io::Result<Replay> {
        let mut replay = Replay { until: self.replayed, ..Replay::default() };
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Replay { finished: true, ..replay }),
            Err(error) => return Err(error),
        };
        file.seek(io::SeekFrom::Start(self.replayed))?;
        let mut reader = BufReader::new(file);
        while replay.batches.len() < most {
            let mut line = Vec::new();
            let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
            if read == 0 {
                replay.finished = true;
                break;
            }
            replay.until += read;
            match parse(&line) {
                Some(batch) => replay.batches.push(batch),
                None if line == b"\n" => {}
                None => replay.damaged += 1,
            }
        }
        Ok(replay)
    }

    /// Notes that everything before `until` is in the database, and empties the file once all of it is.
    pub fn replayed(&mut self, until: u64) -> io::Result<()> {
        self.replayed = until;
        if self.is_empty() && self.size > 0 {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            file.set_len(0)?;
            file.sync_all()?;
            (self.replayed, self.size) = (0, 0);
        }
        Ok(())
    }

    fn ends_mid_line(&self, file: &File) -> io::Result<bool> {
        let size = file.metadata()?.len();
        if size == 0 {
            return Ok(false);
        }
        let mut last = [0];
        let mut reader = File::open(&self.path)?;
        reader.seek(io::SeekFrom::Start(size - 1))?;
        reader.read_exact(&mut last)?;
        Ok(last != *b"\n")
    }
}

/// Opened for appending and, where the system knows such a thing, readable by its owner alone.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn checksum(json: &[u8]) -> String {
    Sha256::digest(json).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn parse(line: &[u8]) -> Option<Batch> {
    let line = line.strip_suffix(b"\n")?;
    let (sum, json) = line.split_at_checked(33)?;
    (sum.strip_suffix(b" ")? == checksum(json).as_bytes()).then(|| serde_json::from_slice(json).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;

    const NAME: &str = "activity.spill";

    fn batch(key: &str) -> Batch {
        Batch { key: key.into(), records: vec![record("maths.example"), record("poems.example")] }
    }

    #[test]
    fn what_was_appended_is_read_back_in_order_by_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::open(folder.path(), NAME);
        assert!(spill.is_empty());
        spill.append(&batch("a")).unwrap();
        spill.append(&batch("b")).unwrap();
        let again = Spill::open(folder.path(), NAME);
        assert!(!again.is_empty());
        let replay = again.read(10).unwrap();
        assert_eq!(replay.batches, [batch("a"), batch("b")]);
        assert!(replay.finished && replay.damaged == 0);
    }

    #[test]
    fn a_write_cut_short_loses_itself_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::open(folder.path(), NAME);
        spill.append(&batch("a")).unwrap();
        spill.append(&batch("b")).unwrap();
        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).unwrap();
        let first_line = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in (first_line + 1..whole.len() - 1).step_by(5) {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let mut spill = Spill::open(folder.path(), NAME);
            spill.append(&batch("c")).unwrap();
            let replay = Spill::open(folder.path(), NAME).read(10).unwrap();
            assert_eq!(replay.batches, [batch("a"), batch("c")], "cut at {cut}");
            assert_eq!(replay.damaged, 1, "cut at {cut}");
        }
    }

    #[test]
    fn a_changed_byte_costs_its_own_batch() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::open(folder.path(), NAME);
        for key in ["a", "b", "c"] {
            spill.append(&batch(key)).unwrap();
        }
        let path = folder.path().join(NAME);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let replay = Spill::open(folder.path(), NAME).read(10).unwrap();
        assert_eq!(replay.batches, [batch("a"), batch("c")]);
        assert_eq!(replay.damaged, 1);
    }

    #[test]
    fn the_file_is_emptied_once_all_of_it_is_stored() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::open(folder.path(), NAME);
        spill.append(&batch("a")).unwrap();
        spill.append(&batch("b")).unwrap();
        let first = spill.read(1).unwrap();
        spill.replayed(first.until).unwrap();
        assert!(!spill.is_empty());
        let rest = spill.read(10).unwrap();
        assert_eq!(rest.batches, [batch("b")]);
        spill.replayed(rest.until).unwrap();
        assert!(spill.is_empty());
        assert_eq!(std::fs::metadata(folder.path().join(NAME)).unwrap().len(), 0);
    }
}
