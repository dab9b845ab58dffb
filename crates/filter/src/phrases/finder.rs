//! The automaton that finds every phrase of a book in one pass (Aho and Corasick). Why these two forms:
//! `docs/decisions/0013-phrases-by-one-automaton.md`.

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, BuildError, MatchError, dfa, nfa};
use std::fmt;

/// The most memory that the fast form may take, in bytes; e2guardian's lists take 23 million.
const FAST_UP_TO: usize = 64_000_000;
/// What a byte of phrases costs the fast form at most: a row of 128 numbers.
const ROW: usize = 512;

/// A compiled automaton.
pub(super) enum Finder {
    /// A table of every move: half as long again in speed as the small one, for twenty times the memory.
    Fast(dfa::DFA),
    /// Moves as lists, with detours.
    Small(nfa::contiguous::NFA),
}

impl Finder {
    /// Compiles phrases; the fast form unless they are too many for it.
    pub(super) fn compile(phrases: &[Vec<u8>]) -> Result<Self, FinderError> {
        let bytes: usize = phrases.iter().map(Vec::len).sum();
        if bytes.saturating_mul(ROW) <= FAST_UP_TO {
            return Ok(Finder::Fast(dfa::DFA::builder().prefilter(false).build(phrases)?));
        }
        Ok(Finder::Small(nfa::contiguous::NFA::builder().prefilter(false).build(phrases)?))
    }

    /// Where every page begins.
    pub(super) fn start(&self) -> Result<StateID, FinderError> {
        let start = match self {
            Finder::Fast(automaton) => automaton.start_state(Anchored::No),
            Finder::Small(automaton) => automaton.start_state(Anchored::No),
        };
        Ok(start?)
    }

    /// Bytes of memory.
    pub(super) fn memory(&self) -> usize {
        match self {
            Finder::Fast(automaton) => automaton.memory_usage(),
            Finder::Small(automaton) => automaton.memory_usage(),
        }
    }
}

/// Why phrases make no automaton.
#[derive(Debug)]
pub(super) enum FinderError {
    Build(BuildError),
    Start(MatchError),
}

impl From<BuildError> for FinderError {
    fn from(error: BuildError) -> Self {
        FinderError::Build(error)
    }
}

impl From<MatchError> for FinderError {
    fn from(error: MatchError) -> Self {
        FinderError::Start(error)
    }
}

impl fmt::Display for FinderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FinderError::Build(error) => error.fmt(formatter),
            FinderError::Start(error) => error.fmt(formatter),
        }
    }
}
