//! Settings of looking at content: with what book, with what scanner, within what bounds. What is refused to whom is in the
//! rules (`belisha_filter::ContentLimits`).

use super::clamd::ClamdAddress;
use belisha_filter::PhraseBook;
use std::sync::Arc;
use std::time::Duration;

/// How content is looked at.
#[derive(Clone)]
pub struct ContentConfig {
    /// The book pages are held against. `None`: pages are not scored, whatever the rules say.
    pub phrase_book: Option<Arc<PhraseBook>>,
    /// Where the malware scanner listens. `None`: it counts as away.
    pub clamd: Option<ClamdAddress>,
    /// How much of a page is read before its first byte goes on, in bytes. A page that is closed within them is never seen.
    pub held_back: usize,
    /// The longest download that is opened or scanned, in bytes.
    pub largest_download: u64,
    /// How long the scanner may take over one download.
    pub scan_time: Duration,
}

impl Default for ContentConfig {
    fn default() -> Self {
        Self {
            phrase_book: None,
            clamd: None,
            held_back: 32 * 1024,
            largest_download: 64 * 1024 * 1024,
            scan_time: Duration::from_secs(60),
        }
    }
}
