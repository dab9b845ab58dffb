//! Importing a list: every usable line of it goes onto the shelf under its category, and what was not usable is counted and
//! shown by line. It takes the place of the list that is there, unless it holds nothing, is not what its maker says it is, or
//! waits for a person to look at it (`hold`).

use super::check::Check;
use super::fetch::{Fetched, Source, fetch};
use super::manifest::{Manifest, Version};
use super::shelf::{self, Draft, Generation};
use super::state::{Asked, State, TurnedDown};
use super::upkeep::Upkeep;
use super::{ListError, changes, hold, unpack};
use belisha_filter::{Entry, Format, ListParser, category_for, detect};
use indicatif::ProgressBar;
use jiff::Timestamp;
use std::io::{BufRead, Read};
use std::path::Path;

/// Refused lines that are shown; all are counted.
pub const SHOWN: usize = 20;
/// Protected names that are kept.
const PROTECTED: usize = 100;
/// Bytes looked at to tell the format.
const SAMPLE: u64 = 32 * 1024;
/// The longest part of a line that is looked at, in bytes.
const LONGEST_LINE: u64 = 8 * 1024;
/// The licensed list of illegal content has this place in the folder of lists.
const RESERVED: &str = "illegal";

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
    /// How it is kept up to date from now on.
    pub upkeep: Upkeep,
    /// What its file must prove, now and at each update.
    pub check: Check,
    /// Names of our own schools and their authority: a list that newly names one is looked at by a person.
    pub own_names: Vec<String>,
    /// Take it even if it is empty, or a person should look at it.
    pub force: bool,
    /// Whether this is one of the updates that come by themselves: then nothing is fetched that is known already, and what was
    /// turned down stays so.
    pub by_itself: bool,
}

impl AddRequest {
    /// An import with nothing said about how it is done.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            category: None,
            name: None,
            format: None,
            upkeep: Upkeep::default(),
            check: Check::default(),
            own_names: Vec::new(),
            force: false,
            by_itself: false,
        }
    }
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in force.
    InForce,
    /// It waits for a person; the list before it stays in force.
    Held,
    /// It is the list that is in force already.
    Same,
    /// It was turned down by a person before, and stays so.
    TurnedDown,
}

/// What an import did.
#[derive(Debug)]
pub struct Added {
    /// What became of it.
    pub outcome: Outcome,
    /// What was imported: on the shelf, or held. The list in force, where nothing new came.
    pub manifest: Manifest,
    /// Domains before, if it replaces a list.
    pub before: Option<u64>,
    /// Anything else worth knowing: links passed over, names read as another category.
    pub notes: Vec<String>,
}

impl Added {
    /// What became of it, in words: `+1,203, −88, 12 lines refused`.
    pub fn words(&self) -> String {
        match self.outcome {
            Outcome::InForce => self.manifest.difference(),
            Outcome::Held => {
                format!(
                    "{}: held until a person has looked at it, because {}",
                    self.manifest.difference(),
                    self.manifest.held_for.join("; ")
                )
            }
            Outcome::Same => "not changed".into(),
            Outcome::TurnedDown => "not changed since an update was turned down".into(),
        }
    }
}

/// Imports a list into a data folder. Blocks: call it from a thread that may wait. Entering it in the database is `enter`'s
/// business.
///
/// # Errors
/// When the source cannot be had, does not prove what it must or holds nothing usable, or when the disk will not take it.
/// Whatever was there before stays.
pub fn add(data: &Path, request: &AddRequest, now: Timestamp, progress: &ProgressBar) -> Result<Added, ListError> {
    let name = name_of(request)?;
    let category =
        request.category.as_deref().map(|typed| key_of(typed).ok_or_else(|| no_category(typed))).transpose()?;
    request.check.typed_well()?;
    let known = if request.by_itself { known_versions(data, &name) } else { Vec::new() };
    let fetched = fetch(&request.source, &shelf::folder(data), &known, progress)?;
    let added = match fetched {
        None => not_changed(data, &name)?,
        Some(fetched) => {
            request.check.prove(&request.source, fetched.path())?;
            let _lock = shelf::lock(data)?;
            import(data, &name, category, request, &fetched, now, progress)?
        }
    };
    progress.finish_and_clear();
    remember(data, &added, now)?;
    Ok(added)
}

/// What an address may answer with and need not send: what is in force, what waits, and what was turned down.
fn known_versions(data: &Path, name: &str) -> Vec<Version> {
    let state = State::read(data, name);
    let newest = shelf::newest(data, name).map(|generation| generation.manifest.version);
    let waiting = shelf::held(data, name).map(|manifest| manifest.version);
    let rest =
        [state.asked.and_then(|asked| asked.same), newest, waiting, state.turned_down.map(|update| update.version)];
    rest.into_iter().flatten().collect()
}

fn not_changed(data: &Path, name: &str) -> Result<Added, ListError> {
    let newest = shelf::newest(data, name)
        .ok_or_else(|| ListError::Source(format!("the list `{name}` is damaged on disk; import it again")))?;
    let before = Some(newest.manifest.domains());
    let mut manifest = newest.manifest;
    if let Some(same) = State::read(data, name).asked.and_then(|asked| asked.same) {
        manifest.version = same;
    }
    Ok(Added { outcome: Outcome::Same, manifest, before, notes: Vec::new() })
}

fn remember(data: &Path, added: &Added, now: Timestamp) -> Result<(), ListError> {
    let name = &added.manifest.name;
    let mut state = State::read(data, name);
    let same = match added.outcome {
        Outcome::Same => Some(added.manifest.version.clone()),
        _ => None,
    };
    state.asked = Some(Asked { at: now, words: added.words(), failed: false, same });
    if added.outcome == Outcome::InForce {
        state.turned_down = None;
    }
    state.write(data, name)
}

/// Reads what was fetched onto the shelf, and decides what becomes of it.
fn import(
    data: &Path,
    name: &str,
    category: Option<String>,
    request: &AddRequest,
    fetched: &Fetched,
    now: Timestamp,
    progress: &ProgressBar,
) -> Result<Added, ListError> {
    let mut import = Import {
        draft: Draft::begin(data, name)?,
        wanted: category,
        format: request.format,
        file_name: request.source.file_name(),
        own_names: &request.own_names,
        read: Tally::default(),
        progress,
    };
    progress.set_message(format!("reading {}", import.file_name));
    let file_name = import.file_name.clone();
    let passed = unpack::unpack(fetched.path(), &file_name, &mut |category, lines| import.text(category, lines))?;
    let Import { draft, wanted, read, .. } = import;
    let manifest = Manifest {
        name: name.to_owned(),
        source: request.source.text(),
        format: request.format.map_or("auto", Format::key).to_owned(),
        category: wanted,
        fetched_at: now,
        categories: draft.shelved(),
        refused_lines: read.refused,
        refused: read.shown,
        protected: read.protected,
        upkeep: request.upkeep,
        check: request.check.clone(),
        version: fetched.version(),
        ..Manifest::default()
    };
    place(data, draft, manifest, request, passed.notes)
}

/// Puts what was read where it belongs: in force, aside for a person, or nowhere.
fn place(
    data: &Path,
    mut draft: Draft,
    mut manifest: Manifest,
    request: &AddRequest,
    notes: Vec<String>,
) -> Result<Added, ListError> {
    let before = shelf::newest(data, &manifest.name);
    let held = before.as_ref().map(|generation| generation.manifest.domains());
    let done = |outcome, manifest| Ok(Added { outcome, manifest, before: held, notes });
    let Some(Generation { manifest: old, .. }) = &before else {
        must_hold_something(&manifest, None)?;
        draft.publish(&manifest)?;
        return done(Outcome::InForce, manifest);
    };
    if !request.force {
        must_hold_something(&manifest, Some(old))?;
    }
    let turned_down = |update: TurnedDown| update.digest == manifest.digest();
    match request.by_itself {
        true if old.digest() == manifest.digest() => return done(Outcome::Same, manifest),
        true if State::read(data, &manifest.name).turned_down.is_some_and(turned_down) => {
            return done(Outcome::TurnedDown, manifest);
        }
        _ => {}
    }
    if let Some(before) = &before {
        manifest.changes = Some(changes::between(before.texts(), draft.texts(&manifest.categories)?)?);
    }
    let reasons = hold::reasons(&manifest, old);
    if reasons.is_empty() || request.force {
        draft.publish(&manifest)?;
        return done(Outcome::InForce, manifest);
    }
    manifest.held_for = reasons;
    draft.hold(&manifest)?;
    done(Outcome::Held, manifest)
}

/// The name a list will have: lower-case letters, digits and hyphens.
///
/// # Errors
/// When neither what was typed nor the source gives one.
pub fn name_of(request: &AddRequest) -> Result<String, ListError> {
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
    /// Names that no list should close, see [`Manifest::protected`].
    protected: Vec<String>,
}

impl Tally {
    fn protect(&mut self, name: &str) {
        if self.protected.len() < PROTECTED && !self.protected.iter().any(|known| known == name) {
            self.protected.push(name.to_owned());
        }
    }
}

struct Import<'a> {
    draft: Draft,
    wanted: Option<String>,
    format: Option<Format>,
    file_name: String,
    own_names: &'a [String],
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
                if !entry.allow && hold::names_our_own(entry.name, self.own_names) {
                    self.read.protect(entry.name);
                }
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
        parser.protected().iter().for_each(|name| self.read.protect(name));
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

/// A list that holds nothing is no list: a page that says "busy", a file of another format.
fn must_hold_something(new: &Manifest, before: Option<&Manifest>) -> Result<(), ListError> {
    match before {
        _ if new.domains() > 0 => Ok(()),
        None => {
            Err(ListError::Source(format!("`{}` holds no domain that can be used{}", new.source, first_refusal(new))))
        }
        Some(before) => Err(ListError::Empty(format!(
            "`{}` now holds no domain that can be used, and held {} before{}",
            new.name,
            before.domains(),
            first_refusal(new)
        ))),
    }
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
            let mut request = AddRequest::new(Source::Path(path));
            (request.category, request.name) = (Some("games".into()), Some("ours".into()));
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
    fn a_list_that_came_back_empty_does_not_replace_the_good_one() {
        let import = Import::new();
        import.add("list.txt", &many(100), |_| {}).unwrap();
        for text in [b"# nothing\n".as_slice(), b"<html>busy</html>"] {
            let refused = import.add("list.txt", text, |_| {}).unwrap_err();
            assert!(refused.contains("no domain") && refused.contains("--force"), "{refused}");
            assert_eq!(import.categories_of("site99.example"), ["games"]);
        }
    }

    #[test]
    fn a_list_that_shrank_waits_for_a_person() {
        let import = Import::new();
        import.add("list.txt", &many(100), |_| {}).unwrap();
        let held = import.add("list.txt", &many(49), |_| {}).unwrap();
        assert_eq!((held.outcome, held.before), (Outcome::Held, Some(100)));
        assert!(held.words().contains("51 of the 100 names under `games` would be gone"), "{}", held.words());
        assert_eq!(import.categories_of("site99.example"), ["games"], "the old list stays in force");
        assert!(shelf::held(import.data.path(), "ours").is_some());
        // An update that looks right overtakes the one that waits.
        let added = import.add("list.txt", &many(101), |_| {}).unwrap();
        assert_eq!((added.outcome, added.words().as_str()), (Outcome::InForce, "+1, −0"));
        assert!(shelf::held(import.data.path(), "ours").is_none());
        let forced = import.add("list.txt", &many(5), |request| request.force = true).unwrap();
        assert_eq!((forced.outcome, forced.manifest.domains()), (Outcome::InForce, 5));
        assert_eq!(import.categories_of("site99.example"), [] as [String; 0]);
    }

    #[test]
    fn a_list_that_newly_names_what_no_list_should_close_waits_for_a_person() {
        let import = Import::new();
        let own = |request: &mut AddRequest| request.own_names = vec!["marlowe-bridge.example".into()];
        import.add("list.txt", b"play.example\nco.uk\n", own).unwrap();
        let harmless = import.add("list.txt", b"play.example\nco.uk\nfun.example\n", own).unwrap();
        assert_eq!(harmless.outcome, Outcome::InForce, "what it always named is no news: {}", harmless.words());
        for accident in ["github.com", "ajax.googleapis.com", "gov.uk", "www.bbc.co.uk", "marlowe-bridge.example"] {
            let held =
                import.add("list.txt", format!("play.example\nfun.example\n{accident}\n").as_bytes(), own).unwrap();
            assert_eq!(held.outcome, Outcome::Held, "{accident}");
            assert!(held.words().contains(accident), "{}", held.words());
            assert_eq!(import.categories_of(accident), [] as [String; 0]);
        }
    }

    #[test]
    fn an_update_says_how_it_differs_and_the_same_list_again_is_no_update() {
        let import = Import::new();
        let first = import.add("list.txt", b"a.example\nb.example\n", |_| {}).unwrap();
        assert_eq!(first.words(), "2 names");
        let by_itself = |request: &mut AddRequest| request.by_itself = true;
        let second = import.add("list.txt", b"b.example\nc.example\nd.example\nnot a name\n", by_itself).unwrap();
        assert_eq!(second.words(), "+2, −1, 1 line refused");
        let same = import.add("list.txt", b"b.example\nc.example\nd.example\n", by_itself).unwrap();
        assert_eq!((same.outcome, same.words().as_str()), (Outcome::Same, "not changed"));
        assert_eq!(shelf::newest(import.data.path(), "ours").unwrap().number, 2);
    }

    #[test]
    fn a_list_that_does_not_prove_what_it_must_is_not_taken() {
        let import = Import::new();
        import.add("list.txt", b"a.example\n", |_| {}).unwrap();
        let sum = |request: &mut AddRequest| request.check.sha256 = Some("0".repeat(64));
        let refused = import.add("list.txt", b"b.example\n", sum).unwrap_err();
        assert!(refused.contains("is not what its maker says it is"), "{refused}");
        assert_eq!(import.categories_of("b.example"), [] as [String; 0]);
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
