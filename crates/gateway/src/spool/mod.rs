//! What waits for a server that is elsewhere, on disk: records in files that are only added to, each brought to the disk before it
//! counts as kept, and removed only once somebody says that the server has it. When there is too much, the oldest file goes, and is
//! counted. While the disk takes nothing, records wait in memory (`memory.rs`). What is in a record, and sending it, is the caller's;
//! `segment.rs` reads and writes one file's bytes.
//!
//! A restart gives out again what was sent from a file that was not finished. Records therefore carry a name of their own, by which
//! the server stores each once.

mod memory;
mod segment;

pub(crate) use segment::records;

use memory::Memory;
use segment::{HEADER, MAGIC, Read};
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a file after which the next is begun, where the spool's limit does not make it less.
const FILE: u64 = 4 * 1024 * 1024;
/// Files in a full spool, at least: what is lost at a time is at most this part of it.
const PARTS: u64 = 16;
/// Bytes that may wait in memory while the disk takes nothing: about a hundred thousand visits.
const IN_MEMORY: usize = 32 * 1024 * 1024;
/// Where the first record of a file begins.
const START: u64 = MAGIC.len() as u64;
/// How files of the spool end.
const ENDING: &str = ".spool";

/// A record that waits, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What was kept.
    pub content: Vec<u8>,
    at: At,
}

/// Where a record waits.
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// In a file, from a place to another.
    File { number: u64, place: u64, after: u64 },
    /// In memory, under a number.
    Memory(u64),
}

/// What became of a record that was to be kept.
#[derive(Debug)]
pub struct Kept {
    /// Records that went, because disk or memory were full. This one is among them only where it is longer than may be.
    pub lost: u64,
    /// Why it is in memory and not on the disk.
    pub refused: Option<io::Error>,
}

/// How much waits, and how much was lost since the spool was opened. It names nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Records that wait on the disk.
    pub records: u64,
    /// Their bytes on disk, with those that were sent from a file that is not finished.
    pub bytes: u64,
    /// Records that wait in memory, because the disk does not take them.
    pub in_memory: u64,
    /// Their bytes.
    pub in_memory_bytes: u64,
    /// Records that went because the spool was full.
    pub lost: u64,
    /// Records whose checksum did not fit.
    pub damaged: u64,
}

/// Files of records that wait, oldest first.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    limit: u64,
    files: VecDeque<Segment>,
    /// The newest file, open to be added to.
    open: Option<File>,
    memory: Memory,
    backlog: Backlog,
}

#[derive(Debug)]
struct Segment {
    number: u64,
    bytes: u64,
    records: u64,
    /// Of the records, those that the server has.
    sent: u64,
    /// Where the first that it has not begins.
    place: u64,
}

impl Spool {
    /// Opens the spool in a folder that it has for itself, with what an earlier run left. `limit`: the most bytes it may take.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path, limit: u64) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let mut spool = Self {
            folder: folder.to_owned(),
            limit,
            files: VecDeque::new(),
            open: None,
            memory: Memory::new(IN_MEMORY),
            backlog: Backlog::default(),
        };
        let mut numbers = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.strip_suffix(ENDING));
            numbers.extend(number.and_then(|digits| u64::from_str_radix(digits, 16).ok()));
        }
        numbers.sort_unstable();
        for number in numbers {
            spool.take_up(number)?;
        }
        Ok(spool)
    }

    /// Takes up a file of an earlier run. It is not added to: its last record may have been cut short.
    fn take_up(&mut self, number: u64) -> io::Result<()> {
        let bytes = fs::read(self.path(number))?;
        let (found, damaged, _) = records(&bytes);
        self.backlog.damaged += damaged;
        if found.is_empty() {
            return fs::remove_file(self.path(number));
        }
        let segment = Segment { number, bytes: bytes.len() as u64, records: found.len() as u64, sent: 0, place: START };
        self.files.push_back(segment);
        Ok(())
    }

    /// Keeps a record: on the disk, or in memory while the disk does not take it. Then it is written, or given out from there, in
    /// its turn; the oldest go when that is more than 32 MiB.
    pub fn keep(&mut self, content: Vec<u8>) -> Kept {
        if segment::header(&content).is_none() {
            self.backlog.lost += 1;
            return Kept { lost: 1, refused: None };
        }
        match self.write_down().and_then(|lost| Ok(lost + self.append(&content)?)) {
            Ok(lost) => Kept { lost, refused: None },
            Err(error) => Kept { lost: self.memory.take(content), refused: Some(error) },
        }
    }

    /// Brings what waits in memory to the disk. Says how many older records went to make room.
    ///
    /// # Errors
    /// What the disk says; what it did not take stays in memory.
    pub fn write_down(&mut self) -> io::Result<u64> {
        let mut lost = 0;
        while let Some((number, content)) = self.memory.first() {
            let content = content.to_vec();
            lost += self.append(&content)?;
            self.memory.remove(number);
        }
        Ok(lost)
    }

    /// Gives out what waits in memory, oldest first; none of it is in the spool any more.
    pub fn take_from_memory(&mut self) -> Vec<Vec<u8>> {
        self.memory.take_all()
    }

    /// Writes a record to the disk. When this returns `Ok`, neither kill -9 nor a power cut loses it. Says how many older records went to make
    /// room.
    ///
    /// # Errors
    /// `InvalidInput` when the record is longer than may be (4 MiB); else what the disk says, and the record is not kept.
    pub fn append(&mut self, content: &[u8]) -> io::Result<u64> {
        let header = segment::header(content)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a record of the spool is longer than 4 MiB"))?;
        let length = (HEADER + content.len()) as u64;
        let lost = self.make_room(length)?;
        let fits = self.files.back().is_some_and(|last| last.bytes + length <= self.file_limit());
        let mut file = match self.open.take() {
            Some(file) if fits => file,
            _ => self.begin()?,
        };
        let written = file.write_all(&[&header, content].concat()).and_then(|()| file.sync_data());
        let Some(last) = self.files.back_mut() else { return Ok(lost) };
        if let Err(error) = written {
            // Half a record may be there. Where it cannot be cut off, nothing is written after it.
            match file.set_len(last.bytes).and_then(|()| file.seek(SeekFrom::Start(last.bytes))) {
                Ok(_) => self.open = Some(file),
                Err(_) => last.bytes = file.metadata().map_or(last.bytes + length, |data| data.len()),
            }
            return Err(error);
        }
        last.bytes += length;
        last.records += 1;
        self.open = Some(file);
        Ok(lost)
    }

    fn file_limit(&self) -> u64 {
        FILE.min(self.limit / PARTS)
    }

    /// Lets the oldest files go until a record fits.
    fn make_room(&mut self, length: u64) -> io::Result<u64> {
        let mut lost = 0;
        while !self.files.is_empty() && self.bytes() + length + START > self.limit {
            lost += self.remove_oldest()?;
        }
        self.backlog.lost += lost;
        Ok(lost)
    }

    /// Removes the oldest file; how many records in it nobody has.
    fn remove_oldest(&mut self) -> io::Result<u64> {
        let Some(oldest) = self.files.front() else { return Ok(0) };
        match fs::remove_file(self.path(oldest.number)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let unsent = oldest.records.saturating_sub(oldest.sent);
        self.files.pop_front();
        if self.files.is_empty() {
            self.open = None;
        }
        Ok(unsent)
    }

    /// Begins the next file.
    fn begin(&mut self) -> io::Result<File> {
        let number = self.files.back().map_or(0, |last| last.number + 1);
        let path = self.path(number);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        // The name itself must survive a power cut.
        let begun = file.write_all(MAGIC).and_then(|()| File::open(&self.folder)?.sync_all());
        if let Err(error) = begun {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        self.files.push_back(Segment { number, bytes: START, records: 0, sent: 0, place: START });
        Ok(file)
    }

    /// The oldest record that nobody has, if there is one.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn oldest(&mut self) -> io::Result<Option<Waiting>> {
        while let Some((number, place)) = self.files.front().map(|oldest| (oldest.number, oldest.place)) {
            let mut file = File::open(self.path(number))?;
            file.seek(SeekFrom::Start(place))?;
            match segment::read(&mut file)? {
                Read::Record(content) => {
                    let after = place + (HEADER + content.len()) as u64;
                    return Ok(Some(Waiting { content, at: At::File { number, place, after } }));
                }
                Read::Damaged(length) => self.pass_over(place + (HEADER + length) as u64),
                Read::End => {
                    // Nothing more, or the disk lost what it had taken.
                    self.backlog.damaged += self.remove_oldest()?;
                }
            }
        }
        let first = self.memory.first();
        Ok(first.map(|(number, content)| Waiting { content: content.to_vec(), at: At::Memory(number) }))
    }

    /// Goes on after what cannot be read. It was counted when the file was taken up, or the disk lost it since.
    fn pass_over(&mut self, after: u64) {
        if let Some(oldest) = self.files.front_mut() {
            oldest.place = after;
        }
    }

    /// The server has a record: it is not given out again, and its file goes once the server has all of it.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn sent(&mut self, waiting: &Waiting) -> io::Result<()> {
        match (&waiting.at, self.files.front_mut()) {
            (At::File { number, place, after }, Some(oldest)) if (oldest.number, oldest.place) == (*number, *place) => {
                oldest.place = *after;
                oldest.sent += 1;
            }
            // If it was written down meanwhile, it is sent again, and the server knows its name.
            (At::Memory(number), _) => {
                self.memory.remove(*number);
                return Ok(());
            }
            // It went meanwhile, because the spool was full.
            _ => return Ok(()),
        }
        if self.files.front().is_some_and(|oldest| oldest.sent >= oldest.records) {
            self.remove_oldest()?;
        }
        Ok(())
    }

    /// How much waits and was lost.
    pub fn backlog(&self) -> Backlog {
        let records = self.files.iter().map(|file| file.records.saturating_sub(file.sent)).sum();
        let ((in_memory, in_memory_bytes), lost) = (self.memory.size(), self.backlog.lost + self.memory.lost);
        Backlog { records, bytes: self.bytes(), in_memory, in_memory_bytes, lost, ..self.backlog }
    }

    fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016x}{ENDING}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(spool: &mut Spool) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while let Some(waiting) = spool.oldest().unwrap() {
            spool.sent(&waiting).unwrap();
            found.push(waiting.content);
        }
        found
    }

    #[test]
    fn what_waits_is_given_out_in_order_until_somebody_has_it_and_then_the_disk_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(spool.oldest().unwrap(), None);
        for word in ["one", "two", "three"] {
            spool.append(word.as_bytes()).unwrap();
        }
        let first = spool.oldest().unwrap().unwrap();
        assert_eq!(spool.oldest().unwrap().as_ref(), Some(&first), "it is not gone before somebody says so");
        spool.sent(&first).unwrap();
        spool.sent(&first).unwrap();
        assert_eq!(spool.backlog().records, 2, "said twice, it counts once");
        spool.append(b"four").unwrap();
        assert_eq!(all(&mut spool), [b"two".to_vec(), b"three".to_vec(), b"four".to_vec()]);
        assert_eq!((spool.backlog(), fs::read_dir(folder.path()).unwrap().count()), (Backlog::default(), 0));
        spool.append(b"five").unwrap();
        assert_eq!(all(&mut spool), [b"five".to_vec()], "and goes on afterwards");
    }

    #[test]
    fn a_restart_finds_everything_and_a_record_cut_short_costs_only_itself() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        spool.append(b"one").unwrap();
        spool.append(b"two").unwrap();
        let path = spool.path(0);
        drop(spool);
        let whole = fs::read(&path).unwrap();
        for cut in whole.len() - 3 - HEADER + 1..whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
            spool.append(b"after").unwrap();
            assert_eq!(spool.oldest().unwrap().unwrap().content, b"one", "cut at {cut}");
            assert_eq!(all(&mut spool), [b"one".to_vec(), b"after".to_vec()], "cut at {cut}");
        }
        fs::write(&path, &whole).unwrap();
        assert_eq!(all(&mut Spool::open(folder.path(), 1 << 20).unwrap()), [b"one".to_vec(), b"two".to_vec()]);
    }

    #[test]
    fn a_full_spool_lets_the_oldest_go_and_counts_it() {
        let folder = tempfile::tempdir().unwrap();
        let limit = 64 * 1024;
        let mut spool = Spool::open(folder.path(), limit).unwrap();
        let mut lost = 0;
        for number in 0..1000u32 {
            let record = [number.to_be_bytes().as_slice(), &[b'x'; 996]].concat();
            lost += spool.append(&record).unwrap();
            assert!(spool.backlog().bytes <= limit);
        }
        let on_disk: u64 =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
        assert_eq!((on_disk, spool.backlog().lost), (spool.backlog().bytes, lost));
        let kept = all(&mut spool);
        assert_eq!(kept.len() as u64 + lost, 1000);
        assert!(lost < 1000 - 50, "most of the room is used: {lost} lost");
        let numbers = kept.iter().map(|record| u32::from_be_bytes(*record.first_chunk().unwrap()));
        assert!(numbers.eq(u32::try_from(lost).unwrap()..1000), "the newest stay, in order");
    }

    #[test]
    fn a_record_that_is_being_sent_may_go_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 4096).unwrap();
        spool.append(&[1; 100]).unwrap();
        let sending = spool.oldest().unwrap().unwrap();
        for _ in 0..100 {
            spool.append(&[2; 100]).unwrap();
        }
        spool.sent(&sending).unwrap();
        assert_eq!(spool.oldest().unwrap().unwrap().content, [2; 100]);
    }

    #[test]
    fn a_damaged_record_costs_itself_and_the_rest_is_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        for word in ["one", "two", "three"] {
            spool.append(word.as_bytes()).unwrap();
        }
        let path = spool.path(0);
        let mut bytes = fs::read(&path).unwrap();
        let place = bytes.windows(3).position(|window| window == b"two").unwrap();
        bytes[place] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(all(&mut spool), [b"one".to_vec(), b"three".to_vec()], "damaged while it was open");
        fs::write(&path, &bytes).unwrap();
        let mut spool = Spool::open(folder.path(), 1 << 20).unwrap();
        assert_eq!((spool.backlog().records, spool.backlog().damaged), (2, 1));
        assert_eq!(all(&mut spool), [b"one".to_vec(), b"three".to_vec()]);
        assert_eq!((spool.backlog().records, spool.backlog().damaged), (0, 1));
    }

    /// A spool whose folder is away until it is put back: every write fails, as on a full disk.
    fn without_its_disk(limit_in_memory: usize) -> (tempfile::TempDir, Spool, PathBuf) {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("spool");
        let mut spool = Spool::open(&folder, 1 << 20).unwrap();
        spool.memory = Memory::new(limit_in_memory);
        let away = parent.path().join("away");
        fs::rename(&folder, &away).unwrap();
        (parent, spool, away)
    }

    #[test]
    fn what_the_disk_does_not_take_waits_in_memory_and_is_written_in_its_turn() {
        let (_parent, mut spool, away) = without_its_disk(1000);
        for word in ["one", "two", "three"] {
            let kept = spool.keep(word.as_bytes().to_vec());
            assert!(kept.refused.is_some() && kept.lost == 0, "{kept:?}");
        }
        assert_eq!((spool.backlog().in_memory, spool.backlog().in_memory_bytes), (3, 11));
        assert!(spool.write_down().is_err());
        fs::rename(away, &spool.folder).unwrap();
        let kept = spool.keep(b"four".to_vec());
        assert!(kept.refused.is_none() && kept.lost == 0, "{kept:?}");
        assert_eq!((spool.backlog().in_memory, spool.backlog().records), (0, 4));
        let mut again = Spool::open(&spool.folder.clone(), 1 << 20).unwrap();
        assert_eq!(all(&mut again), [b"one".to_vec(), b"two".to_vec(), b"three".to_vec(), b"four".to_vec()]);
    }

    #[test]
    fn what_waits_in_memory_is_given_out_from_there_while_the_disk_takes_nothing() {
        let (_parent, mut spool, _away) = without_its_disk(1000);
        spool.keep(b"one".to_vec());
        spool.keep(b"two".to_vec());
        assert_eq!(all(&mut spool), [b"one".to_vec(), b"two".to_vec()]);
        assert_eq!(spool.backlog(), Backlog::default());
    }

    #[test]
    fn memory_has_a_bound_past_which_the_oldest_goes_and_is_counted() {
        let (_parent, mut spool, away) = without_its_disk(1000);
        let lost: u64 = (0..20u8).map(|number| spool.keep(vec![number; 100]).lost).sum();
        assert_eq!((lost, spool.backlog().lost, spool.backlog().in_memory_bytes), (10, 10, 1000));
        let sending = spool.oldest().unwrap().unwrap();
        assert_eq!(spool.keep(vec![20; 100]).lost, 1, "it went while it was sent");
        spool.sent(&sending).unwrap();
        fs::rename(away, &spool.folder).unwrap();
        spool.write_down().unwrap();
        assert!(all(&mut spool).into_iter().eq((11..21u8).map(|number| vec![number; 100])), "the newest, in order");
    }

    #[test]
    fn a_record_that_no_spool_takes_is_lost_alone() {
        let (folder, limit) = (tempfile::tempdir().unwrap(), 1 << 20);
        let mut spool = Spool::open(folder.path(), limit).unwrap();
        assert_eq!(spool.keep(vec![0; segment::LONGEST + 1]).lost, 1);
        spool.keep(b"one".to_vec());
        assert_eq!((spool.backlog().lost, all(&mut spool)), (1, vec![b"one".to_vec()]));
    }

    #[test]
    fn only_the_owner_reads_what_waits() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("spool");
        let mut spool = Spool::open(&folder, 1 << 20).unwrap();
        spool.append(b"one").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&spool.path(0))), (0o700, 0o600));
    }
}
