//! Category lists as their makers publish them, read line by line: plain domains, UT1 and squidGuard `domains` files, hosts
//! files, dnsmasq files, response policy zones and the part of adblock syntax that speaks of whole names (ECOSYSTEM A6). A bad
//! line is refused with its place and reason and the good ones are taken. Which list fills which category is the importer's
//! word; [`category_for`] knows UT1's names.

mod adblock;
mod categories;
mod dnsmasq;
mod rpz;

pub use categories::category_for;
pub use rpz::{Zone, ZoneAction};

use crate::names::{self, NameError};
use serde::{Deserialize, Serialize};

/// Refused lines that are remembered with their reasons; further ones are only counted.
const REMEMBERED: usize = 1_000;
/// Protected names that are remembered; further ones are only counted as refused.
const PROTECTED_REMEMBERED: usize = 100;
/// The longest line that is looked at, in bytes.
const LONGEST_LINE: usize = 4_096;
/// Lines looked at to tell the format.
const SAMPLE_LINES: usize = 200;
/// Names every hosts file has for the machine itself.
const LOCAL_NAMES: &[&str] = &["localhost", "localhost.localdomain", "local", "broadcasthost", "0.0.0.0"];

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A `domains` file of a UT1 or squidGuard directory: one name a line, no comments.
    Ut1,
    /// One name a line, comments after `#`.
    Plain,
    /// An address, then names: `0.0.0.0 ads.example`.
    Hosts,
    /// `||name^`, `@@||name^`, with `$important`, `$denyallow=` and those `$dnsrewrite=` that close a name.
    Adblock,
    /// `address=/name/`, `server=/name/`, `local=/name/`.
    Dnsmasq,
    /// A response policy zone: `name CNAME .`.
    Rpz,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Format] =
        &[Format::Ut1, Format::Plain, Format::Hosts, Format::Adblock, Format::Dnsmasq, Format::Rpz];

    /// Key used on the command line.
    pub const fn key(self) -> &'static str {
        match self {
            Format::Ut1 => "ut1",
            Format::Plain => "plain",
            Format::Hosts => "hosts",
            Format::Adblock => "adblock",
            Format::Dnsmasq => "dnsmasq",
            Format::Rpz => "rpz",
        }
    }

    /// The format for a key.
    pub fn from_key(key: &str) -> Option<Self> {
        Format::ALL.iter().copied().find(|format| format.key() == key)
    }
}

/// One entry of a list, borrowed from its line where it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The name, normalised; its subdomains are meant too.
    pub name: &'a str,
    /// The list exempts it from its own entries (`@@`).
    pub allow: bool,
    /// The list's exemptions do not reach it (`$important`).
    pub important: bool,
}

/// An entry that owns its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParsedEntry {
    /// The name, normalised.
    pub name: String,
    /// The list exempts it.
    pub allow: bool,
    /// The list's exemptions do not reach it.
    pub important: bool,
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineError {
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// Why, with the input in backticks.
    pub message: String,
}

impl std::fmt::Display for LineError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// What became of the lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Lines read.
    pub lines: usize,
    /// Names taken, the exempted ones included.
    pub taken: usize,
    /// Of these, exemptions.
    pub exempted: usize,
    /// Blank lines, comments, headings and names of the machine itself.
    pub comments: usize,
    /// Rules about the looks of pages, which a filter of names leaves out.
    pub cosmetic: usize,
    /// Names or lines refused.
    pub refused: usize,
}

/// A whole list in memory, for small lists; big ones go through [`ListParser`] into the index line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedList {
    /// How it was read.
    pub format: Format,
    /// Entries in the order of the list.
    pub entries: Vec<ParsedEntry>,
    /// The first thousand refused lines.
    pub refused: Vec<LineError>,
    /// What became of the lines.
    pub counts: Counts,
}

/// What one piece of a line turned out to be.
enum Piece<'a> {
    Comment,
    Cosmetic,
    Name { text: &'a str, allow: bool, important: bool },
    Refused { text: &'a str, why: &'static str },
}

/// Reads a list line by line.
#[derive(Debug)]
pub struct ListParser {
    format: Format,
    zone: rpz::Reading,
    counts: Counts,
    refused: Vec<LineError>,
    protected: Vec<String>,
}

impl ListParser {
    /// A parser for a format; see [`detect`].
    pub fn new(format: Format) -> Self {
        Self {
            format,
            zone: rpz::Reading::default(),
            counts: Counts::default(),
            refused: Vec::new(),
            protected: Vec::new(),
        }
    }

    /// Reads one line, with or without its line end, and gives what it holds to `take`.
    pub fn line(&mut self, line: &[u8], mut take: impl FnMut(Entry<'_>)) {
        self.counts.lines += 1;
        if line.len() > LONGEST_LINE {
            return self.refuse(1, "the line is longer than 4096 bytes; put one name on a line".to_owned());
        }
        let Ok(line) = std::str::from_utf8(line) else {
            return self.refuse(1, "the line is not UTF-8 text; save the list as UTF-8".to_owned());
        };
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']);
        let trimmed = line.trim();
        match self.format {
            Format::Ut1 => self.piece(line, plain(trimmed), &mut take),
            Format::Plain => self.piece(line, plain(without_comment(trimmed)), &mut take),
            Format::Hosts => self.hosts(line, &mut take),
            Format::Adblock if starts_with_address(trimmed) => self.hosts(line, &mut take),
            Format::Adblock => adblock::pieces(trimmed, |piece| self.piece(line, piece, &mut take)),
            Format::Dnsmasq => dnsmasq::pieces(trimmed, |piece| self.piece(line, piece, &mut take)),
            Format::Rpz => {
                let piece = self.zone.piece(line);
                self.piece(line, piece, &mut take);
            }
        }
    }

    fn hosts(&mut self, line: &str, take: &mut impl FnMut(Entry<'_>)) {
        let content = without_comment(line).trim();
        if content.is_empty() {
            return self.piece(line, Piece::Comment, take);
        }
        if !starts_with_address(content) {
            let why = "a line of a hosts file starts with an address such as `0.0.0.0`";
            return self.piece(line, Piece::Refused { text: content, why }, take);
        }
        for text in content.split_whitespace().skip(1) {
            let local = LOCAL_NAMES.contains(&text) || text.starts_with("ip6-");
            self.piece(line, if local { Piece::Comment } else { plain(text) }, take);
        }
    }

    fn piece(&mut self, line: &str, piece: Piece<'_>, take: &mut impl FnMut(Entry<'_>)) {
        match piece {
            Piece::Comment => self.counts.comments += 1,
            Piece::Cosmetic => self.counts.cosmetic += 1,
            Piece::Refused { text, why } => self.refuse(column(line, text), format!("`{}`: {why}", shortened(text))),
            Piece::Name { text, allow, important } => match entry_name(text, allow) {
                Ok(name) => {
                    self.counts.taken += 1;
                    self.counts.exempted += usize::from(allow);
                    take(Entry { name: &name, allow, important });
                }
                Err(error) => {
                    self.note_protected(text, error);
                    self.refuse(column(line, text), format!("`{}`: {error}", shortened(text)));
                }
            },
        }
    }

    fn note_protected(&mut self, text: &str, error: NameError) {
        let room = self.protected.len() < PROTECTED_REMEMBERED;
        if let Ok(name) = names::normalise(text)
            && room
            && error.protects(&name)
            && !self.protected.iter().any(|known| *known == name)
        {
            self.protected.push(name.into_owned());
        }
    }

    fn refuse(&mut self, column: usize, message: String) {
        self.counts.refused += 1;
        if self.refused.len() < REMEMBERED {
            self.refused.push(LineError { line: self.counts.lines, column, message });
        }
    }

    /// What became of the lines so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The first hundred names that the list would close and no list may: whole suffixes, names that ordinary lessons stand
    /// on, helplines. Their lines are refused; that a list has them at all is a sign of an accident.
    pub fn protected(&self) -> &[String] {
        &self.protected
    }

    /// The first thousand refused lines so far.
    pub fn refused(&self) -> &[LineError] {
        &self.refused
    }
}

/// A list may exempt a name it could not close.
fn entry_name(text: &str, allow: bool) -> Result<std::borrow::Cow<'_, str>, NameError> {
    let name = names::normalise(text)?;
    if !allow {
        names::guard(&name)?;
    }
    Ok(name)
}

fn plain(text: &str) -> Piece<'_> {
    if text.is_empty() { Piece::Comment } else { Piece::Name { text, allow: false, important: false } }
}

/// Whether leading a name to this address, or to nothing, closes it.
fn closes(address: &str) -> bool {
    let closed = |address: core::net::IpAddr| address.is_unspecified() || address.is_loopback();
    address.is_empty() || address.parse().is_ok_and(closed)
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

fn starts_with_address(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let first = words.next().unwrap_or_default();
    // A link-local address in a hosts file carries the name of its interface: `fe80::1%lo0`.
    let address = first.split('%').next().unwrap_or_default();
    words.next().is_some() && address.parse::<core::net::IpAddr>().is_ok()
}

/// Where `part`, which lies in `line`, starts: 1-based, in characters.
fn column(line: &str, part: &str) -> usize {
    let offset = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    line.get(..offset).map_or(1, |before| before.chars().count() + 1)
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|character| !character.is_control()).take(80).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Tells the format of a list by its first lines.
pub fn detect(start: &str) -> Format {
    let lines = || {
        start
            .lines()
            .take(SAMPLE_LINES)
            .map(|line| line.trim_start_matches('\u{feff}').trim())
            .filter(|line| !line.is_empty())
    };
    let of = |test: fn(&str) -> bool| lines().filter(|line| test(line)).count();
    let adblock = of(|line| {
        line.starts_with("||") || line.starts_with("@@") || line.starts_with('!') || line.starts_with("[Adblock")
    });
    let dnsmasq = of(|line| ["address=/", "server=/", "local=/"].iter().any(|option| line.starts_with(option)));
    let rpz = of(|line| {
        let mut words = line.split_whitespace().skip(1).skip_while(|word| !word.eq_ignore_ascii_case("cname"));
        words.next().is_some() && words.next().is_some_and(|target| target.ends_with('.'))
    });
    let hosts = of(starts_with_address);
    let comments = of(|line| line.starts_with('#'));
    match lines().count() {
        _ if dnsmasq > 0 => Format::Dnsmasq,
        _ if rpz > 0 => Format::Rpz,
        _ if adblock > 0 && adblock >= hosts => Format::Adblock,
        count if hosts > 0 && hosts * 2 >= count - comments => Format::Hosts,
        _ if comments > 0 || of(|line| line.contains('#')) > 0 => Format::Plain,
        _ => Format::Ut1,
    }
}

/// Reads a whole list; without a format, tells it by its first lines.
pub fn parse(text: &str, format: Option<Format>) -> ParsedList {
    let format = format.unwrap_or_else(|| detect(text));
    let mut parser = ListParser::new(format);
    let mut entries = Vec::new();
    for line in text.lines() {
        parser.line(line.as_bytes(), |entry| {
            entries.push(ParsedEntry { name: entry.name.to_owned(), allow: entry.allow, important: entry.important })
        });
    }
    ParsedList { format, entries, refused: parser.refused, counts: parser.counts }
}
