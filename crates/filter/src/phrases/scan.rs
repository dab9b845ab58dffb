//! One page held against a book: the phrases seen so far, the score, and the verdict. The state of one page, made new
//! for each, so that no page's words can count in another's score.

use super::finder::Finder;
use super::fold::{Decoded, Folded, Quick, SPACE, STOP, Table, decode, fold, quick, western};
use super::{PhraseBook, PhraseKind};
use aho_corasick::Anchored;
use aho_corasick::automaton::{Automaton, StateID};
use std::sync::Arc;

/// How many bytes of a page's words are read on after the limit is passed, in case what follows speaks for it ("health
/// advice"). A page of twice the limit is not waited for.
const SETTLING: u64 = 2_048;
/// The most phrases that a verdict names.
const MOST_HITS: usize = 32;

/// What a page comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PageOutcome {
    /// Within the limit.
    Within,
    /// Over the limit.
    Over,
    /// Holds a phrase that closes any page.
    Banned,
    /// Holds a phrase that opens any page.
    Exception,
}

/// What a page scored, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageVerdict {
    /// What it comes to.
    pub outcome: PageOutcome,
    /// The sum of the weights of what was found, each once.
    pub score: i64,
    /// The sum of each category that has one, highest first.
    pub by_category: Vec<CategoryScore>,
    /// The phrases that say most, heaviest first, at most 32.
    pub hits: Vec<PhraseHit>,
    /// How many bytes of words had been read.
    pub read: u64,
}

impl PageVerdict {
    /// Whether the page is to be closed.
    pub fn is_closed(&self) -> bool {
        matches!(self.outcome, PageOutcome::Over | PageOutcome::Banned)
    }
}

/// One category's part of a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryScore {
    /// As the list calls it.
    pub category: String,
    /// Its sum.
    pub score: i64,
}

/// One phrase or combination found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhraseHit {
    /// As the list has it; the parts of a combination with ` + ` between them.
    pub phrase: String,
    /// As its list calls it.
    pub category: String,
    /// What it counted for.
    pub points: i64,
}

/// One page's reading of words.
pub(crate) struct PageScan {
    book: Arc<PhraseBook>,
    page: Page,
}

/// What is known of a page so far. Its book is handed in, so that the hot loop holds both.
struct Page {
    limit: u32,
    state: StateID,
    /// Whether the last thing seen was a space.
    gap: bool,
    /// Bytes of a character that the next piece completes.
    partial: [u8; 4],
    partial_length: usize,
    /// One bit for each phrase seen.
    seen: Vec<u64>,
    /// For each rule, how many of its phrases have been seen.
    progress: Vec<u8>,
    found: Vec<u32>,
    score: i64,
    read: u64,
    passed_at: Option<u64>,
    settled: Option<PageOutcome>,
}

impl PageScan {
    /// A page of which nothing has been read.
    pub(crate) fn new(book: &Arc<PhraseBook>, limit: u32) -> Self {
        let page = Page {
            limit,
            state: book.start,
            gap: false,
            partial: [0; 4],
            partial_length: 0,
            seen: vec![0; book.uses_from.len().div_ceil(64)],
            progress: vec![0; book.rules.len()],
            found: Vec::new(),
            score: 0,
            read: 0,
            passed_at: None,
            settled: None,
        };
        let mut scan = Self { book: Arc::clone(book), page };
        scan.space();
        scan
    }

    /// Where a word ends: a tag, the border of an attribute.
    pub(crate) fn space(&mut self) {
        self.page.flush(&self.book);
        self.page.step(&self.book, SPACE);
    }

    /// One character that was written by its name or number.
    pub(crate) fn character(&mut self, character: char) {
        self.page.flush(&self.book);
        self.page.fold_in(&self.book, character);
    }

    /// Reads words until `table` has a stop that is no character; how many bytes were read.
    pub(crate) fn text(&mut self, bytes: &[u8], table: &Table) -> usize {
        self.page.text(&self.book, bytes, table)
    }

    /// The verdict, where one can be given before the page ends.
    pub(crate) fn settled(&self) -> Option<PageVerdict> {
        let waited = self.page.passed_at.is_some_and(|at| self.page.read >= at + SETTLING);
        let outcome = self.page.settled.or(waited.then_some(PageOutcome::Over))?;
        Some(self.verdict(outcome))
    }

    /// The verdict at the page's end.
    pub(crate) fn finish(mut self) -> PageVerdict {
        self.space();
        let over = self.page.score > i64::from(self.page.limit);
        let outcome = self.page.settled.unwrap_or(if over { PageOutcome::Over } else { PageOutcome::Within });
        self.verdict(outcome)
    }

    fn verdict(&self, outcome: PageOutcome) -> PageVerdict {
        let mut sums = vec![0i64; self.book.categories.len()];
        let mut hits = Vec::with_capacity(self.page.found.len());
        for rule in self.page.found.iter().filter_map(|number| self.book.rules.get(*number as usize)) {
            let points = rule.weight.points(self.page.limit);
            if let Some(sum) = sums.get_mut(usize::from(rule.category)) {
                *sum += points;
            }
            // What closes or opens a page by itself says more than any weight.
            let rank = if rule.kind == PhraseKind::Weighted { points } else { i64::MAX };
            hits.push((rank, points, rule));
        }
        hits.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
        let name = |at: usize| self.book.categories.get(at).cloned().unwrap_or_default();
        let mut by_category: Vec<CategoryScore> = (0..)
            .zip(sums)
            .filter(|(_, score)| *score != 0)
            .map(|(at, score)| CategoryScore { category: name(at), score })
            .collect();
        by_category.sort_by_key(|category| std::cmp::Reverse(category.score));
        let hits = hits.into_iter().take(MOST_HITS).map(|(_, points, rule)| PhraseHit {
            phrase: rule.text.to_string(),
            category: name(usize::from(rule.category)),
            points,
        });
        PageVerdict { outcome, score: self.page.score, by_category, hits: hits.collect(), read: self.page.read }
    }
}

impl Page {
    fn text(&mut self, book: &PhraseBook, bytes: &[u8], table: &Table) -> usize {
        let mut at = self.complete(book, bytes);
        loop {
            at += self.ascii(book, bytes.get(at..).unwrap_or_default(), table);
            match bytes.get(at) {
                Some(byte) if !byte.is_ascii() => at += self.beyond_ascii(book, bytes.get(at..).unwrap_or_default()),
                _ => return at,
            }
        }
    }

    /// The run that never leaves ASCII: the hot loop.
    fn ascii(&mut self, book: &PhraseBook, bytes: &[u8], table: &Table) -> usize {
        match &book.finder {
            Finder::Fast(automaton) => self.ascii_by(automaton, book, bytes, table),
            Finder::Small(automaton) => self.ascii_by(automaton, book, bytes, table),
        }
    }

    fn ascii_by(&mut self, automaton: &impl Automaton, book: &PhraseBook, bytes: &[u8], table: &Table) -> usize {
        let (mut state, mut gap) = (self.state, self.gap);
        let mut length = bytes.len();
        for (at, byte) in bytes.iter().enumerate() {
            let folded = table[usize::from(*byte)];
            if folded <= SPACE {
                if folded == STOP {
                    length = at;
                    break;
                }
                if gap {
                    continue;
                }
            }
            gap = folded == SPACE;
            state = automaton.next_state(Anchored::No, state, folded);
            if automaton.is_special(state) && automaton.is_match(state) {
                self.matched(automaton, book, state);
            }
        }
        (self.state, self.gap) = (state, gap);
        self.read += length as u64;
        length
    }

    /// A run of characters beyond ASCII; what is left of one at the end waits for the next piece.
    fn beyond_ascii(&mut self, book: &PhraseBook, bytes: &[u8]) -> usize {
        let mut at = 0;
        loop {
            at += match &book.finder {
                Finder::Fast(automaton) => self.quick_by(automaton, book, bytes.get(at..).unwrap_or_default()),
                Finder::Small(automaton) => self.quick_by(automaton, book, bytes.get(at..).unwrap_or_default()),
            };
            let Some(byte) = bytes.get(at).filter(|byte| !byte.is_ascii()) else { break };
            let rest = bytes.get(at..).unwrap_or_default();
            match decode(rest) {
                Decoded::Character(character, length) => {
                    self.fold_in(book, character);
                    at += length;
                }
                Decoded::Invalid => {
                    self.fold_in(book, western(*byte));
                    at += 1;
                }
                Decoded::Partial => {
                    for (kept, byte) in self.partial.iter_mut().zip(rest) {
                        *kept = *byte;
                    }
                    self.partial_length = rest.len();
                    at = bytes.len();
                }
            }
        }
        self.read += at as u64;
        at
    }

    /// The characters of such a run that are known at sight; how many bytes they take.
    fn quick_by(&mut self, automaton: &impl Automaton, book: &PhraseBook, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some((found, length)) = quick(bytes.get(at..).unwrap_or_default()) {
            at += length;
            let letter: &[u8] = match &found {
                Quick::Two(letter) => letter,
                Quick::Three(letter) => letter,
                Quick::Space if self.gap => continue,
                Quick::Space => &[SPACE],
                Quick::Nothing => continue,
            };
            self.gap = letter == [SPACE];
            let mut state = self.state;
            for byte in letter {
                state = automaton.next_state(Anchored::No, state, *byte);
                if automaton.is_special(state) && automaton.is_match(state) {
                    self.matched(automaton, book, state);
                }
            }
            self.state = state;
        }
        at
    }

    /// Completes the character that the last piece began; how many bytes of this one that took.
    fn complete(&mut self, book: &PhraseBook, bytes: &[u8]) -> usize {
        for (taken, byte) in bytes.iter().enumerate() {
            let Some(place) = self.partial.get_mut(self.partial_length).filter(|_| self.partial_length > 0) else {
                return taken;
            };
            *place = *byte;
            match decode(self.partial.get(..=self.partial_length).unwrap_or_default()) {
                Decoded::Partial => self.partial_length += 1,
                Decoded::Character(character, _) => {
                    self.partial_length = 0;
                    self.fold_in(book, character);
                    self.read += taken as u64 + 1;
                    return taken + 1;
                }
                Decoded::Invalid => {
                    self.flush(book);
                    self.read += taken as u64;
                    return taken;
                }
            }
        }
        self.read += bytes.len() as u64;
        bytes.len()
    }

    /// A character that never was completed: its bytes stand alone.
    fn flush(&mut self, book: &PhraseBook) {
        let length = std::mem::take(&mut self.partial_length);
        for byte in self.partial.into_iter().take(length) {
            self.fold_in(book, western(byte));
        }
    }

    fn fold_in(&mut self, book: &PhraseBook, character: char) {
        match fold(character) {
            Folded::Nothing => {}
            Folded::Space => self.step(book, SPACE),
            Folded::Letter(letter) => {
                for lower in letter.to_lowercase() {
                    let mut bytes = [0; 4];
                    for byte in lower.encode_utf8(&mut bytes).bytes() {
                        self.step(book, byte);
                    }
                }
            }
        }
    }

    fn step(&mut self, book: &PhraseBook, byte: u8) {
        if byte == SPACE && self.gap {
            return;
        }
        self.gap = byte == SPACE;
        match &book.finder {
            Finder::Fast(automaton) => self.step_by(automaton, book, byte),
            Finder::Small(automaton) => self.step_by(automaton, book, byte),
        }
    }

    fn step_by(&mut self, automaton: &impl Automaton, book: &PhraseBook, byte: u8) {
        self.state = automaton.next_state(Anchored::No, self.state, byte);
        if automaton.is_special(self.state) && automaton.is_match(self.state) {
            self.matched(automaton, book, self.state);
        }
    }

    #[cold]
    fn matched(&mut self, automaton: &impl Automaton, book: &PhraseBook, state: StateID) {
        for index in 0..automaton.match_len(state) {
            let phrase = automaton.match_pattern(state, index).as_usize();
            let Some(bits) = self.seen.get_mut(phrase / 64) else { continue };
            let bit = 1 << (phrase % 64);
            if *bits & bit != 0 {
                continue;
            }
            *bits |= bit;
            for number in book.uses(phrase) {
                self.part(book, *number);
            }
        }
    }

    /// One more phrase of a rule has been seen.
    fn part(&mut self, book: &PhraseBook, number: u32) {
        let (Some(progress), Some(rule)) = (self.progress.get_mut(number as usize), book.rules.get(number as usize))
        else {
            return;
        };
        *progress += 1;
        if *progress < rule.parts {
            return;
        }
        self.found.push(number);
        match rule.kind {
            PhraseKind::Weighted => self.score += rule.weight.points(self.limit),
            PhraseKind::Banned => self.settled = self.settled.or(Some(PageOutcome::Banned)),
            PhraseKind::Exception => self.settled = self.settled.or(Some(PageOutcome::Exception)),
        }
        let limit = i64::from(self.limit);
        if self.score > limit * 2 {
            self.settled = self.settled.or(Some(PageOutcome::Over));
        }
        self.passed_at = if self.score > limit { self.passed_at.or(Some(self.read)) } else { None };
    }
}
