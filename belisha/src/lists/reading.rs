//! Reading the lines of a list's texts: which category each fills, what can be used, what is refused and why. What becomes of it
//! is decided in `add`.

use super::shelf::Draft;
use super::{ListError, hold};
use belisha_filter::{Entry, Format, ListParser, category_for, detect};
use indicatif::ProgressBar;
use std::io::{BufRead, Read};

/// Refused lines that are shown; all are counted.
pub const SHOWN: usize = 20;
/// Protected names that are kept.
const PROTECTED: usize = 100;
/// Bytes looked at to tell the format.
const SAMPLE: u64 = 32 * 1024;
/// The longest part of a line that is looked at, in bytes.
const LONGEST_LINE: u64 = 8 * 1024;

/// What was read and refused in all texts together.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) refused: u64,
    /// The first of them, and why.
    pub(super) shown: Vec<String>,
    /// Names that no list should close, see `protected` of the manifest.
    pub(super) protected: Vec<String>,
}

impl Tally {
    fn protect(&mut self, name: &str) {
        if self.protected.len() < PROTECTED && !self.protected.iter().any(|known| known == name) {
            self.protected.push(name.to_owned());
        }
    }
}

/// A list being read: its lines go to a draft.
pub(super) struct Reading<'a> {
    pub(super) draft: Draft,
    pub(super) wanted: Option<String>,
    pub(super) format: Option<Format>,
    pub(super) file_name: String,
    pub(super) own_names: &'a [String],
    pub(super) read: Tally,
    pub(super) progress: &'a ProgressBar,
}

impl Reading<'_> {
    /// One text: a category of an archive, or the whole of a single list (`theirs` is `None`).
    pub(super) fn text(&mut self, theirs: Option<&str>, lines: &mut dyn BufRead) -> Result<(), ListError> {
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

/// Lower-case letters, digits and hyphens of a text; `None` if nothing is left.
pub(super) fn key_of(text: &str) -> Option<String> {
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
