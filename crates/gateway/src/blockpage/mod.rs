//! What somebody sees instead of a closed page: `page.rs` lays it out, `words.rs` speaks to the reader's age, `recent.rs`
//! remembers which page a block number means, `serve.rs` answers devices that DNS sent here,
//! `certificate.rs` gives out the school's certificate.

mod certificate;
mod log_on;
mod page;
mod recent;
mod serve;
mod words;

pub(crate) use certificate::certificate_answer;
pub(crate) use page::{
    CONTENT_SECURITY_POLICY_HEADER, GO_ON_PATH, Page, closed_page, content_security_policy, notice_page,
};
pub use recent::Block;
pub(crate) use recent::RecentBlocks;
pub(crate) use serve::serve;
