//! A download that must be opened or scanned before it goes on: archives are looked into, within bounds, and the scanner is asked.

use super::clamd::{self, Scanned};
use super::file_kind::{file_kind, is_zip};
use super::reading::Packing;
use super::refusal::Refusal;
use super::spool::{Spooled, take};
use crate::gateway::Shared;
use crate::metrics::count;
use crate::proxy::{Body, BodyError};
use belisha_filter::{ContentLimits, FileKind, WhenScannerAway};
use flate2::read::MultiGzDecoder;
use hyper::body::{Bytes, Frame};
use memchr::memmem;
use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek};
use zip::ZipArchive;

/// How deep archives in archives are opened.
const DEEPEST: usize = 3;
/// The most entries looked at in all.
const MOST_ENTRIES: usize = 10_000;
/// The most bytes unpacked in all: archives in archives must be.
const MOST_UNPACKED: u64 = 128 * 1024 * 1024;
/// What an entry in the list at an archive's end begins with (APPNOTE.TXT section 4.3.12).
const LISTED: &[u8] = b"PK\x01\x02";
/// Bytes of an entry that tell what it is.
const HEAD: u64 = 4096;

/// What becomes of a download that cannot be looked into, as far as the rules say: where scans are strict, and where kinds of files
/// are refused, it stays outside.
pub(super) fn unread(shared: &Shared, limits: &ContentLimits) -> Option<Refusal> {
    count(&shared.metrics.downloads_unscanned);
    let strict = limits.scan_downloads && limits.when_scanner_away == WhenScannerAway::Refuse;
    (strict || !limits.blocked_file_kinds.is_empty()).then_some(Refusal::NotScanned)
}

/// Opens and scans a download. The body is what goes on if nothing is refused. `archive`: it is one, packed so, and is opened.
///
/// # Errors
/// When the body broke or the disk will not take it.
pub(super) async fn check(
    shared: &Shared,
    limits: &ContentLimits,
    archive: Option<Packing>,
    before: VecDeque<Frame<Bytes>>,
    body: Body,
) -> Result<Result<Body, Refusal>, BodyError> {
    let taken = take(before, body, shared.config.content.largest_download).await?;
    let whole = taken.more.is_none();
    let refusal = refused(shared, limits, archive, whole, &taken.file);
    if let Some(refusal) = refusal.await.map_err(BodyError::Spool)? {
        return Ok(Err(refusal));
    }
    Spooled::body(taken).map(Ok)
}

async fn refused(
    shared: &Shared,
    limits: &ContentLimits,
    archive: Option<Packing>,
    whole: bool,
    file: &File,
) -> io::Result<Option<Refusal>> {
    let strict = limits.when_scanner_away == WhenScannerAway::Refuse;
    let unseen = || {
        count(&shared.metrics.downloads_unscanned);
        (limits.scan_downloads && strict).then_some(Refusal::NotScanned)
    };
    if !whole {
        return Ok(unseen());
    }
    if let Some(packing) = archive {
        let (file, kinds) = (file.try_clone()?, limits.blocked_file_kinds.clone());
        let looked =
            tokio::task::spawn_blocking(move || look_into(file, packing, &kinds)).await.map_err(io::Error::other)?;
        match looked {
            Inside::Holds(kind) => return Ok(Some(Refusal::File(kind))),
            Inside::Nothing => {}
            // Locked or bottomless: nobody looked at it.
            Inside::Unknown => {
                if let Some(refusal) = unseen() {
                    return Ok(Some(refusal));
                }
            }
        }
    }
    if !limits.scan_downloads {
        return Ok(None);
    }
    let mut file = file.try_clone()?;
    file.rewind()?;
    let config = &shared.config.content;
    let scanned = match &config.clamd {
        Some(address) => clamd::scan(address, &file, config.scan_time).await,
        None => Err(io::ErrorKind::NotConnected.into()),
    };
    Ok(match scanned {
        Ok(Scanned::Clean) => None,
        Ok(Scanned::Found(_)) => Some(Refusal::Malware),
        Err(_) => unseen(),
    })
}

/// What an archive turned out to hold.
#[derive(Debug, PartialEq, Eq)]
enum Inside {
    Nothing,
    Holds(FileKind),
    Unknown,
}

/// What is left to spend on one download.
struct Budget {
    entries: usize,
    bytes: u64,
}

fn look_into(mut file: File, packing: Packing, kinds: &BTreeSet<FileKind>) -> Inside {
    let mut budget = Budget { entries: MOST_ENTRIES, bytes: MOST_UNPACKED };
    let archive = file.rewind().and_then(|()| match packing {
        Packing::Plain => Ok(Some(file)),
        Packing::Gzip => unpacked(MultiGzDecoder::new(file), &mut budget),
    });
    match archive {
        Ok(Some(archive)) => entries(archive, kinds, &mut budget, DEEPEST),
        Ok(None) | Err(_) => Inside::Unknown,
    }
}

/// What was packed, on disk; `None`: it is more than may be unpacked.
fn unpacked(packed: impl Read, budget: &mut Budget) -> io::Result<Option<File>> {
    let mut file = tempfile::tempfile()?;
    let length = io::copy(&mut packed.take(budget.bytes), &mut file)?;
    budget.bytes -= length;
    file.rewind()?;
    Ok((budget.bytes > 0).then_some(file))
}

/// Whether an archive lists more entries than are looked at. All of its list is read into memory before the first of them is.
fn lists_too_many(archive: &mut (impl Read + Seek), most: usize) -> io::Result<bool> {
    let (mut piece, mut kept, mut found) = (vec![0; 64 * 1024], 0, 0);
    while found <= most {
        let read = archive.read(piece.get_mut(kept..).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        let filled = kept + read;
        found += memmem::find_iter(piece.get(..filled).unwrap_or_default(), LISTED).count();
        kept = filled.min(LISTED.len() - 1);
        piece.copy_within(filled - kept..filled, 0);
    }
    archive.rewind()?;
    Ok(found > most)
}

fn entries(mut archive: impl Read + Seek, kinds: &BTreeSet<FileKind>, budget: &mut Budget, depth: usize) -> Inside {
    if lists_too_many(&mut archive, budget.entries).unwrap_or(true) {
        return Inside::Unknown;
    }
    let Ok(mut archive) = ZipArchive::new(archive) else { return Inside::Unknown };
    let mut known = true;
    for at in 0..archive.len() {
        let Some(left) = budget.entries.checked_sub(1) else { return Inside::Unknown };
        budget.entries = left;
        // An entry that is locked or damaged; its name may tell all the same.
        let Ok(mut entry) = archive.by_index(at) else {
            let name = archive.by_index_raw(at).map(|entry| entry.name().to_owned()).unwrap_or_default();
            match file_kind(&[], &name).filter(|kind| kinds.contains(kind)) {
                Some(kind) => return Inside::Holds(kind),
                None => known = false,
            }
            continue;
        };
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().to_owned();
        let mut head = Vec::new();
        known &= entry.by_ref().take(HEAD).read_to_end(&mut head).is_ok();
        let is_macros = name.ends_with("vbaProject.bin");
        let kind = if is_macros { Some(FileKind::OfficeMacros) } else { file_kind(&head, &name) };
        if let Some(kind) = kind.filter(|kind| kinds.contains(kind)) {
            return Inside::Holds(kind);
        }
        if is_zip(&head) {
            if depth == 0 {
                known = false;
                continue;
            }
            let Ok(Some(inner)) = unpacked(head.as_slice().chain(entry), budget) else {
                known = false;
                continue;
            };
            match entries(inner, kinds, budget, depth - 1) {
                Inside::Holds(kind) => return Inside::Holds(kind),
                Inside::Unknown => known = false,
                Inside::Nothing => {}
            }
        }
    }
    if known { Inside::Nothing } else { Inside::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn inside(bytes: &[u8]) -> Inside {
        let kinds = [FileKind::Programs, FileKind::OfficeMacros, FileKind::Scripts].into();
        let mut budget = Budget { entries: 50, bytes: 1 << 20 };
        entries(Cursor::new(bytes), &kinds, &mut budget, 2)
    }

    #[test]
    fn archives_are_looked_into_however_their_entries_are_called() {
        assert_eq!(inside(&zip(&[("essay.txt", b"words"), ("pictures/", b"")])), Inside::Nothing);
        assert_eq!(inside(&zip(&[("cat.jpg", b"MZ\x90\0program")])), Inside::Holds(FileKind::Programs));
        assert_eq!(inside(&zip(&[("word/vbaProject.bin", b"macros")])), Inside::Holds(FileKind::OfficeMacros));
        let inner = zip(&[("run.bat", b"del *.*")]);
        assert_eq!(inside(&zip(&[("inner.zip", &inner)])), Inside::Holds(FileKind::Scripts));
    }

    #[test]
    fn the_list_of_an_archive_is_counted_before_it_is_read() {
        // Some of them lie across two pieces.
        for padding in 65_534..65_538 {
            let mut bytes = Cursor::new([vec![0; padding], LISTED.repeat(3)].concat());
            let too_many = [2, 3].map(|most| lists_too_many(&mut bytes, most).unwrap());
            assert_eq!(too_many, [true, false], "{padding}");
        }
    }

    #[test]
    fn what_cannot_be_looked_into_to_the_end_is_unknown_and_not_harmless() {
        let mut nested = zip(&[("essay.txt", b"words")]);
        for _ in 0..4 {
            nested = zip(&[("inner.zip", &nested)]);
        }
        assert_eq!(inside(&nested), Inside::Unknown);
        let many: Vec<(String, &[u8])> = (0..60).map(|number| (format!("{number}.txt"), b"x".as_slice())).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), *bytes)).collect();
        assert_eq!(inside(&zip(&many)), Inside::Unknown);
        let bomb = zip(&[("inner.zip", &[b"PK\x03\x04".as_slice(), &vec![0; 2 << 20]].concat())]);
        assert_eq!(inside(&bomb), Inside::Unknown);
        assert_eq!(inside(b"PK\x03\x04 no archive at all"), Inside::Unknown);
    }
}
