//! Recent blocks by a number that says nothing by itself, so that "ask for this page" carries no host in its address.

use crate::config::Entropy;
use crate::observe::Outcome;
use belisha_records::{PersonId, SchoolId};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

/// Most blocks remembered: some hours of a busy school.
const MOST: usize = 8192;
/// Random bytes in an id.
const ID_BYTES: usize = 12;

/// One closed request. Personal data: shown only to the person themselves, or to who answers their request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Id in `…/requests/ask?block=ID`, random, 24 characters.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// School.
    pub school: SchoolId,
    /// Who, if known.
    pub person: Option<PersonId>,
    /// Device address.
    pub device: IpAddr,
    /// Filter group, `pupil`.
    pub group: String,
    /// Host asked for; `None` for illegal content, which cannot be asked for.
    pub host: Option<String>,
    /// What was done: `Blocked`, `Warned` or `Asked`.
    pub outcome: Outcome,
    /// Key of the rule that decided, `category`.
    pub reason: &'static str,
    /// Category key.
    pub category: Option<String>,
    /// The category in the school's words.
    pub category_label: Option<String>,
    /// List the host was found on.
    pub list: Option<String>,
    /// Number of the policy clause, `7.2`.
    pub clause: Option<String>,
    /// When it opens by itself.
    pub opens_at: Option<Timestamp>,
}

/// The last blocks.
#[derive(Default)]
pub(crate) struct RecentBlocks {
    blocks: Mutex<VecDeque<Block>>,
    /// How many there were since the start.
    count: watch::Sender<u64>,
}

impl RecentBlocks {
    /// Remembers a block and gives it its id.
    pub(crate) fn remember(&self, mut block: Block, entropy: &Entropy) -> Block {
        let mut random = [0; ID_BYTES];
        entropy(&mut random);
        block.id = random.iter().fold(String::with_capacity(2 * ID_BYTES), |mut id, byte| {
            for half in [byte >> 4, byte & 15] {
                id.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
            }
            id
        });
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.len() >= MOST {
            blocks.pop_front();
        }
        blocks.push_back(block.clone());
        // Before the lock is let go, so that whoever reads the count finds that many.
        self.count.send_modify(|count| *count += 1);
        block
    }

    /// Blocks after the first `known`, newest last and at most `most`, with how many there were in all.
    pub(crate) fn after(&self, known: u64, most: usize) -> (u64, Vec<Block>) {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let count = *self.count.borrow();
        let new = usize::try_from(count.saturating_sub(known)).unwrap_or(usize::MAX).min(most);
        (count, blocks.iter().skip(blocks.len().saturating_sub(new)).cloned().collect())
    }

    /// Says how many there were, whenever there is another.
    pub(crate) fn counted(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    /// The block with an id, newest first.
    pub(crate) fn find(&self, id: &str) -> Option<Block> {
        let blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        blocks.iter().rev().find(|block| block.id == id).cloned()
    }
}
