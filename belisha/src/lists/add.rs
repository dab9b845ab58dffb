//! Importing a list: every usable line of it goes onto the shelf under its category, and what was not usable is counted and
//! shown by line. A list that comes back empty or much smaller does not replace the one that is there.

use super::fetch::{Source, fetch};
use super::shelf::{self, Draft, Manifest};
use super::{ListError, unpack};
use belisha_filter::{Entry, Format, ListParser, category_for, detect};
use indicatif::ProgressBar;
use jiff::Timestamp;
use std::io::{BufRead, Read};
use std::path::Path;

/// Refused lines that are shown; all are counted.
pub const SHOWN: usize = 20;
/// Bytes looked at to tell the format.
const SAMPLE: u64 = 32 * 1024;
/// The longest part of a line that is looked at, in bytes.
const LONGEST_LINE: u64 = 8 * 1024;
/// The licensed list of illegal content has this place in the folder of lists.
const RESERVED: &str = "illegal";
/// A category smaller than this may shrink as it likes.
const SMALL: u64 = 20;

/// What to import.
#[derive(Debug, Clone)]
pub struct AddRequest {
    /// From where.
    pub source: Source,
    /// For a single list: the category it fills. For an archive or folder: the one category to take from it.
    pub category: Option<String>,
    /// What to call it; without one, the source's file name. The same name again replaces the list.
    pub name: Option<String>,
    /// How its lines are written; without one this is found out.
    pub format: Option<Format>,
    /// Take it even if it is empty or much smaller than the one it replaces.
    pub force: bool,
}

/// What an import did.
#[derive(Debug)]
pub struct Added {
    /// What is on the shelf now.
    pub manifest: Manifest,
    /// Domains before, if it replaced a list.
    pub before: Option<u64>,
    /// Anything else worth knowing: links passed over, names read as another category.
    pub notes: Vec<String>,
}

/// Imports a list into a data folder. Blocks: call it from a thread that may wait. Entering it in the database is `enter`'s
/// business.
///
/// # Errors
/// When the source cannot be had or holds nothing usable, when the list would shrink by more than half, or when the disk will
/// not take it. Whatever was there before stays.
pub fn add(data: &Path, request: &AddRequest, now: Timestamp, progress: &ProgressBar) -> Result<Added, ListError> {
    let name = name_of(request)?;
    let category =
        request.category.as_deref().map(|typed| key_of(typed).ok_or_else(|| no_category(typed))).transpose()?;
    let _lock = shelf::lock(data)?;
    let fetched = fetch(&request.source, &shelf::folder(data), progress)?;
    let mut import = Import {
        draft: Draft::begin(data, &name)?,
        wanted: category,
        format: request.format,
        file_name: request.source.file_name(),
        read: Tally::default(),
        progress,
    };
    progress.set_message(format!("reading {}", import.file_name));
    let file_name = import.file_name.clone();
    let passed = unpack::unpack(fetched.path(), &file_name, &mut |category, lines| import.text(category, lines))?;
    let Import { draft, wanted, read, .. } = import;
    let manifest = Manifest {
        name: name.clone(),
        source: request.source.text(),
        format: request.format.map_or("auto", Format::key).to_owned(),
        category: wanted,
        fetched_at: now,
        categories: draft.shelved(),
        refused_lines: read.refused,
        refused: read.shown,
    };
    let before = shelf::newest(data, &name).map(|generation| generation.manifest);
    may_replace(&manifest, before.as_ref(), request.force)?;
    draft.publish(&manifest)?;
    progress.finish_and_clear();
    Ok(Added { before: before.map(|before| before.domains()), notes: passed.notes, manifest })
}

/// A name made into a folder name: lower-case letters, digits and hyphens.
fn name_of(request: &AddRequest) -> Result<String, ListError> {
    let typed = request.name.clone().unwrap_or_else(|| {
        let file = request.source.file_name();
        file.split('.').next().unwrap_or_default().to_owned()
    });
    let name = key_of(&typed).filter(|name| name != RESERVED);
    name.ok_or_else(|| ListError::Source(format!("`{typed}` gives the list no name; say one with `--name`")))
}

/// Lower-case letters, digits and hyphens of a text; `None` if nothing is left.
fn key_of(text: &str) -> Option<String> {
    let mut key = String::new();
    for letter in text.to_lowercase().chars().take(64) {
        match letter {
            'a'..='z' | '0'..='9' => key.push(letter),
            _ if !key.is_empty() && !key.ends_with('-') => key.push('-'),
            _ => {}
        }
    }
    let key = key.trim_end_matches('-').to_owned();
    (!key.is_empty()).then_some(key)
}

fn no_category(typed: &str) -> ListError {
    ListError::Source(format!("`{typed}` is no category; use a key of the policy's filter table, such as `games`"))
}

/// What was read and refused in all texts together.
#[derive(Debug, Default)]
struct Tally {
    refused: u64,
    shown: Vec<String>,
}

struct Import<'a> {
    draft: Draft,
    wanted: Option<String>,
    format: Option<Format>,
    file_name: String,
    read: Tally,
    progress: &'a ProgressBar,
}

impl Import<'_> {
    /// One text: a category of an archive, or the whole of a single list (`theirs` is `None`).
    fn text(&mut self, theirs: Option<&str>, lines: &mut dyn BufRead) -> Result<(), ListError> {
        let Some(category) = self.category(theirs)? else { return Ok(()) };
        let place = theirs.map_or_else(String::new, |theirs| format!("{theirs}, "));
        let unreadable = |error: std::io::Error| ListError::read(&self.file_name, &error);
        let mut start = Vec::new();
        lines.take(SAMPLE).read_to_end(&mut start).map_err(unreadable)?;
        let format = self
            .format
            .unwrap_or_else(|| if theirs.is_some() { Format::Ut1 } else { detect(&String::from_utf8_lossy(&start)) });
        let mut parser = ListParser::new(format);
        let mut lines = std::io::Cursor::new(start).chain(lines);
        let mut line = Vec::new();
        while read_line(&mut lines, &mut line).map_err(|error| ListError::read(&self.file_name, &error))? {
            let mut written = Ok(());
            parser.line(&line, |entry| {
                written =
                    std::mem::replace(&mut written, Ok(())).and_then(|()| self.draft.line(&category, &as_text(&entry)))
            });
            written?;
            if parser.counts().lines.is_multiple_of(50_000) {
                self.progress.set_message(format!("{category}: {} domains", parser.counts().taken));
                self.progress.tick();
            }
        }
        self.read.refused += parser.counts().refused as u64;
        let room = SHOWN.saturating_sub(self.read.shown.len());
        self.read.shown.extend(parser.refused().iter().take(room).map(|refused| format!("{place}{refused}")));
        Ok(())
    }

    /// Our key for a text's category; `None` where only another category was asked for.
    fn category(&self, theirs: Option<&str>) -> Result<Option<String>, ListError> {
        let Some(theirs) = theirs else {
            let hint = self.file_name.split('.').next().unwrap_or_default().to_lowercase();
            let known = || known_category(&hint);
            return self.wanted.clone().or_else(known).map(Some).ok_or_else(|| {
                ListError::Source(format!(
                    "`{}` does not say which category it fills; say it with `--category`, such as `--category games`",
                    self.file_name
                ))
            });
        };
        let ours = key_of(category_for(theirs));
        Ok(match &self.wanted {
            None => ours,
            Some(wanted) => ours.filter(|ours| ours == wanted || key_of(theirs).as_ref() == Some(wanted)),
        })
    }
}

/// Our category for the name of a single list's file, if it is one we know: anything else may be any word.
fn known_category(theirs: &str) -> Option<String> {
    let ours = category_for(theirs);
    let known = ours != theirs || belisha_filter::built_in_list().any(|(_, category)| category == ours);
    known.then(|| key_of(ours)).flatten()
}

/// A line as the shelf keeps it and `load` reads it.
fn as_text(entry: &Entry<'_>) -> String {
    match (entry.allow, entry.important) {
        (true, _) => format!("@@{}", entry.name),
        (false, true) => format!("{}$important", entry.name),
        (false, false) => entry.name.to_owned(),
    }
}

/// Reads one line. Of a longer one than any list has, only the start is kept, and the parser refuses it.
fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> std::io::Result<bool> {
    line.clear();
    let read = lines.by_ref().take(LONGEST_LINE).read_until(b'\n', line)?;
    if read as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
        loop {
            let rest = lines.fill_buf()?;
            let (used, done) = match rest.iter().position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (rest.len(), rest.is_empty()),
            };
            lines.consume(used);
            if done {
                break;
            }
        }
    }
    Ok(read > 0)
}

/// Whether a list may take the place of the one before it.
fn may_replace(new: &Manifest, before: Option<&Manifest>, force: bool) -> Result<(), ListError> {
    let Some(before) = before.filter(|_| !force) else {
        return match new.domains() {
            0 if before.is_none() => Err(ListError::Source(format!(
                "`{}` holds no domain that can be used{}",
                new.source,
                first_refusal(new)
            ))),
            _ => Ok(()),
        };
    };
    if new.domains() == 0 {
        return Err(ListError::Shrunk(format!(
            "`{}` now holds no domain that can be used, and held {} before{}",
            new.name,
            before.domains(),
            first_refusal(new)
        )));
    }
    let domains = |manifest: &Manifest, category: &str| {
        manifest.categories.iter().find(|shelved| shelved.category == category).map_or(0, |shelved| shelved.domains)
    };
    for old in before.categories.iter().filter(|old| old.domains >= SMALL) {
        let now = domains(new, &old.category);
        if now * 2 < old.domains {
            return Err(ListError::Shrunk(format!(
                "the category `{}` of `{}` shrank from {} domains to {now}",
                old.category, new.name, old.domains
            )));
        }
    }
    if new.domains() * 2 < before.domains() {
        return Err(ListError::Shrunk(format!(
            "`{}` shrank from {} domains to {}",
            new.name,
            before.domains(),
            new.domains()
        )));
    }
    Ok(())
}

fn first_refusal(manifest: &Manifest) -> String {
    manifest.refused.first().map(|refused| format!(" (the first reason: {refused})")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::load;
    use super::*;

    struct Import {
        data: tempfile::TempDir,
        source: tempfile::TempDir,
    }

    impl Import {
        fn new() -> Self {
            Self { data: tempfile::tempdir().unwrap(), source: tempfile::tempdir().unwrap() }
        }
        fn add(&self, file: &str, bytes: &[u8], change: impl FnOnce(&mut AddRequest)) -> Result<Added, String> {
            let path = self.source.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, bytes).unwrap();
            let mut request = AddRequest {
                source: Source::Path(path),
                category: Some("games".into()),
                name: Some("ours".into()),
                format: None,
                force: false,
            };
            change(&mut request);
            add(self.data.path(), &request, "2026-11-20T10:00:00Z".parse().unwrap(), &ProgressBar::hidden())
                .map_err(|error| error.to_string())
        }
        fn categories_of(&self, host: &str) -> Vec<String> {
            let loaded = load(self.data.path()).unwrap();
            assert_eq!(loaded.findings, [] as [String; 0]);
            loaded
                .index
                .lookup(host)
                .listings()
                .filter(|listing| &**listing.list == "ours")
                .map(|listing| listing.category.to_string())
                .collect()
        }
    }

    fn many(count: usize) -> Vec<u8> {
        (0..count).flat_map(|number| format!("site{number}.example\n").into_bytes()).collect()
    }

    #[test]
    fn every_format_is_read_without_being_told() {
        let table: [(&str, &[u8]); 4] = [
            ("plain", b"# games\nplay.example\nfun.example # both\n"),
            ("hosts", b"127.0.0.1 localhost\n0.0.0.0 play.example\n0.0.0.0 fun.example\n"),
            ("adblock", b"[Adblock Plus]\n! games\n||play.example^\n||fun.example^\n"),
            ("ut1", b"play.example\nfun.example\n"),
        ];
        for (format, text) in table {
            let import = Import::new();
            let added = import.add("list.txt", text, |_| {}).unwrap();
            assert_eq!((added.manifest.domains(), added.manifest.refused_lines), (2, 0), "{format}");
            assert_eq!(import.categories_of("www.play.example"), ["games"], "{format}");
        }
    }

    #[test]
    fn good_lines_are_imported_and_bad_ones_said_by_line() {
        let import = Import::new();
        let mut text = b"play.example\nnot a name\n\xff\xfe\nfun.example\n".to_vec();
        text.extend(std::iter::repeat_n(b'x', 100_000));
        text.extend(b"\nlast.example\n");
        text.extend(b"bad name\n".repeat(40));
        let added = import.add("list.txt", &text, |request| request.format = Some(Format::Plain)).unwrap();
        assert_eq!(added.manifest.domains(), 3);
        assert_eq!(added.manifest.refused_lines, 43);
        assert_eq!(added.manifest.refused.len(), SHOWN);
        assert!(added.manifest.refused[0].starts_with("line 2, "), "{:?}", added.manifest.refused[0]);
        assert_eq!(import.categories_of("last.example"), ["games"]);
    }

    #[test]
    fn a_folder_of_categories_is_read_under_our_names_and_one_can_be_chosen() {
        let import = Import::new();
        import
            .add("blacklists/gambling/domains", b"bet.example\n", |request| request.category = Some("none".into()))
            .ok();
        import
            .add("blacklists/agressif/domains", b"fight.example\n", |request| request.category = Some("none".into()))
            .ok();
        let folder = Source::Path(import.source.path().join("blacklists"));
        let all = import
            .add("unused", b"", |request| {
                (request.source, request.category, request.force) = (folder.clone(), None, true)
            })
            .unwrap();
        let categories: Vec<&str> = all.manifest.categories.iter().map(|shelved| shelved.category.as_str()).collect();
        assert_eq!(categories, ["gambling", "violence"]);
        let one = import
            .add("unused", b"", |request| {
                (request.source, request.category, request.force) = (folder, Some("violence".into()), true)
            })
            .unwrap();
        assert_eq!(one.manifest.categories.len(), 1);
        assert_eq!(import.categories_of("bet.example"), [] as [String; 0]);
    }

    #[test]
    fn a_list_that_shrank_or_came_back_empty_does_not_replace_the_good_one() {
        let import = Import::new();
        import.add("list.txt", &many(100), |_| {}).unwrap();
        for (text, why) in [
            (many(49), "shrank from 100 domains to 49"),
            (b"# nothing\n".to_vec(), "no domain"),
            (b"<html>busy</html>".to_vec(), "no domain"),
        ] {
            let refused = import.add("list.txt", &text, |_| {}).unwrap_err();
            assert!(refused.contains(why) && refused.contains("--force"), "{refused}");
            assert_eq!(import.categories_of("site99.example"), ["games"]);
        }
        assert_eq!(import.add("list.txt", &many(50), |_| {}).unwrap().before, Some(100));
        assert_eq!(import.add("list.txt", &many(5), |request| request.force = true).unwrap().manifest.domains(), 5);
        assert_eq!(import.categories_of("site99.example"), [] as [String; 0]);
    }

    #[test]
    fn a_new_list_that_is_empty_is_refused_and_leaves_no_trace() {
        let import = Import::new();
        let refused = import.add("list.txt", b"# nothing\n", |request| request.force = true).unwrap_err();
        assert!(refused.contains("no domain"), "{refused}");
        assert_eq!(shelf::names(import.data.path()).unwrap(), [] as [String; 0]);
    }

    #[test]
    fn a_list_needs_a_category_and_a_name() {
        let import = Import::new();
        let refused = import.add("x1.txt", b"play.example\n", |request| request.category = None).unwrap_err();
        assert!(refused.contains("--category"), "{refused}");
        let added = import
            .add("gambling.txt", b"play.example\n", |request| (request.category, request.name) = (None, None))
            .unwrap();
        assert_eq!(
            (added.manifest.name.as_str(), added.manifest.categories[0].category.as_str()),
            ("gambling", "gambling")
        );
        let outside =
            import.add("list.txt", b"play.example\n", |request| request.name = Some("../../etc".into())).unwrap();
        assert_eq!(outside.manifest.name, "etc");
        for name in ["../..", "illegal"] {
            assert!(
                import.add("list.txt", b"play.example\n", |request| request.name = Some(name.into())).is_err(),
                "{name}"
            );
        }
    }
}
