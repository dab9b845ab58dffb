//! Weighted phrases: what a page may say before it is closed. A `PhraseBook` is compiled from lists once, off to the
//! side; a page is held against it by `page_text::PageReader`, whose score is its own and nobody else's.
//!
//! - A phrase counts **once** on a page, however often it stands there, and so does a combination, which counts when the
//!   last of its phrases has been seen, in any order.
//! - The same phrases in several lists are one rule; the heaviest weight stands.
//! - A phrase without spaces around it is found inside words too; `< word >` is found as a word.

mod finder;
pub(crate) mod fold;
mod list;
pub(crate) mod scan;
mod starter;

pub use list::{PhraseKind, PhraseLineError, PhraseList, Weight, encoding_of_path, includes};
pub use scan::{CategoryScore, PageOutcome, PageVerdict, PhraseHit};
pub use starter::STARTER;

use aho_corasick::automaton::StateID;
use finder::Finder;
use list::{Line, line, lines};
use std::collections::HashMap;
use std::fmt;

/// The most phrases of one book; an automaton of more would outgrow its numbers.
const MOST_PHRASES: usize = 500_000;
/// The most refused lines that are kept to be shown.
const MOST_REFUSED_SHOWN: usize = 100;

/// Phrases and combinations with their weights, ready to be found.
pub struct PhraseBook {
    finder: Finder,
    start: StateID,
    /// For each phrase, where its rules begin in `uses`; one more at the end.
    uses_from: Vec<u32>,
    /// Rules in which a phrase has a part.
    uses: Vec<u32>,
    rules: Vec<Rule>,
    categories: Vec<String>,
    report: PhraseReport,
}

/// One phrase or combination.
#[derive(Debug, Clone)]
struct Rule {
    kind: PhraseKind,
    weight: Weight,
    category: u16,
    /// How many different phrases must be seen.
    parts: u8,
    /// As it stands in the list, for people.
    text: Box<str>,
}

/// What became of the lists' lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhraseReport {
    /// Rules in the book.
    pub taken: usize,
    /// Lines that say what another line says already.
    pub repeated: usize,
    /// Lines that could not be read.
    pub refused: usize,
    /// The first hundred of them.
    pub shown: Vec<RefusedPhrase>,
}

/// One line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedPhrase {
    /// The list.
    pub list: String,
    /// Its line, from one.
    pub line: usize,
    /// Why.
    pub error: PhraseLineError,
}

/// Why lists make no book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhraseBookError {
    /// Too many phrases.
    #[error("the lists hold more than {MOST_PHRASES} phrases; leave some of them out")]
    TooMany,
    /// Too many categories.
    #[error("the lists name more than {} categories; leave some of them out", u16::MAX)]
    TooManyCategories,
    /// The automaton could not be built.
    #[error("the phrases could not be compiled: {0}; leave some of the lists out")]
    Compile(String),
}

impl PhraseBook {
    /// Compiles lists. Lines that cannot be read are left out and reported; a book of no phrases is a book.
    ///
    /// # Errors
    /// When the lists are beyond all bounds.
    pub fn compile(lists: &[PhraseList]) -> Result<Self, PhraseBookError> {
        let mut draft = Draft::default();
        for list in lists {
            draft.read(list)?;
        }
        draft.finish()
    }

    /// What became of the lists' lines.
    pub fn report(&self) -> &PhraseReport {
        &self.report
    }

    /// Bytes of memory that the book holds.
    pub fn memory(&self) -> usize {
        let texts: usize = self.rules.iter().map(|rule| rule.text.len()).sum();
        self.finder.memory()
            + (self.uses_from.len() + self.uses.len()) * size_of::<u32>()
            + self.rules.len() * size_of::<Rule>()
            + texts
    }

    /// Rules in which a phrase has a part.
    fn uses(&self, phrase: usize) -> &[u32] {
        let at = |index: usize| self.uses_from.get(index).map(|at| *at as usize);
        match (at(phrase), at(phrase + 1)) {
            (Some(from), Some(to)) => self.uses.get(from..to).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl fmt::Debug for PhraseBook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PhraseBook").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

/// A book while its lists are read.
#[derive(Default)]
struct Draft {
    phrases: HashMap<Vec<u8>, u32>,
    /// The phrases in the order of their numbers.
    order: Vec<Vec<u8>>,
    /// Rules by the phrases they need.
    known: HashMap<(PhraseKind, Vec<u32>), usize>,
    needs: Vec<Vec<u32>>,
    rules: Vec<Rule>,
    categories: Vec<String>,
    report: PhraseReport,
}

impl Draft {
    fn read(&mut self, list: &PhraseList) -> Result<(), PhraseBookError> {
        let mut category = self.category(list.name)?;
        for (number, bytes) in lines(list.text).enumerate() {
            let read = line(bytes, list.kind, list.encoding).and_then(|read| match read {
                Some(Line::Phrases { parts, weight }) => self.add(list.kind, &parts, weight, category).map(|()| None),
                Some(Line::Category(name)) => Ok(Some(name)),
                Some(Line::Include(_)) | None => Ok(None),
            });
            match read {
                Ok(Some(name)) => category = self.category(&name)?,
                Ok(None) => {}
                Err(error) => self.refuse(list.name, number + 1, error),
            }
            if self.order.len() > MOST_PHRASES {
                return Err(PhraseBookError::TooMany);
            }
        }
        Ok(())
    }

    fn category(&mut self, name: &str) -> Result<u16, PhraseBookError> {
        let at = self.categories.iter().position(|known| known == name).unwrap_or_else(|| {
            self.categories.push(name.to_owned());
            self.categories.len() - 1
        });
        u16::try_from(at).map_err(|_| PhraseBookError::TooManyCategories)
    }

    fn refuse(&mut self, list: &str, line: usize, error: PhraseLineError) {
        self.report.refused += 1;
        if self.report.shown.len() < MOST_REFUSED_SHOWN {
            self.report.shown.push(RefusedPhrase { list: list.to_owned(), line, error });
        }
    }

    fn add(
        &mut self,
        kind: PhraseKind,
        parts: &[String],
        weight: Weight,
        category: u16,
    ) -> Result<(), PhraseLineError> {
        let folded: Vec<Vec<u8>> = parts.iter().map(|part| fold::phrase(part)).collect();
        if folded.iter().any(|part| part.trim_ascii().len() < 2) {
            return Err(PhraseLineError::TooShort);
        }
        let mut needs: Vec<u32> = folded.into_iter().map(|part| self.phrase(part)).collect();
        needs.sort_unstable();
        needs.dedup();
        if let Some(rule) = self.known.get(&(kind, needs.clone())).and_then(|at| self.rules.get_mut(*at)) {
            self.report.repeated += 1;
            if heaviness(weight) > heaviness(rule.weight) {
                (rule.weight, rule.category) = (weight, category);
            }
            return Ok(());
        }
        self.known.insert((kind, needs.clone()), self.rules.len());
        let text = parts.iter().map(|part| part.trim()).collect::<Vec<_>>().join(" + ").into_boxed_str();
        let parts = u8::try_from(needs.len()).unwrap_or(u8::MAX);
        self.rules.push(Rule { kind, weight, category, parts, text });
        self.needs.push(needs);
        Ok(())
    }

    fn phrase(&mut self, folded: Vec<u8>) -> u32 {
        if let Some(number) = self.phrases.get(&folded) {
            return *number;
        }
        let number = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        self.order.push(folded.clone());
        self.phrases.insert(folded, number);
        number
    }

    fn finish(mut self) -> Result<PhraseBook, PhraseBookError> {
        let mut uses: Vec<Vec<u32>> = vec![Vec::new(); self.order.len()];
        for (rule, needs) in (0u32..).zip(&self.needs) {
            for need in needs {
                if let Some(list) = uses.get_mut(*need as usize) {
                    list.push(rule);
                }
            }
        }
        let mut uses_from = vec![0];
        for list in &uses {
            let last = uses_from.last().copied().unwrap_or_default();
            uses_from.push(last + u32::try_from(list.len()).unwrap_or_default());
        }
        let compile = |error: finder::FinderError| PhraseBookError::Compile(error.to_string());
        let finder = Finder::compile(&self.order).map_err(compile)?;
        let start = finder.start().map_err(compile)?;
        self.report.taken = self.rules.len();
        Ok(PhraseBook {
            finder,
            start,
            uses_from,
            uses: uses.concat(),
            rules: self.rules,
            categories: self.categories,
            report: self.report,
        })
    }
}

/// How much a weight says, either way, where two lines disagree.
fn heaviness(weight: Weight) -> i64 {
    weight.points(100).abs()
}
