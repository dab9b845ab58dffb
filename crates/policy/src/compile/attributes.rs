//! The attributes in braces (`{#id .class key="value"}`): where each stands, and reading values as typed words with findings.

use crate::ClauseId;
use crate::catalogue as kind;
use crate::compile::notes::Notes;
use crate::spelling::nearest;
use jotdown::{AttributeKind, Attributes};
use std::ops::Range;

/// One set of attributes as written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attrs {
    pub id: Option<String>,
    pub classes: Vec<String>,
    pub pairs: Vec<(String, String)>,
    /// Where the braces stand.
    pub span: Range<usize>,
}

impl Attrs {
    pub fn read(attributes: &Attributes<'_>, span: Range<usize>) -> Self {
        let mut attrs = Attrs { span, ..Attrs::default() };
        for (kind, value) in attributes.iter() {
            let value = value.to_string();
            match kind {
                AttributeKind::Id => attrs.id = Some(value),
                AttributeKind::Class => attrs.classes.extend(value.split_whitespace().map(str::to_owned)),
                AttributeKind::Pair { key } => attrs.pairs.push((key.to_string(), value)),
                AttributeKind::Comment => {}
            }
        }
        attrs
    }

    pub fn is_empty(&self) -> bool {
        self.id.is_none() && self.classes.is_empty() && self.pairs.is_empty()
    }

    /// The last value given to a key, trimmed.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.trim())
    }

    pub fn clause_id(&self) -> Option<ClauseId> {
        self.id.clone().map(ClauseId)
    }

    /// Where some text of the attributes stands, or all of them if it is not found.
    pub fn find(&self, source: &str, needle: &str) -> Range<usize> {
        let text = source.get(self.span.clone()).unwrap_or("");
        match text.find(needle) {
            Some(at) if !needle.is_empty() => self.span.start + at..self.span.start + at + needle.len(),
            _ => self.span.clone(),
        }
    }

    /// Where the value of a key stands.
    pub fn find_value(&self, source: &str, key: &str, value: &str) -> Range<usize> {
        let text = source.get(self.span.clone()).unwrap_or("");
        let after_key = text.find(&format!("{key}=")).map_or(0, |at| at + key.len() + 1);
        match text.get(after_key..).and_then(|rest| rest.find(value)) {
            Some(at) if !value.is_empty() => {
                let start = self.span.start + after_key + at;
                start..start + value.len()
            }
            _ => self.find(source, &format!("{key}=")),
        }
    }
}

/// A closed list of words, as the `vocabulary` macro makes them.
pub(crate) trait Words: Copy + 'static {
    const ALL: &'static [Self];
    fn word(self) -> &'static str;
}

macro_rules! words {
    ($($name:ident),+) => { $(impl Words for crate::$name {
        const ALL: &'static [Self] = crate::$name::ALL;
        fn word(self) -> &'static str { self.key() }
    })+ };
}
words!(
    Nation,
    Phase,
    Role,
    Audience,
    Cadence,
    Event,
    Period,
    DeviceUse,
    FilterAction,
    Allowance,
    AllowanceSubject,
    ActionSubject,
    RecordKind
);

/// Reads the attributes of one clause; every complaint goes to `notes`.
pub(crate) struct Reading<'r> {
    pub source: &'r str,
    pub attrs: &'r Attrs,
    /// What the attributes belong to, for messages: "a duty".
    pub what: &'r str,
    pub notes: &'r mut Notes,
}

impl Reading<'_> {
    /// The words of a key's value, each with its place; commas and spaces separate.
    fn parts(&self, key: &str) -> Vec<(String, Range<usize>)> {
        let value = self.attrs.get(key).unwrap_or("");
        let words = value.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty());
        words.map(|word| (word.to_owned(), self.attrs.find_value(self.source, key, word))).collect()
    }

    fn word<W: Words>(&mut self, key: &str, written: &str, place: Range<usize>) -> Option<W> {
        let found = W::ALL.iter().copied().find(|word| word.word() == written);
        if found.is_none() {
            let message = format!("`{written}` is not a word that `{key}` knows");
            let all = || W::ALL.iter().map(|word| word.word());
            let remedy = match nearest(written, all()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("use one of: {}", all().collect::<Vec<_>>().join(", ")),
            };
            self.notes.add_with(&kind::UNKNOWN_WORD, place, message, remedy);
        }
        found
    }

    /// Every word of a list; the ones that are none are findings.
    pub fn list<W: Words>(&mut self, key: &str) -> Vec<W> {
        let parts = self.parts(key);
        parts.into_iter().filter_map(|(word, place)| self.word(key, &word, place)).collect()
    }

    /// One word, if the key is there.
    pub fn one<W: Words>(&mut self, key: &str) -> Option<W> {
        let written = self.attrs.get(key)?.to_owned();
        let place = self.attrs.find_value(self.source, key, &written);
        self.word(key, &written, place)
    }

    /// One word that must be there.
    pub fn needed<W: Words>(&mut self, key: &str) -> Option<W> {
        self.text(key)?;
        self.one(key)
    }

    /// Text that must be there.
    pub fn text(&mut self, key: &str) -> Option<String> {
        match self.attrs.get(key) {
            Some(value) if !value.is_empty() => Some(value.to_owned()),
            _ => {
                let message = format!("{} needs `{key}`, and it is not here", self.what);
                self.notes.add_with(
                    &kind::MISSING_ATTRIBUTE,
                    self.attrs.span.clone(),
                    message,
                    format!("add `{key}=\"…\"` inside the braces"),
                );
                None
            }
        }
    }

    /// A date written `2026-09-01`.
    pub fn date(&mut self, key: &str) -> Option<jiff::civil::Date> {
        let written = self.attrs.get(key)?;
        let date = Some(written).filter(|text| text.len() == 10).and_then(|text| text.parse().ok());
        if date.is_none() {
            let place = self.attrs.find_value(self.source, key, written);
            self.notes.add(&kind::NOT_A_DATE, place, format!("`{written}` is not a day of the calendar"));
        }
        date
    }

    /// A whole number such as `2`.
    pub fn number<N: std::str::FromStr>(&mut self, key: &str) -> Option<N> {
        let written = self.attrs.get(key)?;
        let number = written.parse().ok();
        if number.is_none() {
            let place = self.attrs.find_value(self.source, key, written);
            self.notes.add(&kind::NOT_A_NUMBER, place, format!("`{written}` is not a number that `{key}` can hold"));
        }
        number
    }

    /// A length of time such as `28-days`, `12-months` or `25-years`, in days: a month is 30 days, a year 365 and a leap day every fourth.
    pub fn days(&mut self, key: &str) -> Option<u32> {
        let written = self.attrs.get(key)?;
        let days = written.split_once('-').and_then(|(count, unit)| {
            let count: u32 = count.parse().ok()?;
            match unit {
                "day" | "days" => Some(count),
                "week" | "weeks" => count.checked_mul(7),
                "month" | "months" => count.checked_mul(30),
                "year" | "years" => count.checked_mul(365)?.checked_add(count / 4),
                _ => None,
            }
        });
        let days = days.filter(|days| (1..=LONGEST_DAYS).contains(days));
        if days.is_none() {
            let place = self.attrs.find_value(self.source, key, written);
            self.notes.add(&kind::NOT_A_LENGTH, place, format!("`{written}` is not a length of time"));
        }
        days
    }

    /// Complains about keys that nothing reads, with the nearest that something does.
    pub fn known_keys(&mut self, known: &[&str]) {
        for (key, _) in &self.attrs.pairs {
            if !known.contains(&key.as_str()) {
                let place = self.attrs.find(self.source, key);
                let remedy = match nearest(key, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("{} takes: {}", self.what, known.join(", ")),
                };
                self.notes.add_with(
                    &kind::UNKNOWN_ATTRIBUTE,
                    place,
                    format!("{} does not take `{key}`", self.what),
                    remedy,
                );
            }
        }
    }
}

/// A hundred and fifty years: longer than any record about a person is kept.
const LONGEST_DAYS: u32 = 54_787;
