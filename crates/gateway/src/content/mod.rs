//! What open requests send and what comes back, looked at as it passes: the words of pages, what is searched for and asked of
//! chats in the bodies of requests, files by what they truly are, and malware. Whether a site may be reached at all was settled
//! before (`request/steps.rs`); how words are scored is `belisha-filter`'s.
//!
//! Nothing is kept: a page is held back for its first kilobytes and then follows its reading by one piece; only a download that
//! must be opened or scanned waits in a temporary file, without a name, until that is done. Helplines are not looked at at all.

mod clamd;
mod config;
mod download;
mod file_kind;
mod reading;
mod refusal;
mod review;
mod sent;
mod spool;
mod words;

pub use clamd::ClamdAddress;
pub use config::ContentConfig;
pub(crate) use refusal::Refusal;
pub(crate) use review::{Looked, Review};
pub(crate) use sent::Copied;
pub(crate) use spool::Spooled;
pub(crate) use words::Read;
