//! What is in a fetched source: the texts of its categories, one reader each, out of a folder, an archive or a single
//! file. Archives come from strangers: nothing of them is ever written where they say, and what they may cost is bounded.

use super::ListError;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Component, Path};

/// The most bytes an archive may unfold to. The largest public one unfolds to a twentieth of it.
const MOST_UNFOLDED: u64 = 4 * 1024 * 1024 * 1024;
/// The most entries of an archive, or of a folder.
const MOST_ENTRIES: usize = 20_000;
/// Files of a category folder that hold domains.
const DOMAIN_FILES: [&str; 2] = ["domains", "domains.gz"];

/// What was not read, and why: shown to whoever imports.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// One line each.
    pub notes: Vec<String>,
}

/// Takes each text: the category (`None` for a single file) and its lines.
pub type Take<'a> = dyn FnMut(Option<&str>, &mut dyn BufRead) -> Result<(), ListError> + 'a;

/// Reads every text of a source.
///
/// # Errors
/// When the source is damaged or cut short, unfolds to too much, or names paths outside itself.
pub fn unpack(path: &Path, name: &str, take: &mut Take<'_>) -> Result<Passed, ListError> {
    if path.is_dir() {
        return folder(path, take);
    }
    let file = File::open(path).map_err(|error| ListError::read(name, &error))?;
    let mut reader = BufReader::new(file);
    let zipped = reader.fill_buf().map_err(|error| ListError::read(name, &error))?.starts_with(&[0x1f, 0x8b]);
    if zipped {
        let mut unfolded = BufReader::new(Bounded::new(MultiGzDecoder::new(reader), MOST_UNFOLDED));
        texts(&mut unfolded, name, take)
    } else {
        texts(&mut BufReader::new(Bounded::new(reader, MOST_UNFOLDED)), name, take)
    }
}

/// An archive's texts, or the one text the bytes are.
fn texts(reader: &mut dyn BufRead, name: &str, take: &mut Take<'_>) -> Result<Passed, ListError> {
    // A tar header is 512 bytes long and says `ustar` at byte 257. The start is read apart and then put in front again.
    let mut start = Vec::new();
    reader.take(512).read_to_end(&mut start).map_err(|error| ListError::read(name, &error))?;
    let is_archive = start.get(257..262) == Some(b"ustar".as_slice());
    let mut whole = io::Cursor::new(start).chain(reader);
    if is_archive {
        return archive(&mut whole, name, take);
    }
    if name.ends_with(".tar") || name.ends_with(".tgz") || name.ends_with(".tar.gz") {
        return Err(ListError::Source(format!("`{name}` is named like an archive and is not one; fetch it again")));
    }
    take(None, &mut whole)?;
    Ok(Passed::default())
}

fn archive(reader: &mut dyn Read, name: &str, take: &mut Take<'_>) -> Result<Passed, ListError> {
    let damaged = |error: io::Error| ListError::read(name, &error);
    let mut archive = tar::Archive::new(reader);
    let mut passed = Passed::default();
    let (mut links, mut entries) = (0, 0);
    // Raw: long names and other extensions stay entries of their own, so that none of them is gathered in memory.
    for entry in archive.entries().map_err(damaged)?.raw(true) {
        let mut entry = entry.map_err(damaged)?;
        entries += 1;
        if entries > MOST_ENTRIES {
            return Err(ListError::TooLarge(format!(
                "`{name}` holds more than {MOST_ENTRIES} entries, so it is no category archive; nothing was imported"
            )));
        }
        let path = entry.path().map_err(damaged)?.into_owned();
        if path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(ListError::Source(format!(
                "`{name}` holds the path `{}`, which leads out of it; nothing was imported",
                path.display()
            )));
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            links += 1;
            continue;
        }
        let Some(category) = category_of(&path).filter(|_| kind.is_file()) else { continue };
        if path.extension().is_some_and(|extension| extension == "gz") {
            take(Some(&category), &mut BufReader::new(Bounded::new(MultiGzDecoder::new(&mut entry), MOST_UNFOLDED)))?;
        } else {
            take(Some(&category), &mut BufReader::new(&mut entry))?;
        }
    }
    if links > 0 {
        passed
            .notes
            .push(format!("{links} links were passed over; a category they stand for comes under its own name"));
    }
    Ok(passed)
}

/// The category of a path `…/<category>/domains`.
fn category_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let category = path.parent()?.file_name()?.to_str()?;
    DOMAIN_FILES.contains(&file).then(|| category.to_lowercase())
}

/// A folder of categories: `<category>/domains`, or one level further down as in an unpacked archive.
fn folder(root: &Path, take: &mut Take<'_>) -> Result<Passed, ListError> {
    let mut passed = Passed::default();
    let mut found = Vec::new();
    look_into(root, 0, &mut found, &mut passed)?;
    found.sort();
    for path in found {
        let name = path.display().to_string();
        let Some(category) = category_of(&path) else { continue };
        let file = File::open(&path).map_err(|error| ListError::read(&name, &error))?;
        if path.extension().is_some_and(|extension| extension == "gz") {
            take(
                Some(&category),
                &mut BufReader::new(Bounded::new(MultiGzDecoder::new(BufReader::new(file)), MOST_UNFOLDED)),
            )?;
        } else {
            take(Some(&category), &mut BufReader::new(Bounded::new(file, MOST_UNFOLDED)))?;
        }
    }
    Ok(passed)
}

fn look_into(
    folder: &Path,
    depth: usize,
    found: &mut Vec<std::path::PathBuf>,
    passed: &mut Passed,
) -> Result<(), ListError> {
    let unreadable = |error: io::Error| ListError::read(&folder.display().to_string(), &error);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_symlink() {
            passed.notes.push(format!("`{}` is a link and was passed over", entry.path().display()));
        } else if kind.is_dir() && depth < 2 {
            look_into(&entry.path(), depth + 1, found, passed)?;
        } else if kind.is_file() && category_of(&entry.path()).is_some() {
            found.push(entry.path());
        }
        if found.len() > MOST_ENTRIES {
            return Err(ListError::TooLarge(format!(
                "`{}` holds more than {MOST_ENTRIES} categories; nothing was imported",
                folder.display()
            )));
        }
    }
    Ok(())
}

/// A reader that refuses to give more than it may, so that a small file cannot unfold without end.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    fn new(inner: R, most: u64) -> Self {
        Self { inner, left: most }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::new(io::ErrorKind::FileTooLarge, "it unfolds to too much"))?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    /// Each text with its category, and what was passed over.
    type Unpacked = Result<(Vec<(Option<String>, String)>, Passed), String>;

    fn read_all(path: &Path, name: &str) -> Unpacked {
        let mut texts = Vec::new();
        let passed = unpack(path, name, &mut |category, reader| {
            let mut text = String::new();
            reader.read_to_string(&mut text).map_err(|error| ListError::read(name, &error))?;
            texts.push((category.map(str::to_owned), text));
            Ok(())
        });
        passed.map(|passed| (texts, passed)).map_err(|error| error.to_string())
    }

    fn unpacked(bytes: &[u8], name: &str) -> Unpacked {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("source");
        std::fs::write(&path, bytes).unwrap();
        read_all(&path, name)
    }

    fn tarball(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, text) in entries {
            let mut header = tar::Header::new_ustar();
            header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, text.as_bytes()).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn an_archive_gives_the_domains_of_each_category_and_nothing_else() {
        let archive = tarball(&[
            ("blacklists/games/domains", "a.example\n"),
            ("blacklists/games/urls", "a.example/b\n"),
            ("blacklists/games/usage", "black\n"),
            ("blacklists/gambling/domains", "c.example\n"),
            ("blacklists/README", "hello\n"),
        ]);
        let wanted = vec![
            (Some("games".to_owned()), "a.example\n".to_owned()),
            (Some("gambling".to_owned()), "c.example\n".to_owned()),
        ];
        assert_eq!(unpacked(&zipped(&archive), "blacklists.tar.gz").unwrap().0, wanted);
        assert_eq!(unpacked(&archive, "blacklists.tar").unwrap().0, wanted);
    }

    #[test]
    fn links_are_passed_over_and_said() {
        let mut builder = tar::Builder::new(tarball(&[]));
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, "blacklists/ads/domains", "/etc/passwd").unwrap();
        let bytes = builder.into_inner().unwrap();
        let (texts, passed) = unpacked(&zipped(bytes.split_at(1024).1), "a.tgz").unwrap();
        assert!(texts.is_empty());
        assert!(passed.notes[0].contains("1 links"), "{passed:?}");
    }

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for path in ["../../etc/cron.d/domains", "/etc/x/domains", "a/../../games/domains"] {
            let refused = unpacked(&zipped(&tarball(&[(path, "a.example\n")])), "a.tgz").unwrap_err();
            assert!(refused.contains("leads out of it"), "{refused}");
        }
    }

    #[test]
    fn an_archive_cut_short_is_an_error_wherever_it_is_cut() {
        let long = "example.example\n".repeat(5000);
        let whole = zipped(&tarball(&[("b/games/domains", &long), ("b/news/domains", &long)]));
        for cut in (1..whole.len()).step_by(whole.len() / 40 + 1) {
            assert!(unpacked(&whole[..cut], "a.tgz").is_err(), "cut at {cut} of {}", whole.len());
        }
        let plain = tarball(&[("b/games/domains", &long)]);
        assert!(unpacked(&plain[..plain.len() / 2], "a.tar").is_err());
    }

    #[test]
    fn what_only_claims_to_be_an_archive_is_said_to_be_none() {
        assert!(unpacked(b"<html>Not found</html>", "blacklists.tar.gz").unwrap_err().contains("is not one"));
    }

    #[test]
    fn a_bomb_is_stopped() {
        let mut bounded = Bounded::new(io::repeat(b'a'), 1_000_000);
        let error = io::copy(&mut bounded, &mut io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_zipped_single_file_and_a_folder_are_read_too() {
        assert_eq!(unpacked(&zipped(b"a.example\n"), "games.txt.gz").unwrap().0, [(None, "a.example\n".to_owned())]);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("blacklists/games")).unwrap();
        std::fs::write(folder.path().join("blacklists/games/domains"), "a.example\n").unwrap();
        std::fs::create_dir_all(folder.path().join("blacklists/adult")).unwrap();
        std::fs::write(folder.path().join("blacklists/adult/domains.gz"), zipped(b"b.example\n")).unwrap();
        let (texts, _) = read_all(folder.path(), "blacklists").unwrap();
        assert_eq!(
            texts,
            [
                (Some("adult".to_owned()), "b.example\n".to_owned()),
                (Some("games".to_owned()), "a.example\n".to_owned())
            ]
        );
    }
}
